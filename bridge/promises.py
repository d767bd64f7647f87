"""Promises: what is told, and whose command is acknowledged, once the disk has the log up to a size.

Kept in the order they were made, so that nobody hears of things out of order; broken together when the disk fails. A patient one
(nobody waits for it: a live note is told before) lets others come together before the disk is asked.

    promises.make(size, kept=lambda: outlet.send(...))
    promises.keep(durable)                  # or, a little at a time: while not promises.keep(durable, SLICE_S): ...
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sessions.errors import Refused

__all__ = ["PATIENCE_S", "SLICE_S", "Promises"]

PATIENCE_S = 0.15
"""How long what nobody waits for may stay off the disk: a sixteenth at 100 bpm. A band's notes then share an fsync, instead of
keeping the disk busy, so that a request would have to wait for it: on a busy one a quarter longer (95%) where this was 0.05."""

SLICE_S = 0.001
"""For so long promises are kept at a time: two hundred lines of chat, told to a hundred each, take a fifth of a second."""


@dataclass(frozen=True, slots=True)
class _Promise:
    size: int
    kept: Callable[[], None] | None
    acknowledged: asyncio.Future[int | None] | None
    index: int | None


class Promises:
    """Promises of one session, in order."""

    def __init__(self) -> None:
        self._waiting: deque[_Promise] = deque()
        self._made = asyncio.Event()
        self._size = 0  # up to which all is to be on disk
        self._awaited = 0  # up to which somebody waits for that
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def make(
        self,
        size: int,
        *,
        kept: Callable[[], None] | None = None,
        acknowledged: asyncio.Future[int | None] | None = None,
        index: int | None = None,
        patient: bool = False,
    ) -> None:
        """To be kept when the disk has `size` entries: a call, and the answer to whoever awaits `index`; or only to be there."""
        if kept is not None or acknowledged is not None:
            self._waiting.append(_Promise(size, kept, acknowledged, index))
        self._size = size
        if not patient:
            self._awaited = size
        self._wake(size - 1)

    def _wake(self, durable: int) -> None:
        """Ask the disk: now where somebody waits, else in a moment."""
        if self._awaited > durable:
            self._made.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._ask)

    def _ask(self) -> None:
        self._timer = None
        if self._size:
            self._made.set()

    async def wait(self) -> None:
        """Until there is a promise that was not there at the last wait."""
        await self._made.wait()
        self._made.clear()

    def keep(self, durable: int, within_s: float = math.inf) -> bool:
        """Keep every promise that the disk's size allows; False where time is up, and there are more: let others have a turn."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + within_s
        while self._waiting and self._waiting[0].size <= durable:
            promise = self._waiting.popleft()
            if promise.kept is not None:
                promise.kept()
            if promise.acknowledged is not None and not promise.acknowledged.done():
                promise.acknowledged.set_result(promise.index)
            if loop.time() >= end_s and self._waiting and self._waiting[0].size <= durable:
                return False
        if self._size > durable:
            self._wake(durable)
        return True

    def break_all(self, error: Refused) -> None:
        """None of what waits will be kept: whoever awaits it gets the error."""
        waiting, self._waiting = self._waiting, deque()
        self._size = self._awaited = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for promise in waiting:
            if promise.acknowledged is not None and not promise.acknowledged.done():
                promise.acknowledged.set_exception(error)
                promise.acknowledged.exception()  # so that one which nobody awaits is no warning
