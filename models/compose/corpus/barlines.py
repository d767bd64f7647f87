"""Bar lines of scores, found again: an upbeat, a cut bar at a repeat, a new movement's own upbeat.

Lives here: LilyPond, abc2midi and others write a metre but no upbeats, so that a whole piece stands beside its bars.
The likeliest bar lines are those that long notes, basses and few ties fall on; an odd bar costs, so it needs evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from models.compose.corpus.midi import Ints
from models.compose.corpus.piece import Bar
from sessions.music.beats import TICKS_PER_BEAT, Meter
from sessions.music.parts import Part

__all__ = ["with_upbeats"]

NEAR_TICKS = 60
UPBEAT_COST = 1.5
"""Mean accents that a piece's first bar being short costs."""
ODD_COST = 5.0
"""Mean accents that an odd bar inside costs: four or five bars must gain by it."""
TIE_WEIGHT = 0.8
PART_ACCENT = {Part.BASS: 2.0, Part.HARMONY: 0.6, Part.MELODY: 1.0}


def with_upbeats(bars: Sequence[Bar], parts: Mapping[Part, Ints]) -> tuple[Bar, ...]:
    """The bars again, their lines moved where the notes say so; metres and tempi stay as they are told."""
    found: list[Bar] = []
    for meter, run in groupby(bars, key=lambda bar: bar.meter):
        row = list(run)
        found += _segment(row, meter, parts, first=not found)
    return tuple(found)


def _segment(row: Sequence[Bar], meter: Meter, parts: Mapping[Part, Ints], *, first: bool) -> list[Bar]:
    unit = min(meter.ticks_per_unit, TICKS_PER_BEAT)
    per_bar = meter.ticks_per_bar // unit
    start, count = row[0].start, len(row) * per_bar
    if per_bar < 2 or len(row) < 4:
        return list(row)
    accents = _accents(parts, start, unit, count, meter.ticks_per_bar)
    mean = float(np.abs(accents).mean())
    if mean <= 0:
        return list(row)
    lines = _lines(accents / mean, per_bar, UPBEAT_COST if first else ODD_COST)
    starts = [bar.start for bar in row]
    made = []
    for line, after in zip(lines, [*lines[1:], count], strict=True):
        units = after - line
        at = start + line * unit
        place = int(np.searchsorted(np.array(starts), at, "right")) - 1
        fits = meter if units == per_bar else Meter(units, 4 * TICKS_PER_BEAT // unit)
        made.append(replace(row[place], start=at, meter=fits))
    return made


def _accents(parts: Mapping[Part, Ints], start: int, unit: int, count: int, bar_ticks: int) -> npt.NDArray[np.float64]:
    """For each unit, how much its time is a bar's first: what starts there, by length, less what sounds across."""
    found = np.zeros(count)
    for part, weight in PART_ACCENT.items():
        rows = parts.get(part)
        if rows is None or not len(rows):
            continue
        place = (rows[:, 0] - start + NEAR_TICKS) // unit
        on_time = (rows[:, 0] - start + NEAR_TICKS) % unit < 2 * NEAR_TICKS
        inside = on_time & (place >= 0) & (place < count)
        long = np.minimum(rows[:, 1], bar_ticks) / bar_ticks
        struck = np.zeros(count)
        np.maximum.at(struck, place[inside], 0.3 + long[inside])
        found += weight * struck
        held = np.zeros(count + 1)
        first = np.clip((rows[:, 0] - start + NEAR_TICKS) // unit + 1, 0, count)
        final = np.clip((rows[:, 0] + rows[:, 1] - start - NEAR_TICKS) // unit + 1, 0, count)
        across = final > first
        np.add.at(held, first[across], 1.0)
        np.add.at(held, final[across], -1.0)
        voices = max(float(rows[:, 1].sum()) / (count * unit), 1.0)
        found -= TIE_WEIGHT * weight * np.cumsum(held)[:count] / voices
    return found


def _lines(accents: npt.NDArray[np.float64], per_bar: int, first_cost: float) -> list[int]:
    """The units at which bars begin: the best sum of accents, less the cost of odd bars."""
    count = len(accents)
    best = np.full(count + per_bar + 1, -np.inf)
    back = np.full(count + per_bar + 1, -1)
    best[0] = accents[0]
    for at in range(1, count + 1):
        gain = accents[at] if at < count else 0.0
        for length in range(1, per_bar + 1):
            before = at - length
            if before < 0:
                break
            cost = 0.0 if length == per_bar else first_cost if before == 0 else ODD_COST
            if at == count:
                cost = 0.0  # a last bar may be as short as it is
            value = best[before] + gain - cost
            if value > best[at]:
                best[at], back[at] = value, before
    lines = [count]
    while lines[-1] > 0:
        lines.append(int(back[lines[-1]]))
    return lines[:0:-1]
