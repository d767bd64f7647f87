"""Commands about time and live notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sessions.commands.base import Command
from sessions.music import Meter, Part

__all__ = ["AskTransport", "LiveNote", "Locate", "SetMeter", "SetTempo", "StartTransport", "StopTransport"]


@dataclass(frozen=True, slots=True)
class StartTransport(Command):
    TYPE: ClassVar[str] = "transport.play"


@dataclass(frozen=True, slots=True)
class StopTransport(Command):
    TYPE: ClassVar[str] = "transport.stop"


@dataclass(frozen=True, slots=True)
class SetTempo(Command):
    TYPE: ClassVar[str] = "transport.tempo"
    bpm: float


@dataclass(frozen=True, slots=True)
class Locate(Command):
    TYPE: ClassVar[str] = "transport.locate"
    beat: float


@dataclass(frozen=True, slots=True)
class SetMeter(Command):
    TYPE: ClassVar[str] = "transport.meter"
    meter: Meter


@dataclass(frozen=True, slots=True)
class AskTransport(Command):
    TYPE: ClassVar[str] = "transport.state"
    QUERY: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class LiveNote(Command):
    """A note played now; velocity 0 ends it."""

    TYPE: ClassVar[str] = "live.note"
    part: Part
    pitch: int
    velocity: int
