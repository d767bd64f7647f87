"""RomanText: analyses of scores in Roman numerals, laid over the measures that they speak of.

Lives here: the reader and the placing. Analyses of this corpus are automatic, and some count measures from another number than
their score; the notes tell which. Numerals themselves are in `numerals`.

    >>> [label.beat for label in read_rntxt("m3 C: I b2.5 V6")]
    [Fraction(1, 1), Fraction(5, 2)]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from models.compose.corpus.musicxml import Score
from models.compose.corpus.numerals import analysed
from models.compose.corpus.piece import Bar
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.chords import Chord
from sessions.music.keys import Key

__all__ = ["Label", "placed", "read_rntxt"]

_LINE = re.compile(r"m(\d+)\w*\s+(.*)")
_BEAT = re.compile(r"b(\d+(?:\.\d+)?)")
_KEY = re.compile(r"([A-Ga-g])([b#-]?):")


@dataclass(frozen=True, slots=True)
class Label:
    """A Roman numeral as an analysis has it: measure's number, beat from 1, the key it is said in."""

    measure: int
    beat: Fraction
    key: Key
    chord: Chord | None


def read_rntxt(text: str) -> list[Label]:
    """The labels of an analysis in RomanText; what names no place or no chord is left away."""
    labels: list[Label] = []
    key: Key | None = None
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        beat: Fraction | None = Fraction(1)
        for word in match[2].split() if match else ():
            at, named = _BEAT.fullmatch(word), _KEY.fullmatch(word)
            if at or word == "bnan":
                beat = Fraction(at[1]).limit_denominator(24) if at else None
            elif named:
                key = Key.parse(named[1].upper() + named[2].replace("-", "b") + ("m" if named[1].islower() else ""))
            elif key is not None and match is not None and beat is not None:
                chord = analysed(word, key)
                if chord is not None:
                    labels.append(Label(int(match[1]), beat, key, chord))
    return labels


def placed(
    labels: Sequence[Label], score: Score, bars: Sequence[Bar], index: Sequence[int], shift: int = 0
) -> list[tuple[int, Label]]:
    """The labels with their ticks, in order, `shift` measures later; those of measures that the score lacks are left away.

    `index` says for each measure of the score which bar it is in.
    """
    by_number: dict[str, int] = {}
    for number, measure in enumerate(score.measures):
        by_number.setdefault(measure.number, number)
    found = []
    for label in labels:
        number_or_none = by_number.get(str(label.measure + shift))
        if number_or_none is None:
            continue
        measure, bar = score.measures[number_or_none], bars[index[number_or_none]]
        offset = round((label.beat - 1) * _beat_ticks(measure.beats, measure.beat_type))
        if offset >= bar.end - measure.start:  # a pickup's beats count from where a full bar began
            offset -= max(0, measure.nominal_ticks - measure.ticks)
        if 0 <= offset < bar.end - measure.start:
            found.append((measure.start + offset, label))
    return sorted(found, key=lambda item: item[0])


def _beat_ticks(beats: int, beat_type: int) -> int:
    """Ticks of a beat as analyses count: a dotted note in compound metres."""
    compound = beats % 3 == 0 and (beats > 3 or beat_type >= 8)
    return 4 * TICKS_PER_BEAT // beat_type * (3 if compound else 1)
