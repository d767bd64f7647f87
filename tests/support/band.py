"""A session in memory for tests of the rules: no disk, no loop, a clock that is moved by hand.

band = Band()
ana = band.join("leader", "ana")
events = band.do(ana, "section.request", id="a", bars=2)
band.engine()            # from here on sections are handed out
band.play_out("ana/a")   # the engine writes all of it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sessions.answers import Message, outcome, tell
from sessions.apply import apply
from sessions.commands import Join, parse_command
from sessions.decide import Moment, decide, engines, members
from sessions.events import Created, Event, from_fields, to_fields
from sessions.log import time_text
from sessions.music import Part
from sessions.state import State

__all__ = ["Band"]


class Band:
    """Decides and applies as the host does, and keeps every event as the log would."""

    def __init__(self) -> None:
        self.state = State()
        self.now_us = 1_800_000_000_000_000
        self.log: list[tuple[str, dict[str, Any], str]] = []
        self.heard: list[Message] = []
        self.engine_expected = True
        self._write("", Created("jam", "starbridge.local/jam/00000000", "key", "test"))

    def join(
        self, role: str, name: str = "", *, invite: str = "", key: str = "", named: str = "", before: str = ""
    ) -> str:
        """A member by an invite of that role; the name they got."""
        door = members.Door(invite or f"{role}-invite", role, named, before)
        (event,) = members.join(self.state, door, Join(name=name, key=key)).events
        member: str = event.member  # type: ignore[attr-defined]
        self._write(member, event)
        self._follow_up()
        return member

    def do(self, member: str, kind: str, /, **fields: Any) -> tuple[Event, ...]:
        """One command; what it came to. Raises `Refused`."""
        return self.send(member, {"type": kind, **fields})

    def send(self, member: str, message: Mapping[str, Any]) -> tuple[Event, ...]:
        decision = decide(self.state, member, parse_command(message), self.moment())
        self.heard.extend(message for answers in decision.answers for message in answers)
        if decision.recite:
            told = outcome(self.state, self.state.sections[decision.recite])
            self.heard.extend(message for messages in told for message in messages)
        for index, event in enumerate(decision.events):
            self._write(member if index == 0 else "", event)
        self._follow_up()
        return decision.events

    def moment(self) -> Moment:
        return Moment(self.now_us, time_text(self.now_us), lambda *_: b"midi", self.engine_expected)

    def engine(self, name: str = "engine") -> str:
        """An engine that joins and is ready."""
        member = self.join("engine", name, invite=f"invite-of-{name}")
        self.do(member, "engine.ready", name="test", software="1", renderers=[{"name": "sampler", "licence": "CC0"}])
        return member

    def lose(self, member: str) -> None:
        """The member's connection is gone."""
        for event in members.away(self.state, member).events:
            self._write("", event)
        self._follow_up()

    def play_out(self, section: str) -> str:
        """Let the section's engine write all of it; the take's name."""
        found = self.state.sections[section]
        request, engine = found.request, found.engine
        for bar in range(1, request.bars + 1):
            start = (bar - 1) * request.ticks_per_bar
            for part in request.note_parts:
                self.do(engine, "engine.bar", section=section, part=str(part), bar=bar, notes=[[start, 10, 60, 100]])
        if request.stems:
            for name in (*map(str, request.parts), "mix"):
                self.do(engine, "engine.stem", section=section, part=name, sha256="ab" * 32, frames=10, rate=44100)
        self.do(engine, "engine.done", section=section, composer={"name": "c"}, renderer={"name": "r"}, chords="Am")
        return found.take

    def take(self, member: str, id_: str, parts: str = "drums,bass") -> str:
        """A finished take of these parts, asked for by a member who may."""
        self.do(member, "section.request", id=id_, bars=1, parts=parts)
        return self.play_out(f"{member}/{id_}")

    def messages(self, kind: str) -> list[Message]:
        return [message for message in self.heard if message["type"] == kind]

    def replayed(self) -> State:
        """The state that the log alone adds up to."""
        state = State()
        for member, fields, time in json.loads(json.dumps(self.log)):
            apply(state, member, from_fields(fields), time)
        return state

    def _follow_up(self) -> None:
        while events := engines.follow_ups(self.state):
            for event in events:
                self._write("", event)

    def _write(self, member: str, event: Event) -> None:
        time = time_text(self.now_us)
        self.log.append((member, to_fields(event), time))
        apply(self.state, member, event, time)
        for told in tell(self.state, member, event):
            self.heard.extend(told.messages)


ALL_PARTS = ",".join(Part)
