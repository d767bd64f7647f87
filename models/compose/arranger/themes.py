"""Themes: what a melody says in each bar of a phrase, as rhythm, shape and height.

Lives here: cutting a phrase into units, giving each a motif by the style's scheme, drawing or recalling it, and the arc that the
phrase follows. `motif` draws the shapes; `melody` puts them on the chords.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "pop", "bars": 4, "seed": 1}))
    >>> sayings = Themes(plan).sayings(plan.phrases[0])
    >>> len(sayings), sayings[-1].unit.is_last
    (4, True)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import Dice
from models.compose.arranger.motif import draw_heights, vary_heights
from models.compose.arranger.pitches import in_range
from models.compose.arranger.steps import Step, spare_steps, steps_on
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.kinds import Kind
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.form import Phrase
    from models.compose.arranger.idiom import Tune
    from models.compose.arranger.material import Motif
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Saying", "Themes", "Unit"]

SHORTEST_UNIT_TICKS = 3 * TICKS_PER_BEAT
"""Bars shorter than this say a motif together."""
ARCS = ((0, 1, 3, 1), (0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 0, 2), (0, 0, 2, 3), (1, 0, 2, 0))
"""Shapes of a phrase, in steps of the scale from its start to its end."""
LETTER_LIFT = {"A": 0, "B": 2, "C": -1, "D": 1}
KIND_LIFT = {Kind.CHORUS: 1, Kind.DROP: 1, Kind.PRECHORUS: 1, Kind.BREAKDOWN: -1, Kind.OUTRO: -1}
HEIGHT = 0.42
"""Where in its range the tune is at home."""
SIGNS = "abcd"
CALM_LEAPS, WARM_LEAPS = 0.4, 0.3
"""How much of a style's leaping is there at temperature 0, and how much each degree adds."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A bar, or some short ones, that say one motif."""

    start: int
    end: int
    bars: tuple[Bar, ...]
    sign: str
    is_last: bool

    def bar_of(self, tick: int) -> Bar:
        """The bar that a tick lies in."""
        return next(bar for bar in reversed(self.bars) if bar.start <= tick)


@dataclass(frozen=True, slots=True)
class Saying:
    """A motif in its place: steps with their heights over `home`, a rung of the scale in the part's range."""

    unit: Unit
    steps: tuple[tuple[Step, int], ...]
    home: int


class Themes:
    """The themes of one section; `learned` motifs come from a take that it follows."""

    def __init__(self, plan: Plan, learned: Sequence[Motif] = ()) -> None:
        self._plan, self._learned = plan, learned
        self._seed = plan.request.seed
        low, high = plan.part_range(Part.MELODY)
        self.rungs = in_range(plan.request.key.scale, low, high)
        self._home = int(HEIGHT * len(self.rungs)) + Dice(self._seed, "home").between(-1, 2)

    def tune(self, letter: str) -> Tune:
        """The manner in which phrases of a letter go."""
        tunes = self._plan.idiom.tunes
        return tunes[self._plan.variant("tune", letter, len(tunes))]

    def sayings(self, phrase: Phrase) -> list[Saying]:
        """What a phrase says, unit by unit."""
        tune = self.tune(phrase.letter)
        units = self._units(phrase, tune)
        arc = Dice(self._seed, "arc", phrase.letter).pick(ARCS)
        sayings, said = [], set()
        for i, unit in enumerate(units):
            rise = arc[i * len(arc) // len(units)]
            motif = self._learned[SIGNS.index(unit.sign)] if SIGNS.index(unit.sign) < len(self._learned) else None
            if motif is None:
                steps, heights = self._drawn(unit, phrase, tune)
                home = self._home + LETTER_LIFT[phrase.letter] + KIND_LIFT.get(self._plan.request.kind, 0) + rise
            else:
                steps, heights = [step.moved(unit.start) for step in motif.steps], list(motif.heights)
                home = self._rung_of(motif.first) + LETTER_LIFT[phrase.letter]
            if unit.sign in said or phrase.take:
                heights = vary_heights(heights, Dice(self._seed, "vary", unit.start), self._plan.request.temperature)
            said.add(unit.sign)
            pairs = tuple(pair for pair in zip(steps, heights, strict=True) if pair[0].tick < unit.end)
            sayings.append(Saying(unit, pairs, home))
        return sayings

    def _units(self, phrase: Phrase, tune: Tune) -> list[Unit]:
        plan = self._plan
        together = 1
        while together * plan.grid.bar_ticks * plan.grid.pace < SHORTEST_UNIT_TICKS:
            together *= 2
        groups = [plan.bars[at : min(at + together, phrase.end)] for at in range(phrase.first, phrase.end, together)]
        scheme = Dice(self._seed, "scheme", phrase.letter).pick(tune.schemes) if len(groups) > 2 else "ab"
        signs = (scheme * (len(groups) // len(scheme) + 1))[: len(groups)]
        if len(groups) > len(scheme):
            signs = signs[:-1] + "c"
        last = len(groups) - 1
        return [Unit(group[0].start, group[-1].end, group, signs[i], i == last) for i, group in enumerate(groups)]

    def _drawn(self, unit: Unit, phrase: Phrase, tune: Tune) -> tuple[list[Step], list[int]]:
        dice = Dice(self._seed, "motif", phrase.letter, unit.sign)
        cells = [cell for bar in unit.bars for cell in bar.cells]
        rhythm = tune.rhythms[(dice.below(len(tune.rhythms)) + SIGNS.index(unit.sign)) % len(tune.rhythms)]
        written = steps_on(rhythm, cells, echoes=any(cell.in_threes for cell in cells))
        spare = spare_steps(cells, written, self._seed, f"melody {unit.sign}")
        steps = sorted([*written, *spare], key=lambda step: step.tick)
        leap = tune.leap * (CALM_LEAPS + WARM_LEAPS * self._plan.request.temperature)
        heights = draw_heights(steps, dice, leap)
        return [replace(step, place=f"{unit.sign}{step.place}") for step in steps], heights

    def _rung_of(self, pitch: int) -> int:
        return min(range(len(self.rungs)), key=lambda rung: abs(self.rungs[rung] - pitch))
