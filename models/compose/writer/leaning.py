"""Leaning: how much each choice of a part brings its rhythm or its line nearer to what is wished for, from -1 to 1.

Lives here: free functions of a gauge, of where in the bar the choice is made, and of the way that is wished for (`up` or
down); and how a wish is pressed on logits. Knows no parts, no requests and no feedback.

    >>> gauge = Gauge(beat=24)
    >>> gauge.begin(36, 36)
    >>> after = over_beats(gauge, Place(bar=0, frame=0, steps=96, beat=24), up=True)
    >>> after.positions[[42, 48, 60]].tolist(), after.leave
    ([0.0, -1.0, 1.0], 1.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from models.compose.tokens.vocabulary import DRUMS, FRAME_STEPS, LEVELS
from models.compose.writer.gauge import WHOLE_TONE, Gauge

__all__ = ["Onward", "Place", "evenly", "held_beats", "hits", "moves", "over_beats", "press"]

Reals = NDArray[np.float64]

OUT_OF_PLACE = 6.0
"""Nats below the likeliest from which on a choice is left out where something is pressed: e**6 is 400."""

NEVER = -40.0
"""What makes a choice impossible; minus infinity takes numpy four times as long."""

UNSEEN = 0.5
"""Added to the count of each distance, and of all that never came."""
RARE = 1.0
"""Bits rarer than the mean that are worth 1."""

OFF = 0.5
"""What it is worth to come off the beat, from where one may hang over the next, or on it."""

HELD_BEATS = 2
"""Of so many beats the last is held, where a bar has whole groups of them; else the bar's first beat."""

UP = {0: 0.0, 1: -1.0, 2: -1.0, 3: 1.0, 4: 1.0, 5: 1.0, 6: 0.4, 7: 0.9, 8: 0.6, 9: 0.6, 10: 0.2, 11: 0.0, 12: 0.8}
"""What a move of so many semitones is worth where leaps are wished for: what can be sung. Farther ones are worth less."""
DOWN = {0: 0.2, 1: 1.0, 2: 1.0}
FARTHER = -1.0

BACKBEAT = ("stick", "snare", "clap")
"""Sounds that belong on a beat that is held."""

PITCHES = 128
STACKED = 1.5
"""Notes at an onset, in the mean, from which on the lower ones are no line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rhythm's choice is made: the step at which the bar begins, the first step of the bar that a position can say
    now, and the steps of a bar and of a beat. `held` beats of the bar are not to be left out."""

    bar: int
    frame: int
    steps: int
    beat: int
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Onward:
    """What it is worth to go on at each position, farther than that, or in another bar."""

    positions: Reals
    hop: float
    leave: float


def held_beats(steps: int, beat: int) -> tuple[int, ...]:
    """The beats that drums keep, however much they hang over others: the second and the fourth of four.

    >>> held_beats(96, 24), held_beats(72, 24)
    ((1, 3), (0,))
    """
    beats = steps // beat
    return (0,) if beats % HELD_BEATS else tuple(range(HELD_BEATS - 1, beats, HELD_BEATS))


def evenly(gauge: Gauge, place: Place, *, up: bool) -> Onward | None:
    """By how rare the distance from the last onset was, beside the mean: `up` wants rare ones, and the beats that are held.

    None before there are any.
    """
    total = sum(gauge.gaps.values())
    if gauge.last is None or not total:
        return None
    sign, mean, seen = 1 if up else -1, gauge.interest, total + UNSEEN * (len(gauge.gaps) + 1)

    def worth(count: int) -> float:
        return sign * min(max((-log2((count + UNSEEN) / seen) - mean) / RARE, -1.0), 1.0)

    first = place.bar + place.frame - gauge.last
    row = np.full(FRAME_STEPS, worth(0))
    hop = leave = worth(0)
    for gap, count in gauge.gaps.items():
        if 0 <= gap - first < FRAME_STEPS:
            row[gap - first] = worth(count)
        if gap - first >= FRAME_STEPS:
            hop = max(hop, worth(count))
        if gap >= place.bar + place.steps - gauge.last:
            leave = max(leave, worth(count))
    if not up:
        return Onward(row, hop, leave)
    for beat in place.held:
        if 0 <= beat * place.beat - place.frame < FRAME_STEPS:
            row[beat * place.beat - place.frame] = 1.0
    return Onward(row, 0.0, 0.0)


def over_beats(gauge: Gauge, place: Place, *, up: bool) -> Onward | None:
    """By whether an onset off the beat hangs over the next one, and whether one comes that may. None before any onset."""
    if gauge.last is None:
        return None
    inside = place.frame + np.arange(FRAME_STEPS)
    sign, farther = 1.0 if up else -1.0, place.frame + FRAME_STEPS
    due = None if gauge.due is None else gauge.due - place.bar
    if due is None:
        row, hop, leave = np.where(inside % place.beat == 0, -OFF, OFF) * sign, 0.0, 0.0
    elif up and due // place.beat in place.held:
        row, hop, leave = np.zeros(FRAME_STEPS), 0.0, 0.0
    else:
        row = np.where(inside > due, sign, np.where(inside == due, -sign, 0.0))
        hop, leave = sign * (due < farther), sign * (due < place.steps)
    held = [beat * place.beat for beat in place.held if beat * place.beat > gauge.last - place.bar] if up else []
    if held:
        row = np.where(inside == held[0], 1.0, np.where(inside > held[0], -1.0, row))
        hop, leave = (-1.0 if held[0] < farther else hop), -1.0
    return Onward(row, hop, leave)


def _row(wanted: Mapping[int, float]) -> Reals:
    row = [wanted.get(by, FARTHER) for by in range(PITCHES)]
    return np.array([*reversed(row[1:]), *row])


_UP, _DOWN = _row(UP), _row(DOWN)
_BACKBEAT = np.repeat([float(name in BACKBEAT) for name, _ in DRUMS], LEVELS)


def hits(gauge: Gauge, place: Place) -> Reals | None:
    """Of each hit, what it is worth on a beat that is held; None elsewhere."""
    inside = -1 if gauge.last is None else gauge.last - place.bar
    return _BACKBEAT if inside % place.beat == 0 and inside // place.beat in place.held else None


def moves(gauge: Gauge, *, up: bool) -> Reals | None:
    """Of each pitch, what it is worth as the highest at an onset: `up` wants leaps. None before there is one to come from.

    Under chords the lower pitches are worth nothing either way.
    """
    if gauge.before is None:
        return None
    row = (_UP if up else _DOWN)[PITCHES - 1 - gauge.before : 2 * PITCHES - 1 - gauge.before].copy()
    if gauge.stack >= STACKED:
        row[: max(gauge.before - WHOLE_TONE, 0)] = 0.0
    return row


def press(logits: Reals, among: NDArray[np.bool_], bias: Reals) -> None:
    """Adds a bias to the logits `among` some tokens, which keep their share of the whole.

    What is out of place among them is left out, or a strong bias would choose it.
    """
    some = np.flatnonzero(among)
    if len(some) < 2:
        return
    values = logits[some]
    values -= values.max()
    by = np.where(values < -OUT_OF_PLACE, NEVER, bias[some])
    shares = np.exp(values)
    logits[some] += by - np.log((shares * np.exp(by)).sum() / shares.sum())
