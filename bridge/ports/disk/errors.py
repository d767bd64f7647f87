"""What the disk can't do, said so that a person knows what to do next."""

from __future__ import annotations

import errno

from sessions.errors import Code, Refused
from sessions.log import Entry

__all__ = ["DiskFailed", "advice_for", "damaged"]

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


def advice_for(error: OSError) -> str:
    """One sentence for an error of the system's."""
    known = _ADVICE.get(error.errno or 0)
    return known or f"the disk failed ({error.strerror or error}); look after it, or choose another folder with --data"


def damaged(what: str) -> Refused:
    """The refusal for a folder that contradicts itself. Nothing in it was touched."""
    return Refused(Code.FAILED, f"{what}; nothing was changed: put back a copy of the folder, or start another session")
