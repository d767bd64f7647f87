"""What is measured on one excerpt: notes at home, parts that fell asleep, form, groove, density, register.

Lives here: one small function a measure, on notes alone; the same for people's music and a composer's, so that each figure has
one to stand beside. What much music is like is in `portrait`.

    >>> from models.compose.evaluate.excerpt import Excerpt
    >>> from sessions.music.beats import Meter
    >>> beat = tuple(Note(tick, 480, 36, 90) for tick in range(0, 15360, 960))
    >>> excerpt = Excerpt((Part.BASS,), {Part.BASS: beat}, Meter(4, 4), 4, 120.0, "house", ((0, frozenset({0})),))
    >>> at_home(excerpt), faults(excerpt), similarity(excerpt, 1), round(consistency(excerpt), 2)
    ((16, 16), [(<Part.BASS: 'bass'>, <Fault.ONE_PITCH: 'one pitch'>)], 1.0, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import PITCHED_PARTS, Part

if TYPE_CHECKING:
    from models.compose.evaluate.excerpt import Excerpt

__all__ = [
    "LAGS", "SIXTEENTHS", "Fault", "at_home", "consistency", "density", "faults", "groove", "onsets", "register",
    "similarity",
]  # fmt: skip

LAGS = (1, 2, 4, 8)
"""How many bars later music is looked for again."""

SIXTEENTH_TICKS = TICKS_PER_BEAT // 4
SIXTEENTHS = 16
"""Places of a bar of 4/4."""

FEWEST_BARS = 4
"""Shorter excerpts can't fall asleep."""
FEW_A_BAR = 0.25
"""Onsets a bar below which a part hardly plays."""
MANY_NOTES = 12
"""Notes on one pitch from which a part is stuck on it: fewer may be a pedal."""
LONG_BARS, LONG_BEATS = 4, 16
"""A note that lasts longer than so many bars, and beats, is held on to."""
SILENT_BARS = 4
"""Bars without a note of a part, more than which it has dropped out."""

DENSITY_EDGES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
"""Onsets a quarter; ten bins."""
PITCHES_A_BIN = 4
PITCH_BINS = 128 // PITCHES_A_BIN

Reals = NDArray[np.float64]


class Fault(StrEnum):
    """What is wrong with a part."""

    EMPTY = "empty"
    FEW = "few notes"
    ONE_PITCH = "one pitch"
    HELD = "held note"
    SILENT = "long silence"


def at_home(excerpt: Excerpt) -> tuple[int, int]:
    """Of the pitched notes, those on a tone of the key or of the chord that sounds where they begin, and all."""
    notes = [note for part in PITCHED_PARTS for note in excerpt.notes.get(part, ())]
    return sum(note.pitch % 12 in excerpt.tones_at(note.start) for note in notes), len(notes)


def faults(excerpt: Excerpt) -> list[tuple[Part, Fault]]:
    """Parts that are empty or have collapsed, and how: each part at most once, the worst first."""
    return [(part, fault) for part in excerpt.parts if (fault := _fault(excerpt, part)) is not None]


