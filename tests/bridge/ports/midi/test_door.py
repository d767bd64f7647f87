"""The MIDI door in a session: what it plays and hears, whose name it acts in, and what becomes of it when things go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.midi.choice import MidiChoice
from bridge.midi.plan import FOREVER_US, Plan
from bridge.ports.midi.door import MidiDoor
from osc_schemas import address_of
from sessions.errors import Refused
from sessions.music import Part
from sessions.roles import Permit
from sessions.state import Presence
from tests.support.osc_jam import OscJam, VirtualClock, play
from tests.support.table import MAY, may


class Sender:
    """Plays nothing, and keeps what it was told to."""

    why, name, crashes = "no MIDI here", "StarBridge", 0

    def __init__(self, hear: Callable[[dict[str, Any]], None], system: str) -> None:
        self.hear, self.system = hear, system
        self.plans: list[Plan] = []
        self.closed = False

    async def start(self) -> str:
        return self.system

    def play(self, plan: Plan) -> None:
        self.plans.append(plan)

    async def close(self) -> None:
        self.closed = True

    def pitches(self) -> list[int]:
        return [tone.pitch for tone in self.plans[-1].notes]


class Port:
    """A door with its sender."""

    def __init__(self, jam: OscJam, choice: MidiChoice, system: str = "fake") -> None:
        senders: list[Sender] = []

        def sender(hear: Callable[[dict[str, Any]], None]) -> Sender:
            senders.append(Sender(hear, system))
            return senders[0]

        self.door = MidiDoor(jam.host, VirtualClock(), choice, sender)
        self.sender = senders[0]

    def hears(self, *data: str) -> None:
        """Bytes come in."""
        self.sender.hear({"in": [[VirtualClock().now_us(), one] for one in data]})


def scene(tmp_path: Path, act: Callable[[OscJam, Port], Awaitable[None]], choice: MidiChoice = MidiChoice()) -> None:  # noqa: B008
    async def main(jam: OscJam) -> None:
        port = Port(jam, choice)
        assert await port.door.start() == "StarBridge, by fake"
        await asyncio.sleep(0.1)
        try:
            await act(jam, port)
        finally:
            await port.door.close()
        assert port.sender.closed

    play(main, tmp_path)


def sounding(jam: OscJam) -> dict[str, set[tuple[str, int]]]:
    return {name: {(str(part), pitch) for part, pitch in held} for name, held in jam.host.state.sounding.items()}


def test_what_others_play_goes_out_and_what_comes_in_is_played(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        ana.say("/live/note", "sii", "bass", 40, 90)
        await asyncio.sleep(0.05)
        assert port.sender.pitches() == [40]
        assert port.sender.plans[-1].notes[0].off_us == FOREVER_US
        port.hears("923c50", "e20050")
        await asyncio.sleep(0.05)
        assert sounding(jam)["midi-guest"] == {("melody", 60)}
        assert port.sender.pitches() == [40], "never again what came in by the port"
        ana.say("/live/note", "sii", "bass", 40, 0)
        await asyncio.sleep(0.05)
        ((_, off_us),) = port.sender.plans[-1].held
        assert off_us < FOREVER_US
        await asyncio.sleep(1)
        assert port.sender.plans[-1].is_empty
        planned = len(port.sender.plans)
        await asyncio.sleep(5)
        assert len(port.sender.plans) == planned, "where nothing sounds nothing is said"

    scene(tmp_path, act)


def test_one_part_for_all_channels(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.hears("903c50")
        assert sounding(jam) == {"midi-harmony": {("harmony", 60)}}

    scene(tmp_path, act, MidiChoice(role="harmony", part=Part.HARMONY))


def test_what_the_role_may_not_play_is_not_played(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.hears("923c50", "903c50")
        assert sounding(jam) == {"midi-rhythm": {("bass", 60)}}
        assert "as rhythm you may do live.note on drums, bass only" in caplog.text

    scene(tmp_path, act, MidiChoice(role="rhythm"))


MESSAGES = {"live.note": "9{0:x}{1:02x}50", "live.control": "b{0:x}40{1:02x}", "live.bend": "e{0:x}00{1:02x}"}
"""What plays each live command on a channel."""
PLAYERS = sorted(MAY.keys() - {"engine"})


@pytest.mark.parametrize("role", PLAYERS)
def test_the_table_holds_at_this_door_before_and_after_the_role_changes(role: str, tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        for number, now in enumerate((role, *(other for other in PLAYERS if other != role), role)):
            ana.say("/session/role", "ss", f"midi-{role}", now)
            await asyncio.sleep(2)
            for command, data in MESSAGES.items():
                for part in Part:
                    ana.heard.clear()
                    port.hears(data.format(part.channel, 70 + number))
                    await asyncio.sleep(0.1)
                    played = [(one.address, one.values[0]) for one in ana.heard if one.address.startswith("/live")]
                    allowed = may(now, command, [part]) is not Permit.NO
                    assert played == [(address_of(command), part)] * allowed, (now, command, part)

    scene(tmp_path, act, MidiChoice(role=role))


def test_a_role_that_is_none_is_refused(tmp_path: Path) -> None:
    async def main(jam: OscJam) -> None:
        with pytest.raises(Refused, match="midi-as"):
            await Port(jam, MidiChoice(role="conductor")).door.start()

    play(main, tmp_path)


def test_without_midi_the_door_is_shut_and_nobody_joins(tmp_path: Path) -> None:
    async def main(jam: OscJam) -> None:
        port = Port(jam, MidiChoice(), system="")
        assert await port.door.start() == ""
        assert port.door.why == "no MIDI here"
        await port.door.close()
        assert "midi-guest" not in jam.host.state.members

    play(main, tmp_path)


def test_a_silent_port_is_still_here(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.hears("903c50")
        await asyncio.sleep(600)
        assert jam.host.state.members["midi-guest"].presence is Presence.PRESENT
        assert sounding(jam) == {"midi-guest": {("bass", 60)}}

    scene(tmp_path, act)


@pytest.mark.parametrize("told", [{"ready": "fake"}, {"gone": "JACK ended"}, {"device": ""}, {"unplugged": True}])
def test_what_a_lost_cable_held_is_let_go(tmp_path: Path, told: dict[str, Any]) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.hears("903c50", "b0407f", "e00000")
        assert sounding(jam) == {"midi-guest": {("bass", 60)}}
        assert len(jam.host.state.moved["midi-guest"]) == 2
        port.sender.hear(told)
        assert sounding(jam) == {}
        assert jam.host.state.moved == {}

    scene(tmp_path, act)


def test_a_closed_door_leaves_nothing_of_its_own(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.hears("903c50", "b0407f")
        await port.door.close()
        assert (sounding(jam), jam.host.state.moved) == ({}, {})

    scene(tmp_path, act)


def test_a_flood_of_a_wheel_reaches_its_end(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        for step in range(3000):
            port.hears(f"b007{step % 128:02x}", f"b20a{step % 128:02x}")
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        told = [one.values for one in ana.heard if one.address == "/live/control"]
        assert len(told) < 700
        assert {tuple(values[:2]): values[2] for values in told} == {
            ("bass", 7): 2999 % 128,
            ("melody", 10): 2999 % 128,
        }

    scene(tmp_path, act)


def test_a_fault_of_ours_is_silence_and_then_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        ana.say("/live/note", "sii", "bass", 40, 90)
        await asyncio.sleep(0.05)
        with monkeypatch.context() as broken:
            broken.setattr("bridge.midi.score.Score.plan", lambda *_: 1 / 0)
            await asyncio.sleep(0.2)
            assert port.sender.plans[-1].is_empty, "nothing hangs"
        await asyncio.sleep(2)
        ana.say("/live/note", "sii", "bass", 41, 90)
        await asyncio.sleep(0.05)
        assert port.sender.pitches() == [41]
        assert "the MIDI door failed" in caplog.text

    scene(tmp_path, act)


def test_somebody_who_is_connected_later_hears_where_the_pedals_are(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        ana.say("/live/control", "sii", "bass", 64, 127)
        await asyncio.sleep(1)
        port.sender.plans.clear()
        port.sender.hear({"calmed": [0]})
        await asyncio.sleep(0.05)
        assert [word.data.hex() for word in port.sender.plans[0].said] == ["b0407f"]

    scene(tmp_path, act)


def test_a_port_that_is_sent_away_is_silent_and_stays_away(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))
        ana.say("/live/note", "sii", "bass", 40, 90)
        port.hears("903c50")
        await asyncio.sleep(0.05)
        ana.say("/session/remove", "s", "midi-guest")
        await asyncio.sleep(0.5)
        assert port.sender.plans[-1].is_empty
        assert "midi-guest" not in sounding(jam)
        port.hears("903e50")
        ana.say("/live/note", "sii", "bass", 42, 90)
        await asyncio.sleep(0.5)
        assert port.sender.plans[-1].is_empty
        assert "midi-guest" not in sounding(jam)

    scene(tmp_path, act)


def test_its_figures_are_told(tmp_path: Path) -> None:
    async def act(jam: OscJam, port: Port) -> None:
        port.sender.hear({"statistics": {"p99_us": 12, "sent": 4}})
        figures = port.door.statistics()
        assert (figures["port"], figures["p99_us"], figures["crashes"]) == ("StarBridge", 12, 0)
        port.sender.name = "StarBridge-01"
        assert port.door.statistics()["port"] == "StarBridge-01", "as others see it, where another has the name"

    scene(tmp_path, act)
