"""Notes on the grid that tokens tell: bars in steps, each part as columns of numbers.

Lives here: what is rounded when music becomes tokens, all of it, and the way back to ticks. A start goes to the nearest
step (40 ticks), or for played music to the nearest quarter of one; a length to the nearest of the table, and never into
the next note of its pitch; a drum to its class; a velocity to its level, which stays while it strays little. A note
belongs to the bar in which it starts: one that comes a little early on a bar line comes on it. Music that went through
here once comes through again unchanged, and that is what tokens carry without loss.

    >>> bars = (0, 96)  # one bar of 4/4
    >>> sheet = quantise({Part.BASS: [Note(3, 950, 36, 90)]}, bars, human=False)
    >>> sheet.to_notes()[Part.BASS]
    (Note(start=0, length=960, pitch=36, velocity=88),)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.compose.tokens.vocabulary import (
    DRUM_OF_PITCH,
    DRUMS,
    DURATIONS,
    LEVEL_AT_START,
    LEVELS,
    NUDGE_TICKS,
    STEP_TICKS,
)  # fmt: skip
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = [
    "CEILING", "DRUM_TICKS", "HIGHEST", "LONGEST", "LOWEST", "STEPS_OF", "Ints", "Line", "Sheet",
    "bar_starts", "level_of", "quantise", "velocity_of",
]  # fmt: skip

LOWEST, HIGHEST = 6, 122
"""Pitches that keep their octave in every key, since the tonic moves by six semitones down or five up at most."""

DRUM_TICKS = 240
"""How long a hit sounds, unless the next one or the bar's end cuts it."""

LEVEL_STRAY = 12
"""Velocity may leave the middle of its level by this much, half a level more than its width, and stay in it."""

LONGEST = DURATIONS[-1]

Ints = NDArray[np.int32]

STEPS_OF: Ints = np.array(DURATIONS, dtype=np.int32)
_ALL = np.arange(LONGEST + 1)
CEILING: Ints = np.searchsorted(STEPS_OF, _ALL).astype(np.int32)
"""Index of the shortest length that is not shorter than so many steps."""
_FLOOR: Ints = np.maximum(np.searchsorted(STEPS_OF, _ALL, side="right") - 1, 0).astype(np.int32)
_NEAREST: Ints = np.where(STEPS_OF[CEILING] - _ALL < _ALL - STEPS_OF[_FLOOR], CEILING, _FLOOR).astype(np.int32)

