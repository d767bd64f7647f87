"""Motifs: a bar of tune as rhythm and shape, before it has a chord.

Lives here: drawing a motif's heights (in steps of the scale) over a rhythm, and what becomes of it when it returns: repeated,
varied, inverted. `melody` puts it on the chords.

    >>> from models.compose.arranger.grid import Grid
    >>> from models.compose.arranger.patterns import read_pattern
    >>> from models.compose.arranger.steps import steps_on
    >>> from sessions.music.beats import Meter
    >>> steps = steps_on(read_pattern("X...|x.x.|X---|----"), Grid(Meter(4, 4)).cells(0))
    >>> heights = draw_heights(steps, Dice(1, "motif"), 0.2)
    >>> heights[0], len(heights)
    (0, 4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.steps import Step

__all__ = ["CORE_RANK", "draw_heights", "is_core", "vary_heights"]

CORE_RANK = 0.3
"""Steps up to this rank are the motif; those above decorate it."""
STILL_SHARE, SECOND_SHARE, TURN_SHARE = 0.14, 0.16, 0.3
"""How often a tune stays on its tone, goes two steps instead of one, and turns round."""
AMBIT = 4
"""Steps from its first tone beyond which a motif turns back."""


def is_core(step: Step) -> bool:
    """True for the steps that a motif is known by."""
    return step.rank <= CORE_RANK


def draw_heights(steps: Sequence[Step], dice: Dice, leap: float) -> list[int]:
    """A height for each step, 0 for the first; steps that decorate take the height of the motif's tone before them."""
    heights: list[int] = []
    height, direction = 0, 1 if dice.chance(0.6) else -1
    for step in steps:
        if is_core(step) and heights:
            if dice.chance(leap):
                height += direction * dice.pick((2, 2, 3, 4))
                direction = -direction
            elif not dice.chance(STILL_SHARE):
                height += direction * (2 if dice.chance(SECOND_SHARE) else 1)
            if dice.chance(TURN_SHARE):
                direction = -direction
            if abs(height) >= AMBIT:
                direction = -1 if height > 0 else 1
        heights.append(height)
    return heights


def vary_heights(heights: Sequence[int], dice: Dice, temperature: float) -> list[int]:
    """The heights of a motif that comes back: mostly the same, at times inverted, at times another ending."""
    if dice.chance(0.05 * temperature):
        return [-height for height in heights]
    ending = dice.between(1, 2) if dice.chance(0.3 * temperature) else 0
    shift = dice.pick((-1, 1))
    return [height + (shift if i >= len(heights) - ending and i else 0) for i, height in enumerate(heights)]
