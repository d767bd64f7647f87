"""A hand: what somebody plays on a keyboard or a controller, as the session's live messages.

A channel is a part, as on the way out; one that is no part's plays the melody. Of a wheel or fader that floods only so many
movements a second are told, and where it comes to rest always is. What the hand holds is known, so it can be let go when the
cable is pulled.

    >>> from bridge.wire.midi import NoteOn
    >>> Hand().hear(NoteOn(9, 36, 100), now_us=0)
    [{'type': 'live.note', 'part': 'drums', 'pitch': 36, 'velocity': 100}]
"""

from __future__ import annotations

from typing import Any

from bridge.buckets import Bucket
from bridge.wire.midi import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    Bend,
    Control,
    Message,
    NoteOff,
    NoteOn,
)
from sessions.music import Part

__all__ = ["EACH_US", "Hand", "part_of"]

Said = dict[str, Any]

EACH_US = 10_000
"""One controller is told so seldom at most: a hundred steps a second are a smooth move."""
MOVES_PER_S = 150
"""And all of them together: fewer than the session lets a member move."""
SWITCHES = range(64, 70)
"""Pedals: what matters is on which side of the middle they are."""
SETTINGS = frozenset((0, 32, 6, 38, *range(96, 102)))
"""Banks, and parameters by number: they change an instrument that all share, for good, and mean nothing one by one."""
BEND = -1
"""The wheel, among the controllers."""

_PARTS = {part.channel: part for part in Part}


def part_of(channel: int) -> Part:
    """Whose channel it is."""
    return _PARTS.get(channel, Part.MELODY)


class Hand:
    """One cable's; `part` is what all channels play, where it is given."""

    def __init__(self, part: Part | None = None) -> None:
        self._part = part
        self._held: dict[tuple[Part, int], int] = {}
        """Notes, and the channel that each was begun on."""
        self._told: dict[tuple[Part, int], tuple[int, int]] = {}
        """Of each controller: when it was told last, and what."""
        self._waiting: dict[tuple[Part, int], int] = {}
        self._bucket = Bucket(MOVES_PER_S, MOVES_PER_S)

    def hear(self, message: Message, now_us: int) -> list[Said]:
        """What a message means."""
        match message:
            case NoteOn(channel, pitch, velocity):
                part = self._part or part_of(channel)
                self._held[part, pitch] = channel
                return [_note(part, pitch, velocity)]
            case NoteOff(channel, pitch):
                part = self._part or part_of(channel)
                return [_note(part, pitch, 0)] if self._held.pop((part, pitch), None) is not None else []
            case Control(channel, controller, _) if controller == RESET_CONTROLLERS:
                return self._rest(self._part or part_of(channel))
            case Control(channel, controller, _) if controller >= ALL_SOUND_OFF:
                return self._end(channel) if controller == ALL_SOUND_OFF or controller >= ALL_NOTES_OFF else []
            case Control(_, controller, _) if controller in SETTINGS:
                return []
            case Control(channel, controller, value):
                return self._move((self._part or part_of(channel), controller), value, now_us)
            case Bend(channel, value):
                return self._move((self._part or part_of(channel), BEND), value, now_us)
            case _:
                return []

    def due(self, now_us: int) -> list[Said]:
        """Movements that were held back and may be told now."""
        ready = [what for what in self._waiting if self._may(what, now_us)]
        return [self._tell(what, self._waiting.pop(what), now_us) for what in ready]

    @property
    def waits(self) -> bool:
        """Something is held back."""
        return bool(self._waiting)

    def again(self, said: Said) -> None:
        """The session had no room for it: it is told later, if it is a movement and none came after it."""
        if said["type"] == "live.note":
            return
        what = Part(said["part"]), said.get("controller", BEND)
        self._waiting.setdefault(what, said["value"])

    def let_go(self) -> list[Said]:
        """The cable is gone: every note ends, and what was moved rests."""
        ends = [_note(part, pitch, 0) for part, pitch in self._held]
        self._held.clear()
        return [*ends, *(said for part in Part for said in self._rest(part))]

    def _end(self, channel: int) -> list[Said]:
        """All notes of a channel."""
        ended = [note for note, its in self._held.items() if its == channel]
        return [_note(*note, 0) for note in ended if self._held.pop(note) is not None]

    def _rest(self, part: Part) -> list[Said]:
        """Whatever of a part is away from 0 and has a rest there: wheels and pedals, not volumes."""
        moved = {what: value for what, (_, value) in self._told.items()} | self._waiting
        away = [what for what, value in moved.items() if value and what[0] is part and _rests(what[1])]
        for what in away:
            self._waiting.pop(what, None)
            self._told.pop(what, None)
        return [_moved(*what, 0) for what in away]

    def _move(self, what: tuple[Part, int], value: int, now_us: int) -> list[Said]:
        _, before = self._told.get(what, (0, 0 if _rests(what[1]) else None))
        if value == before:
            self._waiting.pop(what, None)
            return []
        switched = what[1] in SWITCHES and (value >= 64) != (before is not None and before >= 64)
        at_once = (value == 0 and _rests(what[1])) or (switched and self._bucket.take(1, now_us / 1e6))
        if at_once or (what not in self._waiting and self._may(what, now_us)):
            self._waiting.pop(what, None)
            return [self._tell(what, value, now_us)]
        self._waiting[what] = value
        return []

    def _may(self, what: tuple[Part, int], now_us: int) -> bool:
        last_us, _ = self._told.get(what, (now_us - EACH_US, 0))
        return now_us - last_us >= EACH_US and self._bucket.take(1, now_us / 1e6)

    def _tell(self, what: tuple[Part, int], value: int, now_us: int) -> Said:
        self._told[what] = now_us, value
        return _moved(*what, value)


def _rests(controller: int) -> bool:
    return controller in (BEND, 1) or controller in SWITCHES


def _note(part: Part, pitch: int, velocity: int) -> Said:
    return {"type": "live.note", "part": str(part), "pitch": pitch, "velocity": velocity}


def _moved(part: Part, controller: int, value: int) -> Said:
    if controller == BEND:
        return {"type": "live.bend", "part": str(part), "value": value}
    return {"type": "live.control", "part": str(part), "controller": controller, "value": value}
