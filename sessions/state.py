"""The state of a session: what all events so far add up to.

`State` is plain data. `sessions.apply` is the only one who changes it and `sessions.decide` the only one who judges by it; doors
read it. `sessions.snapshot` writes it down, a little at a time, and reads it back.

>>> State(name="jam").has_role("leader")
True
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sessions.asked import AskedFor
from sessions.commands import RendererOffer
from sessions.music import Note, Part, Request, Transport
from sessions.packed import Packed
from sessions.roles import ENGINE, LEADER, ROLES, Role
from sessions.roll import Member, Presence, Roll

__all__ = [
    "BEND",
    "Accompaniment",
    "Member",
    "Playing",
    "Presence",
    "Section",
    "State",
    "Status",
    "Stem",
    "Take",
    "bar_name",
]

BEND = 128
"""The pitch wheel, among the controllers, which end with 127."""


class Status(StrEnum):
    """Where a section stands."""

    WAITING = "waiting"
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (Status.WAITING, Status.QUEUED, Status.WORKING)


@dataclass(frozen=True, slots=True)
class Stem:
    sha256: str
    frames: int
    rate: int


@dataclass(slots=True)
class Section:
    """A request and what has come of it so far."""

    asker: str
    id: str
    role: str
    invite: str
    """The one that the asker came by."""
    index: int
    time: str
    asked: dict[str, Any]
    request: Request
    status: Status
    engine: str = ""
    attempt: int = 0
    started: str = ""
    bars: dict[str, Packed] = field(default_factory=dict)
    stems: dict[str, Stem] = field(default_factory=dict)
    take: str = ""
    approver: str = ""
    also: tuple[str, ...] = ()
    """Who asked for the same again by the same invite: the asker at another door, or after a crash."""
    code: str = ""
    advice: str = ""

    @property
    def name(self) -> str:
        """The section's own name in the session."""
        return f"{self.asker}/{self.id}"

    @property
    def askers(self) -> tuple[str, ...]:
        """Whose request it is."""
        return (self.asker, *self.also)

    def as_of_now(self) -> Section:
        """The same, which what is to come does not change."""
        return replace(self, bars=dict(self.bars), stems=dict(self.stems))

    def notes(self, part: Part, bar: int) -> tuple[Note, ...] | None:
        """The notes of a part in a bar; None where it has not been written yet."""
        packed = self.bars.get(bar_name(part, bar))
        return None if packed is None else packed.notes()

    def has(self, part: Part, bar: int) -> bool:
        """Whether that bar has been written."""
        return bar_name(part, bar) in self.bars

    def written(self) -> dict[tuple[Part, int], tuple[Note, ...]]:
        """All bars so far, in order."""
        found = {}
        for bar in range(1, self.request.bars + 1):
            for part in self.request.parts:
                notes = self.notes(part, bar)
                if notes is not None:
                    found[part, bar] = notes
        return found


@dataclass(slots=True)
class Take:
    """A finished section, and what the band thinks of it."""

    name: str
    section: str
    index: int
    time: str
    statement: str
    stated: dict[str, Any]
    verdict: str = ""
    ratings: dict[str, int] = field(default_factory=dict)
    votes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Playing:
    """A take that sounds: from which tick of the session, and whether again and again."""

    tick: int
    loop: bool


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """An engine that plays along: who asked, from which tick on, up to which all is said; and the last notes, by part."""

    asker: str
    id: str
    asked: Mapping[str, Any]
    request: Request
    engine: str
    tick: int
    until: int
    notes: tuple[tuple[Part, Note], ...] = ()

    @property
    def name(self) -> str:
        """The accompaniment's own name in the session."""
        return f"{self.asker}/{self.id}"


@dataclass(slots=True)
class State:
    name: str = ""
    origin: str = ""
    log_key: str = ""
    size: int = 0
    time: str = ""
    members: dict[str, Member] = field(default_factory=Roll)
    roles: dict[str, str] = field(default_factory=dict)
    revoked: dict[str, bool] = field(default_factory=dict)
    nonces: dict[str, dict[str, int]] = field(default_factory=dict)
    """The nonces that each member has used (`sessions.nonces`)."""
    sections: dict[str, Section] = field(default_factory=dict)
    queue: tuple[str, ...] = ()
    hands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each engine has in hand."""
    takes: dict[str, Take] = field(default_factory=dict)
    playing: dict[str, Playing] = field(default_factory=dict)
    accompaniment: Accompaniment | None = None
    sounding: dict[str, tuple[tuple[Part, int], ...]] = field(default_factory=dict)
    """The live notes that members hold down: part and pitch."""
    moved: dict[str, tuple[tuple[Part, int], ...]] = field(default_factory=dict)
    """What members hold away from where it rests: part and controller, or `BEND`."""
    transport: Transport = field(default_factory=Transport)
    offers: dict[str, tuple[RendererOffer, ...]] = field(default_factory=dict)
    at_once: dict[str, int] = field(default_factory=dict)
    """Sections that an engine takes together, where it is more than one."""
    next_take: int = 1
    paces: dict[str, int] = field(default_factory=dict)
    """Microseconds that a second of one part takes here, smoothed over the last sections, by their kind (`sessions.estimate`)."""
    changed: dict[tuple[str, ...], None] = field(default_factory=dict, compare=False)
    """What is not as it was last written down: table and key, the oldest first; of a nonce its series as well."""
    asked_for: AskedFor[Section] = field(init=False, compare=False, repr=False)
    """The sections, by what is often looked for among them."""

    def __post_init__(self) -> None:
        self.asked_for = AskedFor(self.sections)
        if not isinstance(self.members, Roll):
            self.members = Roll(self.members)

    @property
    def roll(self) -> Roll:
        """The members, by more than their names."""
        assert isinstance(self.members, Roll)
        return self.members

    def role_of(self, member: str) -> Role:
        """The role of a member as it is now."""
        return self.role(self.members[member].role)

    def role(self, name: str) -> Role:
        """A role by its name; nothing is granted by one that is no longer there."""
        if name in ROLES:
            return ROLES[name]
        return _own_role(name, self.roles[name]) if name in self.roles else Role(name, {})

    def has_role(self, name: str) -> bool:
        return name in ROLES or name in self.roles

    def present(self, role: str | None = None) -> Iterator[Member]:
        """Members who are here, all or those of a role."""
        return (m for m in self.members.values() if m.presence is Presence.PRESENT and role in (None, m.role))

    def leaders(self) -> Iterator[Member]:
        return self.present(LEADER)

    def engines(self) -> Iterator[Member]:
        return (member for member in self.present(ENGINE) if member.name in self.offers)

    def came_by(self, invite: str) -> tuple[Member, ...]:
        """Who came by an invite and was not sent away, the first one first."""
        return tuple(m for m in self.roll.came_by(invite) if m.presence is not Presence.REMOVED)

    def asked(self, member: str, id_: str) -> Section | None:
        """What a member asked for under an id, first or again."""
        own = self.sections.get(f"{member}/{id_}")
        return own or next((s for s in self.asked_for.under(id_) if member in s.also), None)

    def position(self, section: str) -> int:
        """Place in the queue from 1; 0 where it is not waiting for an engine."""
        return self.queue.index(section) + 1 if section in self.queue else 0


@functools.lru_cache(maxsize=256)
def _own_role(name: str, grants: str) -> Role:
    """Read once: each command of whoever has it asks several times."""
    return Role.parse(name, grants)


def bar_name(part: Part, bar: int) -> str:
    return f"{part}:{bar}"
