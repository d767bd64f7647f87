"""The crowd: whoever says more than its share waits here for a turn, so that nobody else waits behind it.

A door takes what comes at once as long as its sender keeps to a share. What is beyond that isn't read on, and is taken one
message of each sender after the other, in slices with longer rests between them, which all others have to themselves. So a
flood, or many of them, costs whoever keeps to his share one slice at most, whatever a message costs, and nothing of it is
lost where the sender's own line can wait.

    share = share_of_one()
    if share.take(1, loop.time()):      # at once
        take(message)
    else:
        async with crowd.turn():        # when it is its turn
            take(message)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from bridge.buckets import Bucket
from bridge.lane import Lane

__all__ = ["REST_MAX_S", "REST_SHARE", "SHARE_BURST", "SHARE_PER_S", "SLICE_S", "Crowd", "share_of_one"]

SHARE_PER_S = 400
"""Messages of one sender that never wait; a controller under a hand sends 200."""
SHARE_BURST = 100
"""And as many at once: a chord of each of ten fingers on ten parts."""
SLICE_S = 0.001
"""For so long the crowd is served at a time; one message that takes longer is still whole."""
MAX_A_SLICE = 64
"""Messages of one sender in it, however little time they take."""
REST_SHARE = 3.0
"""Then it rests so many times as long as it was served: three quarters of the loop are everybody else's."""
REST_MIN_S = 0.002
"""No shorter: a loop's timers are that coarse."""
REST_MAX_S = 0.1
"""And no longer: thirty milliseconds for one message are some in which the system let other programs run, not this one."""


def share_of_one() -> Bucket:
    """What one sender may say before it is in the crowd."""
    return Bucket(SHARE_PER_S, SHARE_BURST)


class Crowd:
    """Everybody who has more to say than a share, at all doors of one loop."""

    def __init__(self) -> None:
        self.lane = Lane()
        """What takes long of those who are within their share."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._served_s = 0.0
        self._begun_s = 0.0
        self._left = 0
        self._held = False
        self._resting: asyncio.TimerHandle | None = None
        self._turns = 0
        self._rests = 0

    # -- for doors that await ------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, least_s: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn; what is done in it counts, `least_s` at least, and must not await anything."""
        asked = self.ask()
        try:
            await asked
        except asyncio.CancelledError:
            if not asked.cancelled():  # it was its turn, and nobody is there to use it
                self._give_back()
            raise
        with self.serving(least_s):
            yield

    # -- for doors that are called -------------------------------------------------------------------------------------

    def ask(self) -> asyncio.Future[None]:
        """Done when it is the asker's turn, who then has to use `serving`; one who is gone by then cancels it."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(asked)
        self._next()
        return asked

    def call(self, work: Callable[[], Any], least_s: float = 0.0) -> asyncio.Future[None]:
        """Call `work` when it is its turn, unless the future is cancelled before; it counts `least_s` at least."""

        def due(asked: asyncio.Future[None]) -> None:
            if not asked.cancelled():
                with self.serving(least_s):
                    work()

        asked = self.ask()
        asked.add_done_callback(due)
        return asked

    @property
    def is_free(self) -> bool:
        """Whether somebody could be served at once, by `serving`."""
        return not (self._held or self._waiting) and self._resting is None

    @contextmanager
    def serving(self, least_s: float = 0.0) -> Iterator[None]:
        """While it lasts the crowd is served, and that counts."""
        loop = asyncio.get_running_loop()
        self._held = True
        self._begun_s, self._left = loop.time(), MAX_A_SLICE
        try:
            yield
        finally:
            self._held = False
            self._turns += 1
            self._served_s += max(least_s, loop.time() - self._begun_s)
            self._next()

    def lasts(self) -> bool:
        """Whether the one who is served has time for another message in this slice, as nobody else waits."""
        self._left -= 1
        served_s = self._served_s + asyncio.get_running_loop().time() - self._begun_s
        return not self._waiting and served_s < SLICE_S and self._left > 0

    # -- whose turn it is ----------------------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._held or self._resting is not None:
            return
        loop = asyncio.get_running_loop()
        if self._served_s >= SLICE_S:
            rest_s = min(max(REST_MIN_S, REST_SHARE * self._served_s), REST_MAX_S)
            self._served_s = 0.0
            self._rests += 1
            self._resting = loop.call_later(rest_s, self._rested)
            return
        while self._waiting:
            asked = self._waiting.popleft()
            if not asked.cancelled():
                self._held = True
                asked.set_result(None)
                return

    def _give_back(self) -> None:
        self._held = False
        self._next()

    def _rested(self) -> None:
        self._resting = None
        self._next()

    def close(self) -> None:
        """Serve nobody any more."""
        if self._resting is not None:
            self._resting.cancel()
        for asked in self._waiting:
            asked.cancel()
        self._waiting.clear()

    def statistics(self) -> dict[str, int]:
        """Who waits now, and how often somebody had a turn and the crowd a rest; and who waits in the lane."""
        waiting = {"waiting": len(self._waiting), "lane": len(self.lane)}
        return {**waiting, "turns": self._turns, "rests": self._rests}
