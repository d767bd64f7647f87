"""Commands about takes: played, looped, stopped, judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sessions.commands.base import Command
from sessions.music import At, AtKind

__all__ = ["AcceptTake", "LoopTake", "PlayTake", "RateTake", "RejectTake", "StopTake", "VoteTake"]

NEXT_BAR = At(AtKind.NEXT_BAR)


@dataclass(frozen=True, slots=True)
class PlayTake(Command):
    TYPE: ClassVar[str] = "take.play"
    take: str
    at: At = NEXT_BAR


@dataclass(frozen=True, slots=True)
class LoopTake(Command):
    TYPE: ClassVar[str] = "take.loop"
    take: str
    at: At = NEXT_BAR


@dataclass(frozen=True, slots=True)
class StopTake(Command):
    TYPE: ClassVar[str] = "take.stop"
    take: str


@dataclass(frozen=True, slots=True)
class AcceptTake(Command):
    TYPE: ClassVar[str] = "take.accept"
    take: str


@dataclass(frozen=True, slots=True)
class RejectTake(Command):
    TYPE: ClassVar[str] = "take.reject"
    take: str


@dataclass(frozen=True, slots=True)
class RateTake(Command):
    TYPE: ClassVar[str] = "take.rate"
    take: str
    stars: int


@dataclass(frozen=True, slots=True)
class VoteTake(Command):
    """One voice a member: 1 for, -1 against, 0 takes it back."""

    TYPE: ClassVar[str] = "take.vote"
    take: str
    value: int
