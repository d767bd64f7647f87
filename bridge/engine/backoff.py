"""Backoff: how long to wait before trying again.

>>> [Backoff(first_s=0.25, most_s=1.0).delay_s(tries) for tries in (1, 2, 3, 9)]
[0.25, 0.5, 1.0, 1.0]
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Twice as long each time, up to a limit."""

    first_s: float = 0.25
    most_s: float = 8.0

    def delay_s(self, tries: int) -> float:
        """Seconds before try number `tries` + 1."""
        return min(self.first_s * 2.0 ** min(tries - 1, 64), self.most_s)
