"""Fills and rolls: what the drummer plays into the next phrase.

Lives here: when a bar has a fill or a roll, which one, and on which of its beats. The strokes are data in `data.fills`.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "rock", "kind": "chorus", "bars": 8, "seed": 1}))
    >>> fill_of(plan, plan.bars[1]) is None, fill_of(plan, plan.bars[7]) is None
    (True, False)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.compose.arranger.data.fills import FILLS, ROLLS
from models.compose.arranger.data.kit import KICKS, PIECES, SNARES, TIMEKEEPERS
from models.compose.arranger.dice import Dice
from models.compose.arranger.steps import Step, steps_on
from sessions.music.parts import Part

if TYPE_CHECKING:
    from models.compose.arranger.grid import Cell
    from models.compose.arranger.idiom import Groove
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["fill_of", "roll_of"]

FILL_SHARE = 0.5
"""How often a phrase inside a section ends with a fill, at temperature 1; every second one does in any case."""
ROLL_BARS = 2
LONGEST_SHARE = 0.5
"""How much of a bar a fill may take, unless it is the last of eight or of the section."""

SHORTEST_BUILD_BARS = 4
"""Shorter sections do not build."""
ROLLING = {"electronic", "rock", "breaks", "trap", "metal", "funk"}
"""Families of fills whose drummers roll; the others lead on with a fill."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """A fill: from which tick on it takes over, its strokes with their pieces, and what of the groove goes on beside it."""

    start: int
    strokes: list[tuple[Step, int]]
    beside: frozenset[int]


def fill_of(plan: Plan, bar: Bar) -> Strokes | None:
    """The fill at the end of a bar, None where it has none."""
    whole_kit = bar.index >= int(plan.manner.kit_from * plan.request.bars)
    if (
        not bar.closes
        or bar.phrase.bars < 2
        or plan.manner.drops_kick
        or (plan.manner.holds and bar.is_last)
        or not whole_kit
    ):
        return None
    dice = Dice(plan.request.seed, "fill", bar.index)
    strong = bar.is_last or bar.phrase.index % 2 == 1
    if not strong and not dice.chance(FILL_SHARE * min(1.0, plan.request.temperature)):
        return None
    room = max(1, int(len(bar.cells) * (1.0 if strong else LONGEST_SHARE)))
    options = [fill for fill in FILLS[plan.idiom.fills] if fill.level <= bar.level and fill.beats <= room]
    if not options:
        return None
    fill = dice.weigh([(option, 1.0 + i if strong else 1.0) for i, option in enumerate(options)])
    cells = bar.cells[-fill.beats :]
    strokes = _laid(fill.groove, fill.beats, cells, plan.density(Part.DRUMS, bar))
    return Strokes(cells[0].start, strokes, KICKS if plan.idiom.four_on_floor else frozenset())


def roll_of(plan: Plan, bar: Bar) -> Strokes | None:
    """The roll that builds towards the next section, over a section's last bars."""
    bars = plan.request.bars
    left = bars - 1 - bar.index
    if not plan.manner.builds or bars < SHORTEST_BUILD_BARS or left >= ROLL_BARS or plan.idiom.fills not in ROLLING:
        return None
    groove = ROLLS[ROLL_BARS - 1 - left]
    beats = len(bar.cells)
    steps = _laid(groove, beats, bar.cells, density=1.0)
    strokes = []
    for step, pitch in steps:
        done = (step.tick - bar.start + (ROLL_BARS - 1 - left) * (bar.end - bar.start)) / (
            ROLL_BARS * (bar.end - bar.start)
        )
        strokes.append((replace(step, loudness=46 + 66 * done, rank=0.0), pitch))
    return Strokes(bar.start, strokes, KICKS | TIMEKEEPERS)


def _laid(groove: Groove, beats: int, cells: tuple[Cell, ...], density: float) -> list[tuple[Step, int]]:
    """Strokes of a groove, its last beats on these cells."""
    strokes = []
    for line in groove.lines:
        pitch = PIECES[line.piece]
        first = max(0, line.pattern.beats - beats)
        renumbered = [replace(cell, measure=0, role=(first + i)) for i, cell in enumerate(cells)]
        for step in steps_on(line.pattern, renumbered, echoes=pitch in TIMEKEEPERS | SNARES):
            if step.rank <= max(density, 0.3):
                strokes.append((step, pitch))
    return strokes
