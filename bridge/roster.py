"""The roster: when whoever watches is told anew of all who are here.

All are told of all, so that a session of 150 that comes in would be told half of what it can bear. So the first change is told at
once, and what follows it within a moment together.

    roster = Roster(tell)
    roster.look()                   # something has changed: `tell` is called, now or in a moment
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["EVERY_S", "Roster"]

EVERY_S = 0.1
"""Between two times: nobody follows who comes and goes any faster."""


class Roster:
    """For one session, in one loop."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._resting: asyncio.TimerHandle | None = None
        self._changed = False

    def look(self) -> None:
        """Something has changed."""
        if self._resting is None:
            self._tell()
            self._resting = asyncio.get_running_loop().call_later(EVERY_S, self._rested)
        else:
            self._changed = True

    def _rested(self) -> None:
        self._resting = None
        if self._changed:
            self._changed = False
            self.look()

    def close(self) -> None:
        """Say nothing more."""
        if self._resting is not None:
            self._resting.cancel()