_CLASS_OF_PITCH: Ints = np.array([DRUM_OF_PITCH.get(pitch, -1) for pitch in range(128)], dtype=np.int32)
_PITCH_OF_CLASS: Ints = np.array([pitches[0] for _, pitches in DRUMS], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Line:
    """One part's notes, in the order in which they are told; columns of one length.

    `at[b]` is the first note of bar b, `at[b + 1]` the first one after it; `pos` counts steps from the bar's start,
    `pitch` is the class of a drum, `dur` the index of a length, unused in drums.
    """

    at: Ints
    pos: Ints
    nudge: Ints
    pitch: Ints
    dur: Ints
    level: Ints

    def __len__(self) -> int:
        return len(self.pos)

    @property
    def bars(self) -> Ints:
        """The bar of each note, from 0."""
        return np.repeat(np.arange(len(self.at) - 1, dtype=np.int32), np.diff(self.at))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Bars on the grid: where each starts, in steps from the first, then the end; and the parts.

    `human` has nudges. `beyond` are the steps after the last bar into which notes may ring, where more bars will follow.
    """

    starts: Ints
    parts: Mapping[Part, Line]
    human: bool = False
    beyond: int = 0

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def end(self) -> int:
        """Steps from the first bar's start to the last one's end."""
        return int(self.starts[-1])

    def window(self, first: int, count: int, parts: Iterable[Part] | None = None, *, beyond: int = 0) -> Sheet:
        """Some bars, counted from 0, of some parts; what rings on for more than `beyond` steps after them is cut."""
        starts = self.starts[first : first + count + 1] - self.starts[first]
        wanted = self.parts if parts is None else [part for part in parts if part in self.parts]
        end = int(starts[-1]) + beyond
        return Sheet(starts, {part: self._cut(part, first, count, starts, end) for part in wanted}, self.human, beyond)

    def _cut(self, part: Part, first: int, count: int, starts: Ints, end: int) -> Line:
        line = self.parts[part]
        low, high = int(line.at[first]), int(line.at[first + count])
        at = line.at[first : first + count + 1] - low
        pos, dur = line.pos[low:high], line.dur[low:high]
        if part is not Part.DRUMS and high > low:
            room = end - np.repeat(starts[:-1], np.diff(at)) - pos
            over = STEPS_OF[dur] > room
            if over.any():
                dur = np.where(over, CEILING[np.minimum(room, LONGEST)], dur)
        return Line(at, pos, line.nudge[low:high], line.pitch[low:high], dur, line.level[low:high])

    def moved(self, semitones: Mapping[Part, int]) -> Sheet:
        """The same with some parts transposed; pitches stay in their octave's reach by the caller's care."""
        parts = {p: replace(line, pitch=line.pitch + semitones.get(p, 0)) for p, line in self.parts.items()}
        return Sheet(self.starts, parts, self.human, self.beyond)

    def to_notes(self, start: int = 0) -> dict[Part, tuple[Note, ...]]:
        """The notes in ticks, by part; `start` is the tick of the first bar's start."""
        return {part: _notes(self, part, start) for part in self.parts}


def level_of(velocity: int) -> int:
    """The level of a velocity."""
    return velocity * LEVELS // 128


def velocity_of(level: int) -> int:
    """The velocity that a level plays.

    >>> velocity_of(LEVEL_AT_START)
    88
    """
    return (2 * level + 1) * 64 // LEVELS


def bar_starts(ticks: Sequence[int]) -> Ints:
    """Starts of bars in steps, from their ticks; the end of the last is the last number."""
    return np.array(ticks, dtype=np.int32) // STEP_TICKS


def quantise(
    notes: Mapping[Part, Iterable[Note]],
    starts: Sequence[int] | Ints,
    *,
    human: bool,
    levels: Mapping[Part, int] | None = None,
    beyond: int = 0,
) -> Sheet:
    """Notes as the tokens tell them; `starts` are bar starts and the end in steps, `levels` each part's level before.

    Notes beyond the last bar are left out. With `human` small shifts against the grid are kept.
    """
    table = np.asarray(starts, dtype=np.int32)
    before = levels or {}
    lines = {
        part: _line(_columns(some), table, beyond, part is Part.DRUMS, human, before.get(part, LEVEL_AT_START))
        for part, some in notes.items()
    }
    return Sheet(table, lines, human, beyond)


def _columns(notes: Iterable[Note]) -> Ints:
    rows = [(note.start, note.length, note.pitch, note.velocity) for note in notes]
    return np.array(rows, dtype=np.int32).reshape(-1, 4)


def _line(columns: Ints, starts: Ints, beyond: int, drums: bool, human: bool, level: int) -> Line:
    tick, length, pitch, velocity = columns.T
    end = int(starts[-1])
    pitch = _CLASS_OF_PITCH[pitch] if drums else np.where(pitch < LOWEST, pitch + 12, pitch)
    pitch = np.where(pitch > HIGHEST, pitch - 12, pitch)
    step, nudge = (tick + STEP_TICKS // 2) // STEP_TICKS, np.zeros_like(tick)
    if human:
        fine = (tick + NUDGE_TICKS // 2) // NUDGE_TICKS
        step = (fine + 1) // 4
        nudge = fine - 4 * step
    nudge = np.where(step >= end, 0, nudge)
    step = np.minimum(step, end - 1)
    until = np.maximum((tick + length + STEP_TICKS // 2) // STEP_TICKS, step + 1)
    order = np.lexsort((-length, -velocity, pitch, step))
    order = order[(pitch[order] >= 0) & (tick[order] < end * STEP_TICKS)]
    step, pitch = step[order], pitch[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (step[1:] != step[:-1]) | (pitch[1:] != pitch[:-1])
    order, step, pitch = order[first], step[first], pitch[first]
    bar = np.searchsorted(starts, step, side="right") - 1
    pos = step - starts[bar]
    return Line(
        np.searchsorted(step, starts).astype(np.int32),
        pos.astype(np.int32),
        _one_nudge(step, pos, nudge[order]) if human else np.zeros(len(order), dtype=np.int32),
        pitch.astype(np.int32),
        np.zeros(len(order), dtype=np.int32) if drums else _durations(step, pitch, until[order], end + beyond),
        velocity[order] * LEVELS // 128 if drums else _levels(velocity[order], level),
    )


def _one_nudge(step: Ints, pos: Ints, nudge: Ints) -> Ints:
    """What starts on one step starts together: a chord's mean; on a bar line nothing comes early."""
    if not len(step):
        return nudge
    head = np.flatnonzero(np.concatenate(([True], step[1:] != step[:-1])))
    count = np.diff(np.append(head, len(step)))
    mean = (2 * np.add.reduceat(nudge, head) + count) // (2 * count)
    return np.where((pos == 0) & (np.repeat(mean, count) < 0), 0, np.repeat(mean, count)).astype(np.int32)


def _durations(step: Ints, pitch: Ints, until: Ints, end: int) -> Ints:
    length = np.minimum(until - step, LONGEST)
    dur = np.where(until >= end, CEILING[np.minimum(end - step, LONGEST)], _NEAREST[length])
    order = np.lexsort((step, pitch))
    same = pitch[order][1:] == pitch[order][:-1]
    gap = np.full(len(step), LONGEST, dtype=np.int32)
    gap[order[:-1][same]] = np.diff(step[order])[same]
    # What ended before the part's next onset does so still: lines that don't overlap are not made to by rounding.
    after = np.append(step, end + LONGEST)[np.searchsorted(step, step, side="right")] - step
    short = np.minimum(np.where(length <= after, np.minimum(gap, after), gap), LONGEST)
    return np.where(STEPS_OF[dur] > short, _FLOOR[short], dur).astype(np.int32)


def _levels(velocity: Ints, level: int) -> Ints:
    told: list[int] = []
    middle = velocity_of(level)
    for loud in velocity.tolist():
        if abs(loud - middle) > LEVEL_STRAY:
            level = level_of(loud)
            middle = velocity_of(level)
        told.append(level)
    return np.array(told, dtype=np.int32)


def _notes(sheet: Sheet, part: Part, tick: int) -> tuple[Note, ...]:
    line = sheet.parts[part]
    step = np.repeat(sheet.starts[:-1], np.diff(line.at)) + line.pos
    start = step * STEP_TICKS + line.nudge * NUDGE_TICKS
    if part is Part.DRUMS:
        pitch, end = _PITCH_OF_CLASS[line.pitch], start + DRUM_TICKS
        end = np.minimum(end, np.repeat(sheet.starts[1:], np.diff(line.at)) * STEP_TICKS)
        order = np.lexsort((start, pitch))
        same = pitch[order][1:] == pitch[order][:-1]
        end[order[:-1][same]] = np.minimum(end[order[:-1][same]], start[order[1:][same]])
    else:
        # A played note stops a nudge early, so that the next one of its pitch may come early without a clash.
        pitch, last = line.pitch, step + STEPS_OF[line.dur]
        until = sheet.end + sheet.beyond
        end = np.where(last > until, until * STEP_TICKS, last * STEP_TICKS - NUDGE_TICKS * int(sheet.human))
    level = (2 * line.level + 1) * 64 // LEVELS
    rows = zip((start + tick).tolist(), (end - start).tolist(), pitch.tolist(), level.tolist(), strict=True)
    return tuple(sorted(Note(*row) for row in rows))
