"""The pacer: tells an engine that plays along, a little before each beat, up to where it has to say what it plays.

So an engine needs no clock of its own, wherever it runs: what sounds in a beat is asked for when the one before it begins. It
sends and decides nothing else.

    < {"type": "engine.play", "section": "ana/solo", "tick": 3840, "until": 5760}      # at beat 4: up to beat 6
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge.ports.clock import Clock
from sessions.answers import Tell, To
from sessions.music import TICKS_PER_BEAT
from sessions.state import State

__all__ = ["AHEAD_BEATS", "EARLY_US", "Pacer"]

AHEAD_BEATS = 2
"""From a beat's begin on, what sounds up to so many beats later is said: a beat is said when the one before it begins."""
EARLY_US = 150_000
"""So long before a beat it is asked for: time for an engine to answer while it plans (0.1 to 0.3 s on two busy cores),
and for a wake that comes late."""
LONGEST_SLEEP_S = 0.2
"""Then it is looked again: the tempo may have changed, and an engine that was not ready yet is asked once more."""


class Pacer:
    """For one session; `tell` reaches the engine."""

    def __init__(self, clock: Clock, state: Callable[[], State], tell: Callable[[Tell, State], None]) -> None:
        self._clock, self._state, self._tell = clock, state, tell
        self._begun = asyncio.Event()

    def look(self) -> None:
        """Something has happened: perhaps somebody is accompanied now."""
        if self._state().accompaniment is not None:
            self._begun.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._begun.wait()
            await self._pace()
            self._begun.clear()

    async def _pace(self) -> None:
        """Until it is over; another one that follows at once is paced as well."""
        while (going := self._state().accompaniment) is not None and (transport := self._state().transport).playing:
            now_us = self._clock.now_us()
            beat = transport.tick_at(now_us + EARLY_US) // TICKS_PER_BEAT
            until = (beat + AHEAD_BEATS) * TICKS_PER_BEAT
            if until > going.until:
                message = {
                    "type": "engine.play",
                    "section": going.name,
                    "tick": transport.tick_at(now_us),
                    "until": until,
                }
                self._tell(Tell((message,), To.ONE, going.engine), self._state())
            next_us = transport.time_us_at((beat + 1) * TICKS_PER_BEAT) - EARLY_US
            await asyncio.sleep(min(max(next_us - now_us, 1000) / 1e6, LONGEST_SLEEP_S))
