"""Expected: where a part's notes begin, and what should be heard there.

Notes that begin within a few milliseconds of each other are one onset. Each onset says in which bands its energy rises: the
twelve pitch classes, or low, middle and high for drums. Times are seconds from the section's start.

>>> found = expected([Note(0, 960, 36, 100), Note(0, 960, 42, 80), Note(480, 240, 42, 60)], 120.0, drums=True)
>>> [float(at) for at in found.times_s], found.bands[1, DRUM_BANDS].tolist()
([0.0, 0.25], [0.0, 0.0, 1.0])
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sessions.music.beats import seconds_of
from sessions.music.notes import Note

__all__ = ["BANDS", "DRUM_BANDS", "PITCH_CLASSES", "Expected", "expected"]

Doubles = NDArray[np.float64]

TOGETHER_S = 0.03  # a strum, a flam, or two hands: heard as one onset
BANDS = 15
PITCH_CLASSES = slice(0, 12)
DRUM_BANDS = slice(12, 15)  # low, middle, high
LOW, MIDDLE, HIGH = 12, 13, 14
KICKS = frozenset({35, 36, 41, 43, 45})  # with the lower toms
METAL = frozenset({42, 44, 46, 49, 51, 52, 53, 54, 55, 57, 59, 69, 70, 80, 81, 82})


@dataclass(frozen=True, slots=True)
class Expected:
    """Onsets in order: when, how strong (the strongest is 1), and what rises (a row of `BANDS` each, adding up to 1)."""

    times_s: Doubles
    weights: Doubles
    bands: Doubles

    def __len__(self) -> int:
        return len(self.times_s)


def expected(notes: Iterable[Note], bpm: float, *, drums: bool) -> Expected:
    """The onsets of one part, or of several pitched ones together."""
    times: list[float] = []
    weights: list[float] = []
    rows: list[Doubles] = []
    for note in sorted(notes):
        at = float(seconds_of(note.start, bpm))
        if not times or at - times[-1] > TOGETHER_S:
            times.append(at)
            weights.append(0.0)
            rows.append(np.zeros(BANDS))
        loudness = note.velocity / 127
        weights[-1] = max(weights[-1], loudness)
        rows[-1][_band(note.pitch) if drums else note.pitch % 12] += loudness
    heights = np.array(weights)
    bands = np.array(rows).reshape(-1, BANDS)
    if len(times):
        heights = heights / heights.max()
        bands = bands / bands.sum(axis=1, keepdims=True)
    return Expected(np.array(times), heights, bands)


def _band(pitch: int) -> int:
    if pitch in KICKS:
        return LOW
    return HIGH if pitch in METAL else MIDDLE
