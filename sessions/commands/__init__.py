"""Commands: what a member asks for, as frozen records.

A command is what its message says and nothing more: no member, no time, no permission. `parse_command` is the only way in;
the type of a message is the OSC address with dots. Whether a command may be given is for `sessions.roles`, what it leads to
for `sessions.decide`.

>>> parse_command({"type": "take.rate", "take": "take-1", "stars": 4})
RateTake(take='take-1', stars=4)
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from sessions.commands.base import COMMANDS, Command
from sessions.commands.engine import (
    EngineAhead,
    EngineBar,
    EngineDone,
    EngineFailed,
    EngineProgress,
    EngineReady,
    EngineStem,
    RendererOffer,
)
from sessions.commands.live import (
    Accompany,
    AskTransport,
    LiveBend,
    LiveControl,
    LiveNote,
    Locate,
    Rest,
    SetMeter,
    SetTempo,
    StartTransport,
    StopTransport,
)
from sessions.commands.members import (
    AskCapabilities,
    AskHead,
    DefineRole,
    Join,
    Leave,
    Ping,
    RemoveMember,
    Revoke,
    Say,
    SetRole,
)
from sessions.commands.sections import Approve, Cancel, Deny, RequestSection, Resend
from sessions.commands.takes import AcceptTake, LoopTake, PlayTake, RateTake, RejectTake, StopTake, VoteTake
from sessions.errors import Code, Refused
from sessions.plain import fields_of, record_from, unknown_field

__all__ = [
    "COMMANDS",
    "AcceptTake",
    "Accompany",
    "Approve",
    "AskCapabilities",
    "AskHead",
    "AskTransport",
    "Cancel",
    "Command",
    "DefineRole",
    "Deny",
    "EngineAhead",
    "EngineBar",
    "EngineDone",
    "EngineFailed",
    "EngineProgress",
    "EngineReady",
    "EngineStem",
    "Join",
    "Leave",
    "LiveBend",
    "LiveControl",
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
    "Rest",
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
    if kind in (RequestSection.TYPE, Accompany.TYPE):
        fields = {"id": fields.pop("id", None), "fields": fields}
    command: Command = record_from(COMMANDS[kind], fields)
    _check(command)
    return command


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise Refused(Code.BAD_VALUE, f"{name}: {value:g} is out of range; send {low:g} to {high:g}")


@functools.cache
def _names_in(kind: str) -> tuple[str, ...]:
    """The fields of a command that name something."""
    return tuple(name for name in ("id", "take", "member", "role", "section") if name in fields_of(COMMANDS[kind]))


def _check(command: Command) -> None:
    """The ranges of single fields; what hangs on the session's state is for `decide`."""
    for name in _names_in(command.TYPE):
        text = getattr(command, name)
        if text is not None and len(text) > MAX_ID * 2:
            raise Refused(Code.TOO_LARGE, f"{name}: {len(text)} characters are too many; send {MAX_ID} at most")
    match command:
        case RequestSection(id=id_) | Accompany(id=id_) if not id_ or len(id_) > MAX_ID or not id_.isprintable():
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
        case LiveControl(controller=controller, value=value):
            _between("controller", controller, 0, 119)  # 120 and above are no controllers but orders to the instrument
            _between("value", value, 0, 127)
        case LiveBend(value=value):
            _between("value", value, -8192, 8191)
        case EngineBar(notes=notes) if len(notes) > MAX_NOTES:
            raise Refused(Code.TOO_LARGE, f"notes: {len(notes)} in one bar are too many; send {MAX_NOTES} at most")
        case EngineAhead(notes=notes) if sum(map(len, notes.values())) > MAX_NOTES:
            raise Refused(Code.TOO_LARGE, f"notes: send {MAX_NOTES} at most, in smaller steps")
        case EngineProgress(done=done):
            _between("done", done, 0, 1)
