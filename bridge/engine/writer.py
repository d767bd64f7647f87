"""Writer: the thread in which notes are written, one call after another, and which is interrupted for what is wanted soon.

A call that pauses (`models.pause`: before each token) is held up there until those that are wanted soon are done, on top of it; and
it ends there once nobody wants it.

    bar = await writer.do(partial(next, stream), soon=True)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.pause import Unwanted, at_pauses

__all__ = ["Writer"]

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Call(Generic[T]):
    """What is to be done, and what it comes to."""

    do: Callable[[], T]
    found: Future[T]
    is_unwanted: Callable[[], bool]
    left: bool = False  # by whoever awaited it

    def answer(self) -> None:
        if self.found.set_running_or_notify_cancel():
            try:
                self.found.set_result(self.do())
            except BaseException as error:
                self.found.set_exception(error)

    def end_if_unwanted(self) -> None:
        if self.left or self.is_unwanted():
            raise Unwanted


class Writer:
    """Close it when done."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._soon: deque[_Call[Any]] = deque()
        self._later: deque[_Call[Any]] = deque()

    async def do(self, call: Callable[[], T], *, soon: bool = False, unwanted: Callable[[], bool] = lambda: False) -> T:
        """What a call comes to; those that are wanted `soon` come before the others, in their order.

        It ends at its next pause where `unwanted` says so, and Unwanted is raised, or where whoever awaits it is cancelled.
        """
        mine = _Call(call, Future[T](), unwanted)
        (self._soon if soon else self._later).append(mine)
        self._thread.submit(self._go_on)
        try:
            return await asyncio.wrap_future(mine.found)
        except asyncio.CancelledError:
            mine.left = True
            raise

    def close(self) -> None:
        """Wait for the call in hand, then end the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _go_on(self) -> None:
        """Once for each call: the next one, where it did not come before."""
        if self._soon:
            self._answer_soon()
        elif self._later:
            call = self._later.popleft()

            def pause() -> None:
                call.end_if_unwanted()
                self._answer_soon()

            with at_pauses(pause):
                call.answer()

    def _answer_soon(self) -> None:
        while self._soon:
            call = self._soon.popleft()
            with at_pauses(call.end_if_unwanted):
                call.answer()
