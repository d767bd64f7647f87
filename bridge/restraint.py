"""Restraint: how much one member may play and say, so that nobody else waits behind it.

What is too much is refused once, with advice, and for a second after that dropped without a word: an answer for each of ten
thousand notes would be a flood of its own. But for the end of a note that sounds, and for what lets go of a pedal or a wheel:
that is never dropped, so nothing hangs, and no more ends can come through than notes did.

    restraint = Restraint(lambda member: state.sounding.get(member, ()), lambda member: state.moved.get(member, ()))
    restraint.lets("ana", command, now_us)      # False: drop it; raises Refused (too-many) the first time
    restraint.is_deaf("ana", "live.note", now_us)    # a door may drop what begins a note before it has read it
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.buckets import Bucket
from sessions.commands import Command, LiveBend, LiveControl, LiveNote, Say
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.state import BEND

__all__ = [
    "CHATS_BURST",
    "CHATS_PER_S",
    "CONTROLS_BURST",
    "CONTROLS_PER_S",
    "NOTES_BURST",
    "NOTES_PER_S",
    "SILENT_S",
    "Restraint",
]

NOTES_PER_S = 400
"""Notes of one member, begun or ended: ten fingers, each of which trills at ten notes a second, twice."""
NOTES_BURST = 1000
"""And as many at once: a few bars of a dense piece, sent by a program that does not keep time."""
CONTROLS_PER_S = 200
"""Movements of controllers and bends of one member; a hand on two wheels makes a hundred that can be told apart."""
CONTROLS_BURST = 400
"""And as many at once."""
CHATS_PER_S = 5
"""Lines of chat; nobody types faster, and each is on disk before it is shown."""
CHATS_BURST = 50
"""And as many at once: the words of a song, pasted line by line. Each is told to all, and who waits for the disk waits for that."""
SILENT_S = 1.0
"""For so long nothing more is said of what is dropped."""


_MOVED = (LiveControl, LiveBend)
_RESTRAINED = (LiveNote, *_MOVED, Say)


@dataclass(slots=True)
class _Hand:
    """One member's."""

    notes: Bucket = field(default_factory=lambda: Bucket(NOTES_PER_S, NOTES_BURST))
    controls: Bucket = field(default_factory=lambda: Bucket(CONTROLS_PER_S, CONTROLS_BURST))
    chats: Bucket = field(default_factory=lambda: Bucket(CHATS_PER_S, CHATS_BURST))
    silent_until_s: dict[str, float] = field(default_factory=dict)
    """By what is dropped."""

    def bucket(self, kind: str) -> Bucket:
        match kind:
            case LiveNote.TYPE:
                return self.notes
            case LiveControl.TYPE | LiveBend.TYPE:
                return self.controls
            case _:
                return self.chats

    def is_silent(self, kind: str, now_s: float) -> bool:
        return now_s < self.silent_until_s.get(kind, float("-inf"))


class Restraint:
    """All members of one session; `sounding` says which notes a member holds down, `moved` which pedals and wheels."""

    def __init__(
        self,
        sounding: Callable[[str], Collection[tuple[Part, int]]],
        moved: Callable[[str], Collection[tuple[Part, int]]] = lambda member: (),
    ) -> None:
        self._sounding, self._moved = sounding, moved
        self._hands: dict[str, _Hand] = {}
        self.held_back = 0
        """What was dropped so far, of those that came this far."""

    def lets(self, member: str, command: Command, now_us: int) -> bool:
        """Whether a command may go on; False where it is dropped. Raises `Refused` where that is to be said."""
        if not isinstance(command, _RESTRAINED):
            return True
        hand, now_s, kind = self._hands.setdefault(member, _Hand()), now_us / 1e6, command.TYPE
        if isinstance(command, LiveNote) and self._is_end(member, command.part, command.pitch, command.velocity):
            return True
        if isinstance(command, _MOVED) and self._lets_go(member, command):
            return True
        if hand.bucket(kind).take(1, now_s):
            return True
        self.held_back += 1
        if hand.is_silent(kind, now_s):
            return False
        hand.silent_until_s[kind] = now_s + SILENT_S
        raise Refused(Code.TOO_MANY, _ADVICE[kind])

    def ends(self, member: str, message: Mapping[str, Any]) -> bool:
        """Whether a message, as it came, ends a note that sounds."""
        is_note = message.get("type") == LiveNote.TYPE
        return is_note and self._is_end(member, message.get("part"), message.get("pitch"), message.get("velocity"))

    def _is_end(self, member: str, part: object, pitch: object, velocity: object) -> bool:
        return velocity == 0 and (part, pitch) in self._sounding(member)

    def _lets_go(self, member: str, command: LiveControl | LiveBend) -> bool:
        moved = BEND if isinstance(command, LiveBend) else command.controller
        return command.value == 0 and (command.part, moved) in self._moved(member)

    def is_deaf(self, member: str, kind: str, now_us: int) -> bool:
        """Whether one more of this kind would be dropped without a word, if it does not end a note."""
        hand, now_s = self._hands.get(member), now_us / 1e6
        deaf = hand is not None and hand.is_silent(kind, now_s) and not hand.bucket(kind).has(1, now_s)
        self.held_back += deaf
        return deaf


_ADVICE = {
    LiveNote.TYPE: f"note: more than {NOTES_PER_S} a second are dropped; play fewer, or ask for a section",
    LiveControl.TYPE: f"control: more than {CONTROLS_PER_S} a second are dropped; move fewer controllers at once",
    LiveBend.TYPE: f"bend: more than {CONTROLS_PER_S} a second are dropped; send fewer",
    Say.TYPE: f"text: more than {CHATS_PER_S} lines a second are dropped; say it in one line",
}
