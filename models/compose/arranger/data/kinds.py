"""Kinds of sections: how each is played, as a table.

Lives here: data alone. Curves give energy and density from a section's first bar to its last, as factors of what was asked;
`enters` is how far into the section a part comes in; a part that has no entry plays from the start.

    >>> KINDS[Kind.INTRO].energy[0] < KINDS[Kind.INTRO].energy[-1]
    True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sessions.music.kinds import Kind
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "Ending", "Manner"]


class Ending(StrEnum):
    """How the harmony of a section ends."""

    REST = "rest"
    HALF = "half"
    TURN = "turn"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of section is played.

    `role` says which progressions it takes; `kit_from` how far in the whole kit plays, before that only what keeps time;
    `builds` that drums roll into what comes; `hits` that it opens with a crash and full force; `holds` that its last bar is held.
    """

    role: str
    ending: Ending
    energy: tuple[float, ...]
    density: tuple[float, ...] = (1.0,)
    enters: Mapping[Part, float] = field(default_factory=dict)
    kit_from: float = 0.0
    drops_kick: bool = False
    builds: bool = False
    hits: bool = False
    holds: bool = False
    sustains: bool = False


KINDS: dict[Kind, Manner] = {
    Kind.INTRO: Manner("open", Ending.HALF, energy=(0.45, 0.6, 0.75, 0.95), density=(0.55, 0.7, 0.85, 0.95),
                       enters={Part.BASS: 0.5, Part.MELODY: 0.5}, kit_from=0.5),
    Kind.VERSE: Manner("home", Ending.HALF, energy=(0.8, 0.85, 0.85, 0.9), density=(0.85,)),
    Kind.PRECHORUS: Manner("lift", Ending.HALF, energy=(0.75, 0.9, 1.05), density=(0.85, 0.95, 1.05), builds=True),
    Kind.CHORUS: Manner("peak", Ending.CLOSE, energy=(1.1, 1.05, 1.1, 1.15), density=(1.0,), hits=True),
    Kind.BRIDGE: Manner("away", Ending.HALF, energy=(0.65, 0.7, 0.8, 0.95), density=(0.8, 0.9), sustains=True),
    Kind.DROP: Manner("peak", Ending.TURN, energy=(1.25, 1.15, 1.2, 1.25), density=(1.1,), hits=True),
    Kind.BREAKDOWN: Manner("away", Ending.HALF, energy=(0.55, 0.45, 0.45, 0.7), density=(0.5, 0.45, 0.5, 0.65),
                           drops_kick=True, builds=True, sustains=True),
    Kind.OUTRO: Manner("close", Ending.REST, energy=(0.85, 0.75, 0.6, 0.45), density=(0.85, 0.75, 0.6, 0.5), holds=True),
    Kind.LOOP: Manner("home", Ending.TURN, energy=(0.95, 0.95, 1.0, 1.0), density=(1.0,)),
}  # fmt: skip
