"""OSC over UDP: who a sender is, where answers go, what strangers can't do, and what the network does."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from bridge.crowd import MAX_A_SLICE, SHARE_BURST, Crowd
from bridge.ports import osc_pace, osc_turns, osc_udp
from bridge.ports.osc_outlets import GUEST_S
from bridge.ports.osc_udp import BURST_STRANGERS, ONE_STRANGER_PER_S, OscUdp
from bridge.wire.osc import pack
from sessions.errors import Code, Refused
from sessions.state import Presence
from tests.support.network import Network, lossy
from tests.support.osc import UdpClient
from tests.support.osc_jam import DOOR, OscJam, play
from tests.support.virtual_time import run_real, run_virtual
from tests.support.wav import wav


def test_answers_go_to_the_reply_port_that_was_given(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        mouth, ear = await jam.udp(), await jam.udp(port=9000)
        mouth.say("/session/join", "si", jam.token("leader", "ana"), 9000)
        await ear.hears("/session/joined", "jam", "ana", "leader")
        mouth.say("/session/ping")
        await ear.hears("/session/pong")
        mouth.say("/nonsense")
        await ear.hears("/refused", "/nonsense")
        mouth.say("/session/join", "si", "nonsense", 9000)
        await ear.hears("/refused", "/session/join")
        assert mouth.heard == []

    play(scene, tmp_path)


def test_a_program_that_ended_comes_back_from_another_port_as_the_same_member(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        token = jam.token("guest")
        first, bandmate = await jam.udp(), await jam.udp()
        assert (await first.joins(token))[1] == "guest"
        assert (await bandmate.joins(token))[1] == "guest-2", "both are here"
        await first.close()
        again = await jam.udp()
        assert (await again.joins(token))[1] == "guest"
        assert jam.udp_door.statistics()["callers"] == 2
        far = await jam.udp("10.0.0.7")
        assert (await far.joins(token))[1] == "guest-3"
        await far.close()
        assert (await (await jam.udp("10.0.0.7")).joins(token))[1] == "guest-4", "elsewhere nothing can be told"
        other = await jam.udp()
        assert (await other.joins(jam.token("guest")))[1] == "guest-5", "another invite is somebody else"

    play(scene, tmp_path)


def test_a_program_whose_ear_is_still_open_has_not_ended(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        token = jam.token("guest")
        ear, mouth = await jam.udp(port=9100), await jam.udp()
        mouth.say("/session/join", "si", token, 9100)
        await ear.hears("/session/joined")
        await mouth.close()
        again = await jam.udp()
        assert (await again.joins(token))[1] == "guest-2"
        await ear.close()
        assert (await (await jam.udp()).joins(token))[1] == "guest"

    play(scene, tmp_path)


def test_two_ports_of_one_machine_are_two_callers(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        one, two = await jam.udp(), await jam.udp()
        await one.joins(jam.token("leader", "ana"))
        two.say("/chat/say", "s", "me too")
        await two.hears("/refused", "/chat/say", "not-joined")

    play(scene, tmp_path)


def test_paths_of_files_are_told_on_this_machine_only(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        await jam.engine()
        for host in ("127.0.0.1", "10.0.0.7"):
            client = await jam.udp(host)
            await client.joins(jam.token("leader"))
            client.say("/section/request", "ssisiss", f"from {host}", "bars", 1, "bpm", 120, "parts", "drums")
            section = (await jam.work())["section"]
            sound = wav(88200, level=len(host))
            sha = hashlib.sha256(sound).hexdigest()
            await asyncio.to_thread(jam.host.record.put_blob, sha, sound)
            jam.engine_says("engine.stem", section=section, part="drums", sha256=sha, frames=88200, rate=44100)
            stem = await client.hears("/section/stem")
            assert str(stem.values[2]).endswith(sha)
            jam.engine_says("engine.failed", section=section, code="failed", advice="enough")
            assert stem.values[3] == (str(jam.host.blob_path(sha)) if host == "127.0.0.1" else "")

    play(scene, tmp_path)


def test_a_lost_join_is_sent_again_and_a_lost_bar_asked_for(tmp_path: Path) -> None:
    """The network loses the first join and the first answer to the second."""

    async def scene(jam: OscJam) -> None:
        ana = await jam.udp()
        token = jam.token("leader", "ana")
        for _ in range(3):
            ana.say("/session/join", "s", token)
        await ana.hears("/session/joined", "jam", "ana")
        await ana.quiet()
        assert list(jam.host.state.members) == ["ana"]

    play(scene, tmp_path, Network(lossy([1, 0, 0, 1, 0, 0, 0, 0])))


def test_strangers_are_answered_at_a_bounded_rate_and_members_are_not_held_up(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana, stranger = await jam.udp(), await jam.udp("10.0.0.66")
        await ana.joins(jam.token("leader", "ana"))
        for _ in range(BURST_STRANGERS * 2):
            stranger.say("/session/ping")
        ana.say("/chat/say", "s", "in the middle of it")
        await ana.hears("/chat/said")
        assert 0 < len(stranger.heard) <= ONE_STRANGER_PER_S * 1.2
        assert jam.udp_door.statistics()["dropped"] >= BURST_STRANGERS
        await asyncio.sleep(1)
        stranger.heard.clear()
        for _ in range(BURST_STRANGERS):
            stranger.say("/session/ping")
        await asyncio.sleep(0.1)
        assert 0 < len(stranger.heard) <= ONE_STRANGER_PER_S * 1.2

    play(scene, tmp_path)


def test_of_ten_thousand_datagrams_a_share_is_taken_before_somebody_elses(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana, mal = await jam.udp(), await jam.udp("10.0.0.66")
        await ana.joins(jam.token("leader", "ana"))
        await mal.joins(jam.token("guest", "mal"))
        before = jam.udp_door.statistics()["received"]
        for _ in range(10_000):
            mal.say("/session/ping")
        ana.say("/session/ping")
        await ana.hears("/session/pong")
        statistics = jam.udp_door.statistics()
        assert statistics["received"] - before <= SHARE_BURST + 3 * MAX_A_SLICE
        assert statistics["waiting"] <= osc_turns.MAX_WAITING_OF_ONE

    play(scene, tmp_path)


def test_who_keeps_to_a_share_waits_for_no_turn_of_the_crowds_and_all_stay_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osc_udp, "TURN_S", -1.0)  # time is always up
    crowd = Crowd()

    async def scene(jam: OscJam) -> None:
        ana, mal = await jam.udp(), await jam.udp("10.0.0.66")
        await ana.joins(jam.token("leader", "ana"))
        await mal.joins(jam.token("guest", "mal"))
        turns = crowd.statistics()["turns"]
        ana.say("/chat/say", "s", "0")
        ana.say("/chat/say", "s", "1")
        await ana.hears("/chat/said", "ana", "1")
        assert crowd.statistics()["turns"] == turns
        for number in range(2 * SHARE_BURST):
            if number % 10 == 9:
                mal.say_at(None, *(("/live/note", "sii", "drums", 1 + number % 100, 1 + n) for n in range(3)))
            else:
                mal.say("/live/note", "sii", "drums", 1 + number % 100, 1)
        ana.say("/session/ping")
        await ana.hears("/session/pong")
        await mal.quiet()
        await asyncio.sleep(1)
        told = [heard.values[1:] for heard in ana.heard if heard.address == "/live/note"]
        expected = []
        for number in range(2 * SHARE_BURST):
            pitch = 1 + number % 100
            expected += [(pitch, velocity) for velocity in ((1, 2, 3) if number % 10 == 9 else (1,))]
        assert told == expected

    play(scene, tmp_path, crowd=crowd)


def test_a_newcomer_waits_for_no_more_strangers_than_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_turns, "MAX_WAITING_OF_STRANGERS_THERE", 16)

    async def scene(jam: OscJam) -> None:
        strangers = [await jam.udp("10.0.0.66") for _ in range(200)]
        newcomer = await jam.udp()
        for stranger in strangers:
            stranger.say("/session/join", "s", "nonsense")
        await newcomer.joins(jam.token("guest"))
        assert jam.udp_door.statistics()["received"] <= 16 + 1
        assert jam.udp_door.statistics()["dropped"] == 200 - 16

    play(scene, tmp_path)


def test_one_strangers_flood_uses_up_no_other_ports_rate_and_one_machines_no_other_machines(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        strangers = [await jam.udp("10.0.0.66") for _ in range(200)]
        other, beside = await jam.udp("10.0.0.5"), await jam.udp("10.0.0.66")
        for _ in range(BURST_STRANGERS * 2):
            strangers[0].say("/session/ping")
        beside.say("/session/ping")
        await beside.hears("/refused")
        for number in range(BURST_STRANGERS * 2):
            strangers[number % len(strangers)].say("/session/ping")
        other.say("/session/ping")
        await other.hears("/refused")

    play(scene, tmp_path)


def test_a_stranger_who_goes_on_sending_comes_in_all_the_same(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        controller = await jam.udp("10.0.0.66")
        for _ in range(500):  # as after a restart of the server
            controller.say("/session/ping")
        await controller.joins(jam.token("leader"))

    play(scene, tmp_path)


def test_a_stranger_is_answered_once_a_datagram(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        stranger = await jam.udp("10.0.0.66")
        stranger.say_at(None, *[("/session/ping", "")] * 200)
        await stranger.hears("/refused")
        await asyncio.sleep(1)
        assert stranger.heard == []

    play(scene, tmp_path)


def test_a_sender_without_a_port_is_not_answered(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        jam.udp_door.datagram_received(pack("/session/ping", "", []), ("10.0.0.1", 0))
        assert jam.network.sent == []

    play(scene, tmp_path)


def test_the_longest_unheard_makes_room_for_one_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_udp, "MAX_CALLERS", 2)

    async def scene(jam: OscJam) -> None:
        clients = [await jam.udp() for _ in range(3)]
        for number, client in enumerate(clients[:2]):
            await client.joins(jam.token("guest", f"g{number}"))
        clients[0].say("/session/ping")
        await clients[0].hears("/session/pong")
        await clients[2].joins(jam.token("guest", "g2"))
        assert jam.host.state.members["g1"].presence is Presence.AWAY
        assert jam.host.state.members["g0"].presence is Presence.PRESENT
        clients[1].say("/session/ping")
        await clients[1].hears("/refused", "/session/ping", "not-joined")

    play(scene, tmp_path)


def test_a_caller_whose_answers_pile_up_is_let_go_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_pace, "MAX_WAITING_BYTES", 500_000)

    async def scene(jam: OscJam) -> None:
        await jam.engine()
        ana, token = await jam.udp(), jam.token("leader", "ana")
        await ana.joins(token)
        ana.say("/section/request", "ssi", "a", "bars", 1)
        section = (await jam.work())["section"]
        notes = [[tick, 1, 60, 100] for tick in range(1000)]
        await jam.engine_says("engine.bar", section=section, part="drums", bar=1, notes=notes)
        for _ in range(10):
            ana.say("/section/resend", "ssi", "a", "drums", 1)
        refused = await ana.hears("/refused")
        assert refused.values[:2] == ("/session/join", "too-many")
        assert jam.host.state.members["ana"].presence is Presence.AWAY
        await ana.joins(token)

    play(scene, tmp_path)


# -- --osc-as --------------------------------------------------------------------------------------------------------


def test_osc_as_lets_programs_of_this_machine_act_without_joining(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        one, two, far = await jam.udp(), await jam.udp(), await jam.udp("10.0.0.7")
        one.say("/chat/say", "s", "no token")
        said = await one.hears("/chat/said")
        assert said.values == ("osc-guest", "no token")
        two.say("/chat/say", "s", "from elsewhere")
        for client in (one, two):
            await client.hears("/chat/said", "osc-guest", "from elsewhere")
        assert list(jam.host.state.members) == ["osc-guest"], "they are one member"
        two.say("/transport/play")
        await two.hears("/refused", "/transport/play", "not-allowed")
        far.say("/chat/say", "s", "not from here")
        await far.hears("/refused", "/chat/say", "not-joined")
        await one.joins(jam.token("leader", "ana"))
        one.say("/transport/play")
        await one.hears("/transport/state")

    play(scene, tmp_path, act_as="guest")


def test_osc_as_answers_at_the_reply_port(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ear = await jam.udp(port=9001)
        for number in range(20):  # as oscsend does: a new port each time, closed at once
            mouth = await jam.udp()
            mouth.say("/chat/say", "s", str(number))
            await ear.hears("/chat/said", "osc-leader", str(number))
            mouth.say("/nonsense")
            await ear.hears("/refused", "/nonsense")
            assert mouth.heard == []
            await mouth.close()
        assert [heard for heard in ear.heard if heard.address == "/chat/said"] == [], "each is heard once"
        assert jam.host.state.size < 40, "it joins once, not at each message"

    play(scene, tmp_path, act_as="leader", reply_port=9001)


def test_osc_as_forgets_programs_that_are_gone(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        gone, here = await jam.udp(), await jam.udp()
        gone.say("/session/ping")
        await gone.hears("/session/pong")
        await asyncio.sleep(GUEST_S + 1)
        here.say("/chat/say", "s", "anybody?")
        await here.hears("/chat/said")
        assert gone.heard == []

    play(scene, tmp_path, act_as="leader")


def test_osc_as_takes_its_seat_anew_after_leaving(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        client = await jam.udp()
        client.say("/session/leave")
        await client.hears("/session/left")
        client.say("/session/ping")
        await client.hears("/session/pong")

    play(scene, tmp_path, act_as="leader")


def test_osc_as_wants_a_role_that_there_is(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        door = OscUdp(jam.house, "127.0.0.1", 0, session="jam", act_as="king")
        with pytest.raises(Refused, match="king") as caught:
            await door.start()
        assert caught.value.code is Code.BAD_VALUE

    play(scene, tmp_path)


# -- the network -----------------------------------------------------------------------------------------------------


class BadTransport(asyncio.DatagramTransport):
    """Sends nothing, and fails as told."""

    def __init__(self, door: OscUdp, error: OSError | None) -> None:
        super().__init__()
        self.door, self.error = door, error
        self.sent: list[bytes] = []

    def sendto(self, data: Any, addr: Any = None) -> None:
        self.sent.append(bytes(data))
        error, self.error = self.error, None
        if error is not None:
            self.door.error_received(error)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EPERM])
def test_a_receiver_that_is_gone_is_no_trouble(number: int) -> None:
    async def scene() -> None:
        door = OscUdp(None, "", 0)  # type: ignore[arg-type]
        transport = BadTransport(door, OSError(number, "gone"))
        door.connection_made(transport)
        door.transmit(b"/a\0\0,\0\0\0", ("127.0.0.1", 1))
        door.transmit(b"/b\0\0,\0\0\0", ("127.0.0.1", 1))
        assert len(transport.sent) == 2
        assert door.statistics()["errors"] == 1
        await door.close()

    run_virtual(scene())


def test_what_this_system_cannot_send_in_one_datagram_is_refused() -> None:
    async def scene() -> None:
        door = OscUdp(None, "", 0)  # type: ignore[arg-type]
        transport = BadTransport(door, OSError(errno.EMSGSIZE, "too long"))
        door.connection_made(transport)
        door.transmit(bytes(60_000), ("127.0.0.1", 1))
        assert b"/refused" in transport.sent[1]
        assert b"too-large" in transport.sent[1]
        door.error_received(OSError(errno.EMSGSIZE, "nobody's"))
        assert len(transport.sent) == 2

    run_virtual(scene())


def test_while_the_socket_is_full_datagrams_are_lost_and_counted() -> None:
    async def scene() -> None:
        door = OscUdp(None, "", 0)  # type: ignore[arg-type]
        transport = BadTransport(door, None)
        door.connection_made(transport)
        door.pause_writing()
        door.transmit(b"/a\0\0", ("127.0.0.1", 1))
        door.resume_writing()
        door.transmit(b"/b\0\0", ("127.0.0.1", 1))
        assert transport.sent == [b"/b\0\0"]
        assert door.statistics()["dropped"] == 1

    run_virtual(scene())


def test_closing_the_door_leaves_its_members_away(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader", "ana"))
        await jam.udp_door.close()
        assert jam.host.state.members["ana"].presence is Presence.AWAY

    play(scene, tmp_path)


def loopbacks() -> list[str]:
    """This machine's own addresses: IPv6's where there is one."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "::1"]


