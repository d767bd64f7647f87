"""Commands about time and live notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sessions.commands.base import Command
from sessions.music import Meter, Part

__all__ = [
    "Accompany", "AskTransport", "LiveBend", "LiveControl", "LiveNote", "Locate", "Rest", "SetMeter", "SetTempo",
    "StartTransport", "StopTransport",
]  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class LiveControl(Command):
    """A controller is moved now, by MIDI's numbers: 1 is the modulation wheel, 64 the sustain pedal."""

    TYPE: ClassVar[str] = "live.control"
    part: Part
    controller: int
    value: int


@dataclass(frozen=True, slots=True)
class LiveBend(Command):
    """The pitch is bent now; 0 is straight."""

    TYPE: ClassVar[str] = "live.bend"
    part: Part
    value: int


@dataclass(frozen=True, slots=True)
class Accompany(Command):
    """Have an engine play along from the next bars on: the asker's own id, and fields of a section as they were sent."""

    TYPE: ClassVar[str] = "live.accompany"
    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rest(Command):
    """End an accompaniment."""

    TYPE: ClassVar[str] = "live.rest"
    id: str
