"""Reading a log back after whatever happened: what is whole stays, a torn tail is set aside, a contradiction is refused.

What is signed is the judge. Lines that the checkpoint covers, or of which the mark of a server that was stopped hard says
that they were on disk, were acknowledged: if one is missing or differs, nothing is touched and the folder is refused.
What that server had just begun to write is kept if it is all there, with the root that it announced; else it is moved
to `torn-<offset>` and cut off. What lies beyond that is by another hand, and refused.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.ports.disk.cache import Cached
from bridge.ports.disk.errors import damaged, unsigned
from bridge.ports.disk.files import READ_PIECE, Files, Mode, read_whole, write_whole
from bridge.ports.disk.folder import Folder
from sessions.checkpoint import Checkpoint
from sessions.errors import Refused
from sessions.heads import Head, vouched
from sessions.keys import SigningKey
from sessions.log import MAX_LINE, Chain, Mark, read_line
from sessions.merkle import leaf_hash

__all__ = ["PROGRESS_LINES", "Found", "Progress", "Recovery", "find_log", "set_tail_aside", "silent"]

CREATED = "session.created"
PROGRESS_LINES = 1000

Progress = Callable[[str, float], None]
"""Told what is done and how much of it, from 0 to 1, each so many lines."""


def silent(_doing: str, _done: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a record came upon."""

    entries: int
    """Entries that are there."""
    lost_bytes: int
    """Bytes of a tail that was never acknowledged, now in `torn`."""
    lost_lines: int
    """Lines that it began."""
    torn: Path | None
    from_snapshot: int
    """Entries that were taken from the snapshot, not read."""
    clean: bool = True
    """The last stop was an orderly one: no mark of a running server, and the checkpoint covered every line."""


@dataclass(frozen=True, slots=True)
class Found:
    """A log as the disk has it: `chain` and `ends` for what is whole, and what follows it."""

    chain: Chain
    ends: array[int]
    file_bytes: int
    why: str
    """Why the first line of the tail is none; empty where there is no tail."""
    from_snapshot: int

    @property
    def whole_bytes(self) -> int:
        return self.ends[-1] if self.ends else 0


