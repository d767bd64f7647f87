"""Loading: what takes long to load comes in a thread of its own, and whoever waits for it looks around meanwhile.

Who asks first sets it off, others wait for the same one. Once nobody waits any more it is told to stop, which it does where it next
says how far it is.

>>> loading = Loading[str]()
>>> waiting = loading.wait(lambda told: "an engine")
>>> try:
...     while True: share = next(waiting)
... except StopIteration as end:
...     print(end.value)
an engine
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Event, Lock, Thread
from typing import Generic, TypeAlias, TypeVar

__all__ = ["Loading", "Told"]

LOOK_S = 0.02  # that a waiting one takes of the thread in which others are served

T = TypeVar("T")
Told: TypeAlias = Callable[[float], None]
"""Says how far it is, from 0 to 1. What it raises is to be let through: nobody wants the rest."""


class Unwanted(Exception):
    """Nobody waits any more."""


class Loading(Generic[T]):
    """Something that is loaded once, or again where that failed; how is not held beyond that."""

    def __init__(self) -> None:
        self._run: _Run[T] | None = None
        self._lock = Lock()

    def wait(self, load: Callable[[Told], T]) -> Generator[float, None, T]:
        """How far it is, again and again, and at the end what was loaded. Raises what loading raised."""
        while True:
            with self._lock:
                run = self._run = self._run or _Run()
                run.waiting += 1
                run.start(load)
            try:
                while not run.over.wait(LOOK_S):
                    yield run.done
            finally:
                with self._lock:
                    run.waiting -= 1
            if run.error is None:
                return run.loaded[0]
            with self._lock:
                self._run = None if self._run is run else self._run
            if not isinstance(run.error, Unwanted):
                raise run.error


class _Run(Generic[T]):
    """One try."""

    def __init__(self) -> None:
        self.waiting, self.done, self.over = 0, 0.0, Event()
        self.loaded: list[T] = []
        self.error: BaseException | None = None
        self._thread: Thread | None = None

    def start(self, load: Callable[[Told], T]) -> None:
        """Where it was not yet."""
        if self._thread is None:
            self._thread = Thread(target=self._go, args=(load,), name="loading", daemon=True)
            self._thread.start()

    def _go(self, load: Callable[[Told], T]) -> None:
        try:
            self.loaded.append(load(self._told))
        except BaseException as error:  # whoever waits hears of it
            self.error = error
        finally:
            self.over.set()

    def _told(self, share: float) -> None:
        if not self.waiting:
            raise Unwanted
        self.done = share
