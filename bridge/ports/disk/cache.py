"""The snapshot: what lets a long session start as fast as a short one. A cache, and never more than that.

`leaves.bin` holds 40 bytes a line: its leaf hash, and where it ends in the log. `state.jsonl` holds lines that add up to the
session's state, whatever they mean; both are only ever added to. `snapshot.json` says how much of them counts, with their
hashes, and the root; where anything differs, or the tree that they give is not the one that the checkpoint signs, they are as
good as missing and the whole log is read. The lines that they stand for are still hashed at each start, only not parsed: an
altered one is found.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bridge.ports.disk.files import Files, Mode, read_whole, write_all, write_whole
from sessions.log import Mark
from sessions.merkle import HASH_BYTES, Tree

__all__ = ["Cache", "Cached", "encoded", "leaf_hashes"]

VERSION = 2
_LEAF = struct.Struct(f"<{HASH_BYTES}sQ")
_WORDS = _LEAF.size // 8
_END = _WORDS - 1
_OPEN, _MIDDLE, _CLOSE = b'{"sha256":"', b'","snapshot":', b"}"


@dataclass(frozen=True, slots=True)
class Cached:
    """A log up to some size, as the cache remembers it."""

    size: int
    time_ms: int
    tree: Tree
    ends: array[int]
    state: bytes
    """Lines; empty where no state was written."""


def encoded(value: Any) -> bytes:
    """Plain JSON, without spaces; raises TypeError, ValueError for what is none."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def leaf_hashes(path: Path) -> bytes:
    """The hashes in a `leaves.bin`, one after another, for whoever can tell whether they are right."""
    try:
        records = path.read_bytes()
    except OSError:
        return b""
    return _apart(records[: len(records) - len(records) % _LEAF.size])[0]


def _apart(records: bytes) -> tuple[bytes, array[int]]:
    """The hashes one after another, and the ends; word by word, for a loop over a hundred thousand takes as long as all else."""
    words = array("Q", records)
    ends = words[_END::_WORDS]
    del words[_END::_WORDS]
    if sys.byteorder == "big":
        ends.byteswap()
    return words.tobytes(), ends


class Cache:
    """The two files of one session's folder."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._snapshot = folder / "snapshot.json"
        self._leaves = _Growing(files, folder / "leaves.bin")
        self._state = _Growing(files, folder / "state.jsonl")
        self._kept = 0  # lines that leaves.bin is known to hold rightly

    @property
    def kept(self) -> int:
        """Lines that need not be handed to `save` again."""
        return self._kept

    @property
    def has_state(self) -> bool:
        """Whether there is a state to add to."""
        return self._state.size > 0

    def load(self) -> Cached | None:
        """What is there, checked against itself; None where anything is missing or differs."""
        try:
            cached = self._load()
        except (KeyError, ValueError, TypeError, OSError):
            cached = None
        if cached is None:
            self.forget()
        return cached

    def _load(self) -> Cached | None:
        fields = self._read_snapshot()
        if fields is None:
            return None
        size, time_ms, root = int(fields["size"]), int(fields["time_ms"]), bytes.fromhex(fields["root"])
        if fields["version"] != VERSION or size <= 0:
            return None
        records, state = self._leaves.load(fields["leaves"]), self._state.load(fields["state"])
        if records is None or state is None or len(records) != size * _LEAF.size:
            return None
        hashes, ends = _apart(records)
        tree = Tree.from_leaves(hashes)
        if tree.root() != root:
            return None
        self._kept = size
        return Cached(size, time_ms, tree, ends, state)

    def forget(self) -> None:
        """Write everything anew at the next `save`."""
        self._kept = 0
        self._leaves.forget()
        self._state.forget()

    def forget_state(self) -> None:
        """The state is not what was written: the next one is written whole."""
        self._state.forget()

    def save(self, mark: Mark, root: bytes, leaves: bytes, ends: array[int], state: bytes) -> None:
        """Remember the log at `mark`; `leaves` and `ends` begin at `kept`, `state` comes behind the lines that are there.

        Raises `OSError`: then everything is written anew the next time. It blocks.
        """
        records = b"".join(
            _LEAF.pack(leaves[at * HASH_BYTES : (at + 1) * HASH_BYTES], end) for at, end in enumerate(ends)
        )
        try:
            fields = {
                "version": VERSION,
                "size": mark.size,
                "time_ms": mark.time_ms,
                "root": root.hex(),
                "leaves": self._leaves.add(records),
                "state": self._state.add(state),
            }
            body = encoded(fields)
            write_whole(
                self._files, self._snapshot, _OPEN + sha256(body).hexdigest().encode() + _MIDDLE + body + _CLOSE
            )
        except OSError:
            self.forget()
            raise
        self._kept = mark.size

    def _read_snapshot(self) -> dict[str, Any] | None:
        try:
            data = read_whole(self._files, self._snapshot)
        except OSError:
            return None
        if data is None or not data.endswith(_CLOSE):
            return None
        begin = len(_OPEN) + 64 + len(_MIDDLE)
        body = data[begin : -len(_CLOSE)]
        if data[:begin] != _OPEN + sha256(body).hexdigest().encode() + _MIDDLE:
            return None
        fields: dict[str, Any] = json.loads(body)  # by its hash it is what we wrote
        return fields


class _Growing:
    """A file that is added to, and how much of it is known to be right."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self.forget()

    def forget(self) -> None:
        """None of it is."""
        self.size = 0
        self._digest = sha256()

    def load(self, known: Mapping[str, Any]) -> bytes | None:
        """Its first bytes, as `add` described them; None where they are not those. Nonsense raises what it leads to."""
        size = int(known["bytes"])
        data = read_whole(self._files, self._path, size) if size else b""
        if data is None:
            return None
        data = data[:size]
        digest = sha256(data)
        if len(data) != size or digest.hexdigest() != known["sha256"]:
            return None
        self.size, self._digest = size, digest
        return data

    def add(self, data: bytes) -> dict[str, Any]:
        """Put more of it on the medium, in place of what is not known; says what there is now. Raises `OSError`."""
        digest = self._digest.copy()
        digest.update(data)
        if data or not self.size:
            handle = self._files.open(self._path, Mode.APPEND)
            try:
                self._files.truncate(handle, self.size)
                write_all(self._files, handle, data)
                self._files.sync(handle)
            finally:
                self._files.close(handle)
        self.size, self._digest = self.size + len(data), digest
        return {"bytes": self.size, "sha256": digest.hexdigest()}
