"""The grid: how any metre is cut into beats that a pattern written for four beats can play on.

Lives here: a bar of n/d becomes cells. A cell is a beat of four sixteenths, or of six (a triplet feel in 6/8, an added
eighth in 7/8), and has a role: which of the four beats of a pattern it plays. Knows no style and no chance.

    >>> [(cell.start, cell.length, cell.role) for cell in Grid(Meter(7, 8)).cells(0)]
    [(0, 960, 0), (960, 960, 2), (1920, 1440, 3)]
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from sessions.music.beats import TICKS_PER_BEAT, Meter

__all__ = ["Cell", "Grid", "Slot"]

SIXTEENTH = TICKS_PER_BEAT // 4
PATTERN_TICKS = 4 * TICKS_PER_BEAT
LONGEST_UNIT_TICKS = 6 * TICKS_PER_BEAT
"""A bar longer than six quarters has a chord to each of its groups."""
SHORTEST_UNIT_TICKS = 2 * TICKS_PER_BEAT
"""Bars shorter than two quarters share a chord."""

# How an additive bar falls into groups of beats, in sixteenths; what is not here is quarters, or groups of three.
_EIGHTHS: dict[int, tuple[tuple[int, ...], ...]] = {
    5: ((6, 4),), 7: ((4, 4, 6),), 8: ((6, 6, 4),), 10: ((6, 6, 4, 4),), 11: ((6, 6, 6, 4),), 13: ((6, 6, 6), (4, 4)),
    14: ((4, 4, 6), (4, 4, 6)), 16: ((6, 6, 4), (6, 6, 4)),
}  # fmt: skip
_SIXTEENTHS: dict[int, tuple[tuple[int, ...], ...]] = {
    5: ((3, 2),), 7: ((4, 3),), 10: ((4, 3, 3),), 11: ((4, 4, 3),), 13: ((4, 3, 3, 3),), 14: ((4, 3), (4, 3)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a cell: the pattern's sixteenth that it plays (0-3) and its ticks from the cell's start.

    An echo is an added place in a long cell, which only time-keepers play.
    """

    step: int
    offset: int
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A beat of a bar, in ticks from the section's start; `measure` counts the rounds of the four-beat pattern."""

    start: int
    length: int
    role: int
    measure: int
    slots: tuple[Slot, ...]
    weight: float
    swings: bool = False
    in_threes: bool = False

    @property
    def end(self) -> int:
        """The tick after its last."""
        return self.start + self.length

    @property
    def step_ticks(self) -> int:
        """Ticks of one pattern step: a sixteenth as the style counts it."""
        return self.length // 4 if self.swings or self.in_threes else SIXTEENTH


