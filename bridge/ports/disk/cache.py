"""The snapshot: what lets a long session start as fast as a short one. A cache, and never more than that.

`leaves.bin` holds 40 bytes a line: its leaf hash, and where it ends in the log. `snapshot.json` says how many of them
count, their root, and the session's state at that size. Both carry hashes of themselves; where anything differs, or
the tree that they give is not the one that the checkpoint signs, they are as good as missing and the whole log is
read. The lines that they stand for are still hashed at each start, only not parsed: an altered one is found.
"""

from __future__ import annotations

import json
import struct
from array import array
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bridge.ports.disk.files import Files, Mode, read_whole, write_all, write_whole
from sessions.log import Mark
from sessions.merkle import HASH_BYTES, Tree

__all__ = ["Cache", "Cached", "encoded", "leaf_hashes"]

VERSION = 1
_LEAF = struct.Struct(f"<{HASH_BYTES}sQ")
_OPEN, _MIDDLE, _CLOSE = b'{"sha256":"', b'","snapshot":', b"}"


@dataclass(frozen=True, slots=True)
class Cached:
    """A log up to some size, as the cache remembers it."""

    size: int
    time_ms: int
    tree: Tree
    ends: array[int]
    state: Any


def encoded(value: Any) -> bytes:
    """Plain JSON, without spaces; raises TypeError, ValueError for what is none."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def leaf_hashes(path: Path) -> bytes:
    """The hashes in a `leaves.bin`, one after another, for whoever can tell whether they are right."""
    try:
        records = path.read_bytes()
    except OSError:
        return b""
    whole = len(records) - len(records) % _LEAF.size
    return b"".join(hash_ for hash_, _ in _LEAF.iter_unpack(records[:whole]))


class Cache:
    """The two files of one session's folder."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._snapshot = folder / "snapshot.json"
        self._leaves = folder / "leaves.bin"
        self._kept = 0  # lines that leaves.bin is known to hold rightly
        self._digest = sha256()

    @property
    def kept(self) -> int:
        """Lines that need not be handed to `save` again."""
        return self._kept

    def load(self) -> Cached | None:
        """What is there, checked against itself; None where anything is missing or differs."""
        fields = self._read_snapshot()
        if fields is None:
            return None
        try:
            size, time_ms, root = int(fields["size"]), int(fields["time_ms"]), bytes.fromhex(fields["root"])
            known = fields["version"] == VERSION and size > 0
            records = read_whole(self._files, self._leaves, size * _LEAF.size) if known else None
            if records is None:
                return None
            records = records[: size * _LEAF.size]
            digest = sha256(records)
            if len(records) != size * _LEAF.size or digest.hexdigest() != fields["leaves"]:
                return None
            hashes, ends = zip(*_LEAF.iter_unpack(records), strict=True)
            tree = Tree.from_leaves(b"".join(hashes))
            if tree.root() != root:
                return None
            cached = Cached(size, time_ms, tree, array("Q", ends), fields["state"])
        except (KeyError, ValueError, TypeError, OSError):
            return None
        self._kept, self._digest = size, digest
        return cached

    def forget(self) -> None:
        """Write everything anew at the next `save`."""
        self._kept, self._digest = 0, sha256()

    def save(self, mark: Mark, root: bytes, leaves: bytes, ends: array[int], state: bytes) -> None:
        """Remember the log at `mark`; `leaves` and `ends` begin at `kept`, `state` is JSON. Raises `OSError`. It blocks."""
        records = b"".join(
            _LEAF.pack(leaves[at * HASH_BYTES : (at + 1) * HASH_BYTES], end) for at, end in enumerate(ends)
        )
        kept, digest = self._kept, self._digest.copy()
        digest.update(records)
        self.forget()  # until all of it is on disk
        handle = self._files.open(self._leaves, Mode.APPEND)
        try:
            self._files.truncate(handle, kept * _LEAF.size)
            write_all(self._files, handle, records)
            self._files.sync(handle)
        finally:
            self._files.close(handle)
        fields = {
            "version": VERSION,
            "size": mark.size,
            "time_ms": mark.time_ms,
            "root": root.hex(),
            "leaves": digest.hexdigest(),
        }
        body = encoded(fields)[:-1] + b',"state":' + state + b"}"
        whole = _OPEN + sha256(body).hexdigest().encode() + _MIDDLE + body + _CLOSE
        write_whole(self._files, self._snapshot, whole)
        self._kept, self._digest = mark.size, digest

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
