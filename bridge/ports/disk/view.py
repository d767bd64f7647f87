"""What can be read of a record while it grows: its durable lines, and the proofs and checkpoints over them.

Only what is on disk is ever signed or proved, so that nothing signed can be lost. `seal` may be called from any thread, the
rest belongs to the one that stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.ports.disk.journal import Journal
from sessions.certificate import make_certificate
from sessions.checkpoint import make_checkpoint
from sessions.keys import SigningKey
from sessions.log import Entry
from sessions.merkle import consistency_proof, inclusion_proof

__all__ = ["Seal", "View"]


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed checkpoint, and how far it goes: in entries, and in bytes of the log file."""

    size: int
    log_bytes: int
    checkpoint: str


class View:
    """The reading side of a record."""

    def __init__(self, journal: Journal, key: SigningKey, log_path: Path) -> None:
        self.key = key
        self.log_path = log_path
        self._journal = journal
        self._seal = Seal(0, 0, "")

    @property
    def origin(self) -> str:
        return self.key.name

    @property
    def size(self) -> int:
        """Entries, those that are only staged included."""
        return self._journal.size

    @property
    def durable(self) -> int:
        """Entries that are on disk."""
        return self._journal.durable.size

    @property
    def durable_bytes(self) -> int:
        """Bytes of `log_path` that are on disk and stay: what may be handed out as the log."""
        return self._journal.durable_bytes

    def time_for(self, now_us: int) -> str:
        """The time that an entry staged now would carry: never before the entry before it."""
        return self._journal.chain.time_for(now_us)

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """Durable entries from `start` to before `end`, each checked against the tree. It blocks on the disk."""
        return self._journal.entries(start, end)

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same as the bytes of their lines, without line feeds."""
        return self._journal.lines(start, end)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` entries, the durable ones by default; staged ones count if asked for."""
        return self._journal.chain.tree.root(self.durable if size is None else size)

    def seal(self) -> Seal:
        """The signed checkpoint over all durable entries."""
        size = self.durable
        if self._seal.size != size:
            checkpoint = make_checkpoint(self.key, size, self.root(size))
            self._seal = Seal(size, self._journal.ends[size - 1], checkpoint)
        return self._seal

    def checkpoint(self) -> str:
        """The text of that."""
        return self.seal().checkpoint

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that entry `index` is in the log of `size`; raises `IndexError`."""
        return inclusion_proof(self._journal.chain.tree, index, self.durable if size is None else size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the log of `old` is the beginning of that of `new`; raises `IndexError`."""
        return consistency_proof(self._journal.chain.tree, old, self.durable if new is None else new)

    def certificate(self, index: int, statement: Mapping[str, Any]) -> dict[str, Any]:
        """The certificate of a take whose `section.done` is durable entry `index`; raises `IndexError`, `Refused`."""
        seal = self.seal()
        proof = self.inclusion(index, seal.size)
        (entry,) = self.entries(index, index + 1)
        return make_certificate(statement, entry, proof, seal.checkpoint, self.key.verifier)
