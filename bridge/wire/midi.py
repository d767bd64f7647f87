"""MIDI's bytes to messages, and the bytes of those that we send.

Pure: bytes in, messages out, whatever the pieces they come in. Running status is kept, real-time bytes may fall anywhere, even
inside a message, and are handed out where they fell; system exclusive is skipped; what is no MIDI is skipped up to the next
status byte. Nothing is raised: a cable has no one to be told.

    >>> ear = Tokenizer()
    >>> ear.feed(bytes.fromhex("90 3c"))
    []
    >>> ear.feed(bytes.fromhex("f8 64 3e 00"))          # a clock inside a note, then a second one without its status
    [System(kind=248), NoteOn(channel=0, pitch=60, velocity=100), NoteOff(channel=0, pitch=62)]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "ALL_NOTES_OFF",
    "ALL_SOUND_OFF",
    "CLOCK",
    "CONTINUE",
    "RESET_CONTROLLERS",
    "START",
    "STOP",
    "SUSTAIN",
    "Bend",
    "Control",
    "Message",
    "NoteOff",
    "NoteOn",
    "Position",
    "Program",
    "System",
    "Tokenizer",
    "bend",
    "control",
    "note_off",
    "note_on",
    "position",
    "program",
    "silence",
]

SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123
"""Controllers with a meaning of their own."""
CLOCK, START, CONTINUE, STOP = 0xF8, 0xFA, 0xFB, 0xFC
"""Real-time bytes."""
SYSEX, SONG_POSITION, SYSEX_END = 0xF0, 0xF2, 0xF7
REALTIME = 0xF8
STRAIGHT = 8192
"""The pitch wheel at rest, as its two bytes say it."""
LARGEST_POSITION = (1 << 14) - 1

_DATA = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2, 0xF1: 1, SONG_POSITION: 2, 0xF3: 1}
"""Data bytes after a status; the others have none."""


@dataclass(frozen=True, slots=True)
class NoteOn:
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    """Also a note-on with velocity 0; how fast a key comes up is not told."""

    channel: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Control:
    channel: int
    controller: int
    value: int


@dataclass(frozen=True, slots=True)
class Program:
    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class Bend:
    """The pitch wheel: -8192 to 8191, 0 is straight."""

    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class Position:
    """The song position in sixteenths."""

    sixteenths: int


@dataclass(frozen=True, slots=True)
class System:
    """A byte that stands for itself: clock, start, stop and the like."""

    kind: int


Message = NoteOn | NoteOff | Control | Program | Bend | Position | System


class Tokenizer:
    """What one cable says; messages that mean nothing here (aftertouch, time code, song select) are taken in and dropped."""

    def __init__(self) -> None:
        self._status = 0
        """Of the message that is being read, or of the last one that may go on without it; 0 where data means nothing."""
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with these bytes, in order."""
        return list(self._read(data))

    def _read(self, data: bytes) -> Iterator[Message]:
        for byte in data:
            if byte >= REALTIME:
                yield System(byte)  # whatever it falls into goes on after it
            elif byte & 0x80:
                self._begin(byte)
            elif self._status:
                self._data.append(byte)
                if len(self._data) == _DATA[_kind(self._status)]:
                    yield from self._complete()

    def _begin(self, status: int) -> None:
        """A status ends whatever was being read; of the system's own, none runs on."""
        self._data.clear()
        self._status = status if _kind(status) in _DATA else 0

    def _complete(self) -> Iterator[Message]:
        kind, channel, (first, *more) = _kind(self._status), self._status & 0x0F, bytes(self._data)
        self._data.clear()
        if self._status >= SYSEX:
            self._status = 0
        match kind:
            case 0x90 if more[0]:
                yield NoteOn(channel, first, more[0])
            case 0x80 | 0x90:
                yield NoteOff(channel, first)
            case 0xB0:
                yield Control(channel, first, more[0])
            case 0xC0:
                yield Program(channel, first)
            case 0xE0:
                yield Bend(channel, first + 128 * more[0] - STRAIGHT)
            case _ if kind == SONG_POSITION:
                yield Position(first + 128 * more[0])


def _kind(status: int) -> int:
    return status if status >= SYSEX else status & 0xF0


def note_on(channel: int, pitch: int, velocity: int) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def note_off(channel: int, pitch: int) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def control(channel: int, controller: int, value: int) -> bytes:
    return bytes([0xB0 | channel, controller, value])


def program(channel: int, number: int) -> bytes:
    return bytes([0xC0 | channel, number])


def bend(channel: int, value: int) -> bytes:
    """The pitch wheel; 0 is straight."""
    return bytes([0xE0 | channel, (value + STRAIGHT) & 0x7F, (value + STRAIGHT) >> 7])


def position(sixteenths: int) -> bytes:
    """The song position, as far as its fourteen bits go."""
    sixteenths = min(sixteenths, LARGEST_POSITION)
    return bytes([SONG_POSITION, sixteenths & 0x7F, sixteenths >> 7])


def silence(channel: int) -> tuple[bytes, ...]:
    """All that can hang on a channel let go: the pedal, the wheels, and every note, in the order in which nothing sounds on."""
    return (
        control(channel, SUSTAIN, 0),
        control(channel, ALL_NOTES_OFF, 0),
        control(channel, RESET_CONTROLLERS, 0),
        bend(channel, 0),
    )
