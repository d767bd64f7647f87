"""The permission table as the contract tells it, written down a second time by hand: role, commands, and the parts they reach.

The code's own stands in `sessions.roles`. Tests of the rules and of the doors hold it to this one.

    may("rhythm", "live.note", {Part.DRUMS})        # Permit.YES
"""

from __future__ import annotations

from collections.abc import Collection

from sessions.commands import COMMANDS
from sessions.music import Part
from sessions.roles import WITH_PARTS, Permit

__all__ = ["DJ", "ENGINE_SAYS", "EVERYBODY", "HARMONY", "MAY", "PEOPLE", "RHYTHM", "VOICE", "may"]

RHYTHM = {Part.DRUMS, Part.BASS}
HARMONY = {Part.HARMONY, Part.MELODY, Part.TEXTURE}
EVERYBODY = {
    "session.join",
    "session.leave",
    "session.ping",
    "section.resend",
    "transport.state",
    "log.head",
    "capabilities",
}
PEOPLE = {name for name in COMMANDS if not name.startswith("engine.")}
ENGINE_SAYS = {name for name in COMMANDS if name.startswith("engine.")}
VOICE = {"take.rate", "take.vote", "chat.say"}

MAY: dict[str, tuple[set[str], set[Part]]] = {
    "leader": (PEOPLE, set(Part)),
    "rhythm": (EVERYBODY | VOICE | WITH_PARTS | {"section.cancel", "live.rest"}, RHYTHM),
    "harmony": (EVERYBODY | VOICE | WITH_PARTS | {"section.cancel", "live.rest"}, HARMONY),
    "guest": (
        EVERYBODY | VOICE | {"section.request", "section.cancel", "live.note", "live.control", "live.bend"},
        set(Part),
    ),
    "listener": (EVERYBODY | VOICE, set()),
    "engine": (EVERYBODY - {"section.resend", "transport.state"} | ENGINE_SAYS, set()),
}

DJ = "take.play:drums+bass take.stop live.note:melody section.request:bass? section.cancel transport.tempo"
"""A role of a leader's own, in a leader's words."""
_DJ = {
    "take.play": RHYTHM,
    "take.stop": set(Part),
    "live.note": {Part.MELODY},
    "section.request": {Part.BASS},
    "section.cancel": set(Part),
    "transport.tempo": set(Part),
}
_WAITS = {("guest", "section.request"), ("dj", "section.request")}


def may(role: str, command: str, parts: Collection[Part] = ()) -> Permit:
    """What the table says; `dj` is whoever has the grants of `DJ`."""
    if role == "dj":
        commands, reach = EVERYBODY | _DJ.keys(), _DJ.get(command, set())
    else:
        commands, reach = MAY[role]
    if command not in commands or (command in WITH_PARTS and not reach.issuperset(parts)):
        return Permit.NO
    return Permit.ASK if (role, command) in _WAITS else Permit.YES
