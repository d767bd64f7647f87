"""What both OSC doors promise, whichever way bytes come: joining, asking, hearing, being refused, going."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.agenda import LATEST_S
from bridge.door import Bundle
from bridge.host import AWAY_AFTER_S
from bridge.ports.osc_caller import BURST_MESSAGES, Encoded
from bridge.restraint import CHATS_BURST, CHATS_PER_S, NOTES_BURST
from osc_schemas import vectors
from sessions.state import Presence
from tests.support.osc import OscClient
from tests.support.osc_jam import OscJam, Scene, play
from tests.support.virtual_time import now_us

KINDS = ("udp", "slip", "lengths")

Run = Callable[[Scene], OscJam]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return lambda scene: play(scene, tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_joining_gives_a_name_and_a_role_and_leaving_ends_it(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.client(kind)
        assert await ana.joins(jam.token("leader", "ana")) == ("jam", "ana", "leader")
        ana.say("/session/ping")
        await ana.hears("/session/pong")
        ana.say("/session/leave")
        await ana.hears("/session/left")
        assert jam.host.state.members["ana"].presence is Presence.LEFT
        assert ana.heard == []

    run(scene)


def test_a_stranger_is_told_to_join_and_nothing_is_done(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        size = jam.host.state.size
        stranger = await jam.client(kind)
        stranger.say("/chat/say", "s", "hello?")
        assert (await stranger.hears("/refused")).values[:2] == ("/chat/say", "not-joined")
        stranger.say("/section/request", "s", "a1")
        assert (await stranger.hears("/refused")).values[:2] == ("a1", "not-joined")
        stranger.say("/session/ping")
        assert (await stranger.hears("/refused")).values[:2] == ("/session/ping", "not-joined")
        assert jam.host.state.size == size

    run(scene)


def test_bad_tokens_are_refused_and_the_right_one_still_counts(run: Run, kind: str, tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        client = await jam.client(kind)
        good = jam.token("leader")
        late = jam.token("leader", expires_s=-5)
        for token, code in [
            ("", "bad-token"),
            ("x.y", "bad-token"),
            (good[:-4] + "AAAA", "bad-token"),
            (late, "expired"),
        ]:
            client.say("/session/join", "s", token)
            assert (await client.hears("/refused")).values[:2] == ("/session/join", code)
        client.say("/session/join", "si", good, 70_000)
        assert (await client.hears("/refused")).values[:2] == ("/session/join", "bad-value")
        assert not list(jam.host.state.present())
        await client.joins(good)

    run(scene)


def test_a_token_names_its_session_of_all_there_are(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        other = await jam.house.start("other")
        here, there = await jam.client(kind), await jam.client(kind)
        assert await here.joins(jam.token("rhythm", "ana")) == ("jam", "ana", "rhythm")
        assert await there.joins(jam.token("rhythm", "ana", "other")) == ("other", "ana", "rhythm")
        there.say("/chat/say", "s", "only there")
        await there.hears("/chat/said", "ana", "only there")
        assert await here.quiet() == []
        assert list(other.state.members) == ["ana"]

    run(scene)


@pytest.mark.parametrize("row", [row for row in vectors("bad") if row["hex"]], ids=lambda row: row["name"])
def test_a_bad_packet_is_answered_and_disturbs_nobody(run: Run, kind: str, row: dict[str, Any]) -> None:
    async def scene(jam: OscJam) -> None:
        ana, bea = await jam.client(kind), await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        await bea.joins(jam.token("listener", "bea"))
        size = jam.host.state.size
        ana.send(bytes.fromhex(row["hex"]))
        assert (await ana.hears("/refused")).values[:2] == (row["what"], row["refused"])
        ana.say("/chat/say", "s", "still here")
        for client in (ana, bea):
            await client.hears("/chat/said", "ana", "still here")
            assert [heard for heard in await client.quiet() if heard.address != "/refused"] == []
        assert jam.host.state.size == size + 1

    run(scene)


def test_a_good_message_beside_a_bad_one_is_taken(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        ana.say_at(None, ("/chat/say", "s", "one"), ("/chat/shout", "s", "two"), ("/chat/say", "s", "three"))
        await ana.hears("/refused", "/chat/shout", "unknown-field")
        await ana.hears("/chat/said", "ana", "one")
        await ana.hears("/chat/said", "ana", "three")

    run(scene)


def test_what_the_session_refuses_names_the_id_or_the_address(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        lis = await jam.client(kind)
        await lis.joins(jam.token("listener"))
        lis.say("/section/request", "ssi", "a1", "bars", 4)
        assert (await lis.hears("/refused")).values[:2] == ("a1", "not-allowed")
        lis.say("/take/accept", "s", "take-1")
        assert (await lis.hears("/refused")).values[:2] == ("/take/accept", "not-allowed")
        lis.say("/section/cancel", "s", "nothing")
        assert (await lis.hears("/refused")).values[0] == "nothing"

    run(scene)


def test_time_tags_wait_and_nobody_else_does(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana, bea = await jam.client(kind), await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        await bea.joins(jam.token("guest", "bea"))
        start_us = now_us()
        ana.say_at(start_us + 1_000_000, ("/chat/say", "s", "in a second"), ("/take/stop", "s", "none"))
        ana.say("/chat/say", "s", "now")
        await bea.hears("/chat/said", "ana", "now")
        assert now_us() < start_us + 1_000_000
        await bea.hears("/chat/said", "ana", "in a second")
        assert now_us() >= start_us + 1_000_000
        assert (await ana.hears("/refused")).values[0] == "/take/stop"
        ana.say_at(now_us() + int((LATEST_S + 1) * 1e6), ("/chat/say", "s", "too late"))
        assert (await ana.hears("/refused")).values[:2] == ("/chat/say", "bad-value")
        ana.say_at(start_us, ("/chat/say", "s", "late is now"))
        await bea.hears("/chat/said", "ana", "late is now")

    run(scene)


def test_what_moves_everybody_is_dated_when_it_sounds(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana, bea = await jam.client(kind), await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        await bea.joins(jam.token("listener", "bea"))
        ana.say("/transport/tempo", "f", 127.99)
        state = await bea.hears("/transport/state")
        assert state.bundled
        assert state.at_us is None
        assert state.values[0] == 0
        ana.say("/transport/play")
        state = await bea.hears("/transport/state")
        assert state.values == (1, 127.99, 0.0, 4, 4)
        assert state.at_us is not None
        assert state.at_us > now_us()
        ana.say("/live/note", "sii", "bass", 36, 100)
        note = await bea.hears("/live/note")
        assert note.values == ("bass", 36, 100)
        assert not note.bundled

    run(scene)


async def ask_for_two_bars(jam: OscJam, kind: str) -> OscClient:
    """A program that has asked for a section whose engine has written it."""
    await jam.engine()
    ana = await jam.client(kind)
    await ana.joins(jam.token("leader", "ana"))
    ana.say("/section/request", "ssisssi", "a1", "bars", 2, "parts", "drums", "stems", 0)
    await ana.hears("/section/accepted", "a1")
    assert (await jam.work())["section"] == "ana/a1"
    notes = [[0, 240, 36, 100], [480, 240, 38, 90]]
    jam.engine_says("engine.bar", section="ana/a1", part="drums", bar=1, notes=notes)
    jam.engine_says("engine.bar", section="ana/a1", part="drums", bar=2, notes=[])
    jam.engine_says("engine.done", section="ana/a1", composer={}, renderer={})
    return ana


async def hears_two_bars(ana: OscClient) -> None:
    first, second = await ana.hears("/section/note"), await ana.hears("/section/note")
    assert first.values == ("a1", "drums", 0.0, 0.25, 36, 100)
    assert second.values == ("a1", "drums", 0.5, 0.25, 38, 90)
    bar, empty = await ana.hears("/section/bar"), await ana.hears("/section/bar")
    assert bar.values == ("a1", "drums", 1, 2)
    assert first.packet == second.packet == bar.packet
    assert empty.values == ("a1", "drums", 2, 0)
    assert empty.bundled
    assert empty.packet == bar.packet + 1


def test_a_section_comes_bar_by_bar_in_bundles_to_its_asker_alone(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        bea = await jam.client(kind)
        await bea.joins(jam.token("rhythm", "bea"))
        ana = await ask_for_two_bars(jam, kind)
        await hears_two_bars(ana)
        assert (await ana.hears("/section/done")).values[:2] == ("a1", "take-1")
        assert [heard for heard in await bea.quiet() if heard.address.startswith("/section")] == []

    run(scene)


def test_a_bar_and_a_section_come_again_in_the_same_bundles(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await ask_for_two_bars(jam, kind)
        await ana.hears("/section/done")
        ana.heard.clear()
        ana.say("/section/resend", "ssi", "a1", "drums", 1)
        ana.say("/section/resend", "ssi", "a1", "drums", 2)
        await hears_two_bars(ana)
        ana.say("/section/request", "ssisssi", "a1", "bars", 2, "parts", "drums", "stems", 0)
        await hears_two_bars(ana)
        await ana.hears("/section/done")

    run(scene)


def test_after_cancelled_nothing_of_the_section_follows(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        await jam.engine()
        ana = await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        ana.say("/section/request", "ssi", "long", "bars", 64)
        work = await jam.work()
        notes = [[bar_start, 30, 60, 100] for bar_start in range(0, 3840, 120)]
        for bar in range(1, 65):
            for part in ("drums", "bass", "harmony", "melody"):
                here = [[(bar - 1) * 3840 + start, *rest] for start, *rest in notes]
                jam.engine_says("engine.bar", section=work["section"], part=part, bar=bar, notes=here)
        await ana.hears("/section/bar")
        ana.say("/section/cancel", "s", "long")
        start_us = now_us()
        await ana.hears("/section/cancelled", "long")
        assert now_us() - start_us <= 100_000
        ana.heard.clear()
        assert await ana.quiet() == []

    run(scene)


def test_who_comes_back_after_silence_is_the_same_member(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        token = jam.token("guest")
        client = await jam.client(kind)
        session, member, role = await client.joins(token)
        await asyncio.sleep(AWAY_AFTER_S * 1.3)
        assert jam.host.state.members[str(member)].presence is Presence.AWAY
        again = await jam.client(kind)
        assert await again.joins(token) == (session, member, role)
        assert jam.host.state.members[str(member)].presence is Presence.PRESENT

    run(scene)


def test_joining_twice_from_one_place_is_one_member_who_hears_things_once(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.client(kind)
        token = jam.token("guest")
        assert await ana.joins(token) == await ana.joins(token)
        ana.say("/chat/say", "s", "once")
        await ana.hears("/chat/said")
        assert await ana.quiet() == []
        ana.say("/session/join", "s", "nonsense")
        await ana.hears("/refused", "/session/join", "bad-token")
        ana.say("/chat/say", "s", "still here")
        await ana.hears("/chat/said")

    run(scene)


def test_a_request_sent_again_from_another_place_is_the_same_request(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        await jam.engine()
        token, asked = (
            jam.token("leader"),
            ("/section/request", "ssisssi", "r1", "bars", 1, "parts", "bass", "stems", 0),
        )
        first = await jam.client(kind)
        await first.joins(token)
        first.say(*asked)
        await first.hears("/section/accepted", "r1")
        work = await jam.work()
        again = await jam.client(kind)
        assert (await again.joins(token))[1] == "leader-2", "the first one is still there"
        again.say(*asked)
        await again.hears("/section/accepted", "r1")
        notes = [[0, 10, 40, 90]]
        await jam.engine_says("engine.bar", section=work["section"], part="bass", bar=1, notes=notes)
        made = {"composer": {"name": "c"}, "renderer": {"name": "r"}}
        await jam.engine_says("engine.done", section=work["section"], **made)
        for client in (first, again):
            await client.hears("/section/bar", "r1", "bass", 1)
            assert (await client.hears("/section/done", "r1")).values[1] == "take-1"
        again.say("/section/request", "ssi", "r1", "bars", 2)
        await again.hears("/refused", "r1", "conflict")
        assert list(jam.host.state.takes) == ["take-1"]

    run(scene)


def test_who_joins_as_somebody_else_from_the_same_place_leaves_the_first_away(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        client = await jam.client(kind)
        await client.joins(jam.token("guest", "gus"))
        await client.joins(jam.token("rhythm", "rhy"))
        assert jam.host.state.members["gus"].presence is Presence.AWAY
        client.say("/chat/say", "s", "who am I")
        await client.hears("/chat/said", "rhy")

    run(scene)


def test_who_is_removed_hears_it_and_is_a_stranger_then(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana, gus = await jam.client(kind), await jam.udp()
        await ana.joins(jam.token("leader", "ana"))
        await gus.joins(jam.token("guest", "gus"))
        ana.say("/session/remove", "s", "gus")
        await gus.hears("/session/remove", "gus")
        await ana.hears("/session/remove", "gus")
        gus.say("/chat/say", "s", "but")
        assert (await gus.hears("/refused")).values[:2] == ("/chat/say", "not-joined")

    run(scene)


def test_a_flood_is_bounded_and_said(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.client(kind)
        await ana.joins(jam.token("leader", "ana"))
        ping = ("/session/ping", "")
        for _ in range(BURST_MESSAGES // 200 + 10):
            ana.say_at(None, *[ping] * 200)
        assert (await ana.hears("/refused")).values[:2] == ("/", "too-many")
        assert [heard for heard in ana.heard if heard.address == "/refused"] == []
        await asyncio.sleep(3)
        await ana.quiet()

    run(scene)


def test_a_flood_of_notes_is_refused_once_and_no_note_hangs(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana, ben, ear = await jam.client(kind), await jam.client(kind), await jam.udp()
        await ana.joins(jam.token("guest", "ana"))
        await ben.joins(jam.token("rhythm", "ben"))
        await ear.joins(jam.token("listener", "lis"))
        ana.say("/live/note", "sii", "bass", 7, 80)
        await ear.hears("/live/note", "bass", 7, 80)
        for number in range(BURST_MESSAGES + 500):
            ana.say("/live/note", "sii", "bass", number % 120 + 8, 80)
        for _ in range(2):  # the second one ends nothing
            ana.say("/live/note", "sff", "bass", 7.0, 0.0)
        ben.say("/live/note", "sii", "drums", 36, 99)
        await ear.hears("/live/note", "drums", 36, 99)
        await ear.hears("/live/note", "bass", 7, 0)
        notes = [heard.values for heard in ear.heard if heard.address == "/live/note"]
        assert NOTES_BURST / 2 < len(notes) < 2 * NOTES_BURST
        for pitch in range(8, 128):
            ana.say("/live/note", "sii", "bass", pitch, 0)
        for played in {values[1] for values in notes if values[2]}:
            await ear.hears("/live/note", "bass", played, 0)
        refusals = [heard.values for heard in await ana.quiet() if heard.address == "/refused"]
        assert [values[:2] for values in refusals] == [("/live/note", "too-many")]

    run(scene)


def test_a_flood_of_chat_is_refused_once(run: Run, kind: str) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.client(kind)
        await ana.joins(jam.token("guest", "ana"))
        for number in range(1000):
            ana.say("/chat/say", "s", f"line {number}")
        heard = await ana.quiet()
        assert [one.values[:2] for one in heard if one.address == "/refused"] == [("/chat/say", "too-many")]
        assert len([one for one in heard if one.address == "/chat/said"]) <= CHATS_BURST + CHATS_PER_S

    run(scene)


def test_a_broadcast_is_encoded_once() -> None:
    made: list[Bundle] = []

    def encode(bundle: Bundle) -> int:
        made.append(bundle)
        return len(made)

    encoded = Encoded(encode)
    one, two = Bundle(({"type": "a"},)), Bundle(({"type": "a"},))
    assert [encoded(one), encoded(one), encoded(two), encoded(two)] == [1, 1, 2, 2]
    assert made[0] is one
    assert made[1] is two
