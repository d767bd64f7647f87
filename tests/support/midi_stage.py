"""A session, its score and a receiver under a clock that is moved by hand: what is heard, and when.

stage = Stage()
take = stage.take({"bass": [(0, 480, 36, 100)]}, bars=1)
stage.do("take.loop", take=take, at="now")
stage.run(2.0)                     # two seconds, planned ten times each, sent in cycles
stage.ons()                        # [(time_us, channel, pitch), ...]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.midi.score import Score
from bridge.midi.voices import Voices
from bridge.wire.midi import Message, NoteOff, NoteOn, Tokenizer
from tests.support.band import Band

__all__ = ["Stage"]

CYCLE_US = 5_333
PLAN_US = 100_000


class Stage:
    """A band with a leader `ana`, a rhythm member `rhy` and an engine; `own` plays by the port itself."""

    def __init__(self, **options: bool) -> None:
        self.band = Band()
        for role, name in (("leader", "ana"), ("rhythm", "rhy"), ("leader", "own")):
            self.band.join(role, name)
        self.band.engine()
        self.score, self.voices = Score(**options), Voices()
        self.sent: list[tuple[int, bytes]] = []
        self._told = 0
        self._plan_us = 0

    @property
    def now_us(self) -> int:
        return self.band.now_us

    def take(self, notes: Mapping[str, Sequence[tuple[int, int, int, int]]], bars: int = 1, **fields: Any) -> str:
        """A take of these notes: start and length in ticks, pitch, velocity."""
        id_ = f"s{len(self.band.state.sections)}"
        self.band.do("ana", "section.request", id=id_, bars=bars, parts=",".join(notes), stems=0, **fields)
        section = self.band.state.sections[f"ana/{id_}"]
        bar = section.request.ticks_per_bar
        for part, some in notes.items():
            for number in range(1, bars + 1):
                own = [list(note) for note in some if (number - 1) * bar <= note[0] < number * bar]
                self.band.do("engine", "engine.bar", section=section.name, part=part, bar=number, notes=own)
        self.band.do("engine", "engine.done", section=section.name, composer={"name": "c"}, renderer={"name": "r"})
        return section.take

    def do(self, kind: str, /, member: str = "ana", **fields: Any) -> None:
        """Somebody does something, and the door plans at once."""
        self.band.do(member, kind, **fields)
        self.changed()

    def changed(self) -> None:
        self.hear()
        self.plan()

    def hear(self) -> None:
        for message in self.band.heard[self._told :]:
            if message["type"] in ("live.note", "live.control", "live.bend") and message["member"] != "own":
                self.score.heard(message, self.now_us)
        self._told = len(self.band.heard)

    def plan(self) -> None:
        self._plan_us = self.now_us
        self.voices.take(self.score.plan(self.band.state, self.now_us))

    def run(self, seconds: float, *, planned: bool = True) -> None:
        """Time passes; `planned` says whether the server is alive."""
        end_us = self.now_us + round(seconds * 1e6)
        while self.now_us < end_us:
            if planned and self.now_us - self._plan_us >= PLAN_US:
                self.plan()
            due = self.voices.due(self.now_us + CYCLE_US, self.now_us)
            self.sent += [(at_us, data) for at_us, data, _ in due]
            self.band.now_us += CYCLE_US

    def messages(self) -> list[tuple[int, Message]]:
        ear = Tokenizer()
        return [(at_us, message) for at_us, data in self.sent for message in ear.feed(data)]

    def ons(self) -> list[tuple[int, int, int]]:
        return [(at, one.channel, one.pitch) for at, one in self.messages() if isinstance(one, NoteOn)]

    def offs(self) -> list[tuple[int, int, int]]:
        return [(at, one.channel, one.pitch) for at, one in self.messages() if isinstance(one, NoteOff)]

    def hanging(self) -> int:
        return self.voices.sounding
