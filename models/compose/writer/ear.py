"""The ear of a live accompaniment: which key is heard, and on which chords the coming bars lie.

Lives here: when the player's notes contradict a key and which one they mean; the chords that a player who goes round and
round asks for. Bars count from 0 at the first one that is accompanied. Knows no clock and no plan.

    >>> tune = [Note(index * 960, 960, pitch, 90) for index, pitch in enumerate((62, 64, 66, 67, 69, 71, 73, 74))]
    >>> str(key_heard(Key(0), tune, 3840, 2)), str(key_heard(Key(2), tune, 3840, 2))
    ('D', 'D')
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from models.compose.arranger.plan import plan_of
from models.compose.corpus.harmony import infer_chords
from models.compose.corpus.keys import Floats, infer_keys
from models.compose.corpus.piece import half_of
from sessions.music.chords import Chord, Chords, Span
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.pitches import PLAIN_NAMES

if TYPE_CHECKING:
    from sessions.music.section import Request

__all__ = ["CYCLE_BARS", "Halves", "chords_ahead", "key_heard", "spans_of"]

CYCLE_BARS = 8
"""Bars after which chords that nobody named come round."""

KEY_BARS = 4
"""Bars that are listened to for the key."""
LEAST_NOTES = 6
"""Notes that it takes to contradict a key."""
CONTRADICTED, BETTER = 0.14, 0.5
"""The share of sound outside a key from which on it is in doubt, and how much less a better key leaves outside."""

ROUNDS = (8, 4, 2, 1)
SAME_ROUND = 0.85
"""How alike two stretches of a tune are (cosine of what sounds in their half bars) where it comes round."""
CLEARLY = 0.25
"""The share of sound by which another chord must fit better than the one that was due."""

Halves = tuple[Chord, Chord]
"""The chords of a bar's two halves."""


def key_heard(key: Key, notes: Iterable[Note], bar_ticks: int, until: int) -> Key:
    """The key of pitched notes (ticks from bar 0) in the bars before `until`: the same one unless they contradict it."""
    first = max(0, until - KEY_BARS)
    recent = [note for note in notes if first * bar_ticks <= note.start < until * bar_ticks]
    if len(recent) < LEAST_NOTES:
        return key
    weights = _sound(recent, [bar * bar_ticks for bar in range(first, until + 1)])
    outside = _outside(key, weights)
    if outside < CONTRADICTED:
        return key
    found = _like(key, infer_keys(weights, np.zeros_like(weights))[-1])
    return found if _outside(found, weights) <= BETTER * outside else key


def chords_ahead(
    request: Request, heard: Sequence[Note], known: Mapping[int, Halves], bars: range, until: int
) -> list[Halves]:
    """The chords of some bars: those that are `known`, those asked for, else a progression that goes round.

    `heard` are the player's pitched notes in ticks from bar 0, whole up to bar `until`. Where they come round themselves,
    a chord that clearly does not fit what stands in its place of the round gives way to one that does.
    """
    progression = request.chords or _cycle(request)
    length = None if request.chords else _round_of(heard, request.ticks_per_bar, until)
    chords = []
    for bar in bars:
        halves = known.get(bar) or _due(progression, request, bar)
        if length is not None and bar not in known:
            place = bar - length * max(1, -(-(bar - until + 1) // length))
            halves = _fitted(request, halves, heard, place)
        chords.append(halves)
    return chords


def spans_of(halves: Sequence[Halves], request: Request) -> tuple[Span, ...]:
    """Chords of bars as spans of ticks from the first one's start."""
    spans = []
    ticks = request.ticks_per_bar
    cut = min(half_of(request.meter), ticks)
    for index, (first, second) in enumerate(halves):
        start = index * ticks
        if first == second or cut == ticks:
            spans.append(Span(start, start + ticks, first))
        else:
            spans += [Span(start, start + cut, first), Span(start + cut, start + ticks, second)]
    return tuple(spans)


def _like(key: Key, found: Key) -> Key:
    """The key with the notes of the one found that has the mode of the one before; a tune alone seldom says which."""
    twins = (Key.parse(f"{name} {key.mode}") for name in PLAIN_NAMES)
    return next((twin for twin in twins if set(twin.scale) == set(found.scale)), found)


def _due(progression: Chords, request: Request, bar: int) -> Halves:
    """The chords of a bar in a progression that goes round and round."""
    ticks, steps = request.ticks_per_bar, progression.steps
    ends = list(accumulate(ticks if length is None else length for _, length in steps))

    def chord_at(tick: int) -> Chord:
        return steps[bisect_right(ends, tick % ends[-1])][0]

    return chord_at(bar * ticks), chord_at(bar * ticks + half_of(request.meter) % ticks)


def _cycle(request: Request) -> Chords:
    """The progression that the request's style and seed have in its key."""
    return Chords.parse(plan_of(replace(request, bars=CYCLE_BARS, context=None)).chords_text)


def _round_of(heard: Sequence[Note], ticks: int, until: int) -> int | None:
    """After how many bars the player comes round, when the last ones are like those before them."""
    for length in ROUNDS:
        if until < 2 * length:
            continue
        edges = [index * ticks // 2 for index in range(2 * (until - 2 * length), 2 * until + 1)]
        sound = _sound(heard, edges)
        before, after = sound[: 2 * length].ravel(), sound[2 * length :].ravel()
        norm = float(np.linalg.norm(before) * np.linalg.norm(after))
        if norm > 0 and float(before @ after) / norm >= SAME_ROUND:
            return length
    return None


def _fitted(request: Request, due: Halves, heard: Sequence[Note], place: int) -> Halves:
    ticks, cut = request.ticks_per_bar, min(half_of(request.meter), request.ticks_per_bar)
    start = place * ticks
    edges = [start, start + cut, start + ticks] if cut < ticks else [start, start + ticks]
    sound = _sound(heard, edges)
    found = infer_chords(sound, np.zeros_like(sound), [request.key] * len(sound))
    better = [_better(chord, other, weights) for chord, other, weights in zip(due, found, sound, strict=False)]
    return better[0], better[-1]


def _better(due: Chord, found: Chord | None, weights: Floats) -> Chord:
    if found is None or _inside(found, weights) < _inside(due, weights) + CLEARLY:
        return due
    return found


def _inside(chord: Chord, weights: Floats) -> float:
    return float(weights[list(chord.pitch_classes)].sum() / max(float(weights.sum()), 1.0))


def _outside(key: Key, weights: Floats) -> float:
    classes = weights.sum(0)
    return 1.0 - float(classes[list(key.scale)].sum() / max(float(classes.sum()), 1.0))


def _sound(notes: Iterable[Note], edges: Sequence[int]) -> Floats:
    """Ticks that each pitch class sounds between each two edges."""
    rows = [(note.start, note.end, note.pitch % 12) for note in notes if note.end > edges[0] and note.start < edges[-1]]
    start, end, pitch_class = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    bounds = np.array(edges)[:, None]
    overlap = np.clip(np.minimum(end, bounds[1:]) - np.maximum(start, bounds[:-1]), 0, None)
    return np.asarray(overlap @ np.eye(12)[pitch_class], dtype=np.float64)
