"""Ten minutes of a busy session in virtual time: seven people, an engine that dies at times, lost datagrams, a restart.

Then the log alone adds up to what was live, at the restart and at the end, from a snapshot and without; it is whole and signed;
nobody heard of a section again that was over; and nothing is left: no task, no timer, no port, no stream, no thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from bridge.door import Message
from bridge.ledger import fold, open_ledger
from bridge.ports.disk import System, audit_path
from osc_schemas import book
from sessions.invites import Invite
from sessions.log import read_line
from sessions.state import Presence, State
from tests.support.busy import Engine, Player, Watcher
from tests.support.network import Network, lossy
from tests.support.osc_jam import OscJam, VirtualClock
from tests.support.virtual_time import VirtualLoop, run_virtual

MINUTES = 10
LOSSES = [0] * 49 + [1]
QUIET_S = 70
"""After so long whoever is gone is away, and whatever was to happen by itself has happened."""
PEOPLE = [
    ("ana", "leader", "udp", 1.0),
    ("lea", "leader", "slip", 2.0),
    ("rhy", "rhythm", "slip", 0.6),
    ("har", "harmony", "lengths", 0.6),
    ("gus", "guest", "udp", 1.0),
    ("lis", "listener", "slip", 3.0),
    ("vis", "guest", "lengths", 2.0),
]
"""Who, as what, by which door, and how often they say something, in seconds."""
REFUSED = {"not-allowed", "not-joined", "bad-value", "conflict", "too-many", "no-engine"}
"""What people who say whatever the dice will may be told, and nothing worse."""
OVER = {"section.done", "section.failed", "section.cancelled"}


def replayed(folder: Path) -> State:
    """What the log alone adds up to."""
    return fold(State(), map(read_line, (folder / "log.jsonl").read_bytes().splitlines()))


async def reopened(folder: Path) -> State:
    """What a start finds."""
    ledger = await asyncio.to_thread(open_ledger, folder, "jam", VirtualClock())
    await ledger.close()
    return ledger.state


async def restart(jam: OscJam, folder: Path) -> None:
    live = jam.host.state
    await jam.close()
    assert await asyncio.to_thread(replayed, folder) == live
    await jam.open()


async def play(jam: OscJam, people: list[Player], engine: Engine, watcher: Watcher, folder: Path) -> None:
    """All of it, up to when everybody has left."""
    for player in people:
        player.start(*(people[2:] if player.name == "ana" else ()))
    for minute in range(MINUTES):
        if minute == MINUTES // 2:
            await restart(jam, folder)
        invite = Invite("jam", "listener", "eye", 4_000_000_000, "1" * 16)
        eye, _ = jam.host.join(invite, {"type": "session.join"}, watcher)
        engine.come()
        await asyncio.sleep(55)
        await engine.go()
        await asyncio.sleep(5)
        jam.host.close(eye)
    for player in people:
        await player.stop()
    last = Invite("jam", "leader", "last", 4_000_000_000, "2" * 16)
    seat, _ = jam.host.join(last, {"type": "session.join"}, Watcher())
    await jam.host.submit(seat, {"type": "transport.stop"})
    jam.host.close(seat)
    await asyncio.sleep(QUIET_S)


def heard_after_the_end(heard: Iterable[Message]) -> list[Message]:
    """What was said of sections that were over."""
    over: set[tuple[str, str]] = set()
    found = []
    for message in heard:
        name = (message.get("member", ""), message.get("id", ""))
        if message["type"] in OVER:
            over.add(name)
        elif message["type"] in ("section.note", "section.bar", "section.progress") and name in over:
            found.append(message)
    return found


@pytest.mark.timeout(240)
def test_ten_minutes_of_a_busy_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(System, "sync", lambda *_: None)  # what a disk takes in real time is not asked here
    folder = tmp_path / "sessions" / "jam"
    network = Network(lossy(LOSSES), latency_s=0.005)

    async def main() -> tuple[State, list[Player], Watcher]:
        jam = OscJam(tmp_path, network)
        await jam.open()
        people = [
            Player(jam, name, role, kind, each_s=each_s, seed=seed)
            for seed, (name, role, kind, each_s) in enumerate(PEOPLE)
        ]
        engine, watcher = Engine(jam, len(PEOPLE)), Watcher()
        await play(jam, people, engine, watcher, folder)
        figures = jam.host.statistics()
        assert {figures[name] for name in ("members", "seats", "promises", "scheduled", "outbox_bytes")} == {0}
        state = jam.host.state
        await jam.close()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        assert (loop.timers(), network.endpoints()) == ([], [])
        assert await reopened(folder) == state
        for cache in ("snapshot.json", "leaves.bin"):
            (folder / cache).unlink()
        assert await reopened(folder) == state
        return state, people, watcher

    state, people, watcher = run_virtual(main(), network=network)
    report = audit_path(folder)
    assert report.ok, str(report)
    assert (state.sounding, state.moved, state.playing, state.hands, state.accompaniment) == ({}, {}, {}, {}, None)
    assert not [member for member in state.members.values() if member.presence is Presence.PRESENT]
    assert heard_after_the_end(watcher.heard) == []
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    said = sum((player.said for player in people), Counter[str]())
    assert said.keys() == book().asks.keys() - {"/session/join"}, "everything there is was said"
    assert sum((player.refused for player in people), Counter[str]()).keys() <= REFUSED
    assert state.size > 4000
    assert len(state.takes) > 100
