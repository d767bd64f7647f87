"""Who may do what: role x command x part, as one table that every door asks.

A role is a set of grants; a grant is a command, the parts it reaches and whether it waits for the leader's yes. What the table
does not name is refused. Leaders add roles of their own in the same words (`Role.parse`). The table for people is made from
this one (`osc_schemas/ADDRESSES.md`).

>>> ROLES["rhythm"].permits("section.request", {Part.DRUMS})
<Permit.YES: 'yes'>
>>> ROLES["rhythm"].permits("section.request", {Part.MELODY})
<Permit.NO: 'no'>
>>> ROLES["guest"].permits("section.request", {Part.MELODY})
<Permit.ASK: 'ask'>
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sessions.commands import COMMANDS
from sessions.errors import Code, Refused
from sessions.music import Part

__all__ = ["ENGINE", "LEADER", "ROLES", "WITH_PARTS", "Grant", "Permit", "Role"]

LEADER, ENGINE = "leader", "engine"

MAX_GRANTS = 64
"""Grants in one role of a leader's own."""

ALL_PARTS = frozenset(Part)

WITH_PARTS = frozenset(
    [
        "section.request",
        "live.note",
        "live.control",
        "live.bend",
        "live.accompany",
        "take.play",
        "take.loop",
        "take.stop",
        "take.accept",
        "take.reject",
    ],
)
"""Commands that reach parts: those of the request, of the note, of the take."""


class Permit(StrEnum):
    """The table's answer."""

    NO = "no"
    ASK = "ask"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Grant:
    """One command on some parts; `waits` where the leader has to say yes first."""

    command: str
    parts: frozenset[Part] = ALL_PARTS
    waits: bool = False

    @classmethod
    def parse(cls, text: str) -> tuple[Grant, ...]:
        """`live.note:drums+bass`, `take.*`, `section.request:*?` (waits): one word may name several commands."""
        waits = text.endswith("?")
        pattern, _, reach = text.removesuffix("?").partition(":")
        names = _matching(pattern)
        if not names:
            raise Refused(
                Code.BAD_VALUE, f"grants: there is no command {pattern[:64]!r}; see /capabilities for their names"
            )
        if waits and names != ("section.request",):
            raise Refused(Code.BAD_VALUE, "grants: only section.request can wait for the leader; drop the '?'")
        try:
            parts = ALL_PARTS if reach in ("", "*") else frozenset(Part(part) for part in reach.split("+"))
        except ValueError:
            raise Refused(
                Code.BAD_VALUE, f"grants: {reach[:64]!r} names no parts; write drums+bass, or * for all"
            ) from None
        return tuple(Grant(name, parts if name in WITH_PARTS else ALL_PARTS, waits) for name in names)

    def __str__(self) -> str:
        reach = "" if self.parts == ALL_PARTS else ":" + "+".join(part for part in Part if part in self.parts)
        return self.command + reach + ("?" if self.waits else "")


def _matching(pattern: str) -> tuple[str, ...]:
    """The commands that a word names; an engine's are never handed out by a leader."""
    open_to_people = [name for name in COMMANDS if not name.startswith("engine.") and name not in LEADER_ONLY]
    if pattern.endswith(".*"):
        return tuple(name for name in open_to_people if name.startswith(pattern[:-1]))
    return (pattern,) if pattern in open_to_people else ()


LEADER_ONLY = frozenset(["session.role", "session.remove", "session.revoke", "session.define"])
"""What would make whoever has it a leader."""


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of grants."""

    name: str
    grants: Mapping[str, Grant]

    @classmethod
    def parse(cls, name: str, text: str) -> Role:
        """A leader's own role from words; whatever everybody may do is always in it."""
        words = text.split()
        if len(words) > MAX_GRANTS:
            raise Refused(Code.TOO_MANY, f"grants: {len(words)} are too many; send {MAX_GRANTS} at most")
        return _role(name, *words)

    def __str__(self) -> str:
        return " ".join(str(grant) for name, grant in self.grants.items() if name not in _EVERYBODY)

    def permits(self, command: str, parts: Collection[Part] = ()) -> Permit:
        """The table's answer for a command on these parts (none where it reaches none)."""
        grant = self.grants.get(command)
        if grant is None or not grant.parts.issuperset(parts):
            return Permit.NO
        return Permit.ASK if grant.waits else Permit.YES

    def is_less_than(self, other: Role) -> bool:
        """Whether whatever this role may do the other may as well, and more."""
        for name, grant in self.grants.items():
            theirs = other.grants.get(name)
            if theirs is None or not theirs.parts.issuperset(grant.parts) or theirs.waits > grant.waits:
                return False
        return dict(self.grants) != dict(other.grants)

    def parts_for(self, command: str) -> tuple[Part, ...]:
        """The parts that a command reaches, in their order."""
        grant = self.grants.get(command)
        return tuple(part for part in Part if grant is not None and part in grant.parts)


_EVERYBODY = (
    "session.join",
    "session.leave",
    "session.ping",
    "section.resend",
    "transport.state",
    "log.head",
    "capabilities",
)


def _role(name: str, *words: str) -> Role:
    grants = {command: Grant(command) for command in _EVERYBODY}
    for word in words:
        grants |= {grant.command: grant for grant in Grant.parse(word)}
    return Role(name, grants)


def _exactly(name: str, commands: Collection[str]) -> Role:
    return Role(name, {command: Grant(command) for command in commands})


def _band(name: str, parts: str) -> Role:
    """A member of the band: everything on the parts of theirs, and a voice on the rest."""
    own = [
        "section.request",
        "live.note",
        "live.control",
        "live.bend",
        "live.accompany",
        "take.play",
        "take.loop",
        "take.stop",
        "take.accept",
        "take.reject",
    ]
    return _role(
        name,
        *(f"{command}:{parts}" for command in own),
        "section.cancel",
        "live.rest",
        "take.rate",
        "take.vote",
        "chat.say",
    )


ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        _exactly(LEADER, [name for name in COMMANDS if not name.startswith("engine.")]),
        _band("rhythm", "drums+bass"),
        _band("harmony", "harmony+melody+texture"),
        _role(
            "guest",
            "section.request:*?",
            "section.cancel",
            "live.note",
            "live.control",
            "live.bend",
            "take.rate",
            "take.vote",
            "chat.say",
        ),
        _role("listener", "take.rate", "take.vote", "chat.say"),
        _exactly(
            ENGINE,
            ["session.join", "session.leave", "session.ping", "log.head", "capabilities"]
            + [name for name in COMMANDS if name.startswith("engine.")],
        ),
    )
}
"""The roles that every session has."""
