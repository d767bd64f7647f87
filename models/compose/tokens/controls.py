"""What each control measures on notes, and in which bin that falls.

Lives here: one small function a control, on one part of some bars, with fixed edges; training data is labelled and
output is judged by the same ones. All but `energy` say a bin, counted from 0, which is the place of the control's token
in its family. What a request's number between 0 and 1 asks for is the writer's business.

    >>> from models.compose.tokens.grid import quantise
    >>> from sessions.music.notes import Note
    >>> beats = [Note(tick, 960, 36, 100) for tick in range(0, 3840, 960)]
    >>> sheet = quantise({Part.BASS: beats}, (0, 96), human=False)
    >>> measure(sheet, Part.BASS, Meter(4, 4))["Density"], energy(sheet, 120.0)
    (3, 0.33)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from models.compose.tokens.grid import STEPS_OF, Ints, Line, Sheet
from models.compose.tokens.vocabulary import CONTROLS, PITCH_BINS, STEPS_PER_BEAT
from sessions.music.beats import Meter
from sessions.music.parts import Part

__all__ = [
    "DENSITY_EDGES", "DRUM_CONTROLS", "ENERGY_BINS", "INTEREST_EDGES", "LEAP_EDGES", "LENGTH_EDGES", "MOST_POLYPHONY",
    "STACK_EDGES", "SYNC_EDGES", "beat_steps", "controls_of", "energy", "energy_bin", "measure", "pitch_bin",
]  # fmt: skip

DENSITY_EDGES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Onsets a quarter; 4 are sixteenths throughout."""

STACK_EDGES = (1.1, 1.75, 2.5, 3.5)
"""Notes that start together, in the mean."""

LEAP_EDGES = (0.2, 0.45, 0.7)
"""Of the moves of the highest notes from onset to onset, how many are larger than a whole tone."""

LENGTH_EDGES = (4, 9, 16, 36, 72)
"""Steps of the middle note: up to a thirty-second and so on; 24 is a quarter."""

INTEREST_EDGES = (0.5, 1.2, 1.8)
"""Bits of entropy in the distances from onset to onset: 0 where all are equal, 1 for two that are as frequent."""

SYNC_EDGES = (0.05, 0.15, 0.3)
"""Of all onsets, how many fall between two beats and are not followed by one on the next beat."""

MOST_POLYPHONY = 6
LOWEST_BIN_PITCH, PITCHES_A_BIN = 24, 4

ENERGY_BINS = 5
BUSY_ONSETS_A_SECOND = 16.0
"""Onsets of all parts together at which music could hardly be busier."""
ENERGY_WEIGHTS = {"busy": 0.5, "loud": 0.3, "full": 0.2}

DRUM_CONTROLS = ("Density", "Polyphony", "Interest", "Sync", "Loud")
"""The controls that drums have; the other parts have all."""


def controls_of(part: Part) -> tuple[str, ...]:
    """The controls that a part has, in the order in which a header says them."""
    return DRUM_CONTROLS if part is Part.DRUMS else CONTROLS


