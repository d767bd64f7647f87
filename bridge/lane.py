"""The lane: what takes a member's signature to be checked passes one at a time in each turn of the loop.

A signed command takes a third of a millisecond, most of it for its signature, and what several connections bring at once would be
five of them in a row; whoever just plays would wait behind them all. So they stand in line, and between two of them the loop
looks what else has come.

    await lane.turn()       # then handle one message, without awaiting anything
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Lane"]


class Lane:
    """For all connections of one loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def turn(self) -> None:
        """Until it is the caller's turn: at once where nobody else's was in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _next(self) -> None:
        """The loop has turned: the first in line who is still there."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