@pytest.mark.parametrize("host", loopbacks())
def test_over_a_real_socket(tmp_path: Path, host: str) -> None:
    """A datagram of the largest size comes in and goes out, over IPv4 and IPv6, past closed ports."""

    async def main() -> None:
        from bridge.house import House
        from bridge.ports.clock import SystemClock

        house = House(tmp_path, SystemClock())
        session = await house.start("jam")
        door = OscUdp(house, host, 0)
        bound = await door.start()
        assert bound[0] == host
        gone = await UdpClient.open(bound, (host, 0))
        gone.say("/session/join", "s", session.make_invite("guest", "gone"))
        await gone.hears("/session/joined")
        await gone.close()
        ana = await UdpClient.open(bound, (host, 0))
        await ana.joins(session.make_invite("leader", "ana"))
        ana.say("/chat/say", "s", "x" * 2000)
        await ana.hears("/chat/said", "ana", "x" * 2000)
        ana.say("/capabilities")
        await ana.hears("/capabilities")
        for _ in range(5):
            ana.say("/live/note", "sii", "bass", 36, 100)
            await ana.hears("/live/note")
        assert door.statistics()["callers"] == 2
        await ana.close()
        await door.close()
        await house.close()

    run_real(main())


def test_the_door_stands_where_it_was_put(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        with pytest.raises(OSError, match="in use"):
            await OscUdp(jam.house, *DOOR).start()

    play(scene, tmp_path)
