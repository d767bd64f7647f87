"""A portrait: what much music is like, in sums, and how far it is from other music.

Lives here: adding up what `measures` finds on excerpts; a form that JSON carries, so that the portrait of human music can ship
without the music; the distance of two portraits. A distance is Jensen and Shannon's in bits, 0 for the same and 1 for nothing
in common; it is taken for each part, against a mixture of the other's groups of styles as the first portrait has them.

    >>> distance_of([0.5, 0.5], [0.5, 0.5]), distance_of([1.0, 0.0], [0.0, 1.0])
    (0.0, 1.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from models.compose.evaluate.excerpt import BAND
from models.compose.evaluate.measures import (
    LAGS,
    Fault,
    at_home,
    consistency,
    density,
    faults,
    groove,
    register,
    similarity,
)
from sessions.music.parts import PITCHED_PARTS, Part

if TYPE_CHECKING:
    from models.compose.evaluate.excerpt import Excerpt
    from models.compose.evaluate.measures import Reals
    from models.compose.originality import RunIndex

__all__ = ["SHAPES", "Portrait", "distance_of"]

SHAPES = ("groove", "density", "register")
"""What is kept as histograms, by group of styles and part."""

ENOUGH = 20
"""Excerpts that a group must have of a part to be compared with; else all that bands play stands in for it."""

DIGITS = 4


@dataclass(slots=True)
class Shape:
    """A histogram summed over excerpts."""

    excerpts: int
    sums: Reals

    def add(self, other: Reals, excerpts: int = 1) -> None:
        self.sums = self.sums + other
        self.excerpts += excerpts


@dataclass(slots=True)
class Mean:
    """A mean in the making."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total, self.count = self.total + value, self.count + 1

    @property
    def value(self) -> float | None:
        return round(self.total / self.count, DIGITS) if self.count else None


