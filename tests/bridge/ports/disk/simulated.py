"""A disk in memory that can fail, or lose its power, at any one of its calls.

It knows what is surely on the medium and what only the system has: after `power_loss` the names that no folder sync covered and
the bytes that no sync covered are gone, torn or garbled, as asked for. After `kill` they are all there: only the process is dead.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from bridge.ports.disk.files import Mode


class Killed(BaseException):
    """The process is no more; nothing in it may catch this."""


class Fault(Enum):
    """What happens at the chosen call."""

    ERROR = "the call fails and does nothing"
    AFTER = "the call does its work and fails all the same"
    HALF = "a write writes half of it, then fails"
    SHORT = "a write writes half of it and says so; no error"
    KILL = "the process dies before the call"
    KILL_AFTER = "the process dies after the call"
    KILL_HALF = "the process dies in the middle of a write"


class Loss(Enum):
    """What a loss of power leaves of bytes that were never synced."""

    ALL = "nothing"
    HALF = "their first half"
    ZEROS = "zeros in their place"
    HOLE = "zeros, then their second half"
    NONE = "all of them"


@dataclass
class Content:
    """A file's bytes, and which of them are on the medium."""

    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""

    def after(self, loss: Loss) -> Content:
        kept = bytes(self.synced)
        if self.data[: len(kept)] != kept:  # shortened or overwritten and not synced: the medium has it as before
            return Content(bytearray(kept), kept)
        fresh = bytes(self.data[len(kept) :])
        half = len(fresh) // 2
        survived = {
            Loss.ALL: b"",
            Loss.HALF: fresh[:half],
            Loss.ZEROS: bytes(len(fresh)),
            Loss.HOLE: bytes(half) + fresh[half:],
            Loss.NONE: fresh,
        }[loss]
        return Content(bytearray(kept + survived), kept + survived)


