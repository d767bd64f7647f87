"""Touch: whether a step is played, and how hard.

Lives here: the two decisions that every player takes alike. A step is played from a density on, so more density only ever adds;
temperature lets that threshold wander from bar to bar, and unevens the touch.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"bars": 1, "seed": 1}))
    >>> step = Step(0, 240, 0.0, 112, "X", 1.0, "0/0")
    >>> is_played(plan, plan.bars[0], step, "drums/36", 0.0)
    True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.steps import Step

if TYPE_CHECKING:
    from models.compose.arranger.plan import Bar, Plan
    from sessions.music.parts import Part

__all__ = ["is_played", "velocity"]

ALWAYS = 0.02
"""Steps below this rank are the groove itself and are never left out."""
MATERIAL_WANDER, BAR_WANDER = 0.13, 0.12
"""How far a threshold lies from where the pattern has it: for all of a letter, and from bar to bar at temperature 1."""
BEAT_ACCENT = 6
"""Velocities between the first beat of a bar and the weakest place."""


def is_played(plan: Plan, bar: Bar, step: Step, purpose: str, density: float, late: float = 0.0) -> bool:
    """True where the density is enough for a step; `late` asks for that much more."""
    if step.rank <= ALWAYS:
        return step.rank + late <= max(density, ALWAYS)
    by_bar = BAR_WANDER * plan.request.temperature
    spare = max(density, ALWAYS) - late
    if abs(spare - step.rank) > MATERIAL_WANDER + by_bar:
        return step.rank < spare
    seed = plan.request.seed
    material = 2 * spot(seed, purpose, bar.phrase.letter, step.place) - 1
    today = 2 * spot(seed, purpose, "bar", bar.index, step.place) - 1
    return max(ALWAYS, step.rank + MATERIAL_WANDER * material + by_bar * today) <= spare


def velocity(plan: Plan, bar: Bar, step: Step, part: Part, purpose: str, balance: float = 1.0) -> int:
    """How hard a step is played, 1 to 127."""
    uneven = plan.idiom.feel.touch * (0.4 + 0.6 * min(1.0, plan.request.temperature))
    wander = (2 * spot(plan.request.seed, "touch", part, purpose, bar.index, step.place) - 1) * uneven
    loud = (step.loudness + BEAT_ACCENT * (step.weight - 0.5) + wander) * plan.force(part, bar) * balance
    return max(1, min(127, round(loud)))