@dataclass(frozen=True, slots=True)
class _Shape:
    """A cell before it has a place."""

    length: int
    slots: tuple[Slot, ...]
    swings: bool = False
    in_threes: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A metre at a pace: 2 plays patterns twice as fast as written, 1/2 half as fast, where the metre lets it.

    `three` says which beats of a pattern a group of three plays.
    """

    meter: Meter
    pace: Fraction = Fraction(1)
    three: tuple[int, int, int] = (0, 2, 3)

    @property
    def bar_ticks(self) -> int:
        """Ticks in a bar."""
        return self.meter.ticks_per_bar

    def cells(self, bar: int) -> tuple[Cell, ...]:
        """The cells of a bar, counted from 0."""
        return _cells(self, bar)

    def cell_at(self, tick: int) -> Cell:
        """The cell that a tick of the section lies in."""
        bar = tick // self.bar_ticks
        return next(cell for cell in reversed(self.cells(bar)) if cell.start <= tick)

    @property
    def bars_per_unit(self) -> int:
        """Bars that share one chord, 1 where a bar is long enough for its own."""
        bars = 1
        while bars * self.bar_ticks * self.pace < SHORTEST_UNIT_TICKS:
            bars *= 2
        return bars

    def units(self, bars: int) -> tuple[tuple[int, int], ...]:
        """Where chords may change in a section: spans of ticks, the groups of long bars or some short bars together."""
        total = bars * self.bar_ticks
        if self.bar_ticks * self.pace <= LONGEST_UNIT_TICKS:
            size = self.bars_per_unit * self.bar_ticks
            return tuple((at, min(total, at + size)) for at in range(0, total, size))
        starts = [cell.start for bar in range(bars) for cell in self.cells(bar) if cell.weight >= GROUP_WEIGHT]
        return tuple(zip(starts, [*starts[1:], total], strict=True))


BAR_WEIGHT, GROUP_WEIGHT, MIDDLE_WEIGHT, BEAT_WEIGHT = 1.0, 0.8, 0.6, 0.5
"""How strong a beat is: first of the bar, first of a group, third of four, any other."""


def _groups(beats: int) -> list[int]:
    if beats <= 4:
        return [beats]
    fours, rest = divmod(beats, 4)
    if rest == 1:
        return [4] * (fours - 1) + [3, 2]
    return [4] * fours + ([rest] if rest else [])


def _plain(length: int) -> _Shape:
    step = length // 4
    return _Shape(length, tuple(Slot(i, i * step) for i in range(4)), swings=True)


def _triple(length: int) -> _Shape:
    # The off-beat of a pattern goes to the third triplet, as a shuffle plays it; the second is the time-keepers' own.
    third = length // 3
    slots = (Slot(0, 0), Slot(2, third, echo=True), Slot(2, 2 * third), Slot(3, 2 * third + third // 2))
    return _Shape(length, slots, in_threes=True)


def _added(sixteenths: int) -> _Shape:
    slots = [Slot(i, i * SIXTEENTH) for i in range(min(4, sixteenths))]
    slots += [Slot(i - 2, i * SIXTEENTH, echo=True) for i in range(4, sixteenths)]
    return _Shape(sixteenths * SIXTEENTH, tuple(slots), swings=sixteenths == 4)


@lru_cache(maxsize=512)
def _shapes(meter: Meter, pace: Fraction) -> tuple[tuple[_Shape, ...], ...]:
    """The groups of a bar; empty where bars are parts of a beat."""
    ticks = meter.ticks_per_bar
    in_threes = meter.d >= 8 and meter.n % 3 == 0
    shapes: list[_Shape]
    if in_threes:
        shapes = [_triple(3 * meter.ticks_per_unit)] * (meter.n // 3)
    elif ticks % TICKS_PER_BEAT == 0 and not (meter.d == 8 and meter.n >= 8):
        quarters = ticks // TICKS_PER_BEAT
        if pace < 1 and quarters % 2 == 0:
            return _in_groups([_plain(2 * TICKS_PER_BEAT)] * (quarters // 2))
        if pace > 1:
            return 2 * _in_groups([_plain(TICKS_PER_BEAT // 2)] * quarters)
        shapes = [_plain(TICKS_PER_BEAT)] * quarters
    else:
        added = (_EIGHTHS if meter.d == 8 else _SIXTEENTHS).get(meter.n, ())
        return tuple(tuple(_added(count) for count in group) for group in added)
    return _in_groups(shapes)


def _in_groups(shapes: list[_Shape]) -> tuple[tuple[_Shape, ...], ...]:
    groups, at = [], 0
    for size in _groups(len(shapes)):
        groups.append(tuple(shapes[at : at + size]))
        at += size
    return tuple(groups)


@lru_cache(maxsize=4096)
def _cells(grid: Grid, bar: int) -> tuple[Cell, ...]:
    start = bar * grid.bar_ticks
    groups = _shapes(grid.meter, grid.pace)
    if not groups:
        return (_part_of_a_beat(start, grid.bar_ticks),)
    cells, at = [], start
    for g, group in enumerate(groups):
        roles, measure = _roles(len(group), g, bar, grid.three), bar * len(groups) + g
        if len(groups) == 1 and len(group) < 3:
            measure = bar // (2 if len(group) == 2 else 4)
        for i, (shape, role) in enumerate(zip(group, roles, strict=True)):
            weight = BEAT_WEIGHT if i else GROUP_WEIGHT if g else BAR_WEIGHT
            if len(group) == 4 and i == 2:
                weight = MIDDLE_WEIGHT
            cells.append(Cell(at, shape.length, role, measure, shape.slots, weight, shape.swings, shape.in_threes))
            at += shape.length
    return tuple(cells)


def _roles(size: int, group: int, bar: int, three: tuple[int, int, int]) -> tuple[int, ...]:
    if size == 4:
        return (0, 1, 2, 3)
    if size == 3:
        return three
    if size == 2:
        return (2, 3) if group or bar % 2 else (0, 1)
    return (bar % 4,)


def _part_of_a_beat(start: int, length: int) -> Cell:
    """Bars of a sixteenth or two are pieces of one long pattern that runs across them."""
    first = start % TICKS_PER_BEAT // SIXTEENTH
    slots = tuple(Slot((first + i) % 4, i * SIXTEENTH) for i in range(length // SIXTEENTH))
    weight = BAR_WEIGHT if start % PATTERN_TICKS == 0 else BEAT_WEIGHT
    return Cell(start, length, start // TICKS_PER_BEAT % 4, start // PATTERN_TICKS, slots, weight)
