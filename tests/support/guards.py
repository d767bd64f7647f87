"""Guards that every test runs under: no blocking call inside an event loop, nothing left running afterwards.

A blocking call is caught where it is made, by name (`time.sleep`, `os.fsync`, waiting for a child, looking up a host),
so the finding does not depend on how fast the machine is. Computing is caught by the processor time that one callback
takes, which a busy machine hardly changes either; the collector's time is not the callback's, for it walks through what
all tests of the process have made. `conftest.py` applies both to every test; a test that must block says
why with `@pytest.mark.may_block("reason")`.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["BlockingCall", "children", "leaks", "no_blocking", "threads"]

CALLBACK_CPU_S = 1.0  # one callback may compute this long, on a slow machine too; a clock tick is late after less
GRACE_S = 15.0  # real seconds that threads and children get to end; spent only where something is left


class BlockingCall(AssertionError):
    """Somebody blocked the event loop."""


_BLOCKING: tuple[tuple[Any, str], ...] = (
    (time, "sleep"),
    (os, "fsync"),
    (os, "fdatasync"),
    (subprocess.Popen, "wait"),
    (subprocess.Popen, "communicate"),
    (socket, "getaddrinfo"),
    (socket, "create_connection"),
)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _guarded(name: str, real: Callable[..., Any], found: list[str]) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        harmless = name == "Popen.wait" and args and args[0].returncode is not None
        if _in_loop() and not harmless:
            found.append(f"{name} blocks the event loop")
            raise BlockingCall(found[-1])
        return real(*args, **kwargs)

    return call


class _Collecting:
    """Adds up what the collector spends in the thread that made this."""

    def __init__(self) -> None:
        self.spent_s = 0.0
        self._thread, self._since = threading.get_ident(), 0.0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._since = time.thread_time()
        else:
            self.spent_s += time.thread_time() - self._since


@contextmanager
def no_blocking(callback_cpu_s: float = CALLBACK_CPU_S) -> Iterator[list[str]]:
    """While it lasts, blocking calls in a loop raise BlockingCall; the list names them all, swallowed ones too."""
    found: list[str] = []
    undo: list[tuple[Any, str, Any]] = []

    def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        real = getattr(owner, name, None)
        if real is not None:  # fdatasync is Linux only
            undo.append((owner, name, real))
            setattr(owner, name, make(real))

    for owner, name in _BLOCKING:
        label = f"{owner.__name__}.{name}"
        replace(owner, name, functools.partial(lambda real, label: _guarded(label, real, found), label=label))

    collecting = _Collecting()

    def timed(real: Callable[[asyncio.Handle], None]) -> Callable[[asyncio.Handle], None]:
        def run(handle: asyncio.Handle) -> None:
            before = time.thread_time() - collecting.spent_s
            real(handle)
            spent = time.thread_time() - collecting.spent_s - before
            if spent > callback_cpu_s:
                found.append(f"{handle!r} computed for {spent:.2f} s inside the event loop")

        return run

    replace(asyncio.Handle, "_run", timed)
    gc.callbacks.append(collecting)
    try:
        yield found
    finally:
        gc.callbacks.remove(collecting)
        for owner, name, real in reversed(undo):
            setattr(owner, name, real)


def threads() -> set[threading.Thread]:
    """The threads alive now."""
    return {thread for thread in threading.enumerate() if thread.is_alive()}


def children() -> set[int]:
    """The process ids of our children, as Linux tells them; elsewhere nothing is known, and nothing is said."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(map(int, task.read_text().split()))
        except OSError:  # the thread has just ended
            continue
    return found


@contextmanager
def leaks(grace_s: float = GRACE_S) -> Iterator[list[str]]:
    """After the block the list names the threads and child processes that it left running."""
    found: list[str] = []
    before_threads, before_children = threads(), children()
    yield found
    deadline = time.monotonic() + grace_s
    while True:
        left_threads, left_children = threads() - before_threads, children() - before_children
        if not (left_threads or left_children) or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    found.extend(f"thread left running: {thread.name}" for thread in left_threads)
    found.extend(f"child left running: {_command(pid)}" for pid in left_children)


def _command(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        line = ""
    return f"{pid} {line or '(ended, but nobody waited for it)'}"
