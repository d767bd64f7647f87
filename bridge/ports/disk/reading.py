"""What is signed of a session, read and nothing else: it needs neither the key nor the lock.

So it is there while a server writes to the folder (up to its last checkpoint, a second ago), after a hard stop, from
a copy, from a disk that can't be written.

    signed = read_signed(session_folder(data, "jam"))
    signed.certificate(take.index, take.stated)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bridge.ports.disk.blobs import SUFFIX
from bridge.ports.disk.checking import raw_lines
from bridge.ports.disk.errors import DiskFailed, damaged
from bridge.ports.disk.folder import Folder, read_checkpoint
from sessions.certificate import make_certificate
from sessions.checkpoint import Checkpoint, read_note, verify_checkpoint
from sessions.errors import Refused
from sessions.keys import VerifierKey
from sessions.log import Chain, Entry
from sessions.merkle import Tree, inclusion_proof

__all__ = ["Signed", "read_signed"]


@dataclass(frozen=True, slots=True)
class Signed:
    """The entries of a log that its checkpoint signs, in full."""

    path: Path
    key: VerifierKey
    checkpoint: Checkpoint
    entries: tuple[Entry, ...]
    tree: Tree
    log_bytes: int

    @property
    def log_path(self) -> Path:
        return Folder(self.path).log

    def blob_path(self, digest: str) -> Path | None:
        """Where a blob lies, if it is here."""
        path = Folder(self.path).blobs / (digest + SUFFIX)
        return path if path.is_file() else None

    def certificate(self, index: int, statement: Mapping[str, Any]) -> dict[str, Any]:
        """The certificate of a take whose `section.done` is entry `index`; raises `IndexError`, `Refused`."""
        proof = inclusion_proof(self.tree, index, self.checkpoint.size)
        return make_certificate(statement, self.entries[index], proof, self.checkpoint.text, self.key)


def read_signed(path: Path) -> Signed:
    """Raises `Refused` where what the checkpoint signs is not all there. It blocks."""
    folder = Folder(path)
    try:
        text = read_checkpoint(path)  # before the log, which only ever grows past it
        if text is None:
            raise damaged(f"{folder.checkpoint} is missing")
        entries, tree, log_bytes = _read(folder, read_note(text).size)
    except OSError as error:
        raise DiskFailed(error) from error
    if not entries:
        raise damaged(f"{folder.log} holds no entry")
    key = VerifierKey.parse(str(entries[0].event.get("log_key")))
    checkpoint = verify_checkpoint(text, key)
    if checkpoint.size != tree.size or checkpoint.root != tree.root():
        raise damaged(f"{folder.log} does not hold the {checkpoint.size} entries that its checkpoint signs")
    return Signed(path, key, checkpoint, tuple(entries), tree, log_bytes)


def _read(folder: Folder, size: int) -> tuple[list[Entry], Tree, int]:
    chain, entries, log_bytes = Chain(), list[Entry](), 0
    with folder.log.open("rb") as file:
        for line in islice(raw_lines(file), size):
            try:
                entries.append(chain.extend(line.removesuffix(b"\n")))
            except Refused as refused:
                raise damaged(f"entry {chain.size} of {folder.log} is damaged ({refused.advice})") from None
            log_bytes += len(line)
    return entries, chain.tree, log_bytes
