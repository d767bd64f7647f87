"""Commands: what a member asks for, as frozen records.

A command is what its message says and nothing more: no member, no time, no permission. `parse_command` is the only way in;
the type of a message is the OSC address with dots. Whether a command may be given is for `sessions.roles`, what it leads to
for `sessions.decide`.

>>> parse_command({"type": "take.rate", "take": "take-1", "stars": 4})
RateTake(take='take-1', stars=4)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sessions.errors import Code, Refused
from sessions.music import At, AtKind, Meter, Note, Part, Renderer
from sessions.plain import record_from, unknown_field

__all__ = [
    "COMMANDS",
    "AcceptTake",
    "Approve",
    "AskCapabilities",
    "AskHead",
    "AskTransport",
    "Cancel",
    "Command",
    "DefineRole",
    "Deny",
    "EngineBar",
    "EngineDone",
    "EngineFailed",
    "EngineProgress",
    "EngineReady",
    "EngineStem",
    "Join",
    "Leave",
    "LiveNote",
    "Locate",
    "LoopTake",
    "Ping",
    "PlayTake",
    "RateTake",
    "RejectTake",
    "RemoveMember",
    "RendererOffer",
    "RequestSection",
    "Resend",
    "Revoke",
    "Say",
    "SetMeter",
    "SetRole",
    "SetTempo",
    "StartTransport",
    "StopTake",
    "StopTransport",
    "VoteTake",
    "parse_command",
]

MAX_ID = 128
"""Characters in the id of a request, in a take's or a member's name."""
MAX_NONCE = 128
"""Characters in a nonce."""
MAX_CHAT = 2000
"""Characters in a line of chat."""
MAX_NOTES = 4096
"""Notes of one part in one bar."""

NEXT_BAR = At(AtKind.NEXT_BAR)

COMMANDS: dict[str, type[Command]] = {}
"""Every command by the type of its message."""


@dataclass(frozen=True, slots=True)
class Command:
    """Anything a member can ask. `QUERY` commands change nothing and are answered to the asker alone."""

    TYPE: ClassVar[str] = ""
    QUERY: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super(Command, cls).__init_subclass__(**options)
        COMMANDS[cls.TYPE] = cls


# -- members ---------------------------------------------------------------------------------------------------------


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


# -- sections --------------------------------------------------------------------------------------------------------


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


# -- takes -----------------------------------------------------------------------------------------------------------


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


# -- transport and live ----------------------------------------------------------------------------------------------


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


# -- questions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskHead(Command):
    TYPE: ClassVar[str] = "log.head"
    QUERY: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class AskCapabilities(Command):
    TYPE: ClassVar[str] = "capabilities"
    QUERY: ClassVar[bool] = True


# -- what an engine says ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RendererOffer:
    """A renderer that an engine has, and what its sound may be used for."""

    name: Renderer
    licence: str
    note: str = ""
    commercial: bool = True


@dataclass(frozen=True, slots=True)
class EngineReady(Command):
    TYPE: ClassVar[str] = "engine.ready"
    name: str
    software: str
    renderers: tuple[RendererOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineBar(Command):
    """One part of one bar, whole: notes in ticks from the section's start."""

    TYPE: ClassVar[str] = "engine.bar"
    section: str
    part: Part
    bar: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class EngineStem(Command):
    """Audio that was handed in as a blob: a part's stem, or `mix`."""

    TYPE: ClassVar[str] = "engine.stem"
    section: str
    part: str
    sha256: str
    frames: int
    rate: int


@dataclass(frozen=True, slots=True)
class EngineDone(Command):
    """All is there; by which composer and renderer (name, version, hash, licence)."""

    TYPE: ClassVar[str] = "engine.done"
    section: str
    composer: Mapping[str, Any]
    renderer: Mapping[str, Any]
    chords: str = ""


@dataclass(frozen=True, slots=True)
class EngineFailed(Command):
    TYPE: ClassVar[str] = "engine.failed"
    section: str
    code: Code
    advice: str


@dataclass(frozen=True, slots=True)
class EngineProgress(Command):
    TYPE: ClassVar[str] = "engine.progress"
    QUERY: ClassVar[bool] = True
    section: str
    stage: str
    done: float


ENVELOPE = frozenset({"type", "nonce", "signature"})
"""What a message carries beside the command's own fields."""


def parse_command(message: Mapping[str, Any]) -> Command:
    """The command that a message states; raises `Refused`, naming the field."""
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in COMMANDS:
        raise unknown_field(str(kind), COMMANDS)
    nonce = message.get("nonce", "")
    if not isinstance(nonce, str) or len(nonce) > MAX_NONCE:
        raise Refused(Code.BAD_VALUE, f"nonce: send a text of {MAX_NONCE} characters at most")
    fields = {name: value for name, value in message.items() if name not in ENVELOPE}
    if kind == RequestSection.TYPE:
        fields = {"id": fields.pop("id", None), "fields": fields}
    command: Command = record_from(COMMANDS[kind], fields)
    _check(command)
    return command


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise Refused(Code.BAD_VALUE, f"{name}: {value:g} is out of range; send {low:g} to {high:g}")


def _check(command: Command) -> None:
    """The ranges of single fields; what hangs on the session's state is for `decide`."""
    for name in ("id", "take", "member", "role", "section"):
        text = getattr(command, name, None)
        if text is not None and len(text) > MAX_ID * 2:
            raise Refused(Code.TOO_LARGE, f"{name}: {len(text)} characters are too many; send {MAX_ID} at most")
    match command:
        case RequestSection(id=id_) if not id_ or len(id_) > MAX_ID or not id_.isprintable():
            raise Refused(Code.BAD_VALUE, f"id: choose an id of 1 to {MAX_ID} printable characters")
        case Say(text=text) if not text.strip():
            raise Refused(Code.BAD_VALUE, "text: there is nothing in it; write a line")
        case Say(text=text) if len(text) > MAX_CHAT:
            raise Refused(Code.TOO_LARGE, f"text: {len(text)} characters are too many; send {MAX_CHAT} at most")
        case RateTake(stars=stars):
            _between("stars", stars, 1, 5)
        case VoteTake(value=value):
            _between("value", value, -1, 1)
        case SetTempo(bpm=bpm):
            _between("bpm", bpm, 40, 240)
        case Locate(beat=beat):
            _between("beat", beat, 0, 1_000_000)
        case LiveNote(pitch=pitch, velocity=velocity):
            _between("pitch", pitch, 0, 127)
            _between("velocity", velocity, 0, 127)
        case EngineBar(notes=notes) if len(notes) > MAX_NOTES:
            raise Refused(Code.TOO_LARGE, f"notes: {len(notes)} in one bar are too many; send {MAX_NOTES} at most")
        case EngineProgress(done=done):
            _between("done", done, 0, 1)
