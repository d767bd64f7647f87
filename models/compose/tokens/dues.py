"""Dues: what one part owes before a section is over, so that it neither falls asleep nor stays on one pitch.

Lives here: in which bars a part must begin a note, when it must leave its pitch, and by when a note must end so that both stay
possible. What is asked is in `rules`; that it happens is for `grammar`. What can't be had is not owed: where range and tones
have one pitch, a part may stay on it.

    >>> from models.compose.tokens.rules import ANY_TONE, PartRules
    >>> bass = PartRules(low=36, high=43, must_sound=False, least=1, varies=True)
    >>> dues = Dues(Reach(bass, ANY_TONE, drums=False, steps=96, end=384), range(4))
    >>> dues.owes(2, Played()), dues.owes(3, Played()), dues.owes(3, Played(bars=1))
    (False, True, False)
    >>> dues.barred(2, Played(3, 0, 36, 12)), dues.barred(3, Played(3, 0, 36, 12)), dues.barred(3, Played(3, 0, 36, 4))
    (-1, 36, -1)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from models.compose.tokens.reach import Reach
from models.compose.tokens.rules import MANY_NOTES, Played

__all__ = ["Dues"]


class Dues:
    """One part's, in the bars that are `free`, not given."""

    def __init__(self, reach: Reach, free: Iterable[int]) -> None:
        self._reach, self._rules = reach, reach.part
        self._open = [bar for bar in free if reach.opening(bar)]
        self._least = max(self._rules.least, int(self._rules.must_sound))
        self._lasts: dict[int, int] = {}

    def owes(self, bar: int, played: Played) -> bool:
        """Whether the part, which began no note in this bar yet, must."""
        if self._rules.most_rest is not None and played.rests >= self._rules.most_rest:
            return True
        missing = self._least - played.bars
        left = len(self._open) - bisect_left(self._open, bar)
        return missing >= left > 0 or (played.same >= MANY_NOTES and self._is_last(bar, played))

    def barred(self, bar: int, played: Played) -> int:
        """The pitch on which no note may begin while there are others, -1 where there is none."""
        if played.same < MANY_NOTES - 1:
            return -1
        most = self._rules.most_same
        late = most is not None and bar - played.since >= most
        return played.pitch if late or self._is_last(bar, played) else -1

    def end(self, bar: int, played: Played) -> int | None:
        """The step by which a note of this bar must end, the last of those played; None where it does not matter."""
        ends = []
        later = self._open[bisect_right(self._open, bar) :]
        missing = min(self._least - played.bars - 1, len(later))
        if missing > 0:
            ends.append(later[-missing])
        if played.same >= MANY_NOTES and self._rules.varies and not played.varied and self._last(played.pitch) > bar:
            ends.append(self._last(played.pitch))
        return min(ends) * self._reach.steps if ends else None

    def _is_last(self, bar: int, played: Played) -> bool:
        """Whether a part that must vary has not, and can't later."""
        return self._rules.varies and not played.varied and 0 <= self._last(played.pitch) <= bar

    def _last(self, pitch: int) -> int:
        """The last bar in which a note may begin on another pitch, -1 where there is none."""
        if pitch not in self._lasts:
            self._lasts[pitch] = max((bar for bar in self._open if self._reach.opening(bar, pitch)), default=-1)
        return self._lasts[pitch]
