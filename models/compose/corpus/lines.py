"""Lines in a texture: the lowest, the top, and what doubles them.

Lives here: splitting one table of notes (rows of start, length, pitch, velocity) into a line and the rest. Knows no
tracks and no parts.

    >>> chord = np.array([[0, 960, 48, 90], [0, 960, 60, 90], [0, 960, 64, 90]])
    >>> line, rest = top_line(chord)
    >>> line[:, 2].tolist(), rest[:, 2].tolist()
    ([64], [48, 60])
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.compose.corpus.midi import Ints

__all__ = ["lowest_line", "top_line", "without_doubles"]

TOGETHER_TICKS = 60
"""Notes that start within this are struck together: a sixteenth is 240."""

BASS_REACH_TICKS = 720
BASS_SPAN = 5
"""A note this far above a lower one that is struck just before belongs to the chord above the bass."""
OOM_PAH_TICKS, OOM_PAH_SPAN = 1980, 9
"""And one that is so far above what was struck within two beats, as in a waltz."""

TUNE_REACH_TICKS = 720
TUNE_SPAN = 10
"""A note this far below a higher one nearby is no tune, even where it is on top for a moment."""


def lowest_line(rows: Ints, *, strict: bool) -> tuple[Ints, Ints]:
    """The bass of a texture and the rest of it; `strict` where the rows are a bass already, and only lose doubles."""
    near = () if strict else ((BASS_SPAN, BASS_REACH_TICKS), (OOM_PAH_SPAN, OOM_PAH_TICKS))
    return _line(rows, -1, near)


def top_line(rows: Ints, *, strict: bool = False) -> tuple[Ints, Ints]:
    """The tune on top of a texture and the rest of it; `strict` where the rows are a tune already."""
    return _line(rows, 1, () if strict else ((TUNE_SPAN, TUNE_REACH_TICKS),))


def _line(rows: Ints, side: int, spans: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    """The outermost notes, upwards (1) or downwards (-1), but for those a span inside others within its reach."""
    if not len(rows):
        return rows, rows
    rows = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
    start, end, height = rows[:, 0], rows[:, 0] + rows[:, 1], side * rows[:, 2]
    chosen: npt.NDArray[np.bool_] = np.ones(len(rows), bool)
    low, high = np.searchsorted(start, start - TOGETHER_TICKS), np.searchsorted(start, start + TOGETHER_TICKS, "right")
    around = [
        (span, np.searchsorted(start, start - reach), np.searchsorted(start, start + reach // 2, "right"))
        for span, reach in spans
    ]
    longest = int(rows[:, 1].max())
    held_from = np.searchsorted(start, start - min(longest, 4 * 3840))
    for place in range(len(rows)):
        mine = height[place]
        if height[low[place] : high[place]].max() > mine:
            chosen[place] = False  # struck together with a note further out
            continue
        if any(height[near[place] : until[place]].max() >= mine + span for span, near, until in around):
            chosen[place] = False
            continue
        before = slice(held_from[place], low[place])
        further = height[before] > mine
        if further.any():
            # A note further out that still sounds for most of this one's time hides it.
            overlap = np.minimum(end[before][further], end[place]) - start[place]
            chosen[place] = int(overlap.max()) < 0.6 * rows[place, 1]
    return rows[chosen], rows[~chosen]


def without_doubles(rows: Ints, others: Ints) -> Ints:
    """The rows without those that start with one of the others on the same pitch."""
    if not len(rows) or not len(others):
        return rows
    codes = np.unique(np.concatenate([(others[:, 0] // 40 + shift) * 128 + others[:, 2] for shift in (-1, 0, 1)]))
    return rows[~np.isin((rows[:, 0] // 40) * 128 + rows[:, 2], codes)]
