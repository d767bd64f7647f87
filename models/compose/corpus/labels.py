"""Labels: what is known at certain ticks, told bar by bar as the normal form wants it.

Lives here: chords to a pair for each bar, keys and tempi to one, and the quieting of keys that hold only for a moment. Where
labels come from is the readers' business.

    >>> from sessions.music.beats import Meter
    >>> bars = (Bar(0, Meter(4, 4), 120.0), Bar(3840, Meter(4, 4), 120.0))
    >>> [[str(chord) for chord in pair] for pair in pairs_over(bars, [(0, Chord.parse("C")), (5760, Chord.parse("G"))])]
    [['C', 'C'], ['C', 'G']]
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TypeVar

import numpy as np

from models.compose.corpus.build import weights_of
from models.compose.corpus.keys import Floats
from models.compose.corpus.piece import Bar, Pair, half_of
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = ["agreeing", "at_bars", "keys_over", "pairs_over", "share_inside"]

SHORTEST_KEY_BARS = 4
"""A key that holds for fewer bars between two spans of one other key is a moment of that other key."""

BETTER_BY = 0.1
"""Told chords give way to inferred ones that hold this much more of what sounds."""

T = TypeVar("T")


def at_bars(bars: Sequence[Bar], labels: Sequence[tuple[int, T]], default: T) -> list[T]:
    """The label that holds at each bar's start, before the first label that one; `default` where there is none at all."""
    ticks = [tick for tick, _ in labels]
    return [labels[max(0, bisect_right(ticks, bar.start) - 1)][1] if labels else default for bar in bars]


def keys_over(bars: Sequence[Bar], labels: Sequence[tuple[int, Key]]) -> tuple[Key, ...]:
    """A key for each bar, from labels in order, of which there is one at least."""
    spans = [(key, len(list(group))) for key, group in groupby(at_bars(bars, labels, labels[0][1]))]
    kept: list[tuple[Key, int]] = []
    for index, (key, count) in enumerate(spans):
        after = spans[index + 1][0] if index + 1 < len(spans) else None
        passing = kept and count < SHORTEST_KEY_BARS and after in {None, kept[-1][0]}
        if kept and (passing or key == kept[-1][0]):
            kept[-1] = (kept[-1][0], kept[-1][1] + count)
        else:
            kept.append((key, count))
    return tuple(key for key, count in kept for _ in range(count))


def pairs_over(bars: Sequence[Bar], labels: Sequence[tuple[int, Chord | None]]) -> tuple[Pair, ...]:
    """For the halves of each bar the chord that holds longest there, from labels in order; None before the first one."""
    ticks = [tick for tick, _ in labels]

    def longest(start: int, end: int) -> Chord | None:
        held: dict[Chord | None, int] = defaultdict(int)
        index = bisect_right(ticks, start) - 1
        while index < len(labels) and (index < 0 or ticks[index] < end):
            until = ticks[index + 1] if index + 1 < len(labels) else end
            if index >= 0:
                held[labels[index][1]] += min(end, until) - max(start, ticks[index])
            index += 1
        return max(held, key=lambda chord: held[chord], default=None)

    pairs = []
    for bar in bars:
        middle = bar.start + half_of(bar.meter)
        first = longest(bar.start, middle)
        pairs.append((first, longest(middle, bar.end) if middle < bar.end else first))
    return tuple(pairs)


def share_inside(bars: Sequence[Bar], notes: Mapping[Part, Sequence[Note]], chords: Sequence[Pair]) -> float:
    """How much of what sounds under chords is of their tones, from 0 to 1."""
    inside = total = 0.0
    for sounding, chord in zip(_sounding(bars, notes), (chord for pair in chords for chord in pair), strict=True):
        if chord is not None:
            inside += float(sounding[list(chord.pitch_classes)].sum())
            total += float(sounding.sum())
    return inside / total if total else 0.0


def agreeing(
    bars: Sequence[Bar], notes: Mapping[Part, Sequence[Note]], told: Sequence[Pair], inferred: Sequence[Pair]
) -> tuple[Pair, ...]:
    """The chords that are told, but for halves of bars whose notes say otherwise: automatic analyses err."""
    weights = _sounding(bars, notes)

    def better(sounding: Floats, one: Chord | None, other: Chord | None) -> Chord | None:
        total = float(sounding.sum())
        if one is None or other is None or not total:
            return one or other
        shares = [float(sounding[list(chord.pitch_classes)].sum()) / total for chord in (one, other)]
        return other if shares[0] + BETTER_BY < shares[1] else one

    pairs: list[Pair] = []
    for index, (one, other) in enumerate(zip(told, inferred, strict=True)):
        first = better(weights[2 * index], one[0], other[0])
        alone = half_of(bars[index].meter) == bars[index].meter.ticks_per_bar
        pairs.append((first, first if alone else better(weights[2 * index + 1], one[1], other[1])))
    return tuple(pairs)


def _sounding(bars: Sequence[Bar], notes: Mapping[Part, Sequence[Note]]) -> Floats:
    """What sounds in each half bar, as weights of the pitch classes; of a bar of one unit the second half is its last tick."""
    edges = [tick for bar in bars for tick in (bar.start, min(bar.end - 1, bar.start + half_of(bar.meter)))]
    return weights_of(np.array([*edges, bars[-1].end], np.int64), notes)[0]
