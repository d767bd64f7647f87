"""The lane: what takes a member's signature to be checked passes one at a time, and whoever just plays passes between two of them.

A signed command takes a third of a millisecond, most of it for its signature, and what several connections bring at once would be
five of them in a row; whoever just plays would wait behind them all. So they stand in line, and between two of them the loop turns
until what has come meanwhile is through. A note over a WebSocket takes two turns: one for its bytes, one for itself.

    await lane.turn()       # then handle one message, without awaiting anything
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["LONG_S", "MOST_AT_ONCE", "TURNS_BETWEEN", "Lane"]

TURNS_BETWEEN = 2
"""Turns of the loop that belong to everybody else, between two turns in which somebody of the lane passes."""
LONG_S = 0.001
"""Where they take longer, because so much else is to be done, one more passes for each such time: all move on, or none would."""
MOST_AT_ONCE = 4
"""But no more than these."""


class Lane:
    """For all connections of one loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False
        self._passed_s = 0.0

    def __len__(self) -> int:
        """Who waits."""
        return len(self._waiting)

    async def turn(self) -> None:
        """Until it is the caller's turn: at once where nobody else passes or has just passed."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            self._passed(loop)
            return
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _passed(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called in the turn in which somebody passes; then come the others'."""
        self._passed_s = loop.time()
        loop.call_soon(self._rest, loop, TURNS_BETWEEN - 1)

    def _rest(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        if turns:
            loop.call_soon(self._rest, loop, turns - 1)
        else:
            self._next(loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """The first in line who are still there pass when the loop turns."""
        passing = min(MOST_AT_ONCE, 1 + int((loop.time() - self._passed_s) / LONG_S))
        self._taken = False
        while self._waiting and passing:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                passing -= 1
                self._taken = True
        if self._taken:
            loop.call_soon(self._passed, loop)
