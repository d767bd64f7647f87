"""Long work that nobody sees: it says how far it is once it takes longer than a moment, and now and then from then on.

reading = Patience("session jam", clock)
reading("its log is read", 0.4)         # in time: "session jam: its log is read, 40 %"
reading.took_s                          # seconds since it was made
"""

from __future__ import annotations

import logging

from bridge.ports.clock import Clock

__all__ = ["A_MOMENT_S", "Patience"]

A_MOMENT_S = 1.5
"""What takes longer is spoken of."""
PAUSE_S = 3.0
"""Between two words."""
NEARLY = 0.95
"""What has come so far needs no word any more."""

_log = logging.getLogger(__name__)


class Patience:
    """One piece of work."""

    def __init__(self, what: str, clock: Clock) -> None:
        self._what = what
        self._clock = clock
        self._begun_us = clock.now_us()
        self._next_s = A_MOMENT_S

    @property
    def took_s(self) -> float:
        """Seconds so far."""
        return (self._clock.now_us() - self._begun_us) / 1e6

    def __call__(self, doing: str, done: float) -> None:
        """It has come so far, from 0 to 1."""
        took_s = self.took_s
        if took_s >= self._next_s and done < NEARLY:
            self._next_s = took_s + PAUSE_S
            _log.warning("%s: %s, %.0f %%", self._what, doing, 100 * done)
