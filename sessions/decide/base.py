"""What every decision needs: the moment it falls in, what it comes to, and the words for a no.

Nothing here looks at a command; see the neighbours, one file a subject.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sessions.errors import Code, Refused
from sessions.events import Event
from sessions.music import Bars, Request
from sessions.state import Section, State, Take

__all__ = ["NOBODY", "SERVER", "Answer", "Decision", "Moment", "find_section", "find_take"]

SERVER = ""
"""Who the server is in the log."""

Answer = dict[str, Any]

MidiWriter = Callable[[Request, Bars, str], bytes]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision may know of the world, handed in by the host."""

    now_us: int
    time: str
    """The same moment as the log writes it."""
    midi: MidiWriter
    """A section, under its take's name, as the bytes of a MIDI file: for its hash in the certificate."""
    engine_expected: bool = True
    """An engine belongs to this server, though it may still be starting."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command comes to: events to log, the first the member's own; and answers to the asker alone, in groups
    that belong together, and all that has come of a section, where one is named to `recite`."""

    events: tuple[Event, ...] = ()
    answers: tuple[tuple[Answer, ...], ...] = ()
    recite: str = ""


NOBODY = Decision()
"""A decision that nothing comes of, such as a bar for a section that is cancelled."""


def find_take(state: State, name: str) -> tuple[Take, Section]:
    """A take and its section; refused where there is none."""
    take = state.takes.get(name)
    if take is None:
        last = f"; the last one is {next(reversed(state.takes))}" if state.takes else "; none is finished yet"
        raise Refused(Code.BAD_VALUE, f"take: there is no take {name[:64]!r} here{last}")
    return take, state.sections[take.section]


def find_section(state: State, member: str, id_: str, owner: str = "") -> Section:
    """A section by the asker's own id, by `member/id`, or by the only one of that id."""
    if not owner and (own := state.asked(member, id_)) is not None:
        return own
    for name in (f"{owner}/{id_}" if owner else "", f"{member}/{id_}", id_):
        if name in state.sections:
            return state.sections[name]
    others = [] if owner else list(state.asked_for.under(id_))
    if len(others) == 1:
        return others[0]
    if others:
        names = ", ".join(section.name for section in others[:5])
        raise Refused(Code.CONFLICT, f"id: several members asked under {id_[:64]!r}; say which: {names}")
    raise Refused(Code.BAD_VALUE, f"id: nothing was asked for under {id_[:64]!r}; send the section's own id")
