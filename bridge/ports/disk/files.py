"""The calls by which whatever a server keeps comes to the disk, all of them, in one small object.

`System` makes them for real. Tests hand in another that fails, or dies, at any one of them: what survives is proved
call by call, and a test holds that nothing under the data folder is written in another way. Nothing here knows what a log is;
errors are plain `OSError`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from enum import Enum
from pathlib import Path
from typing import Protocol

__all__ = ["SYSTEM", "Files", "Mode", "System", "read_whole", "write_all", "write_whole"]

READ_PIECE = 1 << 20
"""Bytes read at once."""


class Mode(Enum):
    """How a file is opened."""

    READ = os.O_RDONLY
    APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    SECRET = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    """New, and readable by nobody else."""


class Files(Protocol):
    """What `System` does, and whatever stands in for it."""

    def make_folder(self, path: Path, mode: int = 0o777) -> None: ...
    def sync_folder(self, path: Path) -> None: ...
    def names(self, path: Path) -> list[str]: ...
    def size(self, path: Path) -> int | None: ...
    def length(self, handle: int, path: Path) -> int | None: ...
    def open(self, path: Path, mode: Mode) -> int: ...
    def read(self, handle: int, size: int, at: int) -> bytes: ...
    def write(self, handle: int, data: bytes | memoryview) -> int: ...
    def truncate(self, handle: int, size: int) -> None: ...
    def sync(self, handle: int) -> None: ...
    def close(self, handle: int) -> None: ...
    def replace(self, source: Path, target: Path) -> None: ...
    def remove(self, path: Path) -> None: ...
    def lock(self, path: Path) -> int: ...


class System:
    """The system's own calls."""

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """The folder and those above it, each one's name on disk; `mode` is for the last one, where it is new."""
        if path.is_dir():
            return
        if path.parent != path:
            self.make_folder(path.parent)
        path.mkdir(mode, exist_ok=True)
        self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Put on disk which names a folder holds; Windows does so by itself."""
        if sys.platform != "win32":
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def names(self, path: Path) -> list[str]:
        """What a folder holds; nothing where there is none."""
        return sorted(item.name for item in path.iterdir()) if path.is_dir() else []

    def size(self, path: Path) -> int | None:
        """Bytes of a file; None where there is none."""
        return path.stat().st_size if path.is_file() else None

    def length(self, handle: int, path: Path) -> int | None:
        """Bytes of an open file; None where it is not the one of that name any more."""
        held = os.fstat(handle)
        try:
            named = path.stat()
        except FileNotFoundError:
            return None
        return held.st_size if os.path.samestat(held, named) else None

    def open(self, path: Path, mode: Mode) -> int:
        return os.open(path, mode.value | getattr(os, "O_BINARY", 0), 0o600 if mode is Mode.SECRET else 0o644)

    def read(self, handle: int, size: int, at: int) -> bytes:
        if sys.platform == "win32":
            os.lseek(handle, at, os.SEEK_SET)
            return os.read(handle, size)
        else:  # noqa: RET505 - mypy looks at one system at a time
            return os.pread(handle, size, at)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        return os.write(handle, data)

    def truncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def sync(self, handle: int) -> None:
        """Put a file's bytes and length on the medium itself."""
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        elif sys.platform == "win32":
            os.fsync(handle)
        else:
            os.fdatasync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def lock(self, path: Path) -> int:
        """Hold a file for this process alone until the handle is closed; raises `BlockingIOError` where another does."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if sys.platform == "win32":
                import msvcrt

                try:
                    msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                except PermissionError as error:
                    raise BlockingIOError(error.errno, "locked") from error
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(handle)
            raise
        return handle


SYSTEM = System()


def write_all(files: Files, handle: int, data: bytes) -> None:
    """Write every byte, in as many calls as the system takes."""
    rest = memoryview(data)
    while rest:
        written = files.write(handle, rest)
        if written <= 0:
            raise OSError(errno.EIO, "the system wrote nothing")
        rest = rest[written:]


def write_whole(files: Files, path: Path, data: bytes, *, secret: bool = False, locked: bool = True) -> None:
    """Replace a file in one step: it is there as before or as a whole, and on disk when this returns.

    Where its folder is not `locked`, several processes may do so at once, each by a file of its own.
    """
    temporary = path.with_name(path.name + (".tmp" if locked else f".{os.getpid()}.tmp"))
    if secret:
        files.remove(temporary)
    try:
        handle = files.open(temporary, Mode.SECRET if secret else Mode.FRESH)
        try:
            write_all(files, handle, data)
            files.sync(handle)
        finally:
            files.close(handle)
        files.replace(temporary, path)
        files.sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            files.remove(temporary)  # what did not fit shall not fill the disk
        raise


def read_whole(files: Files, path: Path, limit: int | None = None) -> bytes | None:
    """A file's bytes, `limit` and one at most; None where there is none."""
    size = files.size(path)
    if size is None:
        return None
    size = size if limit is None else min(size, limit + 1)
    handle = files.open(path, Mode.READ)
    try:
        pieces: list[bytes] = []
        at = 0
        while at < size and (piece := files.read(handle, min(READ_PIECE, size - at), at)):
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)
    finally:
        files.close(handle)
