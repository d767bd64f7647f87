"""Arrivals: how fast members may come by one invite, so that a link that goes around can't keep a whole session busy.

A join is the dearest thing that a member does: it is on disk before it is answered, and everybody is told. What is too much is
refused before anything else is looked at, however many members there are.

    arrivals = Arrivals()
    arrivals.let("0011223344556677", now_us)        # raises Refused (too-many)
"""

from __future__ import annotations

from bridge.buckets import Buckets
from sessions.errors import Code, Refused

__all__ = ["JOINS_BURST", "JOINS_PER_S", "Arrivals"]

JOINS_PER_S = 10
"""By one invite; a program that starts again and again does no more."""
JOINS_BURST = 256
"""And as many at once: all who may ever come by it, back together after the network was gone."""

_ADVICE = (
    f"token: more than {JOINS_PER_S} a second come in by this invite; join again in a moment, or ask a leader for one of "
    "your own"
)


class Arrivals:
    """All invites of one session."""

    def __init__(self) -> None:
        self._invites = Buckets(JOINS_PER_S, JOINS_BURST)
        self.turned_away = 0

    def let(self, invite: str, now_us: int) -> None:
        """One more by this invite; raises `Refused` where there were too many."""
        if not self._invites[invite].take(1, now_us / 1e6):
            self.turned_away += 1
            raise Refused(Code.TOO_MANY, _ADVICE)
