"""Commands about sections: asked for, sent again, cancelled, approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sessions.commands.base import Command
from sessions.music import Part

__all__ = ["Approve", "Cancel", "Deny", "RequestSection", "Resend"]


@dataclass(frozen=True, slots=True)
class RequestSection(Command):
    """Ask for a section: the asker's own id, and the fields of `sessions.music.section` as they were sent."""

    TYPE: ClassVar[str] = "section.request"
    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resend(Command):
    TYPE: ClassVar[str] = "section.resend"
    QUERY: ClassVar[bool] = True
    id: str
    part: Part
    bar: int
    member: str = ""


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    TYPE: ClassVar[str] = "section.cancel"
    id: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Approve(Command):
    TYPE: ClassVar[str] = "section.approve"
    id: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Deny(Command):
    TYPE: ClassVar[str] = "section.deny"
    id: str
    member: str = ""
