"""Where and on which pitches one part may begin a note.

Lives here: a part's rules as bits, so that `grammar` asks quickly: bit n of a set of pitches is the told pitch n, of a
set of steps the step n of a bar. A note may not begin on a pitch that sounds, nor where the part has as many notes
sounding as it may.

    >>> from models.compose.tokens.rules import ANY_TONE
    >>> reach = Reach(PartRules(low=60, high=67, tones=((0, frozenset({0, 7})),)), ANY_TONE, drums=False, steps=4, end=8)
    >>> [pitch for pitch in range(128) if reach.pitches_at(0) >> pitch & 1], reach.opening(0)
    ([60, 67], 15)
    >>> bin(reach.places(0, 1, ((2, 60), (3, 67))))
    '0b1100'
"""

from __future__ import annotations

from itertools import pairwise

from models.compose.tokens.rules import PartRules, Tones

__all__ = ["Reach", "Sounding"]

Sounding = tuple[tuple[int, int], ...]
"""Notes of a part that sound: the step of the section at which each ends, and its told pitch."""


class Reach:
    """What one part may do: in bars of `steps` steps, before the step `end`; its pitches are told `shift` higher."""

    def __init__(self, part: PartRules, tones: Tones, *, drums: bool, steps: int, end: int, shift: int = 0) -> None:
        self.part = part
        self.steps = steps
        self._drums, self._end = drums, end
        self._openings: dict[tuple[int, int], int] = {}
        self._spans = [
            (start, sum(1 << (pitch + shift) for pitch in range(part.low, part.high + 1) if pitch % 12 in classes))
            for start, classes in (tones if part.tones is None else part.tones)
        ]

    def pitches_at(self, step: int) -> int:
        """The pitches that may begin at a step of the section."""
        pitches = 0
        for start, bits in self._spans:
            if start > step:
                break
            pitches = bits
        return pitches

    def opening(self, bar: int, barred: int = -1) -> int:
        """The steps of a bar at which a note may begin when nothing sounds, on another pitch than the barred one."""
        if (bar, barred) not in self._openings:
            places = (1 << max(min(self.steps, self._end - bar * self.steps), 0)) - 1
            self._openings[bar, barred] = places if self._drums else self._where_any(bar, places, (), barred)
        return self._openings[bar, barred]

    def places(self, bar: int, least: int, sounding: Sounding, barred: int = -1) -> int:
        """The steps of a bar, from `least` on, at which a note may begin while others sound, on another pitch than one."""
        places = self.opening(bar, barred) & -(1 << least)
        if self._drums or not sounding:
            return places
        if len(sounding) >= self.part.most_at_once:
            ends = sorted((end for end, _ in sounding), reverse=True)
            places &= -(1 << max(ends[self.part.most_at_once - 1] - bar * self.steps, 0))
        return self._where_any(bar, places, sounding, barred)

    def _where_any(self, bar: int, places: int, sounding: Sounding, barred: int) -> int:
        """Those of some steps at which a pitch is allowed that does not sound."""
        first, until = bar * self.steps, (bar + 1) * self.steps
        changes = {step for step, _ in (*self._spans, *sounding) if first < step < until}
        edges = [first, *sorted(changes), until]
        for edge, after in pairwise(edges):
            pitches = self.pitches_at(edge) & ~(1 << barred if barred >= 0 else 0)
            for end, pitch in sounding:
                if end > edge:
                    pitches &= ~(1 << pitch)
            if not pitches:
                places &= ~((1 << (after - first)) - (1 << (edge - first)))
        return places
