"""What the disk can't do, said so that a person knows what to do next."""

from __future__ import annotations

import errno
from pathlib import Path

from sessions.errors import Code, Refused
from sessions.log import Entry

__all__ = ["DiskFailed", "Displaced", "NotKept", "advice_for", "damaged", "unsigned"]

_ADVICE = {
    errno.ENOSPC: "the disk is full; make room and ask again",
    errno.EDQUOT: "the disk quota is used up; make room and ask again",
    errno.EROFS: "the disk is read-only now; mount it writable, or choose another folder with --data",
    errno.EACCES: "the data folder can't be written; give this user the right to, or choose another with --data",
    errno.EPERM: "the data folder can't be written; give this user the right to, or choose another with --data",
    errno.EFBIG: "the file is larger than this file system takes; choose another folder with --data",
}


class DiskFailed(Refused):
    """The disk did not take what was staged. `lost` are the entries that never were: the log goes on without them."""

    def __init__(self, cause: OSError, lost: tuple[Entry, ...] = ()) -> None:
        super().__init__(Code.FAILED, advice_for(cause))
        self.lost = lost
        self.__cause__ = cause


class Displaced(OSError):
    """A file that is being written is not there any more, or not as it was left: another hand moved or changed it."""


class NotKept(Refused):
    """What whoever waits for the disk is told, by every door in the same words; `why` is the disk's own advice."""

    def __init__(self, why: str) -> None:
        super().__init__(Code.FAILED, f"the server's disk did not take it, and nothing was changed: {why}")


def advice_for(error: OSError) -> str:
    """One sentence for an error of the system's."""
    if isinstance(error, Displaced):
        return str(error)
    if isinstance(error, NotADirectoryError | FileExistsError) and error.filename:
        return f"{error.filename} is a file where a folder belongs; name a folder with --data"
    known = _ADVICE.get(error.errno or 0)
    return known or f"the disk failed ({error.strerror or error}); look after it, or choose another folder with --data"


def damaged(what: str) -> Refused:
    """The refusal for a folder that contradicts itself. Nothing in it was touched."""
    return Refused(Code.FAILED, f"{what}; nothing was changed: put back a copy of the folder, or start another session")


def unsigned(folder: Path, index: int, *, hard_stop: bool) -> Refused:
    """The refusal for lines that no server wrote: to sign them would make them true. Nothing was touched."""
    why = (
        "the server that was stopped hard here never announced it"
        if hard_stop
        else "no server was stopped hard here, and a clean stop leaves nothing unsigned"
    )
    return Refused(
        Code.FAILED,
        f"{folder / 'log.jsonl'}: nobody signed entry {index} and what follows it: {why}, so another hand added it. "
        f"Nothing was changed: look with `starbridge log verify {folder}`, then move line {index + 1} and all after it out "
        "of the file, or put back a copy of the folder",
    )
