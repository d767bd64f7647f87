"""Whether each control moves what it names: asked against measured.

Lives here: for each control of a request, sections with that control from its least to its most, all parts that have it at once,
and Spearman's rank correlation of what was asked and what `tokens.controls` measures on the notes: 1 where more asked is always
more played, 0 where asking changes nothing.

    >>> rank_correlation([0, 1, 2, 3], [5, 6, 6, 9]) > 0.9
    True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.compose.tokens.controls import energy, measure
from models.compose.tokens.grid import quantise
from models.compose.tokens.vocabulary import STEP_TICKS
from sessions.music.fields import CONTROLS
from sessions.music.parts import Part
from sessions.music.pitches import PLAIN_NAMES
from sessions.music.section import parse_request

if TYPE_CHECKING:
    from models.compose.composer import Composer
    from sessions.music.section import Request

__all__ = ["MEASURED_BY", "Steering", "rank_correlation", "steer"]

MEASURED_BY = {
    "density": "Density",
    "velocity": "Loud",
    "interest": "Interest",
    "syncopation": "Sync",
    "leap": "Leap",
    "polyphony": "Polyphony",
    "range": "Low",
}
"""A control's name, and the measure of the notes that it is to move."""

VALUES = (0.0, 0.25, 0.5, 0.75, 1.0)
STYLES = ("pop", "funk", "rock", "house")
BARS = 4
ENERGY = "energy"


@dataclass(frozen=True, slots=True)
class Steering:
    """How a control of a part, or of all, is followed: the rank correlation over so many sections, and the mean for each value."""

    control: str
    correlation: float
    sections: int
    means: tuple[float, ...]


def steer(composer: Composer, seeds: int = 10, told: Callable[[], None] = lambda: None) -> list[Steering]:
    """Each control in turn, with five values and so many seeds; `told` is called after each section."""
    found: list[Steering] = []
    for control in (ENERGY, *MEASURED_BY):
        parts = [one.part for one in CONTROLS if one.name == control]
        asked: dict[str, list[float]] = {}
        heard: dict[str, list[float]] = {}
        for seed in range(seeds):
            for value in VALUES:
                request = _request(control, parts, value, seed)
                for name, measured in _measures(composer, request, control, parts):
                    asked.setdefault(name, []).append(value)
                    heard.setdefault(name, []).append(measured)
                told()
        for name, values in asked.items():
            means = tuple(
                round(float(np.mean([h for a, h in zip(values, heard[name], strict=True) if a == value])), 3)
                for value in VALUES
            )
            found.append(Steering(name, round(rank_correlation(values, heard[name]), 3), len(values), means))
    return found


def sections(seeds: int = 10) -> int:
    """How many sections `steer` has written."""
    return seeds * len(VALUES) * (1 + len(MEASURED_BY))


def _request(control: str, parts: Sequence[Part], value: float, seed: int) -> Request:
    fields: dict[str, Any] = {"style": STYLES[seed % len(STYLES)], "bars": BARS, "seed": seed, "key": "C"}
    if control == ENERGY:
        fields[ENERGY] = value
    for part in parts:
        fields[f"{part}.{control}"] = _said(control, part, value)
    return parse_request(fields)


def _said(control: str, part: Part, value: float) -> object:
    if control == "polyphony":
        return 1 + round(5 * value)
    if control == "range":
        low = {Part.BASS: 28, Part.HARMONY: 40, Part.MELODY: 48}[part] + round(20 * value)
        return f"{_name(low)}-{_name(low + 16)}"
    return value


def _name(pitch: int) -> str:
    return f"{PLAIN_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _measures(composer: Composer, request: Request, control: str, parts: Sequence[Part]) -> Iterator[tuple[str, float]]:
    bars = list(composer.stream(request))
    notes = {part: [note for bar in bars for note in bar[part]] for part in request.note_parts}
    starts = tuple(range(0, request.total_ticks // STEP_TICKS + 1, request.ticks_per_bar // STEP_TICKS))
    sheet = quantise(notes, starts, human=True)
    if control == ENERGY:
        yield ENERGY, energy(sheet, request.bpm)
    for part in parts:
        bins = measure(sheet, part, request.meter, only=(MEASURED_BY[control],))
        if bins:
            yield f"{part}.{control}", float(bins[MEASURED_BY[control]])


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's correlation, equal values sharing their ranks; 0 where one of the two never changes."""
    first, second = _ranks(one), _ranks(other)
    spread = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread else 0.0


def _ranks(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ranks: np.ndarray[Any, np.dtype[np.float64]] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks
