"""Patterns: rhythms written as text, read once into marks.

Lives here: the little notation in which the styles are written. A pattern is beats of four sixteenths, `|` between them, in
any whole number of beats; blanks are for the eye. Per sixteenth:

    X always, loud     x nearly always     o at middling density     + when dense     * when very dense
    g a ghost note     z a roll            - the note before sounds on               . nothing

Bass lines write what is played instead: R root, O octave, F fifth above, L fifth below, T third, S seventh or sixth,
A a step towards the next root, W a step of a walk, G a dead note; lower case means at middling density.

    >>> [(mark.beat, mark.step, mark.steps) for mark in read_pattern("X--.|..x-|----|....").marks]
    [(0, 0, 3), (1, 2, 6)]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Mark", "Pattern", "read_pattern"]

STEPS = 4
"""Sixteenths in a beat of a pattern."""

# Sign: (how dense the music must be for it, how loud it is of 127).
_SIGNS = {
    "X": (0.0, 112),
    "x": (0.12, 94),
    "o": (0.42, 84),
    "+": (0.68, 74),
    "*": (0.86, 66),
    "g": (0.46, 40),
    "z": (0.55, 70),
}
_BASS_SIGNS = "ROFLTSAWGroftlsawg"
CORE_RANK, SPARE_RANK = 0.06, 0.4


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of a pattern: where it stands, how many sixteenths it lasts, and from which density on it is played."""

    beat: int
    step: int
    sign: str
    steps: int
    rank: float
    loudness: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Marks in order, and how many beats go round."""

    beats: int
    marks: tuple[Mark, ...]

    def at(self, beat: int) -> tuple[Mark, ...]:
        """The marks of a beat, counted from the pattern's first start."""
        return tuple(mark for mark in self.marks if mark.beat == beat % self.beats)


@lru_cache(maxsize=2048)
def read_pattern(text: str) -> Pattern:
    """Reads the notation; raises ValueError where a beat has not four signs or a sign is unknown."""
    beats = ["".join(beat.split()) for beat in text.split("|")]
    if any(len(beat) != STEPS for beat in beats):
        raise ValueError(f"each beat has {STEPS} signs: {text}")
    signs = "".join(beats)
    marks = []
    for at, sign in enumerate(signs):
        if sign in ".-":
            continue
        if sign not in _SIGNS and sign not in _BASS_SIGNS:
            raise ValueError(f"unknown sign {sign}: {text}")
        held = len(signs[at + 1 :]) - len(signs[at + 1 :].lstrip("-"))
        rank, loudness = _SIGNS.get(sign) or (_bass_rank(sign), 100 if sign.isupper() else 88)
        marks.append(Mark(at // STEPS, at % STEPS, sign, 1 + held, rank, loudness))
    return Pattern(len(beats), tuple(marks))


def _bass_rank(sign: str) -> float:
    if sign in "Gg":
        return 0.5
    return CORE_RANK if sign.isupper() else SPARE_RANK
