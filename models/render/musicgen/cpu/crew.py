"""Crew: helper threads that wait for work and share it with whoever brings it.

Where one comes late, the work was done without it (`together`); none keeps alive what it worked on. And one of them may do
something for itself meanwhile, which the others don't wait for.

>>> seen: list[int] = []
>>> Crew(1).together(seen.append, 7)
>>> seen
[7]
>>> Crew(2).aside(lambda: 8).result()
8
"""

from __future__ import annotations

import os
import weakref
from _thread import start_new_thread
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Crew", "cores"]

THREADS_MAX = 8  # more would wait for each other longer than they work

T = TypeVar("T")
Work = tuple[Callable[..., None], tuple[Any, ...]]


class Crew:
    """So many threads, the caller's among them; as many as there are cores unless told otherwise."""

    def __init__(self, threads: int | None = None) -> None:
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._helpers = (threads or min(THREADS_MAX, cores())) - 1
        for _ in range(self._helpers):
            start_new_thread(_help, (self._work,))
            weakref.finalize(self, self._work.put, None)

    @property
    def helps(self) -> bool:
        """Whether there is anybody else."""
        return self._helpers > 0

    def aside(self, task: Callable[[], T]) -> Future[T]:
        """What comes of a task, which one helper does when it has time for it; done here where there is none."""
        future: Future[T] = Future()
        if self._helpers:
            self._work.put((_done, (future, task)))
        else:
            _done(future, task)
        return future

    def together(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """Calls the kernel in all threads with the same arguments; returns when it does here."""
        for _ in range(self._helpers):
            self._work.put((kernel, arguments))
        kernel(*arguments)


def _done(future: Future[T], task: Callable[[], T]) -> None:
    try:
        future.set_result(task())
    except BaseException as error:  # whoever asks for the result hears of it
        future.set_exception(error)


def _help(work: SimpleQueue[Work | None]) -> None:
    """A helper's life: it ends with the crew. It holds no reference to one, only to the work of a step."""
    while (found := work.get()) is not None:
        kernel, arguments = found
        kernel(*arguments)
        del found, kernel, arguments  # a state's memory is not kept until the next step


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
