"""The mark of a running server: `running`, in which it signs what it is about to write to its log, before it does.

The file is there from the first line of a run until the record is closed in order, when the checkpoint covers every
line; so whoever finds it knows that the server was stopped hard. It holds heads (`sessions.heads`), each on disk before the
lines that it announces. Lines beyond the checkpoint are the server's own only if a head has their root.

What it proves: every line that a recovery signs was staged by a server that holds the key, whoever could write to the
folder meanwhile. What it does not prove: that nothing was taken away. Who puts back an older state of log, checkpoint and
`running` together is found out only by a checkpoint that somebody kept (`starbridge log verify --against`). And whoever can
read `key` can sign anything.

A head costs a signature (15 us) and an fsync of its own for each batch. On two cores and a virtual disk an entry that
waits alone is on disk after 0.5 ms instead of 0.25, and 50 who wait together get 35 000 entries a second there.

    running = Running(files, folder, key)
    running.announce(before, after)         # blocks; then write the lines
    running.clear()                         # all of them are in the checkpoint
"""

from __future__ import annotations

import contextlib

from bridge.ports.disk.files import Files, Mode, read_whole, write_all, write_whole
from bridge.ports.disk.folder import Folder
from sessions.heads import MAX_HEAD, Head, make_head
from sessions.keys import SigningKey

__all__ = ["Running", "find_mark"]

MAX_BYTES = 64 << 10
"""Bytes of heads after which the file is begun anew: the last ones say it all."""


def find_mark(files: Files, folder: Folder) -> str | None:
    """The text of the mark that a server left behind; None where it left none. Nobody has checked it. Raises `OSError`."""
    data = read_whole(files, folder.running, MAX_BYTES + 2 * MAX_HEAD)
    return None if data is None else data.decode("ascii", errors="replace")


class Running:
    """The mark in one session's folder; it belongs to the thread that writes the log."""

    def __init__(self, files: Files, folder: Folder, key: SigningKey) -> None:
        self._files = files
        self._folder = folder
        self._key = key
        self._handle: int | None = None
        self._bytes = 0

    def announce(self, before: Head, after: Head) -> None:
        """Put on disk that `after` comes next; `before` stands for what is there. Raises `OSError`."""
        line = make_head(self._key, after).encode()
        if self._handle is None or self._bytes > MAX_BYTES:
            self._begin(make_head(self._key, before).encode() + line)
            return
        try:
            write_all(self._files, self._handle, line)
            self._files.sync(self._handle)
        except OSError:
            self.close()  # half a line may be there: begin anew next time
            raise
        self._bytes += len(line)

    def _begin(self, data: bytes) -> None:
        """Replace the file in one step."""
        self.close()
        write_whole(self._files, self._folder.running, data)
        self._handle = self._files.open(self._folder.running, Mode.APPEND)
        self._bytes = len(data)

    def close(self) -> None:
        """Let go of the file; it stays."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                self._files.close(handle)

    def clear(self) -> None:
        """Take the mark away: every line is in the checkpoint on disk. Raises `OSError`."""
        self.close()
        if self._files.size(self._folder.running) is not None:
            self._files.remove(self._folder.running)
            self._files.sync_folder(self._folder.path)