def _fault(excerpt: Excerpt, part: Part) -> Fault | None:
    notes = excerpt.notes.get(part, ())
    if not notes:
        return Fault.EMPTY
    if excerpt.bars < FEWEST_BARS:
        return None
    bar_ticks = excerpt.meter.ticks_per_bar
    if len(onsets(notes)) < FEW_A_BAR * excerpt.bars:
        return Fault.FEW
    if len(notes) >= MANY_NOTES and len({note.pitch for note in notes}) == 1 and part is not Part.DRUMS:
        return Fault.ONE_PITCH
    if max(note.length for note in notes) > max(LONG_BARS * bar_ticks, LONG_BEATS * TICKS_PER_BEAT):
        return Fault.HELD
    played = sorted({note.start // bar_ticks for note in notes})
    rests = [after - before - 1 for before, after in pairwise([-1, *played, excerpt.bars])]
    # A last long note may sound on through bars in which none begins.
    sounding = max(note.end for note in notes) // bar_ticks
    rests[-1] = min(rests[-1], excerpt.bars - sounding)
    return Fault.SILENT if max(rests) > SILENT_BARS else None


def onsets(notes: Sequence[Note]) -> list[int]:
    """The ticks at which notes begin, each once."""
    return sorted({note.start for note in notes})


def similarity(excerpt: Excerpt, lag: int) -> float | None:
    """How much of a bar is the same so many bars later: shared sixteenths and pitches among all, mean of parts and bars.

    None where the excerpt is too short or plays nothing.
    """
    if excerpt.bars <= lag:
        return None
    shares = []
    for part in excerpt.parts:
        bars = _places(excerpt, part)
        pairs = [(one, bars[number + lag]) for number, one in enumerate(bars[:-lag])]
        shares += [len(one & other) / len(one | other) for one, other in pairs if one or other]
    return sum(shares) / len(shares) if shares else None


def _places(excerpt: Excerpt, part: Part) -> list[frozenset[tuple[int, int]]]:
    bar_ticks = excerpt.meter.ticks_per_bar
    found: list[set[tuple[int, int]]] = [set() for _ in range(excerpt.bars)]
    for note in excerpt.notes.get(part, ()):
        bar, inside = divmod(note.start + SIXTEENTH_TICKS // 2, bar_ticks)
        found[min(bar, excerpt.bars - 1)].add((inside // SIXTEENTH_TICKS, note.pitch))
    return [frozenset(bar) for bar in found]


def groove(excerpt: Excerpt, part: Part) -> Reals | None:
    """Where in a bar of 4/4 a part begins notes: its onsets on each sixteenth as shares of all. None in other metres."""
    rows = _rhythm(excerpt, part)
    if rows is None or not rows.any():
        return None
    counts = rows.sum(0).astype(np.float64)
    shares: Reals = counts / counts.sum()
    return shares


def consistency(excerpt: Excerpt) -> float | None:
    """How alike the rhythms of two bars that follow each other are: sixteenths on which both play or both rest, as a share."""
    shares = []
    for part in excerpt.parts:
        rows = _rhythm(excerpt, part)
        if rows is not None and rows.any() and len(rows) > 1:
            shares.append(float((rows[1:] == rows[:-1]).mean()))
    return sum(shares) / len(shares) if shares else None


def _rhythm(excerpt: Excerpt, part: Part) -> NDArray[np.bool_] | None:
    if (excerpt.meter.n, excerpt.meter.d) != (4, 4):
        return None
    rows = np.zeros((excerpt.bars, SIXTEENTHS), dtype=np.bool_)
    for tick in onsets(excerpt.notes.get(part, ())):
        place = (tick + SIXTEENTH_TICKS // 2) // SIXTEENTH_TICKS
        if place < rows.size:
            rows[place // SIXTEENTHS, place % SIXTEENTHS] = True
    return rows


def density(excerpt: Excerpt, part: Part) -> Reals:
    """The bin of a part's onsets a quarter, as a histogram of one."""
    rate = len(onsets(excerpt.notes.get(part, ()))) * TICKS_PER_BEAT / excerpt.total_ticks
    found = np.zeros(len(DENSITY_EDGES) + 1)
    found[int(np.searchsorted(DENSITY_EDGES, rate, side="right"))] = 1.0
    return found


def register(excerpt: Excerpt, part: Part) -> Reals | None:
    """A pitched part's notes by register, thirds of an octave, as shares of all. None without notes."""
    notes = excerpt.notes.get(part, ())
    if not notes or part not in PITCHED_PARTS:
        return None
    counts = np.bincount([note.pitch // PITCHES_A_BIN for note in notes], minlength=PITCH_BINS).astype(np.float64)
    shares: Reals = counts / counts.sum()
    return shares
