"""A week of a band's work as a session's log, written in seconds: what a long log costs is measured on it.

Members with roles, some with keys, join of an evening, ask for sections, hear an engine's bars, curate, play and chat; each
command is parsed, decided, signed by who holds a key, chained and flushed by the code of the server, with a clock that is
handed in. Only the notes are by dice. With `kill` the writer ends as by a power cut, with whatever snapshot it has by then.

    write_week(folder, "jam", entries=100_000)
    python -m bridge.bench.week FOLDER jam 100000 kill
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.ledger import Ledger, open_ledger
from bridge.wire.smf import to_smf
from sessions.commands import parse_command
from sessions.decide import Decision, Moment, decide, engines
from sessions.events import Event, Joined, Left, LeftWhy
from sessions.keys import MemberKey

__all__ = ["ENTRIES_AN_EVENING", "write_week"]

ENTRIES_AN_EVENING = 14_500
"""So that a week has 100,000."""
MINUTES_S = 600.0
WRITE_S = 600.0
BATCH = 100
"""Entries between two flushes: what comes in while the disk is busy."""
BAR_TICKS = 3840
PEOPLE = {"ana": ("leader", True), "bo": ("rhythm", True), "cy": ("harmony", False), "dee": ("guest", False)}
ENGINE = "engine"
STYLES = ("house", "dubstep", "swing", "funk", "lo-fi", "rock")
MADE = {"name": "transformer", "version": "1", "sha256": "0" * 64, "licence": "Apache-2.0"}
MONDAY_US = 1_769_846_400_000_000


def write_week(folder: Path, session: str, entries: int, *, kill: bool = False) -> float:
    """Write it, in a process of its own; how many seconds that took."""
    begun = time.perf_counter()
    words = [str(folder), session, str(entries), "kill" if kill else "stop"]
    done = subprocess.run([sys.executable, "-m", "bridge.bench.week", *words], timeout=WRITE_S, check=False)
    if done.returncode != (-signal.SIGKILL if kill else 0):
        raise AssertionError(f"the week was not written (exit {done.returncode})")
    return time.perf_counter() - begun


class _Clock:
    """Time goes on as it is told."""

    def __init__(self) -> None:
        self.us = MONDAY_US

    def now_us(self) -> int:
        return self.us

    def wait(self, seconds: float) -> None:
        self.us += round(seconds * 1e6)


class _Band:
    """The band and its engine, at one ledger."""

    def __init__(self, ledger: Ledger, clock: _Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._dice = random.Random(7)
        self._keys = {name: MemberKey() for name, (_, signs) in PEOPLE.items() if signs} | {ENGINE: MemberKey()}
        self._nonce = 0
        self._asked = 0

    def evening(self) -> Iterator[None]:
        """One evening; a pause after each thing that happens."""
        for number, (name, role) in enumerate(
            [(name, role) for name, (role, _) in PEOPLE.items()] + [(ENGINE, ENGINE)]
        ):
            key = self._keys[name].public if name in self._keys else ""
            joined = Joined(name, role, f"{number:016x}", key, resumed=name in self._ledger.state.members)
            message = {"type": "session.join", "name": name} | ({"key": key} if key else {})
            self._write(name, Decision((joined,)), message)
        self._say(ENGINE, "engine.ready", name="engine", software="starbridge", renderers=[])
        begun = self._ledger.state.size
        while self._ledger.state.size - begun < ENTRIES_AN_EVENING:
            yield from self._section()
            yield from self._jam()
        for name in (*PEOPLE, ENGINE):
            self._write("", Decision((Left(name, LeftWhy.AWAY),)), {})
        yield
        self._clock.wait(20 * 3600)

    def _section(self) -> Iterator[None]:
        """Asked for, written bar by bar, heard, judged."""
        self._asked += 1
        asker, dice = self._dice.choice(("ana", "bo", "cy")), self._dice
        wish = {
            "kind": "verse",
            "style": dice.choice(STYLES),
            "bars": dice.choice((4, 8, 8, 16)),
            "bpm": 96.0,
            "stems": 0,
        }
        self._say(asker, "section.request", id=f"wish-{self._asked}", **wish)
        section = self._ledger.state.sections[f"{asker}/wish-{self._asked}"]
        yield
        if dice.random() < 0.05:
            self._say(asker, "section.cancel", id=section.id)
            return
        for bar in range(1, section.request.bars + 1):
            for part in section.request.note_parts:
                self._say(ENGINE, "engine.bar", section=section.name, part=str(part), bar=bar, notes=self._bar(bar))
            yield
        self._say(ENGINE, "engine.done", section=section.name, composer=MADE, renderer=MADE, chords="Am F C G")
        take = section.take
        self._say("ana", "take.play", take=take, at="next-bar")
        for name in PEOPLE:
            self._say(name, "take.rate", take=take, stars=dice.randint(1, 5))
        self._say("ana", dice.choice(("take.accept", "take.accept", "take.reject")), take=take)
        yield

    def _bar(self, bar: int) -> list[list[int]]:
        start = (bar - 1) * BAR_TICKS
        count = self._dice.randint(2, 10)
        places = sorted(self._dice.sample(range(16), count))
        return [[start + place * 240, 230, self._dice.randint(36, 84), self._dice.randint(40, 120)] for place in places]

    def _jam(self) -> Iterator[None]:
        """A minute of playing live, and a word."""
        for name, part in (("bo", "bass"), ("cy", "harmony"), ("ana", "melody"), ("dee", "melody")):
            for _ in range(self._dice.randint(5, 20)):
                pitch = self._dice.randint(36, 84)
                for velocity in (self._dice.randint(30, 120), 0):
                    self._say(name, "live.note", part=part, pitch=pitch, velocity=velocity)
                    self._clock.wait(0.1)
            yield
        self._say(self._dice.choice(list(PEOPLE)), "chat.say", text="once more, from the second chorus")
        if self._dice.random() < 0.2:
            self._say("ana", "transport.tempo", bpm=float(self._dice.randint(80, 140)))
        yield

    def _say(self, member: str, kind: str, /, **fields: Any) -> None:
        message = {"type": kind, **fields}
        now_us = self._clock.now_us()
        moment = Moment(now_us, self._ledger.record.time_for(now_us), to_smf)
        self._write(member, decide(self._ledger.state, member, parse_command(message), moment), message)

    def _write(self, member: str, decision: Decision, message: dict[str, Any]) -> None:
        """As the scribe does it: the member's own event, signed where he holds a key, then what follows from it."""
        key, own = self._keys.get(member), decision.events[0]
        if key is not None and message:
            self._nonce += 1
            signed = key.signed(self._ledger.record.origin, message | {"nonce": f"{self._nonce:016x}"})
            signature = signed.pop("signature")
            self._ledger.write(member, own, signed, signature)
        else:
            self._ledger.write(member, own)
        following: tuple[Event, ...] = decision.events[1:]
        while following:
            for event in following:
                self._ledger.write("", event)
            following = engines.follow_ups(self._ledger.state)
        while following := engines.follow_ups(self._ledger.state):
            for event in following:
                self._ledger.write("", event)
        self._clock.wait(0.05)


async def _write(folder: Path, session: str, entries: int, *, kill: bool) -> None:
    clock = _Clock()
    ledger = await asyncio.to_thread(open_ledger, folder, session, clock)
    band = _Band(ledger, clock)
    while ledger.state.size < entries:
        for _ in band.evening():
            if ledger.state.size - ledger.durable >= BATCH:
                await ledger.flush()
                ledger.save_when_due()
            if ledger.state.size >= entries:
                break
    await ledger.flush()
    if kill:
        os.kill(os.getpid(), signal.SIGKILL)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), kill=sys.argv[4] == "kill"))
