"""The snapshot: what lets a long session start as fast as a short one. A cache, and never more than that.

`leaves.bin` holds 40 bytes a line: its leaf hash, and where it ends in the log; `nodes.bin` the tree's hashes over sixteen of
them each. `state.jsonl` holds lines that add up to the session's state, whatever they mean; all are only ever added to.
`snapshot.json` says how much of them counts, with their hashes, the log's and the root, and is signed by the log's key; where
anything differs, or the root is not the one that the checkpoint signs, they are as good as missing and the whole log is read.
The log that they stand for is still hashed at each start, only not parsed: an altered line is found.
"""

from __future__ import annotations

import errno
import json
import struct
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from bridge.ports.disk.files import READ_PIECE, Files, Mode, read_whole, write_all, write_whole
from sessions.keys import SIGNATURE_BYTES, SigningKey
from sessions.log import Mark
from sessions.merkle import HASH_BYTES, Tree, leaf_hash

__all__ = ["Cache", "Cached", "encoded", "leaf_hashes"]

VERSION = 3
_LEAF = struct.Struct(f"<{HASH_BYTES}sQ")
_WORDS = _LEAF.size // 8
_END = _WORDS - 1
_OPEN, _MIDDLE, _CLOSE = b'{"signature":"', b'","snapshot":', b"}"
_CONTEXT = b"starbridge-snapshot-v1\n"
"""So that what is signed here can't be taken for anything else that the key signs."""
LINES = 1024
"""Lines of the log that are read at once."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A log up to some size, as the cache remembers it."""

    size: int
    time_ms: int
    tree: Tree
    ends: array[int]
    state: bytes
    """Lines; empty where no state was written."""
    log_holds: bool
    """The log begins with the very bytes that were there."""


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
    """The four files of one session's folder."""

    def __init__(self, files: Files, folder: Path, key: SigningKey) -> None:
        self._files = files
        self._key = key
        self._snapshot = folder / "snapshot.json"
        self._leaves = _Growing(files, folder / "leaves.bin")
        self._nodes = _Growing(files, folder / "nodes.bin")
        self._state = _Growing(files, folder / "state.jsonl")
        self._log = _Beginning(files, folder / "log.jsonl")
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
        nodes = self._nodes.load(fields["nodes"])
        if records is None or nodes is None or state is None or len(records) != size * _LEAF.size:
            return None
        hashes, ends = _apart(records)
        tree = Tree.from_leaves(hashes, nodes)
        if tree.root() != root:
            return None
        self._kept = size
        return Cached(size, time_ms, tree, ends, state, self._log.load(fields["log"]))

    def forget(self) -> None:
        """Write everything anew at the next `save`."""
        self._kept = 0
        self._log.forget()
        self._leaves.forget()
        self._nodes.forget()
        self._state.forget()

    def forget_state(self) -> None:
        """The state is not what was written: the next one is written whole."""
        self._state.forget()

    def save(self, mark: Mark, root: bytes, leaves: bytes, nodes: bytes, ends: array[int], state: bytes) -> None:
        """Remember the log at `mark`; `leaves`, `nodes` and `ends` begin at `kept`, `state` comes behind the lines that are there.

        Raises `OSError`, also where the log has become another: then everything is written anew the next time. It blocks.
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
                "log": self._log.add(ends, leaves),
                "leaves": self._leaves.add(records),
                "nodes": self._nodes.add(nodes),
                "state": self._state.add(state),
            }
            body = encoded(fields)
            signature = self._key.sign(_CONTEXT + body).hex().encode()
            write_whole(self._files, self._snapshot, _OPEN + signature + _MIDDLE + body + _CLOSE)
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
        begin = len(_OPEN) + 2 * SIGNATURE_BYTES
        signature, rest, body = data[len(_OPEN) : begin], data[begin:], data[begin + len(_MIDDLE) : -len(_CLOSE)]
        if not data.startswith(_OPEN) or not rest.startswith(_MIDDLE):
            return None
        if not self._key.verifier.verify(_CONTEXT + body, bytes.fromhex(signature.decode())):
            return None
        fields: dict[str, Any] = json.loads(body)  # by its signature it is what we wrote
        return fields


class _Beginning:
    """How much of the log is known to be what was written. Somebody else writes it."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self.forget()

    def forget(self) -> None:
        """None of it is."""
        self._size = 0
        self._digest = sha256()

    def load(self, known: Mapping[str, Any]) -> bool:
        """Whether it begins as `add` described it: one hash over all, which takes a third of one over each line."""
        size, at, digest = int(known["bytes"]), 0, sha256()
        handle = self._files.open(self._path, Mode.READ)
        try:
            while at < size and (piece := self._files.read(handle, min(READ_PIECE, size - at), at)):
                digest.update(piece)
                at += len(piece)
        finally:
            self._files.close(handle)
        if at != size or digest.hexdigest() != known["sha256"]:
            return False
        self._size, self._digest = size, digest
        return True

    def add(self, ends: array[int], leaves: bytes) -> dict[str, Any]:
        """Read the lines that end at `ends` and have these leaf hashes; says what is known now. Raises `OSError` for others."""
        digest, at = self._digest.copy(), self._size
        handle = self._files.open(self._path, Mode.READ)
        try:
            for first in range(0, len(ends), LINES):
                until = ends[first : first + LINES]
                lines = _read_lines(self._files, handle, at, until)
                hashes = b"".join([leaf_hash(line[:-1]) for line in lines])
                if hashes != leaves[first * HASH_BYTES : (first + len(until)) * HASH_BYTES]:
                    raise OSError(errno.EIO, f"{self._path} is not what was written")
                digest.update(b"".join(lines))
                at = until[-1]
        finally:
            self._files.close(handle)
        self._size, self._digest = at, digest
        return {"bytes": at, "sha256": digest.hexdigest()}


def _read_lines(files: Files, handle: int, at: int, ends: array[int]) -> list[bytes]:
    """The lines from a byte on that end there, their line feeds included."""
    pieces: list[bytes] = []
    begin = at
    while at < ends[-1] and (piece := files.read(handle, min(READ_PIECE, ends[-1] - at), at)):
        pieces.append(piece)
        at += len(piece)
    data = b"".join(pieces)
    places = [0, *(end - begin for end in ends)]
    return [data[start:end] for start, end in pairwise(places)]


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
