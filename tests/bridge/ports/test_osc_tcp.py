"""OSC over TCP: framing, junk, slow and greedy clients, connections that end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.ports import osc_stream, osc_tcp
from bridge.ports.osc_stream import STRANGER_S
from bridge.ports.osc_tcp import OscTcp
from bridge.wire.osc import pack
from bridge.wire.slip import length_prefixed, slip
from sessions.state import Presence
from tests.support.network import Network, chopped
from tests.support.osc import TcpClient
from tests.support.osc_jam import DOOR, OscJam, play
from tests.support.virtual_time import run_real


@pytest.mark.parametrize("frame", [slip, length_prefixed])
@pytest.mark.parametrize("size", [1, 3, 64])
def test_packets_may_come_in_pieces_of_any_size(tmp_path: Path, frame: Any, size: int) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await TcpClient.open(DOOR, frame)
        await ana.joins(jam.token("leader", "ana"))
        ana.say("/chat/say", "s", "\u00c0\u00db in pieces")
        await ana.hears("/chat/said", "ana", "\u00c0\u00db in pieces")

    play(scene, tmp_path, Network(chop=chopped(size)))


def test_the_end_of_a_connection_is_being_away(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana, token = await TcpClient.open(DOOR), jam.token("guest", "ana")
        await ana.joins(token)
        await ana.close()
        await asyncio.sleep(0.1)
        assert jam.host.state.members["ana"].presence is Presence.AWAY
        assert jam.tcp_door.statistics()["connections"] == 0
        again = await TcpClient.open(DOOR)
        assert await again.joins(token) == ("jam", "ana", "guest")

    play(scene, tmp_path)


def test_who_leaves_is_hung_up_on_after_the_answer(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await TcpClient.open(DOOR)
        await ana.joins(jam.token("leader", "ana"))
        ana.say("/session/leave")
        await ana.hears("/session/left")
        await ana.ended.wait()

    play(scene, tmp_path)


@pytest.mark.parametrize(("junk", "framed"), [(b"GET / HTTP/1.1\r\n\r\n", slip), (b"\0\0\0\0", length_prefixed)])
def test_a_stream_that_cannot_be_read_is_refused_and_ended(tmp_path: Path, junk: bytes, framed: Any) -> None:
    async def scene(jam: OscJam) -> None:
        client = await TcpClient.open(DOOR, framed)
        client.write(junk)
        assert (await client.hears("/refused")).values[0] == "/"
        await client.ended.wait()

    play(scene, tmp_path)


def test_a_bad_slip_packet_is_refused_and_the_next_is_taken(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await TcpClient.open(DOOR)
        await ana.joins(jam.token("leader", "ana"))
        ana.write(b"\xc0/a\xdbx\xc0" + slip(pack("/session/ping", "", [])))
        await ana.hears("/refused", "/", "bad-value")
        await ana.hears("/session/pong")

    play(scene, tmp_path)


def test_who_sends_much_at_once_does_not_keep_others_waiting(tmp_path: Path) -> None:
    """A thousand lines in one piece; the other's single line is heard long before the last of them."""

    async def scene(jam: OscJam) -> None:
        greedy, other = await TcpClient.open(DOOR), await TcpClient.open(DOOR)
        await greedy.joins(jam.token("leader", "greedy"))
        await other.joins(jam.token("guest", "other"))
        greedy.write(b"".join(slip(pack("/live/note", "sii", ("bass", 36, 1))) for _ in range(1000)))
        other.say("/live/note", "sii", "drums", 36, 1)
        await other.hears("/live/note", "drums")
        assert len([heard for heard in other.heard if heard.address == "/live/note"]) < 500
        for _ in range(1000):
            await greedy.hears("/live/note", "bass")

    play(scene, tmp_path)


def test_who_does_not_read_is_cut_off_and_nobody_else_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_stream, "MAX_UNREAD_BYTES", 200_000)

    async def scene(jam: OscJam) -> None:
        deaf, late = await TcpClient.open(DOOR), await TcpClient.open(DOOR)
        band = [await TcpClient.open(DOOR) for _ in range(3)]  # one alone may not say so much at once
        await deaf.joins(jam.token("listener", "deaf"))
        await late.joins(jam.token("listener", "late"))
        for number, one in enumerate(band):
            await one.joins(jam.token("leader", f"ana-{number}"))
        for one in (deaf, late):
            one._transport.pause_reading()  # type: ignore[union-attr]
        for number in range(150):
            band[number % 3].say("/chat/say", "s", f"{number} " + "x" * 1900)
            await band[0].hears("/chat/said")
        assert {jam.host.state.members[name].presence for name in ("deaf", "late")} == {Presence.AWAY}
        assert jam.tcp_door.statistics()["lingering"] == 2
        late.say("/session/ping")
        late._transport.resume_reading()  # type: ignore[union-attr]
        assert (await late.hears("/refused", "/session/join")).values[1] == "too-many"
        said = [int(str(one.values[1]).split()[0]) for one in late.heard if one.address == "/chat/said"]
        assert said == list(range(len(said))), "whatever came before is whole"
        assert len(said) > 100
        await late.ended.wait()
        await deaf.ended.wait()
        assert jam.tcp_door.statistics() == {"connections": len(band), "lingering": 0, "let_go": 0}

    play(scene, tmp_path)