def measure(
    sheet: Sheet, part: Part, meter: Meter, *, shift: int = 0, only: tuple[str, ...] | None = None
) -> dict[str, int]:
    """The bins of a part's controls, of `only` some; `shift` is what its pitches move by when they are told.

    A part without notes has the density 0 and nothing else.
    """
    line = sheet.parts[part]
    wanted = [name for name in controls_of(part) if only is None or name in only]
    if not len(line):
        return {"Density": 0} if "Density" in wanted else {}
    step = np.repeat(sheet.starts[:-1], np.diff(line.at)) + line.pos
    head = np.flatnonzero(np.concatenate(([True], step[1:] != step[:-1]))).astype(np.int32)
    onset = step[head]
    taken: dict[str, Callable[[], int]] = {
        "Density": lambda: density(onset, sheet.end),
        "Polyphony": lambda: polyphony(line, step, head, drums=part is Part.DRUMS),
        "Stack": lambda: _bin(len(step) / len(head), STACK_EDGES),
        "Low": lambda: pitch_bin(int(line.pitch.min()) + shift),
        "High": lambda: pitch_bin(int(line.pitch.max()) + shift),
        "Leap": lambda: leap(line, head),
        "Length": lambda: _bin(float(np.sort(STEPS_OF[line.dur])[(len(line) - 1) // 2]), LENGTH_EDGES),
        "Interest": lambda: interest(onset),
        "Sync": lambda: syncopation(onset, step - line.pos, head, beat_steps(meter), sheet.end),
        "Loud": lambda: int(line.level.mean() + 0.5),
    }
    return {name: taken[name]() for name in wanted}


def density(onset: Ints, steps: int) -> int:
    """Onsets a quarter."""
    return _bin(len(onset) * STEPS_PER_BEAT / steps, DENSITY_EDGES)


def polyphony(line: Line, step: Ints, head: Ints, *, drums: bool) -> int:
    """The most notes that sound at once, of drums that start at once; bin 0 is one note."""
    begun = np.append(head[1:], len(step))
    most = begun - head if drums else begun - np.searchsorted(np.sort(step + STEPS_OF[line.dur]), step[head], "right")
    return int(min(max(most.max(), 1), MOST_POLYPHONY)) - 1


def pitch_bin(pitch: int) -> int:
    """The bin of `Low` and `High` that a told pitch falls in.

    >>> pitch_bin(20), pitch_bin(60), pitch_bin(63), pitch_bin(127)
    (0, 9, 9, 21)
    """
    return min(max((pitch - LOWEST_BIN_PITCH) // PITCHES_A_BIN, 0), PITCH_BINS - 1)


def leap(line: Line, head: Ints) -> int:
    """Whether the highest notes go by step or leap; who stays or has one note goes by step."""
    top = line.pitch[np.append(head[1:], len(line)) - 1]
    moves = np.abs(np.diff(top))
    moving = np.count_nonzero(moves)
    return _bin(np.count_nonzero(moves > 2) / moving, LEAP_EDGES) if moving else 0


def interest(onset: Ints) -> int:
    """How various the rhythm is."""
    if len(onset) < 2:
        return 0
    share = np.unique(np.diff(onset), return_counts=True)[1] / (len(onset) - 1)
    return _bin(float(-(share * np.log2(share)).sum()), INTEREST_EDGES)


def beat_steps(meter: Meter) -> int:
    """Steps of the beat that syncopation is against: dotted where the units go by three, else at most a quarter.

    >>> [beat_steps(Meter(*meter)) for meter in ((4, 4), (6, 8), (7, 8), (3, 2), (3, 16))]
    [24, 36, 12, 24, 18]
    """
    unit = 4 * STEPS_PER_BEAT // meter.d
    if meter.d >= 8 and meter.n % 3 == 0:
        return 3 * unit
    return min(unit, STEPS_PER_BEAT)


def syncopation(onset: Ints, bar: Ints, head: Ints, beat: int, end: int) -> int:
    """How much of the rhythm hangs over the beats; `bar` is the start of each note's bar. At `end` something follows."""
    inside = onset - bar[head]
    off = inside % beat != 0
    beats = onset + (-inside) % beat
    after = np.append(onset[1:], end)
    return _bin(np.count_nonzero(off & (after > beats)) / len(onset), SYNC_EDGES)


def energy(sheet: Sheet, bpm: float) -> float:
    """How full the music of all parts is, 0 to 1: its onsets a second, its loudness, its parts."""
    levels = [line.level for line in sheet.parts.values() if len(line)]
    if not levels:
        return 0.0
    onsets = sum(
        len(np.unique(np.repeat(sheet.starts[:-1], np.diff(line.at)) + line.pos)) for line in sheet.parts.values()
    )
    seconds = sheet.end / STEPS_PER_BEAT * 60 / bpm
    busy = min(onsets / seconds / BUSY_ONSETS_A_SECOND, 1.0)
    loud = float(np.concatenate(levels).mean()) / 7
    weights = ENERGY_WEIGHTS
    return round(weights["busy"] * busy + weights["loud"] * loud + weights["full"] * len(levels) / 4, 2)


def energy_bin(value: float) -> int:
    """The bin of an energy from 0 to 1."""
    return min(int(value * ENERGY_BINS), ENERGY_BINS - 1)


def _bin(value: float, edges: tuple[float, ...]) -> int:
    return bisect_right(edges, value)
