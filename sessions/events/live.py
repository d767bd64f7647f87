"""Events of the moment: time as it moves, notes and controllers as they are played, and who plays along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sessions.errors import Code
from sessions.events.base import Event, Owes
from sessions.music import Note, Part, Request, Transport

__all__ = [
    "Accompanied",
    "Ahead",
    "Bent",
    "Controlled",
    "NotePlayed",
    "Released",
    "Rested",
    "Silenced",
    "TransportMoved",
]


@dataclass(frozen=True, slots=True)
class TransportMoved(Event):
    """The transport as it is from now on: played, stopped, located, another tempo or metre."""

    TYPE: ClassVar[str] = "transport.moved"
    OWES: ClassVar[Owes] = Owes.LIVE
    transport: Transport


@dataclass(frozen=True, slots=True)
class NotePlayed(Event):
    TYPE: ClassVar[str] = "live.note"
    OWES: ClassVar[Owes] = Owes.LIVE
    part: Part
    pitch: int
    velocity: int
    tick: int


@dataclass(frozen=True, slots=True)
class Silenced(Event):
    """The server ends what a member holds down who can't end it any more: pitches by part."""

    TYPE: ClassVar[str] = "live.silenced"
    OWES: ClassVar[Owes] = Owes.LIVE
    member: str
    notes: Mapping[str, tuple[int, ...]]
    tick: int


@dataclass(frozen=True, slots=True)
class Controlled(Event):
    TYPE: ClassVar[str] = "live.control"
    OWES: ClassVar[Owes] = Owes.LIVE
    part: Part
    controller: int
    value: int
    tick: int


@dataclass(frozen=True, slots=True)
class Bent(Event):
    TYPE: ClassVar[str] = "live.bend"
    OWES: ClassVar[Owes] = Owes.LIVE
    part: Part
    value: int
    tick: int


@dataclass(frozen=True, slots=True)
class Released(Event):
    """The server lets go of what a member moved who can't any more: controllers by part, and parts that were bent."""

    TYPE: ClassVar[str] = "live.released"
    OWES: ClassVar[Owes] = Owes.LIVE
    member: str
    controls: Mapping[str, tuple[int, ...]]
    bends: tuple[Part, ...]
    tick: int


@dataclass(frozen=True, slots=True)
class Accompanied(Event):
    """An engine plays along from a tick of the session on; `transport` where time starts with it."""

    TYPE: ClassVar[str] = "live.accompanied"
    id: str
    asked: Mapping[str, Any]
    request: Request
    engine: str
    tick: int
    transport: Transport | None = None


@dataclass(frozen=True, slots=True)
class Ahead(Event):
    """What an accompaniment plays from one tick up to another, said before it sounds."""

    TYPE: ClassVar[str] = "live.ahead"
    OWES: ClassVar[Owes] = Owes.LIVE
    section: str
    start: int
    end: int
    notes: Mapping[str, tuple[Note, ...]]


@dataclass(frozen=True, slots=True)
class Rested(Event):
    """An accompaniment is over, and why where nobody asked for that; `cut` are the pitches by part that end with it."""

    TYPE: ClassVar[str] = "live.rested"
    section: str
    engine: str
    cut: Mapping[str, tuple[int, ...]]
    code: Code | None = None
    advice: str = ""
