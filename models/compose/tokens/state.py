"""A place in a section that is being written, as a value.

Lives here: what `grammar` has to remember between two tokens, and nothing of its rules. States are small, and nobody
changes one: a runtime may keep some and go on from any of them.

    >>> State(script=(1, 2)).phase, State().is_done
    (<Phase.SCRIPT: 0>, False)
"""

from __future__ import annotations

from enum import IntEnum

from models.compose.tokens.reach import Sounding
from models.compose.tokens.rules import Played

__all__ = ["Phase", "State"]


class Phase(IntEnum):
    """What a state waits for."""

    SCRIPT = 0
    """The next token of a run that is known."""
    PLAN = 1
    """A chord of the plan."""
    OPEN = 2
    """An event, a note more at this position, or the mark that ends the part's bar."""
    HOPPED = 3
    """A position, or another hop."""
    PLACED = 4
    """A nudge, a level, a note."""
    NUDGED = 5
    """A level or a note."""
    LEVELLED = 6
    """A pitch."""
    PITCHED = 7
    """A length."""
    DONE = 8


class State:
    """Where a walk stands.

    `script` are tokens that are known to come, from `cursor` on; `chords` the plan so far. The walk is in `bar`, at the
    part `place` of the header, at the position `pos` of the bar (-1 before the first) after `frame` hops. There it told
    `here` notes, the last one with the pitch or class `low` (-1 before the first), and `count` in this bar. By part:
    `levels`, the notes that are `sounding`, and what it has `played`, its pitch as told.
    """

    __slots__ = (
        "bar", "chords", "count", "cursor", "frame", "here", "levels", "low", "phase", "place", "played", "pos",
        "script", "sounding",
    )  # fmt: skip

    def __init__(
        self,
        script: tuple[int, ...] = (),
        levels: tuple[int, ...] = (),
        sounding: tuple[Sounding, ...] = (),
        played: tuple[Played, ...] = (),
    ) -> None:
        self.phase = Phase.SCRIPT
        self.script, self.cursor = script, 0
        self.chords: tuple[int, ...] = ()
        self.bar = self.place = self.frame = self.count = self.here = 0
        self.pos = self.low = -1
        self.levels, self.sounding, self.played = levels, sounding, played

    @property
    def is_done(self) -> bool:
        """True after `end`."""
        return self.phase is Phase.DONE

    def copy(self) -> State:
        """Another state that stands at the same place."""
        other = State.__new__(State)
        other.phase = self.phase
        other.script = self.script
        other.cursor = self.cursor
        other.chords = self.chords
        other.bar = self.bar
        other.place = self.place
        other.frame = self.frame
        other.pos = self.pos
        other.low = self.low
        other.count = self.count
        other.here = self.here
        other.levels = self.levels
        other.sounding = self.sounding
        other.played = self.played
        return other
