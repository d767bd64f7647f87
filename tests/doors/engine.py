"""An engine that a test plays by hand, at a server that has none of its own: quick, and what it writes is the test's choice.

with HandEngine(server) as engine:
    leader.say("section.request", id="a", bars=1, parts="drums", stems=0)
    engine.write(engine.work())
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx

from sessions.music import parse_request
from tests.doors.clients import WebSocket
from tests.support.server import Server
from tests.support.wav import wav

__all__ = ["HandEngine", "Notes", "one_note"]

RATE = 8_000
MADE = {"name": "by hand", "version": "1", "sha256": "", "licence": "CC0-1.0"}

Notes = Callable[[str, int, int, int], list[list[int]]]
"""The notes of a part in a bar: from its number, its first tick and its ticks."""


def one_note(part: str, bar: int, start: int, ticks: int) -> list[list[int]]:
    """A bar of one note."""
    return [[start, ticks // 4, 60, 100]]


class HandEngine(WebSocket):
    """A member with the role `engine`, ready from the start."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._server = server
        self.join(server.invites["engine"])
        self.say("engine.ready", name="by hand", software="test", renderers=[{"name": "sampler", "licence": "CC0-1.0"}])

    def work(self) -> dict[str, Any]:
        """The next section that is asked for."""
        return self.hear("engine.work")

    def write(self, work: dict[str, Any], notes: Notes = one_note) -> str:
        """All of a section, with stems of silence where they are asked for; their hash."""
        section, request = work["section"], work["request"]
        asked = parse_request(request)
        for bar in range(1, asked.bars + 1):
            start = (bar - 1) * asked.ticks_per_bar
            for part in map(str, asked.note_parts):
                some = notes(part, bar, start, asked.ticks_per_bar)
                self.say("engine.bar", section=section, part=part, bar=bar, notes=some)
        sha256 = ""
        if asked.stems:
            sound = wav(asked.frames(RATE), 0, rate=RATE, channels=1)
            sha256 = hashlib.sha256(sound).hexdigest()
            self._put(sha256, sound)
            for part in (*map(str, asked.parts), "mix"):
                self.say("engine.stem", section=section, part=part, sha256=sha256, frames=asked.frames(RATE), rate=RATE)
        self.say("engine.done", section=section, composer=MADE, renderer=MADE, chords="Am")
        self.say("log.head")
        self.hear("log.head")
        assert not [message for message in self.heard if message["type"] == "refused"]
        return sha256

    def _put(self, sha256: str, sound: bytes) -> None:
        headers = {"Authorization": f"Bearer {self._server.invites['engine']}"}
        answer = httpx.put(
            f"{self._server.http}/api/sessions/{self._server.session}/blobs/{sha256}",
            content=sound,
            headers=headers,
            verify=False,
        )
        assert answer.status_code in (200, 201), answer.text
