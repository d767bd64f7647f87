"""Commands of and about members: join, leave, roles, invites, chat; and the questions that anybody may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sessions.commands.base import Command

__all__ = [
    "AskCapabilities",
    "AskHead",
    "DefineRole",
    "Join",
    "Leave",
    "Ping",
    "RemoveMember",
    "Revoke",
    "Say",
    "SetRole",
]


@dataclass(frozen=True, slots=True)
class Join(Command):
    """Come in, with the name one likes and the public key (base64) that later commands are signed with."""

    TYPE: ClassVar[str] = "session.join"
    name: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Leave(Command):
    TYPE: ClassVar[str] = "session.leave"


@dataclass(frozen=True, slots=True)
class Ping(Command):
    """Say that one is still here; `time` comes back as it was."""

    TYPE: ClassVar[str] = "session.ping"
    QUERY: ClassVar[bool] = True
    time: float | None = None


@dataclass(frozen=True, slots=True)
class SetRole(Command):
    TYPE: ClassVar[str] = "session.role"
    member: str
    role: str


@dataclass(frozen=True, slots=True)
class RemoveMember(Command):
    TYPE: ClassVar[str] = "session.remove"
    member: str


@dataclass(frozen=True, slots=True)
class Revoke(Command):
    """Make an invite worthless from now on, and send away whoever came in by it."""

    TYPE: ClassVar[str] = "session.revoke"
    invite: str


@dataclass(frozen=True, slots=True)
class DefineRole(Command):
    """A role of the leader's own: `section.request:drums+bass take.play:* chat.say`."""

    TYPE: ClassVar[str] = "session.define"
    role: str
    grants: str


@dataclass(frozen=True, slots=True)
class Say(Command):
    TYPE: ClassVar[str] = "chat.say"
    text: str


@dataclass(frozen=True, slots=True)
class AskHead(Command):
    TYPE: ClassVar[str] = "log.head"
    QUERY: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class AskCapabilities(Command):
    TYPE: ClassVar[str] = "capabilities"
    QUERY: ClassVar[bool] = True
