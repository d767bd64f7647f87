"""Lateness: how far from its time each message left that was known ahead, of the last few thousand.

>>> lateness = Lateness()
>>> for us in (10, 20, 30, 1500):
...     lateness.add(us)
>>> lateness.statistics()
{'sent': 4, 'p50_us': 30, 'p99_us': 1500, 'max_us': 1500, 'late': 1}
"""

from __future__ import annotations

from collections import deque

__all__ = ["LATE_AFTER_US", "Lateness"]

LATE_AFTER_US = 1000
"""What is off by more than this counts as late."""
REMEMBERED = 4096


class Lateness:
    """Of one cable."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=REMEMBERED)
        self._sent = self._late = self._most = 0

    def add(self, late_us: int) -> None:
        """A message left so many microseconds after its time; before it counts as well."""
        off = abs(late_us)
        self._last.append(off)
        self._sent += 1
        self._late += off > LATE_AFTER_US
        self._most = max(self._most, off)

    def statistics(self) -> dict[str, int]:
        """Percentiles of the last ones; `late` and `max_us` of all."""
        ordered = sorted(self._last) or [0]
        at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)]
        return {"sent": self._sent, "p50_us": at[0], "p99_us": at[1], "max_us": self._most, "late": self._late}
