"""Ten thousand notes for who reads slowly: over a stream they come whole and in order, and nobody waits for it; over UDP what is
lost is found by the counts and asked for again. Who never reads is let go, is told so, and finds everything when he comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sessions.music import TICKS_PER_BEAT
from tests.doors.clients import PATIENCE_S, Client, LengthTcp, SlipTcp, ThreadlessWebSocket, Udp
from tests.doors.engine import HandEngine
from tests.support.server import Server, running_server

BARS = 4
DENSITY = {"drums": 1300, "bass": 700, "harmony": 400, "melody": 150}
"""Notes of each part in a bar: of drums more than one datagram holds."""
BUFFER = 4096
"""Bytes that the slow one's system holds for it."""
STREAMS = {"slip": SlipTcp, "length": LengthTcp, "websocket": ThreadlessWebSocket}
TICKS = 4 * TICKS_PER_BEAT


def notes(part: str, bar: int, start: int, ticks: int) -> list[list[int]]:
    """So many, each another one."""
    count = DENSITY[part]
    return [[start + number * ticks // count, 1, number % 128, 1 + bar] for number in range(count)]


def written() -> list[tuple[str, int, int]]:
    """All that is to come of it, in the order of the engine: of each bar its notes, by tick and pitch, and the bar's number."""
    found: list[tuple[str, int, int]] = []
    for bar in range(1, BARS + 1):
        for part in DENSITY:
            some = notes(part, bar, (bar - 1) * TICKS, TICKS)
            found += [(part, start, pitch) for start, _, pitch, _ in some]
            found.append((part, -1, bar))
    return found


def shown(heard: list[dict[str, Any]], id_: str) -> list[tuple[str, int, int]]:
    """The same of what has come."""
    found: list[tuple[str, int, int]] = []
    for message in heard:
        if message["type"] == "section.note" and message["id"] == id_:
            found.append((message["part"], round(message["start"] * TICKS_PER_BEAT), message["pitch"]))
        elif message["type"] == "section.bar" and message["id"] == id_:
            assert message["notes"] == DENSITY[message["part"]]
            found.append((message["part"], -1, message["bar"]))
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), engine=False) as server:
        yield server


@pytest.fixture(scope="module")
def engine(server: Server) -> Iterator[HandEngine]:
    with HandEngine(server) as engine:
        yield engine


@pytest.fixture
def other(server: Server) -> Iterator[Udp]:
    with Udp(server) as other:
        other.join(server.invites["rhythm"])
        yield other


def answered(other: Client) -> None:
    """Somebody else asks something that the disk has to answer, and plays a note."""
    other.say("log.head")
    other.hear("log.head")
    for velocity in (77, 0):
        other.say("live.note", part="bass", pitch=40, velocity=velocity)
        other.hear("live.note", part="bass", velocity=velocity)


def waiting_bytes(server: Server) -> int:
    health = httpx.get(f"{server.http}/api/health").json()
    return int(health["sessions"][server.session]["outbox_bytes"])


@pytest.mark.parametrize("kind", STREAMS)
def test_ten_thousand_notes_come_whole_and_in_order(kind: str, server: Server, engine: HandEngine, other: Udp) -> None:
    with STREAMS[kind](server, receive_buffer=BUFFER) as slow:
        slow.join(server.invites["leader"])
        slow.say("section.request", id=kind, bars=BARS, parts=",".join(DENSITY), stems=0)
        work = engine.work()
        engine.write(work, notes)
        for _ in range(20):  # not a byte is read meanwhile
            answered(other)
        for _ in range(20):  # a little now and then
            slow.listen(PATIENCE_S)
            answered(other)
        done = slow.hear("section.done", id=kind)
        assert done["take"]
        assert shown(slow.heard, kind) == written()
    assert waiting_bytes(server) == 0
