"""The voices: plays plans, and knows what sounds.

Owned by whoever sends, in one thread: a plan comes in, what is due goes out, in order. Each note begins once; each that has
begun ends; a note that begins where the same pitch sounds on its channel ends that one first; `silence` ends everything.

    >>> voices = Voices()
    >>> voices.take(Plan(0, (Tone(1, 1000, 5000, 0, 60, 100), Tone(2, 3000, 9000, 0, 60, 90))))
    >>> [(at, data.hex()) for at, data, _ in voices.due(10_000, now_us=0)]
    [(1000, '903c64'), (3000, '803c00'), (3000, '903c5a'), (9000, '803c00')]
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import NamedTuple

from bridge.midi.plan import FOREVER_US, LATE_US, Plan, Tone, Word
from bridge.wire import midi

__all__ = ["Due", "Voices"]

SHORTEST_US = 2_000
"""A note sounds for so long at least: some instruments miss one that ends in the moment in which it begins."""
ENDS, SAYS, BEGINS = 0, 1, 2
"""What happens at one time happens in this order."""


class Due(NamedTuple):
    """Bytes and their time; `ahead` where that was known before it came, so that lateness would be ours."""

    at_us: int
    data: bytes
    ahead: bool


@dataclass(slots=True)
class _Sounding:
    channel: int
    pitch: int
    began_us: int
    off_us: int
    ahead: bool
    """Its end is known ahead."""


class Voices:
    """One cable's."""

    def __init__(self) -> None:
        self._agenda: list[tuple[int, int, int]] = []
        """A heap of time, what, id."""
        self._tones: dict[int, Tone] = {}
        self._words: dict[int, Word] = {}
        self._at_once: set[int] = set()
        """What was to begin as soon as it was heard of."""
        self._begun: set[int] = set()
        """What the last plan names and is done already, or sounds."""
        self._sounding: dict[int, _Sounding] = {}
        self._owner: dict[tuple[int, int], int] = {}
        """Who sounds on a channel's pitch: only he ends it."""
        self._running = False
        """Others go by our beat."""
        self.begun, self.left_out = 0, 0
        """Notes that began so far, and notes that came too late to."""

    @property
    def sounding(self) -> int:
        """Notes that sound."""
        return len(self._sounding)

    @property
    def channels(self) -> set[int]:
        """Where notes sound."""
        return {channel for channel, _ in self._owner}

    def take(self, plan: Plan) -> None:
        """From now on this plan holds."""
        ends = {tone.id: tone.off_us for tone in plan.notes} | dict(plan.held)
        for id_, voice in self._sounding.items():
            off_us = ends.get(id_, plan.now_us)
            if off_us != voice.off_us:
                voice.off_us, voice.ahead = off_us, off_us > plan.now_us
        self._begun &= {*ends, *(word.id for word in plan.said), *self._sounding}
        known = self._tones.keys() | self._words.keys()
        self._tones = {tone.id: tone for tone in plan.notes if tone.id not in self._begun}
        self._words = {word.id: word for word in plan.said if word.id not in self._begun}
        now = {tone.id for tone in self._tones.values() if tone.on_us <= plan.now_us}
        now |= {word.id for word in self._words.values() if word.at_us <= plan.now_us}
        self._at_once = (now - known) | (now & self._at_once)
        self._agenda = [
            *((tone.on_us, BEGINS, id_) for id_, tone in self._tones.items()),
            *((word.at_us, SAYS, id_) for id_, word in self._words.items()),
            *((self._end_us(voice), ENDS, id_) for id_, voice in self._sounding.items()),
        ]
        heapq.heapify(self._agenda)

    def next_us(self) -> int:
        """When something is due next; `FOREVER_US` where nothing is."""
        return self._agenda[0][0] if self._agenda else FOREVER_US

    def due(self, until_us: int, now_us: int) -> list[Due]:
        """All that is due before a time, with its own time, which may have passed; it is taken as sent."""
        sent: list[Due] = []
        while self._agenda and self._agenda[0][0] < until_us:
            at_us, what, id_ = heapq.heappop(self._agenda)
            if what == ENDS:
                self._end(id_, at_us, sent)
            elif what == SAYS:
                self._begun.add(id_)
                self._say(self._words.pop(id_), sent)
            else:
                self._begin(self._tones.pop(id_), now_us, sent)
        return sent

    def silence(self) -> list[bytes]:
        """Ends of all that sounds, and of the beat that others go by; nothing of the plan is left."""
        ends = [midi.note_off(channel, pitch) for channel, pitch in self._owner]
        if self._running:
            ends.append(bytes([midi.STOP]))
        self._running = False
        self._agenda.clear()
        self._tones.clear()
        self._words.clear()
        self._sounding.clear()
        self._owner.clear()
        self._begun.clear()  # what is still held sounds again where a plan comes after this
        return ends

    def _say(self, word: Word, sent: list[Due]) -> None:
        if word.data[0] in (midi.START, midi.CONTINUE, midi.STOP):
            self._running = word.data[0] != midi.STOP
        sent.append(Due(word.at_us, word.data, word.id not in self._at_once))

    def _begin(self, tone: Tone, now_us: int, sent: list[Due]) -> None:
        self._begun.add(tone.id)
        if now_us - tone.on_us > LATE_US and tone.off_us < FOREVER_US:
            self.left_out += 1
            return
        place = tone.channel, tone.pitch
        if place in self._owner:
            self._end(self._owner[place], tone.on_us, sent)
        ahead = tone.id not in self._at_once
        voice = _Sounding(tone.channel, tone.pitch, max(tone.on_us, now_us), tone.off_us, ahead)
        self._sounding[tone.id], self._owner[place] = voice, tone.id
        self.begun += 1
        sent.append(Due(tone.on_us, midi.note_on(tone.channel, tone.pitch, tone.velocity), ahead))
        heapq.heappush(self._agenda, (self._end_us(voice), ENDS, tone.id))

    def _end(self, id_: int, at_us: int, sent: list[Due]) -> None:
        voice = self._sounding.pop(id_, None)
        if voice is None:
            return
        del self._owner[voice.channel, voice.pitch]
        sent.append(Due(at_us, midi.note_off(voice.channel, voice.pitch), voice.ahead))

    @staticmethod
    def _end_us(voice: _Sounding) -> int:
        return max(voice.off_us, voice.began_us + SHORTEST_US)
