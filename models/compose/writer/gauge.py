"""The gauge of a part: what `tokens.controls` measures of its rhythm and its line, kept up note by note.

Lives here: a part's onsets and highest notes so far, as counts. Numbers, where `tokens.controls` says bins; what is open at
the last onset, whether it hangs over a beat and where its line goes, does not count yet. Knows no tokens and no wishes.

    >>> gauge = Gauge(beat=24)
    >>> for step, pitch in ((0, 60), (36, 62), (60, 67), (96, 67)):
    ...     gauge.begin(step, step % 96)
    ...     gauge.sound(pitch)
    >>> round(gauge.syncopation, 2), round(gauge.interest, 2), gauge.leap
    (0.67, 0.92, 0.5)
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import log2
from typing import Self

__all__ = ["WHOLE_TONE", "Gauge"]

WHOLE_TONE = 2
"""Semitones beyond which a move is a leap."""


class Gauge:
    """What one part has played.

    `last` is its last onset's step, None before the first; `due` the first beat after that onset where it is off the beat,
    else None; `top` the highest note told at it, `before` that of the onset before. `interest` are the bits of entropy in
    the distances from onset to onset, which `gaps` counts.
    """

    __slots__ = (
        "_beat", "_hanging", "_leaps", "_moves", "_pitches", "before", "due", "gaps", "interest", "last", "onsets", "top",
    )  # fmt: skip

    def __init__(self, beat: int) -> None:
        self._beat = beat
        self.last: int | None = None
        self.due: int | None = None
        self.top: int | None = None
        self.before: int | None = None
        self.gaps: dict[int, int] = {}
        self.interest = 0.0
        self.onsets = self._hanging = self._moves = self._leaps = self._pitches = 0

    def copy(self) -> Self:
        """Another that goes its own way from here."""
        other = copy(self)
        other.gaps = dict(self.gaps)
        return other

    def begin(self, step: int, inside: int) -> None:
        """An onset; `inside` are its steps since the bar began."""
        if self.last is not None:
            gap = step - self.last
            self.gaps[gap] = self.gaps.get(gap, 0) + 1
            self.interest = _entropy(self.gaps)
            self._hanging += self.due is not None and step > self.due
        off = inside % self._beat
        self.onsets += 1
        self.last, self.due = step, step + self._beat - off if off else None
        if self.top is not None:
            moved = 0 if self.before is None else abs(self.top - self.before)
            self._moves += moved > 0
            self._leaps += moved > WHOLE_TONE
            self.before, self.top = self.top, None

    def sound(self, pitch: int) -> None:
        """A note at the last onset; pitches rise there."""
        self.top = pitch
        self._pitches += 1

    @property
    def syncopation(self) -> float:
        """Of the onsets that have another one after them, how many hang over a beat."""
        return self._hanging / max(self.onsets - 1, 1)

    @property
    def leap(self) -> float:
        """Of the moves of the highest notes, how many are larger than a whole tone."""
        return self._leaps / self._moves if self._moves else 0.0

    @property
    def stack(self) -> float:
        """Notes that start together, in the mean."""
        return self._pitches / max(self.onsets, 1)


def _entropy(counts: Mapping[int, int]) -> float:
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())