@dataclass(slots=True)
class Portrait:
    """What music is like; `add` excerpts to it. `longest` are notes of the longest run known to the index, None without one."""

    excerpts: int = 0
    parts: int = 0
    notes: int = 0
    home: int = 0
    faults: dict[Fault, int] = field(default_factory=dict)
    similar: dict[int, Mean] = field(default_factory=lambda: {lag: Mean() for lag in LAGS})
    consistent: Mean = field(default_factory=Mean)
    shapes: dict[tuple[str, str, Part], Shape] = field(default_factory=dict)
    longest: int | None = None
    copied: int = 0

    def add(self, excerpt: Excerpt, index: RunIndex | None = None) -> None:
        """Adds what is measured on one excerpt."""
        self.excerpts += 1
        self.parts += len(excerpt.parts)
        inside, notes = at_home(excerpt)
        self.home, self.notes = self.home + inside, self.notes + notes
        for _, fault in faults(excerpt):
            self.faults[fault] = self.faults.get(fault, 0) + 1
        for lag, mean in self.similar.items():
            mean.add(similarity(excerpt, lag))
        self.consistent.add(consistency(excerpt))
        for part in excerpt.parts:
            for name, measure in (("groove", groove), ("density", density), ("register", register)):
                found = measure(excerpt, part)
                if found is not None:
                    self._put(name, excerpt.group, part, found)
        if index is not None:
            self._hear(excerpt, index)

    def _put(self, name: str, group: str, part: Part, found: Reals) -> None:
        for owner in (group, BAND) if group != "written" else (group,):
            self.shapes.setdefault((name, owner, part), Shape(0, np.zeros(len(found)))).add(found)

    def _hear(self, excerpt: Excerpt, index: RunIndex) -> None:
        from models.compose.originality import bottom_line, top_line

        longest = 0
        for part in PITCHED_PARTS:
            notes = excerpt.notes.get(part, ())
            lines = (top_line(notes), bottom_line(notes))
            longest = max(longest, *(index.longest([note.pitch for note in line]) for line in lines))
        self.longest = max(self.longest or 0, longest)
        self.copied += longest > 0

    @property
    def rows(self) -> dict[str, float | int | None]:
        """Each measure that stands on its own, by a name for people; shares from 0 to 1."""
        parts = max(self.parts, 1)
        silent = self.faults.get(Fault.SILENT, 0) / parts
        found: dict[str, float | int | None] = {
            "pitched notes in key or chord": round(self.home / self.notes, DIGITS) if self.notes else None,
            "parts empty or collapsed": round(sum(self.faults.values()) / parts - silent, DIGITS),
            "parts silent for long": round(silent, DIGITS),
        }
        for lag, mean in self.similar.items():
            found[f"of a bar the same {'in the next' if lag == 1 else f'{lag} bars later'}"] = mean.value
        found["rhythm the same in the next bar"] = self.consistent.value
        if self.longest is not None:
            found["notes of the longest run known from training"] = self.longest
            found["excerpts with such a run"] = round(self.copied / max(self.excerpts, 1), DIGITS)
        return found

    def distances(self, other: Portrait) -> dict[str, float | None]:
        """How far this music is from other music, by what is compared."""
        return {name: self._distance(other, name) for name in SHAPES}

    def _distance(self, other: Portrait, name: str) -> float | None:
        """For each part, this music against a mixture of the other's groups in which each weighs what it weighs here."""
        total, weight = 0.0, 0
        for part in Part:
            mine = [
                (group, shape) for (what, group, owner), shape in self.shapes.items() if (what, owner) == (name, part)
            ]
            pairs = [(shape, other._alike(name, group, part)) for group, shape in mine if group != BAND]
            both = [(shape, theirs.sums / theirs.excerpts) for shape, theirs in pairs if theirs is not None]
            if both:
                count = sum(shape.excerpts for shape, _ in both)
                here = sum((shape.sums for shape, _ in both), np.zeros(len(both[0][1])))
                there = sum((shape.excerpts * shares for shape, shares in both), np.zeros(len(both[0][1])))
                total, weight = total + count * distance_of(here, there), weight + count
        return round(total / weight, DIGITS) if weight else None

    def _alike(self, name: str, group: str, part: Part) -> Shape | None:
        """The histogram that a group's is compared with: its own where there is enough of it, else all bands'."""
        own = self.shapes.get((name, group, part))
        return own if own is not None and own.excerpts >= ENOUGH else self.shapes.get((name, BAND, part))

    def to_fields(self) -> dict[str, Any]:
        """The portrait as JSON carries it; histograms as shares."""
        return {
            "excerpts": self.excerpts,
            "parts": self.parts,
            "notes": self.notes,
            "home": self.home,
            "faults": {fault.value: count for fault, count in sorted(self.faults.items())},
            "similar": {str(lag): [round(mean.total, DIGITS), mean.count] for lag, mean in self.similar.items()},
            "consistent": [round(self.consistent.total, DIGITS), self.consistent.count],
            "shapes": {
                f"{name} {group} {part}": [shape.excerpts, [round(float(v) / shape.excerpts, DIGITS) for v in shape.sums]]
                for (name, group, part), shape in sorted(self.shapes.items())
            },
        }  # fmt: skip

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Portrait:
        """The portrait that `to_fields` wrote. Raises ValueError, KeyError or TypeError where it is none."""
        excerpts, parts, notes, home = (int(fields[name]) for name in ("excerpts", "parts", "notes", "home"))
        found = cls(excerpts, parts, notes, home)
        found.faults = {Fault(name): int(count) for name, count in fields["faults"].items()}
        found.similar = {int(lag): Mean(float(total), int(count)) for lag, (total, count) in fields["similar"].items()}
        found.consistent = Mean(float(fields["consistent"][0]), int(fields["consistent"][1]))
        for words, (count, shares) in fields["shapes"].items():
            name, group, part = words.split(" ")
            found.shapes[name, group, Part(part)] = Shape(int(count), np.array(shares, dtype=np.float64) * int(count))
        return found

    @classmethod
    def of(cls, excerpts: Iterable[Excerpt], index: RunIndex | None = None) -> Portrait:
        """The portrait of some excerpts."""
        found = cls()
        for excerpt in excerpts:
            found.add(excerpt, index)
        return found


def distance_of(one: Reals | Sequence[float], other: Reals | Sequence[float]) -> float:
    """Jensen and Shannon's divergence of two histograms, in bits."""
    p, q = (np.asarray(some, dtype=np.float64) / max(float(np.sum(some)), 1e-12) for some in (one, other))
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(x > 0, x * np.log2(x / middle), 0.0).sum() for x in (p, q)]
    return max(float(sum(terms)) / 2, 0.0)
