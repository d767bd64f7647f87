"""Events: what happened, as frozen records; the log holds them, and the state is their fold.

An event states facts that are complete in themselves: applying one needs the state and the event, never a clock, a default or
a random number, so a log that was written years ago still folds to the same state. Each says what it owes (`Owes`): durable
ones are acknowledged after the disk has them, live ones are sent at once and logged right after.

>>> to_fields(RoleChanged(member="ana", role="rhythm"))
{'type': 'session.role', 'member': 'ana', 'role': 'rhythm'}
>>> from_fields({'type': 'session.role', 'member': 'ana', 'role': 'rhythm'})
RoleChanged(member='ana', role='rhythm')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from sessions.commands import RendererOffer
from sessions.errors import Code
from sessions.events.base import EVENTS, Event, Owes
from sessions.events.live import (
    Accompanied,
    Ahead,
    Bent,
    Controlled,
    NotePlayed,
    Released,
    Rested,
    Silenced,
    TransportMoved,
)
from sessions.log import unpack_event
from sessions.music import Note, Part, Request, Transport
from sessions.plain import fields_of, record_from, to_plain, unknown_field

__all__ = [
    "EVENTS",
    "Accepted",
    "Accompanied",
    "Ahead",
    "Approved",
    "AskedAgain",
    "Assigned",
    "BarWritten",
    "Bent",
    "Cancelled",
    "Controlled",
    "Created",
    "Denied",
    "Done",
    "EngineOffered",
    "Event",
    "Failed",
    "Joined",
    "Left",
    "LeftWhy",
    "NotePlayed",
    "Owes",
    "Played",
    "Rated",
    "Recovered",
    "Rejected",
    "Released",
    "Removed",
    "Requested",
    "Requeued",
    "Rested",
    "Revoked",
    "RoleChanged",
    "RoleDefined",
    "Said",
    "Silenced",
    "StemRendered",
    "Stopped",
    "TransportMoved",
    "Voted",
    "from_fields",
    "to_fields",
]

# -- the session and its members -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Created(Event):
    """Entry 0: whose log this is."""

    TYPE: ClassVar[str] = "session.created"
    session: str
    origin: str
    log_key: str
    software: str


@dataclass(frozen=True, slots=True)
class Recovered(Event):
    """The server came back after a hard stop; `lost_bytes` of an unacknowledged tail were cut off."""

    TYPE: ClassVar[str] = "session.recovered"
    lost_bytes: int


@dataclass(frozen=True, slots=True)
class Joined(Event):
    TYPE: ClassVar[str] = "session.joined"
    member: str
    role: str
    invite: str
    key: str = ""
    resumed: bool = False


class LeftWhy(Enum):
    LEFT = "left"
    AWAY = "away"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Left(Event):
    """Gone for good (`left`), or unheard (`away`, `restart`): comes back by joining with the same invite."""

    TYPE: ClassVar[str] = "session.left"
    member: str
    why: LeftWhy


@dataclass(frozen=True, slots=True)
class RoleChanged(Event):
    TYPE: ClassVar[str] = "session.role"
    member: str
    role: str


@dataclass(frozen=True, slots=True)
class Removed(Event):
    TYPE: ClassVar[str] = "session.removed"
    member: str


@dataclass(frozen=True, slots=True)
class Revoked(Event):
    TYPE: ClassVar[str] = "session.revoked"
    invite: str


@dataclass(frozen=True, slots=True)
class RoleDefined(Event):
    """A leader's own role; no grants take it away."""

    TYPE: ClassVar[str] = "session.defined"
    role: str
    grants: str


@dataclass(frozen=True, slots=True)
class Said(Event):
    TYPE: ClassVar[str] = "chat.said"
    text: str


# -- sections --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requested(Event):
    """A section was asked for: the fields as sent, and the request as it is understood."""

    TYPE: ClassVar[str] = "section.requested"
    id: str
    asked: Mapping[str, Any]
    request: Request
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class AskedAgain(Event):
    """Another member by the same invite asks for the same under the same id: it is one request, and theirs as well."""

    TYPE: ClassVar[str] = "section.asked-again"
    section: str


@dataclass(frozen=True, slots=True)
class Approved(Event):
    TYPE: ClassVar[str] = "section.approved"
    section: str


@dataclass(frozen=True, slots=True)
class Denied(Event):
    TYPE: ClassVar[str] = "section.denied"
    section: str


@dataclass(frozen=True, slots=True)
class Assigned(Event):
    """The server hands a section to an engine."""

    TYPE: ClassVar[str] = "section.assigned"
    section: str
    engine: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Requeued(Event):
    """The engine is gone; the section waits for the next one, having had so many."""

    TYPE: ClassVar[str] = "section.requeued"
    section: str
    attempt: int


@dataclass(frozen=True, slots=True)
class BarWritten(Event):
    TYPE: ClassVar[str] = "section.bar"
    section: str
    part: Part
    bar: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class StemRendered(Event):
    TYPE: ClassVar[str] = "section.stem"
    section: str
    part: str
    sha256: str
    frames: int
    rate: int


@dataclass(frozen=True, slots=True)
class Done(Event):
    """All is there: a take, its certificate's statement, and the hash of that."""

    TYPE: ClassVar[str] = "section.done"
    section: str
    take: str
    statement: str
    stated: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed(Event):
    TYPE: ClassVar[str] = "section.failed"
    section: str
    code: Code
    advice: str


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    TYPE: ClassVar[str] = "section.cancelled"
    section: str


@dataclass(frozen=True, slots=True)
class EngineOffered(Event):
    TYPE: ClassVar[str] = "engine.ready"
    name: str
    software: str
    renderers: tuple[RendererOffer, ...] = ()
    at_once: int = 1
    """Sections that it works on in turns, a bar of one and then of another."""


# -- takes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Played(Event):
    """A take sounds from a tick of the session on, once or looped; `transport` where it starts with it."""

    TYPE: ClassVar[str] = "take.played"
    take: str
    tick: int
    loop: bool
    transport: Transport | None = None


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    TYPE: ClassVar[str] = "take.stopped"
    take: str


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    TYPE: ClassVar[str] = "take.accepted"
    take: str


@dataclass(frozen=True, slots=True)
class Rejected(Event):
    TYPE: ClassVar[str] = "take.rejected"
    take: str


@dataclass(frozen=True, slots=True)
class Rated(Event):
    TYPE: ClassVar[str] = "take.rated"
    take: str
    stars: int


@dataclass(frozen=True, slots=True)
class Voted(Event):
    TYPE: ClassVar[str] = "take.voted"
    take: str
    value: int


def to_fields(event: Event) -> dict[str, Any]:
    """The event as the log has it."""
    fields: dict[str, Any] = to_plain(event)
    return {"type": event.TYPE, **fields}


def from_fields(fields: Mapping[str, Any]) -> Event:
    """The event that the log has; a fact that it leaves to its signed command is taken from there.

    Raises `Refused` where it is not one of ours.
    """
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise unknown_field(str(kind), EVENTS)
    facts = unpack_event(fields, fields_of(EVENTS[kind]))
    del facts["type"]
    event: Event = record_from(EVENTS[kind], facts)
    return event