def find_log(
    files: Files,
    folder: Folder,
    key: SigningKey,
    checkpoint: Checkpoint | None,
    heads: Sequence[Head] | None,
    cached: Cached | None,
    progress: Progress,
) -> tuple[Found, str]:
    """The log's signed lines, and the session that it names; raises `Refused` where they contradict what is signed.

    `heads` are those in the mark of a server that was stopped hard; None where there is no mark.
    """
    file_bytes = files.size(folder.log)
    if file_bytes is None:
        raise damaged(f"{folder.log} is missing")
    handle = files.open(folder.log, Mode.READ)
    try:
        if cached is None or checkpoint is None or not _fits(files, handle, file_bytes, cached, checkpoint):
            cached = None
        found = _scan(files, handle, file_bytes, cached, progress)
        _check_covered(found, checkpoint, folder)
        name = _check_first(files, handle, found, key, folder)
        signed = _signed(found, checkpoint, heads, folder)
        if signed < found.chain.size:
            begin, end = found.ends[signed - 2] if signed > 1 else 0, found.ends[signed - 1]
            last = read_line(_read(files, handle, begin, end).removesuffix(b"\n"))
            found.chain.cut(Mark(signed, last.time_us // 1000))
            del found.ends[signed:]
        return found, name
    finally:
        files.close(handle)


def _check_covered(found: Found, checkpoint: Checkpoint | None, folder: Folder) -> None:
    """Every line that the checkpoint signs must be there as it was."""
    size = found.chain.size
    if checkpoint is None:  # making a session writes one entry, then the checkpoint
        if size > 1:
            raise damaged(f"{folder.checkpoint} is missing beside a log of {size} entries")
    elif size < checkpoint.size:
        why = f"entry {size} {found.why}" if found.why else "there it ends"
        raise damaged(f"{folder.log} has {size} good entries, its signed checkpoint says {checkpoint.size}: {why}")
    elif found.chain.tree.root(checkpoint.size) != checkpoint.root:
        raise damaged(f"{folder.log} does not hold the {checkpoint.size} entries that its checkpoint signs")
    if not size:
        raise damaged(f"{folder.log} holds no whole line")


def _signed(found: Found, checkpoint: Checkpoint | None, heads: Sequence[Head] | None, folder: Folder) -> int:
    """How many entries are provably the server's own; raises `Refused` where one is missing, or another hand's follow."""
    chain, last = found.chain, heads[-1] if heads else None
    covered = 1 if checkpoint is None else checkpoint.size
    signed = max(covered, vouched(heads or (), chain.size, chain.tree.root))
    if last is not None and signed < last.start:
        why = (
            f"entry {chain.size} {found.why}" if found.why else f"entry {signed} or one after it was altered or cut off"
        )
        raise damaged(
            f"{folder.log} must hold {last.start} entries, by the mark of the server that was stopped hard: {why}"
        )
    announced = max(found.ends[covered - 1], last.end_bytes if last is not None else 0)
    if found.file_bytes > announced:
        raise unsigned(folder.path, signed, hard_stop=heads is not None)
    return signed


def _fits(files: Files, handle: int, file_bytes: int, cached: Cached, checkpoint: Checkpoint) -> bool:
    """Does the snapshot end where a line of this log ends, within what is signed?"""
    end = cached.ends[-1]
    begin = cached.ends[-2] if cached.size > 1 else 0
    if cached.size > checkpoint.size or end > file_bytes or not begin < end <= begin + MAX_LINE + 1:
        return False
    line = _read(files, handle, begin, end)
    return line.endswith(b"\n") and leaf_hash(line[:-1]) == cached.tree.leaf(cached.size - 1)


def _check_first(files: Files, handle: int, found: Found, key: SigningKey, folder: Folder) -> str:
    """Entry 0 must name the key that lies beside it; returns the session that it names."""
    line = _read(files, handle, 0, found.ends[0])[:-1]
    try:
        event = read_line(line).event
    except Refused:
        event = {}
    if leaf_hash(line) != found.chain.tree.leaf(0) or event.get("type") != CREATED:
        raise damaged(f"{folder.log} does not begin with {CREATED}")
    if event.get("log_key") != str(key.verifier):
        raise damaged(f"{folder.key} is not the key that {folder.log} names")
    return str(event.get("session", ""))


def _scan(files: Files, handle: int, file_bytes: int, cached: Cached | None, progress: Progress) -> Found:
    """Chain every line from the snapshot's edge on, to the first that is not whole."""
    chain = Chain() if cached is None else Chain(cached.tree, cached.time_ms)
    ends = array("Q") if cached is None else cached.ends
    size = cached.size if cached is not None else 0
    end = ends[-1] if ends else 0
    before, why = chain.mark, ""
    for piece in _lines(files, handle, end, file_bytes):
        mark = chain.mark
        why = _extend(chain, piece)
        if why:
            if chain.size > size and _disagrees(chain, piece):
                chain.cut(before)  # it has seen another line before it: neither of the two can be kept
                ends.pop()
            break
        before, end = mark, end + len(piece)
        ends.append(end)
        if not len(ends) % PROGRESS_LINES:
            progress("its log is read", end / file_bytes)
    return Found(chain, ends, file_bytes, why, size)


def _extend(chain: Chain, piece: bytes) -> str:
    """Why the piece is not the next line; empty where it is."""
    if not piece.endswith(b"\n"):
        return "is torn"
    try:
        chain.extend(piece[:-1])
    except Refused as refused:
        return f"is damaged ({refused.advice})"
    return ""


def _disagrees(chain: Chain, piece: bytes) -> bool:
    """Is this a whole entry, of this place, that follows another line than the one before it?"""
    try:
        entry = read_line(piece.removesuffix(b"\n"))
    except Refused:
        return False
    return entry.index == chain.size and entry.previous != chain.previous


def _lines(files: Files, handle: int, at: int, end: int) -> Iterator[bytes]:
    """The file's lines with their line feeds, the last one perhaps without; one far too long comes in pieces."""
    rest = b""
    while at < end and (data := files.read(handle, min(READ_PIECE, end - at), at)):
        at += len(data)
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > MAX_LINE + 1:
            yield rest
            rest = b""
    if rest:
        yield rest


def _read(files: Files, handle: int, at: int, end: int) -> bytes:
    pieces: list[bytes] = []
    while at < end and (piece := files.read(handle, min(READ_PIECE, end - at), at)):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def set_tail_aside(files: Files, folder: Folder, found: Found) -> Recovery:
    """Keep what follows the last whole line under another name, then cut it off, unsynced; raises `OSError`."""
    entries, lost_bytes = found.chain.size, found.file_bytes - found.whole_bytes
    if not lost_bytes:
        return Recovery(entries, 0, 0, None, found.from_snapshot)
    handle = files.open(folder.log, Mode.READ)
    try:
        tail = _read(files, handle, found.whole_bytes, found.file_bytes)
    finally:
        files.close(handle)
    torn = _free_name(files, folder, found.whole_bytes, tail)
    write_whole(files, torn, tail)
    handle = files.open(folder.log, Mode.APPEND)
    try:
        files.truncate(handle, found.whole_bytes)
    finally:
        files.close(handle)
    lost_lines = tail.count(b"\n") + (not tail.endswith(b"\n"))
    return Recovery(entries, lost_bytes, lost_lines, torn, found.from_snapshot)


def _free_name(files: Files, folder: Folder, at: int, tail: bytes) -> Path:
    """`torn-<offset>`, with a number where another tail was cut off at the same place before."""
    path = folder.path / f"torn-{at}"
    number = 2
    while files.size(path) is not None and read_whole(files, path) != tail:
        path = folder.path / f"torn-{at}-{number}"
        number += 1
    return path
