"""The log file: lines are staged in memory, written in batches, and read back by index.

Staging is synchronous and touches no disk. A batch is taken, written by whatever thread likes to (one at a time) and
settled: then its lines are durable, or they and all that was staged after them never were. The file holds durable
lines only, but for the moment of writing; it is cut back after an error. A file that another hand moved or changed meanwhile
takes nothing until it is put back. A batch is announced in the mark of the running server before it is written. Everything but
`write` and `try_again` belongs to one thread.

    journal.stage("ana", {"type": "chat.said", "text": "hello"}, None, "", now_us)
    batch = journal.take()
    error = journal.write(batch)            # blocks
    failed = journal.settle(batch, error)
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.ports.disk.errors import DiskFailed, Displaced, damaged
from bridge.ports.disk.files import READ_PIECE, Files, Mode, write_all
from bridge.ports.disk.running import Running
from sessions.errors import Code, Refused
from sessions.heads import Head
from sessions.log import Chain, Entry, Mark
from sessions.merkle import leaf_hash

__all__ = ["Batch", "Journal"]

MAX_PENDING_BYTES = 64 << 20
"""Bytes of lines that wait for the disk; more are refused."""
MAX_BATCH_BYTES = 8 << 20
"""Bytes written before one fsync."""


@dataclass(frozen=True, slots=True)
class _Staged:
    entry: Entry
    line: bytes
    mark: Mark


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines on their way to the disk."""

    lines: int
    data: bytes
    mark: Mark
    before: Head
    """What is on disk."""
    after: Head
    """What will be."""

    @property
    def start(self) -> int:
        """Bytes of the file before them."""
        return self.before.end_bytes


