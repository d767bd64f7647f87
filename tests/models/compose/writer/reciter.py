"""A model that recites tunes that it knows by heart, and a search for tunes that shares nothing with the index's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.compose.composer import Provenance
from models.compose.originality import FEWEST_INTERVALS, RUN_NOTES, RunIndex
from models.compose.runtime import ContextFull
from models.compose.tokens.vocabulary import FRAME_STEPS, VOCABULARY
from models.compose.writer import Transformer
from sessions.music.notes import Note
from sessions.music.parts import Part
from tests.models.compose.writer.dreamer import Dream

TUNES = {
    Part.BASS: [36, 43, 40, 41, 38, 45, 43, 47, 36, 35, 33, 40, 38, 41, 43, 36, 48, 47, 43, 45, 41, 40, 38, 31],
    Part.HARMONY: [60, 64, 62, 67, 65, 64, 69, 67, 72, 71, 67, 69, 65, 62, 64, 60, 59, 62, 67, 65, 69, 71, 64, 62],
    Part.MELODY: [72, 76, 74, 79, 77, 76, 72, 74, 71, 67, 69, 72, 77, 74, 76, 81, 79, 76, 77, 74, 72, 71, 74, 69],
}
"""In C major, within what every style lets each part play."""

STEPS = 12
"""An eighth."""


class Reciter:
    """Says its tunes in eighths, over and over, and nothing else if it can."""

    def __init__(self, tunes: Mapping[Part, Sequence[int]], *, context: int = 2048, bar: int = 96) -> None:
        self.context = context
        self._tunes = {VOCABULARY.id(f"Part_{part}"): tune for part, tune in tunes.items()}
        self._bar = bar

    def begin(self) -> Dream:
        return Dream([])

    def feed(self, state: Dream, ids: Sequence[int]) -> NDArray[np.float32]:
        if len(state.ids) + len(ids) > self.context:
            raise ContextFull("too much")
        state.ids += ids
        return self._logits(state.ids)

    def _logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        logits = np.full(len(VOCABULARY), -30, np.float32)
        last = next((place for place in range(len(ids) - 1, -1, -1) if ids[place] in _PARTS), -1)
        tune = self._tunes.get(ids[last]) if last >= 0 else None
        if tune is None:
            logits[_MARKS], logits[_POSITIONS], logits[_HITS] = 0, -5, -6
            return logits
        at, hops = _place(ids[last:])
        wanted = at + STEPS if at >= 0 else 0
        if ids[-1] in _DURATIONS or ids[-1] in _PARTS or ids[-1] == _HOP:
            if wanted >= self._bar:
                logits[_MARKS] = 20
            elif wanted - hops * FRAME_STEPS >= FRAME_STEPS:
                logits[_HOP] = 20
            else:
                logits[_POSITIONS.start + max(wanted - hops * FRAME_STEPS, 0)] = 20
        elif ids[-1] in _PITCHES:
            logits[_DURATIONS] = -20
            logits[VOCABULARY.id(f"Dur_{STEPS}")] = 20
        else:
            near = np.abs(np.arange(128) - tune[self._told(ids, ids[last]) % len(tune)])
            logits[_PITCHES] = 20 - 8 * near
        return logits

    def _told(self, ids: Sequence[int], part: int) -> int:
        """Notes that a part has had since the section's beginning."""
        count, now = 0, -1
        for token in ids[len(ids) - 1 - ids[::-1].index(_WRITE) :]:
            if token in _PARTS:
                now = token
            count += now == part and token in _PITCHES
        return count


def _family(name: str) -> range:
    return range(VOCABULARY.base[name], VOCABULARY.base[name] + VOCABULARY.size[name])


_PARTS, _POSITIONS, _PITCHES, _DURATIONS, _HITS = map(_family, ("Part", "Position", "Pitch", "Dur", "Hit"))
_MARKS = np.flatnonzero(VOCABULARY.mask("Part", "Left", "end"))
_HOP, _WRITE = VOCABULARY.base["Hop"], VOCABULARY.id("write")


def _place(ids: Sequence[int]) -> tuple[int, int]:
    """The position told last, -1 before the first, and how often a hop went before it."""
    at, hops = -1, 0
    for token in ids:
        hops += token == _HOP
        at = hops * FRAME_STEPS + token - _POSITIONS.start if token in _POSITIONS else at
    return at, hops


def reciter(index: RunIndex | None = None, tunes: Mapping[Part, Sequence[int]] = TUNES) -> Transformer:
    """A composer that recites."""
    return Transformer(Reciter(tunes), Provenance("reciter", "0", "ab" * 32, "CC0-1.0", "for tests"), index)


def lines_of(notes: Sequence[Note]) -> list[list[Note]]:
    """The highest and the lowest note of each onset."""
    groups: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: note.start):
        if groups and note.start < groups[-1][0].start + 40:
            groups[-1].append(note)
        else:
            groups.append([note])
    highest = [max(group, key=lambda note: note.pitch) for group in groups]
    return [highest, [min(group, key=lambda note: note.pitch) for group in groups]]


def shared(line: Sequence[int], tunes: Sequence[Sequence[int]]) -> list[range]:
    """Where a line goes as a tune does for more than eight notes, with four different intervals: each place as far as it goes."""
    steps = [after - before for before, after in pairwise(line)]
    known = [[after - before for before, after in pairwise(tune)] for tune in tunes]
    found = []
    for begin in range(len(steps)):
        for tune in known:
            for at in range(len(tune)):
                end = 0
                while begin + end < len(steps) and at + end < len(tune) and steps[begin + end] == tune[at + end]:
                    end += 1
                if end >= RUN_NOTES - 1 and len(set(steps[begin : begin + end])) >= FEWEST_INTERVALS:
                    found.append(range(begin, begin + end + 1))
    return found