class SimulatedDisk:
    """Stands in for `System`."""

    def __init__(self) -> None:
        self.names_now: dict[Path, Content] = {}
        self.names_synced: dict[Path, Content] = {}
        self.folders: set[Path] = set()
        self.handles: dict[int, Content | Path] = {}
        self.locked: set[Path] = set()
        self.calls = 0
        self.trace: list[str] = []
        self.fail_at = 0
        self.fault = Fault.ERROR
        self.number = errno.EIO
        self.dead = False

    # -- faults ------------------------------------------------------------------------------------------------------

    def plan(self, at: int, fault: Fault, number: int = errno.EIO) -> None:
        """Let the call of this number, from 1, go wrong."""
        self.fail_at, self.fault, self.number = self.calls + at, fault, number

    def _call(self, name: str, work: Callable[[], object] = lambda: None, half: Callable[[], int] | None = None) -> int:
        """Count a call and do it, or what was planned instead; for a write, the bytes that it wrote by `half`, else -1."""
        if self.dead:
            raise Killed(name)
        self.calls += 1
        self.trace.append(name)
        if self.calls != self.fail_at:
            work()
            return -1
        if self.fault in (Fault.KILL, Fault.KILL_AFTER, Fault.KILL_HALF):
            if self.fault is Fault.KILL_HALF and half is not None:
                half()
            elif self.fault is Fault.KILL_AFTER:
                work()
            self.dead = True
            raise Killed(name)
        if self.fault is Fault.SHORT and half is not None:
            return half()
        if self.fault is Fault.SHORT:
            work()
            return -1
        if self.fault is Fault.HALF and half is not None:
            half()
        elif self.fault is Fault.AFTER and name != "lock":  # a lock that fails is never held
            work()
        raise OSError(self.number, f"planned for {name}")

    def after_kill(self) -> SimulatedDisk:
        """The same disk for the next process: the system still has everything."""
        disk = SimulatedDisk()
        disk.folders = set(self.folders)
        contents = {**self.names_now, **self.names_synced}.values(), self.names_now.values()
        own = {id(one): Content(bytearray(one.data), one.synced) for some in contents for one in some}
        disk.names_now = {path: own[id(content)] for path, content in self.names_now.items()}
        disk.names_synced = {path: own[id(content)] for path, content in self.names_synced.items()}
        return disk

    def after_power_loss(self, loss: Loss) -> SimulatedDisk:
        """The disk as the next start of the machine finds it."""
        disk = SimulatedDisk()
        disk.folders = set(self.folders)
        names = self.names_now if loss is Loss.NONE else self.names_synced
        disk.names_now = {path: content.after(loss) for path, content in names.items()}
        disk.names_synced = dict(disk.names_now)
        return disk

    # -- the calls ---------------------------------------------------------------------------------------------------

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        self._call("make_folder", lambda: self.folders.update([path, *path.parents]))

    def length(self, handle: int, path: Path) -> int | None:
        self._call("length")
        content = self.handles[handle]
        assert isinstance(content, Content)
        return len(content.data) if self.names_now.get(path) is content else None

    def sync_folder(self, path: Path) -> None:
        def work() -> None:
            here = {name: content for name, content in self.names_now.items() if name.parent == path}
            elsewhere = {name: content for name, content in self.names_synced.items() if name.parent != path}
            self.names_synced = {**elsewhere, **here}

        self._call("sync_folder", work)

    def names(self, path: Path) -> list[str]:
        self._call("names")
        return sorted(name.name for name in self.names_now if name.parent == path)

    def size(self, path: Path) -> int | None:
        self._call("size")
        content = self.names_now.get(path)
        return None if content is None else len(content.data)

    def open(self, path: Path, mode: Mode) -> int:
        def work() -> None:
            if mode is Mode.READ and path not in self.names_now:
                raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
            if mode is Mode.SECRET and path in self.names_now:
                raise FileExistsError(errno.EEXIST, "there is one", str(path))
            content = self.names_now.setdefault(path, Content())
            if mode is Mode.FRESH:
                content.data.clear()
            self.handles[handle] = content

        handle = 3 + self.calls
        self._call(f"open {path.name}", work)
        return handle

    def read(self, handle: int, size: int, at: int) -> bytes:
        self._call("read")
        return bytes(self._content(handle).data[at : at + size])

    def write(self, handle: int, data: bytes | memoryview) -> int:
        content, whole = self._content(handle), bytes(data)

        def half() -> int:
            content.data.extend(whole[: len(whole) // 2])
            return len(whole) // 2

        written = self._call("write", lambda: content.data.extend(whole), half)
        return len(whole) if written < 0 else written

    def truncate(self, handle: int, size: int) -> None:
        content = self._content(handle)
        assert size <= len(content.data), "nothing here ever makes a file longer by truncating"
        self._call("truncate", lambda: content.data.__delitem__(slice(size, None)))

    def sync(self, handle: int) -> None:
        content = self._content(handle)
        self._call("sync", lambda: setattr(content, "synced", bytes(content.data)))

    def close(self, handle: int) -> None:
        held = self.handles.pop(handle)
        if isinstance(held, Path):
            self.locked.discard(held)
        self._call("close")

    def replace(self, source: Path, target: Path) -> None:
        self._call(f"replace {target.name}", lambda: self.names_now.update({target: self.names_now.pop(source)}))

    def remove(self, path: Path) -> None:
        self._call("remove", lambda: self.names_now.pop(path, None))

    def lock(self, path: Path) -> int:
        def work() -> None:
            if path in self.locked:
                raise BlockingIOError(errno.EAGAIN, "locked")
            self.locked.add(path)
            self.names_now.setdefault(path, Content())
            self.handles[handle] = path

        handle = 3 + self.calls
        self._call("lock", work)
        return handle

    def _content(self, handle: int) -> Content:
        content = self.handles[handle]
        assert isinstance(content, Content)
        return content

    # -- for tests ---------------------------------------------------------------------------------------------------

    def bytes_of(self, path: Path) -> bytes:
        return bytes(self.names_now[path].data)

    def put(self, path: Path, data: bytes) -> None:
        self.names_now[path] = self.names_synced[path] = Content(bytearray(data), data)
