"""Pause: where long work lets whoever runs it do something else first, or ends because nobody wants it any more.

Lives here: the place alone. Work says `pause()` before whatever takes a while; who runs it says what is done there, in the same
thread, on top of what is in hand. So nothing that the work comes to depends on it.

    >>> def work():
    ...     for number in range(2):
    ...         pause()
    ...         print(number)
    >>> with at_pauses(lambda: print("something else")):
    ...     work()
    something else
    0
    something else
    1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Unwanted", "at_pauses", "pause"]

_at_pauses: ContextVar[Callable[[], None] | None] = ContextVar("at_pauses", default=None)


class Unwanted(BaseException):
    """Nobody wants to know any more what the work comes to. No failure, so it passes by whoever catches those."""


def pause() -> None:
    """Here something else may come first. Raises Unwanted."""
    do = _at_pauses.get()
    if do is not None:
        do()


@contextmanager
def at_pauses(do: Callable[[], None]) -> Iterator[None]:
    """What pauses do within; it may raise Unwanted."""
    before = _at_pauses.set(do)
    try:
        yield
    finally:
        _at_pauses.reset(before)
