"""The report: all that is measured in rows and columns, for a table and for JSON.

Lives here: which music stands beside which, under which names and in which units. How a table looks is for whoever shows it.

    >>> column = Portrait().rows | {"groove": 0.1}
    >>> [row.text("composer") for row in table({"composer": column}) if row.name.startswith("groove")]
    ['0.10']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models.compose.evaluate.portrait import SHAPES, Portrait

if TYPE_CHECKING:
    from models.compose.evaluate.human import Human
    from models.compose.evaluate.trial import Trial

__all__ = ["Column", "Row", "Unit", "column_of", "human_column", "table", "to_fields", "trial_column"]

Column = Mapping[str, float | int | None]
"""One music's figures by the names of its measures."""

_FAR = {name: f"{name}, bits from people's" for name in SHAPES}


class Unit(StrEnum):
    """How a figure is written."""

    SHARE = "share"
    NUMBER = "number"
    BITS = "bits"


@dataclass(frozen=True, slots=True)
class Row:
    """A measure and its figure for each music; None where it has none."""

    name: str
    unit: Unit
    cells: Mapping[str, float | int | None]

    def text(self, column: str) -> str:
        """A figure as people read it; empty where there is none."""
        value = self.cells.get(column)
        if value is None:
            return ""
        if self.unit is Unit.SHARE:
            return f"{value:.1%}"
        return f"{value:.2f}" if self.unit is Unit.BITS else f"{value:,}"


def trial_column(trial: Trial, human: Human | None) -> Column:
    """What a composer's own music is like, and how far from people's."""
    return {**trial.rows, **(trial.usual.distances(human.band) if human else {})}


def column_of(portrait: Portrait, human: Human | None) -> Column:
    """What given music is like; its style is not known, so it stands beside all that bands play."""
    return {**portrait.rows, **(portrait.distances(human.band) if human else {})}


def human_column(human: Human) -> Column:
    """What people's music is like; its distance is that of one half from the other."""
    return {**human.band.rows, **human.halves}


def table(columns: Mapping[str, Column]) -> list[Row]:
    """All measures that one of the columns has, in order."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = []
    for name in names:
        unit = Unit.BITS if name in _FAR else Unit.NUMBER if name.startswith("notes of") else Unit.SHARE
        cells = {title: column.get(name) for title, column in columns.items()}
        rows.append(Row(_FAR.get(name, name), unit, cells))
    return rows


def to_fields(columns: Mapping[str, Column]) -> dict[str, Any]:
    """The same as JSON: a music's figures by their names."""
    return {
        title: {_FAR.get(name, name): value for name, value in column.items() if value is not None}
        for title, column in columns.items()
    }
