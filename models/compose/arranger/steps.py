"""Steps: a pattern laid on the beats of a bar, in any metre.

Lives here: the one place where marks of a pattern become ticks. What a step sounds like is for the players.

    >>> from models.compose.arranger.grid import Grid
    >>> from models.compose.arranger.patterns import read_pattern
    >>> from sessions.music.beats import Meter
    >>> [step.tick for step in steps_on(read_pattern("X...|..x.|X...|...."), Grid(Meter(4, 4)).cells(0))]
    [0, 1440, 1920]
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.patterns import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.grid import Cell
    from models.compose.arranger.patterns import Pattern

__all__ = ["Step", "spare_steps", "steps_on", "with_next"]

BEATS_OF_A_MEASURE = 4
ECHO_RANK, ECHO_LOUDNESS = 0.16, 0.85
"""The added places of long beats come in at a little more density, and are softer."""
SPARE_RANKS = {0: (0.64, 0.12), 2: (0.72, 0.16), 1: (0.86, 0.3), 3: (0.86, 0.28)}
"""From which density on the places that a pattern leaves empty are filled, and how far apart: beats first, sixteenths last."""
SPARE_LOUDNESS = 70.0


@dataclass(frozen=True, slots=True)
class Step:
    """A place where something may be played: ticks from the section's start, for how long, and from which density on."""

    tick: int
    length: int
    rank: float
    loudness: float
    sign: str
    weight: float
    place: str
    """What stays the same when the pattern comes round; dice are named by it."""

    def moved(self, ticks: int) -> Step:
        """The step so many ticks later."""
        return replace(self, tick=self.tick + ticks)


def steps_on(pattern: Pattern, cells: Sequence[Cell], *, echoes: bool = False) -> list[Step]:
    """The steps of a pattern in a bar, in order; `echoes` plays the added places of long beats too."""
    steps = []
    for cell in cells:
        beat = (cell.measure * BEATS_OF_A_MEASURE + cell.role) % pattern.beats
        marks = {mark.step: mark for mark in pattern.at(beat)}
        for slot in cell.slots:
            mark = marks.get(slot.step % STEPS)
            if mark is None or (slot.echo and not echoes):
                continue
            rank = mark.rank + (ECHO_RANK if slot.echo else 0)
            loudness = mark.loudness * (ECHO_LOUDNESS if slot.echo else 1)
            weight = cell.weight if slot.offset == 0 else cell.weight / 2 if slot.step == 2 else cell.weight / 4
            place = f"{beat}/{slot.offset}"
            steps.append(
                Step(cell.start + slot.offset, mark.steps * cell.step_ticks, rank, loudness, mark.sign, weight, place)
            )
    return steps


def with_next(steps: Sequence[Step], end: int) -> list[tuple[Step, int]]:
    """Each step with the tick at which the next one starts."""
    return [(step, steps[i + 1].tick if i + 1 < len(steps) else end) for i, step in enumerate(steps)]


def spare_steps(
    cells: Sequence[Cell], taken: Sequence[Step], seed: int, purpose: str, *, finest: int = 1
) -> list[Step]:
    """Steps in the places of a bar where a pattern has none, for those who want it dense; `finest` 2 leaves sixteenths out."""
    full = {step.tick for step in taken}
    covered = [(step.tick, step.tick + step.length) for step in taken]
    steps = []
    for cell in cells:
        for slot in cell.slots:
            tick, place = cell.start + slot.offset, f"{cell.role}/{slot.offset}"
            if tick not in full and slot.step % finest == 0:
                first, spread = SPARE_RANKS[slot.step]
                held = any(start < tick < end for start, end in covered)
                rank = first + spread * spot(seed, "spare", purpose, place) + (0.04 if held else 0.0)
                weight = cell.weight if slot.offset == 0 else cell.weight / 2 if slot.step == 2 else cell.weight / 4
                steps.append(Step(tick, cell.step_ticks, rank, SPARE_LOUDNESS, "+", weight, f"spare {place}"))
    return steps