def test_only_so_many_who_do_not_read_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_stream, "MAX_UNREAD_BYTES", 10_000)
    monkeypatch.setattr(osc_tcp, "MAX_LINGERING", 2)

    async def scene(jam: OscJam) -> None:
        ana, *deaf = [await TcpClient.open(DOOR) for _ in range(6)]
        await ana.joins(jam.token("leader", "ana"))
        for one in deaf:
            await one.joins(jam.token("listener"))
            one._transport.pause_reading()  # type: ignore[union-attr]
        for _ in range(10):
            ana.say("/chat/say", "s", "x" * 1900)
            await ana.hears("/chat/said")
        assert jam.tcp_door.statistics()["lingering"] == 2
        assert [one.ended.is_set() for one in deaf] == [True, True, True, False, False]

    play(scene, tmp_path)


def test_a_stranger_may_not_stay(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        stranger, ana = await TcpClient.open(DOOR), await TcpClient.open(DOOR)
        await ana.joins(jam.token("leader", "ana"))
        await asyncio.sleep(STRANGER_S + 1)
        assert stranger.ended.is_set()
        assert not ana.ended.is_set()

    play(scene, tmp_path)


def test_there_is_room_for_so_many_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_tcp, "MAX_CONNECTIONS", 2)

    async def scene(jam: OscJam) -> None:
        one, two = await TcpClient.open(DOOR), await TcpClient.open(DOOR)
        three = await TcpClient.open(DOOR)
        await one.ended.wait()  # the longest of the strangers makes room
        await two.joins(jam.token("leader"))
        await three.joins(jam.token("guest"))
        four = await TcpClient.open(DOOR)
        await four.ended.wait()  # nobody goes for a stranger
        assert jam.tcp_door.statistics() == {"connections": 2, "lingering": 0, "let_go": 1}
        await three.close()
        await asyncio.sleep(0.1)
        await (await TcpClient.open(DOOR)).joins(jam.token("leader"))

    play(scene, tmp_path)


def test_osc_as_holds_for_connections_too(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        one, two = await TcpClient.open(DOOR), await TcpClient.open(DOOR)
        one.say("/session/ping")
        await one.hears("/session/pong")
        two.say("/chat/say", "s", "hello")
        for client in (one, two):
            await client.hears("/chat/said", "osc-tcp-guest", "hello")
        await asyncio.sleep(STRANGER_S + 1)
        assert not one.ended.is_set(), "a guest may stay"
        await one.close()
        await two.close()
        await asyncio.sleep(0.1)
        assert jam.host.state.members["osc-tcp-guest"].presence is Presence.AWAY

    play(scene, tmp_path, act_as="guest")


def test_closing_the_door_waits_only_so_long_for_who_does_not_read(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        deaf = await TcpClient.open(DOOR)
        await deaf.joins(jam.token("leader", "ana"))
        deaf._transport.pause_reading()  # type: ignore[union-attr]
        deaf.say("/chat/say", "s", "x" * 1000)
        async with asyncio.timeout(osc_tcp.CLOSE_S * 2):
            await jam.tcp_door.close()
        assert jam.tcp_door.statistics()["connections"] == 0

    play(scene, tmp_path)


def test_another_port_is_taken_only_where_that_is_allowed(tmp_path: Path) -> None:
    async def main() -> None:
        from bridge.house import House
        from bridge.ports.clock import SystemClock

        house = House(tmp_path, SystemClock())
        session = await house.start("jam")
        door = OscTcp(house, "127.0.0.1", 0)
        host, port = await door.start()
        with pytest.raises(OSError, match="in use"):
            await OscTcp(house, host, port).start()
        other = OscTcp(house, host, port, any_port=True)
        assert (await other.start())[1] != port
        ana = await TcpClient.open((host, port), length_prefixed)
        await ana.joins(session.make_invite("leader", "ana"))
        ana.say("/capabilities")
        await ana.hears("/capabilities")
        await other.close()
        await door.close()
        await ana.ended.wait()
        await house.close()

    run_real(main())
