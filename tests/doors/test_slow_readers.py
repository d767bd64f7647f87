"""Ten thousand notes for who reads slowly: over a stream they come whole and in order, and nobody waits for it; over UDP what is
lost is found by the counts and asked for again. Who never reads is let go, is told so, and finds everything when he comes back.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import outbox
from bridge.ports import osc_stream
from bridge.ports.disk import read_key
from bridge.ports.http.ws import LATER
from sessions.invites import make_invite
from sessions.music import TICKS_PER_BEAT
from tests.doors.clients import PATIENCE_S, Client, LengthTcp, SlipTcp, ThreadlessWebSocket, Udp
from tests.doors.engine import HandEngine
from tests.doors.lines import hear_all, says_what_to_do
from tests.support.server import Server, running_server

BARS = 4
DENSITY = {"drums": 1300, "bass": 700, "harmony": 400, "melody": 150}
"""Notes of each part in a bar: of drums more than one datagram holds."""
BUFFER = 4096
"""Bytes that the slow one's system holds for it."""
MOST = max(outbox.MAX_BYTES, osc_stream.MAX_UNREAD_BYTES) + (1 << 20)
"""What may wait for one reader; the last bundle may reach over it."""
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
    return int(server.health()["sessions"][server.session]["outbox_bytes"])


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


class LossyUdp(Udp):
    """Loses three datagrams of ten, but for the answers to `hear_all`."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._dice = random.Random(7)
        self.lost = 0

    def arrives(self, datagram: bytes) -> None:
        if b"/log/head" not in datagram and self._dice.random() < 0.3:
            self.lost += 1
        else:
            super().arrives(datagram)


def test_what_udp_loses_is_found_by_the_counts_and_asked_for_again(server: Server, engine: HandEngine) -> None:
    asked = {"id": "lossy", "bars": BARS, "parts": ",".join(DENSITY), "stems": 0}
    wanted = [(part, bar) for part in DENSITY for bar in range(1, BARS + 1)]
    found: dict[tuple[str, int], set[tuple[int, int]]] = {one: set() for one in wanted}
    counts: dict[tuple[str, int], int] = {}
    done = False

    def take_in(heard: list[dict[str, Any]]) -> bool:
        for message in heard:
            if message["type"] == "section.note":
                bar = 1 + int(message["start"]) // 4
                found[message["part"], bar].add((round(message["start"] * TICKS_PER_BEAT), message["pitch"]))
            elif message["type"] == "section.bar":
                counts[message["part"], message["bar"]] = message["notes"]
        return any(message["type"] == "section.done" for message in heard)

    with LossyUdp(server) as client:
        let_in(client, server.invites["leader"])
        client.say("section.request", **asked)
        engine.write(engine.work(), notes)
        done = take_in(hear_all(client))
        while missing := [one for one in wanted if len(found[one]) != counts.get(one)]:
            for part, bar in missing:
                client.say("section.resend", id="lossy", part=part, bar=bar)
            take_in(hear_all(client))
        while not done:
            client.say("section.request", **asked)
            done = take_in(hear_all(client))
        assert client.lost > 20
    expected = {one: set[tuple[int, int]]() for one in wanted}
    for part, bar in wanted:
        expected[part, bar] = {(note[0], note[2]) for note in notes(part, bar, (bar - 1) * TICKS, TICKS)}
    assert found == expected


def let_in(client: Client, token: str) -> None:
    """Join; the answer may be lost."""
    while not any(message["type"] == "session.joined" for message in client.heard):
        client.say("session.join", token=token)
        client.listen(1.0)


def seats(server: Server) -> int:
    return int(server.health()["sessions"][server.session]["seats"])


@pytest.mark.parametrize("kind", ["slip", "websocket"])
def test_who_never_reads_is_let_go_and_told_and_finds_all_when_back(
    kind: str, server: Server, engine: HandEngine, other: Udp
) -> None:
    token = make_invite(read_key(server.folder), server.session, "leader", kind, 4_000_000_000, secrets.token_hex(8))
    asked = {"id": "unread", "bars": 64, "parts": "drums", "stems": 0}
    with STREAMS[kind](server, receive_buffer=16 * BUFFER) as deaf:  # or reading all of it would take long
        deaf.join(token)
        deaf.say("section.request", **asked)
        engine.write(engine.work())
        deaf.hear("section.done", id="unread")
        hear_all(deaf)
        before, said = seats(server), 0
        while seats(server) == before:
            for _ in range(100):
                deaf.say("section.resend", id="unread", part="drums", bar=1 + said % 64)
                deaf.say("capabilities")
                said += 1
            answered(other)
            assert waiting_bytes(server) <= MOST
        if isinstance(deaf, SlipTcp):
            deaf.passed_over = b"/capabilities"
        while deaf.listen(PATIENCE_S):
            pass
        came = [message["bar"] for message in deaf.heard if message["type"] == "section.bar"]
        assert came == [1 + number % 64 for number in range(len(came))], "what came is whole, up to its end"
        assert 10 < len(came) < said
        if isinstance(deaf, ThreadlessWebSocket):
            assert deaf.close_code == LATER
        else:
            assert (deaf.heard[-1]["type"], deaf.heard[-1]["code"]) == ("refused", "too-many")
            assert says_what_to_do(deaf.heard[-1])
    with STREAMS[kind](server) as back:
        assert back.join(token)["member"] == kind
        back.say("section.request", **asked)
        back.hear("section.done", id="unread")
        bars = [message["bar"] for message in back.heard if message["type"] == "section.bar"]
        assert bars[-64:] == [*range(1, 65)]
