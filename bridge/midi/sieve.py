"""A sieve for what comes in, so that a broken controller, or a loop of cables, is not heard as far as the session.

Pure, in the sender: bytes of a cable in, bytes of what a hand can play out, each message whole. Notes are as many as a member may
play, and each that came through ends; of controllers the newest value always comes through, if a little later. System exclusive,
clocks and program changes stay here.

    >>> sieve = Sieve()
    >>> sieve.feed(bytes.fromhex("f07e7f f8 0901f7 903c64"), at_us=0)
    [(0, b'\\x90<d')]
"""

from __future__ import annotations

from bridge.buckets import Bucket
from bridge.wire.midi import Bend, Control, NoteOff, NoteOn, Tokenizer, bend, control, note_off, note_on

__all__ = ["MOVES_BURST", "MOVES_PER_S", "NOTES_BURST", "NOTES_PER_S", "Sieve"]

NOTES_PER_S, NOTES_BURST = 500, 1200
"""A little more than the session lets a member play, so that it is the session that says so."""
MOVES_PER_S, MOVES_BURST = 1000, 500
"""Of all controllers together: ten faders of which each is read a hundred times a second."""
BEND = -1
"""The wheel, among the controllers."""

Came = tuple[int, bytes]
"""A time and a message."""


class Sieve:
    """One cable's."""

    def __init__(self) -> None:
        self._ear = Tokenizer()
        self._notes, self._moves = Bucket(NOTES_PER_S, NOTES_BURST), Bucket(MOVES_PER_S, MOVES_BURST)
        self._held: set[tuple[int, int]] = set()
        self._waiting: dict[tuple[int, int], bytes] = {}
        self.held_back = 0
        """Notes that did not come through, and values after which newer ones did."""

    @property
    def waits(self) -> bool:
        """Something is to come through later."""
        return bool(self._waiting)

    def feed(self, data: bytes, at_us: int) -> list[Came]:
        """What comes through at once."""
        through: list[Came] = []
        for message in self._ear.feed(data):
            match message:
                case NoteOn(channel, pitch, velocity):
                    if self._notes.take(1, at_us / 1e6):
                        self._held.add((channel, pitch))
                        through.append((at_us, note_on(channel, pitch, velocity)))
                    else:
                        self.held_back += 1
                case NoteOff(channel, pitch) if (channel, pitch) in self._held:
                    self._held.discard((channel, pitch))
                    through.append((at_us, note_off(channel, pitch)))
                case Control(channel, controller, value):
                    through += self._move((channel, controller), control(channel, controller, value), at_us)
                case Bend(channel, value):
                    through += self._move((channel, BEND), bend(channel, value), at_us)
        return through

    def _move(self, what: tuple[int, int], data: bytes, at_us: int) -> list[Came]:
        if not self._waiting and self._moves.take(1, at_us / 1e6):
            return [(at_us, data)]
        self.held_back += what in self._waiting
        self._waiting[what] = data  # in the turn that it has
        return []

    def due(self, now_us: int) -> list[Came]:
        """What waited and comes through by now, the longest unheard first."""
        through = []
        while self._waiting and self._moves.take(1, now_us / 1e6):
            what = next(iter(self._waiting))
            through.append((now_us, self._waiting.pop(what)))
        return through