class Journal:
    """One log file, open for appending."""

    def __init__(self, files: Files, path: Path, chain: Chain, ends: array[int], running: Running) -> None:
        self.chain = chain
        self._files = files
        self._path = path
        self._running = running
        self._ends = ends  # where each durable line ends, its line feed included
        self._durable = chain.mark
        self._head: Head | None = None  # what the last batch made of it
        self._staged: deque[_Staged] = deque()
        self._staged_bytes = 0
        self._appending: int | None = None
        self._reading: int | None = None
        self._outdated: list[int] = []  # handles for reading what has been put back since
        self._displaced = False
        self._uncut = False  # an error left bytes behind that could not be cut off

    @property
    def size(self) -> int:
        """Entries, staged ones included."""
        return self.chain.size

    @property
    def durable(self) -> Mark:
        """How far the disk has the log."""
        return self._durable

    @property
    def ends(self) -> array[int]:
        """Where each durable line ends in the file."""
        return self._ends

    @property
    def durable_bytes(self) -> int:
        """Durable bytes of the file."""
        return self._ends[-1] if self._ends else 0

    @property
    def pending_bytes(self) -> int:
        return self._staged_bytes

    # -- writing -----------------------------------------------------------------------------------------------------

    def stage(
        self, member: str, event: Mapping[str, Any], command: Mapping[str, Any] | None, signature: str, now_us: int
    ) -> Entry:
        """Chain the next entry, in memory; raises `Refused` where it can't be written or the disk is far behind."""
        if self._staged_bytes > MAX_PENDING_BYTES:
            raise Refused(Code.TOO_MANY, "the disk can't keep up with what is asked; ask again in a moment")
        entry, line = self.chain.append(member, event, command, signature, now_us=now_us)
        self._staged.append(_Staged(entry, line, self.chain.mark))
        self._staged_bytes += len(line) + 1
        return entry

    def take(self) -> Batch | None:
        """The next lines to write; they stay staged until they are settled."""
        lines: list[bytes] = []
        size = 0
        mark = self._durable
        for staged in self._staged:
            if lines and size + len(staged.line) > MAX_BATCH_BYTES:
                break
            lines.append(staged.line)
            size += len(staged.line) + 1
            mark = staged.mark
        if not lines:
            return None
        start, start_bytes, root = self._durable.size, self.durable_bytes, self.chain.tree.root
        before = self._head or Head(start, start, start_bytes, root(start))
        after = Head(start, mark.size, start_bytes + size, root(mark.size))
        return Batch(len(lines), b"\n".join([*lines, b""]), mark, before, after)

    def write(self, batch: Batch) -> OSError | None:
        """Put a batch on the medium, or leave the file as it was; the only part that blocks."""
        wrote = False
        try:
            handle = self._find(batch.start)
            self._running.announce(batch.before, batch.after)
            wrote = True
            write_all(self._files, handle, batch.data)
            self._files.sync(handle)
        except OSError as error:
            self._uncut |= wrote
            self._give_up(batch.start)
            return error
        return None

    def try_again(self) -> None:
        """Whether the file could be written now; raises `OSError`. It blocks."""
        self._find(self.durable_bytes)

    def settle(self, batch: Batch, error: OSError | None) -> DiskFailed | None:
        """Take note of what became of a batch; after an error nothing that was staged remains."""
        if error is not None:
            lost = tuple(staged.entry for staged in self._staged)
            self._staged.clear()
            self._staged_bytes = 0
            self.chain.cut(self._durable)
            return DiskFailed(error, lost)
        end = batch.start
        for _ in range(batch.lines):
            line = self._staged.popleft().line
            end += len(line) + 1
            self._ends.append(end)
        self._staged_bytes -= len(batch.data)
        self._durable, self._head = batch.mark, replace(batch.after, start=batch.after.end)
        return None

    def displaced(self) -> Displaced | None:
        """Whether another hand has moved or changed the file since. It blocks."""
        try:
            self._find(self.durable_bytes)
        except Displaced as error:
            return error
        except OSError:  # who can't look can't say
            pass
        return None

    def _find(self, size: int) -> int:
        """A handle on the file, which is where it was, and as long: else whatever is acknowledged would be nobody's."""
        if self._appending is None:
            self._appending = self._reopen(size)
        if self._files.length(self._appending, self._path) != size:
            self._files.close(self._appending)
            self._appending = None
            raise self._gone()
        return self._appending

    def _gone(self) -> Displaced:
        self._displaced = True
        return Displaced(f"{self._path.name} was moved, replaced or changed by another program; put it back as it was")

    def _reopen(self, size: int) -> int:
        """A fresh handle on the file, cut to its durable bytes: what an error left behind is gone."""
        if self._displaced and not self._is_back(size):
            raise self._gone()
        handle = self._files.open(self._path, Mode.APPEND)
        try:
            found = self._files.size(self._path) or 0
            if found < size or (found > size and not self._uncut):
                raise self._gone()
            if found > size:
                self._files.truncate(handle, size)
                self._files.sync(handle)
        except OSError:
            self._files.close(handle)
            raise
        self._uncut = self._displaced = False
        return handle

    def _is_back(self, size: int) -> bool:
        """Whether what lies there ends like what was written; each line is looked at when it is read."""
        if not self._ends or (self._files.size(self._path) or 0) < size:
            return False
        start = self._ends[-2] if len(self._ends) > 1 else 0
        handle = self._files.open(self._path, Mode.READ)
        last = self._files.read(handle, size - start, start)
        if self._reading is not None:
            self._outdated.append(self._reading)
        self._reading = handle
        return leaf_hash(last[:-1]) == self.chain.tree.leaf(len(self._ends) - 1)

    def _give_up(self, size: int) -> None:
        """Close the handle that failed and cut the file now; where even that fails, the next write begins with it."""
        handle, self._appending = self._appending, None
        try:
            if handle is not None:
                self._files.close(handle)
            self._appending = self._reopen(size)
        except OSError:
            self._appending = None

    def end(self) -> None:
        """Take the mark of the running server away: the checkpoint on disk covers all. Raises `OSError`."""
        if not self._uncut:
            self._running.clear()

    def close(self) -> None:
        """Let go of the file."""
        self._running.close()
        handles = (self._appending, self._reading, *self._outdated)
        self._appending = self._reading = None
        self._outdated.clear()
        for handle in handles:
            if handle is not None:
                self._files.close(handle)

    # -- reading -----------------------------------------------------------------------------------------------------

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Durable lines without their line feeds, each checked against the tree; raises `Refused` where one differs."""
        for index, lines in self._pieces(start, end):
            for at, line in enumerate(lines, start=index):
                if leaf_hash(line) != self.chain.tree.leaf(at):
                    raise self._altered(at)
                yield line

    def check(self, end: int) -> None:
        """The same for all lines up to `end`, which nobody wants to see: three times as fast."""
        for index, lines in self._pieces(0, end):
            if b"".join(map(leaf_hash, lines)) != self.chain.tree.leaves(index, index + len(lines)):
                raise self._altered(
                    next(
                        at for at, line in enumerate(lines, start=index) if leaf_hash(line) != self.chain.tree.leaf(at)
                    )
                )

    def _altered(self, index: int) -> Refused:
        return damaged(f"entry {index} of {self._path} is not what was written")

    def _pieces(self, start: int, end: int | None) -> Iterator[tuple[int, list[bytes]]]:
        """As many lines as fit one read, and the index of their first."""
        last = self._durable.size if end is None else min(end, self._durable.size)
        if self._reading is None and start < last:
            self._reading = self._files.open(self._path, Mode.READ)
        while start < last:
            until = self._until(start, last)
            at = self._ends[start - 1] if start else 0
            ends = [end - at for end in self._ends[start:until]]
            data = self._read(at, ends[-1])
            yield start, [data[begin : end - 1] for begin, end in zip([0, *ends], ends, strict=False)]
            start = until

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """Durable entries, read back."""
        for line in self.lines(start, end):
            yield Entry.known(line)

    def _until(self, start: int, last: int) -> int:
        """How many lines from `start` on fit one read, one at least."""
        begin = self._ends[start - 1] if start else 0
        low, high = start + 1, last
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._ends[middle - 1] - begin <= READ_PIECE else (low, middle - 1)
        return low

    def _read(self, at: int, size: int) -> bytes:
        assert self._reading is not None
        pieces: list[bytes] = []
        while size and (piece := self._files.read(self._reading, size, at)):
            pieces.append(piece)
            at, size = at + len(piece), size - len(piece)
        return b"".join(pieces)
