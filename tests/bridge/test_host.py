"""The host over a real record: what is acknowledged, when, to whom; keys, time tags, a disk that fails, a restart."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge import arrivals
from bridge.agenda import LATEST_S, MAX_SCHEDULED
from bridge.door import Bundle, Message, Seat
from bridge.hope import PATIENCE_S
from bridge.host import AWAY_AFTER_S, Host
from bridge.ledger import open_ledger
from bridge.ports.disk import SYSTEM, Files, System
from sessions.commands import Join
from sessions.decide import members
from sessions.decide.base import Decision
from sessions.errors import Code, Refused
from sessions.invites import Invite, read_token
from sessions.keys import MemberKey
from sessions.state import Presence, State, Status
from tests.support.virtual_time import START_US, now_us, run_virtual


class VirtualClock:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now_us(self) -> int:
        return START_US + round(self._loop.time() * 1_000_000)


async def open_host(folder: Path, files: Files = SYSTEM) -> Host:
    clock = VirtualClock()
    ledger = await asyncio.to_thread(open_ledger, folder, "jam", clock, files)
    host = Host(ledger, clock, engine_expected=lambda: True)
    host.start()
    return host


class Ear:
    """An outlet that keeps what it is told."""

    def __init__(self, kind: str = "ws") -> None:
        self.kind, self.local, self.watches, self.waiting_bytes = kind, True, kind == "ws", 0
        self.bundles: list[Bundle] = []

    def send(self, bundle: Bundle) -> None:
        self.bundles.append(bundle)

    @property
    def heard(self) -> list[Message]:
        return [message for bundle in self.bundles for message in bundle.messages]

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.heard if message["type"] == kind]


def invite(role: str, name: str = "", id_: str = "") -> Invite:
    return Invite(session="jam", role=role, name=name, expires_s=4_000_000_000, id=id_ or f"{role:0<16}")


class Jam:
    """A host on a folder, with people in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def open(self) -> None:
        self.host = await open_host(self.folder)

    async def restart(self) -> None:
        await self.host.stop()
        await self.open()

    async def join(self, role: str, name: str = "", kind: str = "ws", **fields: Any) -> tuple[Seat, Ear]:
        ear = Ear(kind)
        seat, joined = self.host.join(invite(role), {"type": "session.join", "name": name, **fields}, ear)
        await joined
        return seat, ear

    async def engine(self) -> tuple[Seat, Ear]:
        seat, ear = await self.join("engine", "engine")
        await self.say(seat, "engine.ready", name="e", software="1", renderers=[{"name": "sampler", "licence": "CC0"}])
        return seat, ear

    async def say(self, seat: Seat, kind: str, /, **fields: Any) -> int | None:
        return await self.host.submit(seat, {"type": kind, **fields})


Test = Callable[[Jam], Coroutine[Any, Any, None]]


@pytest.fixture
def jam(tmp_path: Path) -> Callable[[Test], None]:
    """Runs a test in virtual time with a session that is closed afterwards."""

    def run(test: Test) -> None:
        async def main() -> None:
            jam = Jam(tmp_path / "jam")
            await jam.open()
            try:
                await test(jam)
            finally:
                await jam.host.stop()

        run_virtual(main())

    return run


def test_acknowledged_means_on_disk(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        seat, ear = await jam.join("leader", "ana")
        waiting = jam.host.submit(seat, {"type": "section.request", "id": "a", "bars": 1})
        assert not ear.of("section.accepted")
        index = await waiting
        assert ear.of("section.accepted")
        assert index is not None
        (line,) = (jam.folder / "log.jsonl").read_bytes().splitlines()[index : index + 1]
        assert b'"section.requested"' in line

    jam(test)


def test_live_notes_are_heard_at_once_and_logged_after(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("leader", "ana")
        _, ear = await jam.join("listener", "lis")
        waiting = jam.host.submit(ana, {"type": "live.note", "part": "bass", "pitch": 40, "velocity": 90})
        assert ear.of("live.note") == [
            {"type": "live.note", "part": "bass", "pitch": 40, "velocity": 90, "member": "ana"}
        ]
        assert await waiting == jam.host.record.durable - 1

    jam(test)


def test_who_hears_what(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, ana_ear = await jam.join("leader", "ana", kind="osc")
        _, watcher = await jam.join("listener", "lis")
        _, other = await jam.join("rhythm", "rhy", kind="osc")
        engine, engine_ear = await jam.engine()
        await jam.say(ana, "section.request", id="a", bars=1, parts="drums", stems=0)
        await jam.say(engine, "engine.bar", section="ana/a", part="drums", bar=1, notes=[[0, 10, 36, 100]])
        await jam.say(engine, "engine.done", section="ana/a", composer={}, renderer={})
        for ear in (ana_ear, watcher):
            assert [len(ear.of(f"section.{kind}")) for kind in ("accepted", "note", "bar", "done")] == [1, 1, 1, 1]
        assert not [message for message in other.heard if message["type"].startswith("section.")]
        assert {message["type"] for message in engine_ear.heard} == {"session.joined", "engine.work", *WELCOME}
        await jam.say(ana, "take.accept", take="take-1")
        assert other.of("take.accept")
        assert watcher.of("take.accept")

    jam(test)


WELCOME = {"session.members", "transport.state"}


def test_who_asked_hears_of_it_before_those_who_watch(jam: Callable[[Test], None]) -> None:
    async def scene(jam: Jam) -> None:
        _, watching = await jam.join("guest", "bea")
        ana, asking = await jam.join("leader", "ana", kind="osc")
        asking.bundles = watching.bundles = []
        await jam.say(ana, "section.request", id="a", bars=4)
        assert [message["type"] for message in asking.heard][:3] == [
            "section.accepted",  # to ana, who came last and watches nothing
            "section.requested",
            "section.accepted",
        ]

    jam(scene)


def test_a_newcomer_who_watches_learns_what_is_going_on(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("leader", "ana")
        engine, _ = await jam.engine()
        for id_ in ("done", "open"):
            await jam.say(ana, "section.request", id=id_, bars=1, parts="drums", stems=0)
        await jam.say(engine, "engine.bar", section="ana/done", part="drums", bar=1, notes=[])
        await jam.say(engine, "engine.done", section="ana/done", composer={}, renderer={})
        await jam.say(engine, "engine.bar", section="ana/open", part="drums", bar=1, notes=[[0, 10, 36, 100]])
        await jam.say(ana, "take.loop", take="take-1", at="now")
        _, ear = await jam.join("listener", "late")
        (looping,) = [bundle for bundle in ear.bundles if bundle.messages[0]["type"] == "take.loop"]
        assert looping.at_us == jam.host.state.transport.time_us_at(0)
        assert [message["take"] for message in ear.of("take.added")] == ["take-1"]
        assert [message["id"] for message in ear.of("section.requested")] == ["open"]
        assert len(ear.of("section.bar")) == 1

    jam(test)


def test_keys_sign_each_command_and_no_command_counts_twice(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        key = MemberKey()
        origin = jam.host.origin

        def signed(**message: Any) -> Message:
            return key.signed(origin, message)

        ear = Ear()
        joining = signed(type="session.join", name="ana", key=key.public, nonce="1")
        seat, joined = jam.host.join(invite("leader"), joining, ear)
        await joined
        say = signed(type="chat.say", text="hello", nonce="2")
        index = await jam.host.submit(seat, say)
        assert index is not None
        (entry,) = jam.host.record.entries(index, index + 1)
        assert entry.signature == say["signature"]
        assert entry.event["command"] == {"type": "chat.say", "text": "hello", "nonce": "2"}
        with pytest.raises(Refused, match="nonce"):
            jam.host.submit(seat, say)
        with pytest.raises(Refused, match="signature"):
            jam.host.submit(seat, {"type": "chat.say", "text": "hello", "nonce": "3"})
        with pytest.raises(Refused, match="signature"):
            jam.host.submit(seat, {**signed(type="chat.say", text="yes", nonce="4"), "text": "no"})
        with pytest.raises(Refused):
            jam.host.join(invite("leader"), {**joining, "nonce": "5"}, Ear())
        with pytest.raises(Refused, match="nonce"):
            jam.host.join(invite("leader"), joining, Ear())
        await jam.host.submit(seat, {"type": "log.head"})
        assert ear.of("log.head")[0]["size"] == jam.host.state.size

    jam(test)


def test_time_tags_wait_and_are_capped(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        seat, ear = await jam.join("leader", "ana")
        later = jam.host.submit(seat, {"type": "chat.say", "text": "later"}, at_us=now_us() + 2_000_000)
        await jam.say(seat, "chat.say", text="now")
        await later
        assert [message["text"] for message in ear.of("chat.said")] == ["now", "later"]
        with pytest.raises(Refused, match="time tag"):
            jam.host.submit(seat, {"type": "chat.say", "text": "x"}, at_us=now_us() + int(LATEST_S * 1e6) + 10_000)
        with pytest.raises(Refused, match="text"):
            jam.host.submit(seat, {"type": "chat.say"}, at_us=now_us() + 1000)
        for _ in range(MAX_SCHEDULED):
            jam.host.submit(seat, {"type": "take.stop", "take": "none"}, at_us=now_us() + 1_000_000)
        with pytest.raises(Refused) as refused:
            jam.host.submit(seat, {"type": "take.stop", "take": "none"}, at_us=now_us() + 1_000_000)
        assert refused.value.code is Code.TOO_MANY
        await asyncio.sleep(2)
        assert len(ear.of("refused")) == MAX_SCHEDULED, "what is refused when it is due is told then"

    jam(test)


def test_silence_is_being_away_and_a_word_brings_back(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        seat, _ = await jam.join("leader", "ana", kind="osc")
        _, ear = await jam.join("listener", "lis")

        def presence() -> Presence:
            return jam.host.state.members["ana"].presence

        for _ in range(3):
            await asyncio.sleep(AWAY_AFTER_S / 2)
            await jam.say(seat, "session.ping")
        assert presence() is Presence.PRESENT
        await asyncio.sleep(AWAY_AFTER_S * 1.2)
        assert presence() is Presence.AWAY
        assert ear.of("session.members")[-1]["members"][0]["status"] == "away"
        await jam.say(seat, "chat.say", text="back")
        assert presence() is Presence.PRESENT

    jam(test)


def test_what_an_unheard_member_holds_down_ends_for_everybody(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("rhythm", "ana", kind="osc")
        _, ear = await jam.join("listener", "ear", kind="osc-tcp")
        _, page = await jam.join("leader", "page")
        await jam.say(ana, "live.note", part="bass", pitch=40, velocity=90)
        await asyncio.sleep(AWAY_AFTER_S * 1.2)
        for outlet in (page, ear):
            assert [(note["pitch"], note["velocity"]) for note in outlet.of("live.note")] == [(40, 90), (40, 0)]
        away = next(told for told in page.of("session.members") if told["members"][0]["status"] == "away")
        assert page.heard.index(page.of("live.note")[1]) < page.heard.index(away), "it need not wait for the disk"
        await jam.say(ana, "session.ping")
        assert not jam.host.state.sounding

    jam(test)


def test_a_restart_ends_what_sounded(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("rhythm", "ana")
        await jam.say(ana, "live.note", part="bass", pitch=40, velocity=90)
        await jam.restart()
        assert not jam.host.state.sounding
        await jam.join("rhythm", "ana")
        assert (jam.folder / "log.jsonl").read_text(encoding="utf-8").count('"live.silenced"') == 1

    jam(test)


def test_a_member_is_heard_by_any_of_his_connections(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        _, stale = await jam.join("leader", "ana", kind="osc")
        engine, _ = await jam.engine()
        named = invite("rhythm", name="bob", id_="00000000000000b0")
        jam.host.join(
            named, {"type": "session.join"}, Ear("osc")
        )  # its program was killed, and came back at another port
        bob, joined = jam.host.join(named, {"type": "session.join"}, Ear("osc"))
        await joined
        size = jam.host.state.size
        for _ in range(6):
            await jam.say(bob, "session.ping")
            await asyncio.sleep(AWAY_AFTER_S / 2)
        members = jam.host.state.members
        assert [members[name].presence for name in ("ana", "bob", "engine")] == [
            Presence.AWAY,
            Presence.PRESENT,
            Presence.PRESENT,
        ]
        assert jam.host.state.size == size + 1, "only ana's silence is worth a line"
        assert not stale.of("session.left")
        assert engine.member in jam.host.state.offers

    jam(test)


def test_who_waits_is_told_when_the_last_engine_goes_after_it_was_given_up(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, ear = await jam.join("leader", "ana")
        engine, _ = await jam.engine()
        await jam.say(ana, "section.request", id="a", bars=1)
        jam.host.no_engine_left()  # its process has ended, and its connection is not noticed yet
        assert jam.host.state.sections["ana/a"].status is Status.WORKING
        jam.host.close(engine)
        await jam.say(ana, "session.ping")
        (failed,) = ear.of("section.failed")
        assert failed["code"] == "no-engine"

    jam(test)


def test_without_the_invite_of_its_own_engine_a_session_says_that_none_comes(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, ear = await jam.join("leader", "ana")
        token = jam.host.invite_own_engine(3600)
        own = read_token(token, jam.host.key.verifier, 0)
        seat, joined = jam.host.join(own, {"type": "session.join"}, Ear())
        await joined
        offers = [{"name": "sampler", "licence": "CC0"}]
        await jam.say(seat, "engine.ready", name="e", software="1", renderers=offers)
        for id_ in ("at work", "waits"):
            await jam.say(ana, "section.request", id=id_, bars=1)
        await jam.say(ana, "session.revoke", invite=own.id)
        assert [(m["id"], m["code"]) for m in ear.of("section.failed")] == [
            ("at work", "no-engine"),
            ("waits", "no-engine"),
        ]
        assert "starbridge engine" in ear.of("section.failed")[0]["advice"]
        with pytest.raises(Refused) as error:
            await jam.say(ana, "section.request", id="later", bars=1)
        assert error.value.code is Code.NO_ENGINE
        await jam.engine()
        await jam.say(ana, "section.request", id="by another", bars=1)
        assert jam.host.state.sections["ana/by another"].status is Status.WORKING

    jam(test)


def test_what_a_guest_waits_for_fails_at_the_leaders_yes_where_no_engine_comes(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("leader", "ana")
        gus, ear = await jam.join("guest", "gus", kind="osc")
        own = read_token(jam.host.invite_own_engine(3600), jam.host.key.verifier, 0)
        await jam.say(gus, "section.request", id="a", bars=1)
        await jam.say(ana, "session.revoke", invite=own.id)
        assert jam.host.state.sections["gus/a"].status is Status.WAITING, "an engine may come before the leader's yes"
        await jam.say(ana, "section.approve", id="a")
        assert ear.of("section.failed")[0]["code"] == "no-engine"

    jam(test)


def test_an_engine_from_elsewhere_has_a_while_to_come_back(tmp_path: Path) -> None:
    async def main() -> None:
        jam = Jam(tmp_path / "jam")
        clock = VirtualClock()
        ledger = await asyncio.to_thread(open_ledger, jam.folder, "jam", clock)
        jam.host = Host(ledger, clock)
        jam.host.start()
        try:
            ana, ear = await jam.join("leader", "ana")
            with pytest.raises(Refused):
                await jam.say(ana, "section.request", id="nobody", bars=1)
            for back in (True, False):
                engine, _ = await jam.engine()
                await jam.say(ana, "section.request", id=f"a-{back}", bars=1)
                jam.host.close(engine)
                await asyncio.sleep(PATIENCE_S * 0.8)
                assert not ear.of("section.failed")
                if back:
                    engine, _ = await jam.engine()
                    assert jam.host.state.sections["ana/a-True"].engine == "engine"
                    await jam.say(ana, "section.cancel", id="a-True")
                    jam.host.close(engine)
            await asyncio.sleep(PATIENCE_S * 0.4)
            assert [(m["id"], m["code"]) for m in ear.of("section.failed")] == [("a-False", "no-engine")]
        finally:
            await jam.host.stop()

    run_virtual(main())


def test_removed_means_the_connection_goes_after_the_news(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("leader", "ana")
        gus, ear = await jam.join("guest", "gus")
        gone: list[bool] = []
        gus.dismissed = lambda: gone.append(bool(ear.of("session.removed")))
        await jam.say(ana, "session.remove", member="gus")
        await asyncio.sleep(0)
        assert gone == [True]
        with pytest.raises(Refused) as refused:
            jam.host.submit(gus, {"type": "chat.say", "text": "hi"})
        assert refused.value.code is Code.NOT_JOINED

    jam(test)


def test_who_leaves_and_comes_back_before_the_disk_has_it_stays(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        first, _ = await jam.join("rhythm", "ana")
        left = jam.host.submit(first, {"type": "session.leave"})
        second, joined = jam.host.join(invite("rhythm"), {"type": "session.join", "name": "ana"}, Ear())
        await left
        await joined
        assert (first.gone, second.gone) == (True, False)
        await jam.say(second, "session.ping")
        jam.host.close(second)
        assert jam.host.state.members["ana"].presence is Presence.AWAY

    jam(test)


def test_a_lost_connection_is_away_at_once_unless_there_is_another(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        key = MemberKey()

        def joining(nonce: str) -> Message:
            return key.signed(
                jam.host.origin, {"type": "session.join", "name": "ana", "key": key.public, "nonce": nonce}
            )

        first, _ = jam.host.join(invite("leader"), joining("1"), Ear())
        second, _ = jam.host.join(invite("leader"), joining("2"), Ear())
        assert first.member == second.member == "ana"
        jam.host.close(first)
        assert jam.host.state.members["ana"].presence is Presence.PRESENT
        jam.host.close(second)
        jam.host.close(second)
        assert jam.host.state.members["ana"].presence is Presence.AWAY

    jam(test)


def test_a_caller_without_a_connection_is_one_member(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        first = jam.host.visit(invite("leader"))
        assert first.member == "leader"
        assert jam.host.visit(invite("leader")) is first
        assert await jam.say(first, "chat.say", text="here")
        await asyncio.sleep(AWAY_AFTER_S * 1.2)
        assert not list(jam.host.state.present())
        assert jam.host.visit(invite("leader")) is first
        assert await jam.say(first, "chat.say", text="here again")
        assert [member.name for member in jam.host.state.present()] == ["leader"]
        await jam.restart()
        assert jam.host.visit(invite("leader")).member == "leader"

    jam(test)


def test_a_caller_without_a_connection_is_the_member_who_came_by_the_same_invite(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        seat, _ = await jam.join("leader", "ana")
        visit = jam.host.visit(invite("leader"))
        assert visit.member == "ana", "the only one by this invite"
        jam.host.close(seat)
        await asyncio.sleep(AWAY_AFTER_S * 1.2)
        assert jam.host.state.members["ana"].presence is Presence.AWAY, "a visit is no connection"
        assert jam.host.visit(invite("leader")).member == "ana"
        named = jam.host.visit(invite("guest", "gus"))
        assert named.member == "gus", "as the invite says"
        seat, joined = jam.host.join(invite("guest", "gus"), {"type": "session.join"}, Ear())
        await joined
        assert seat.member == "gus"
        assert jam.host.visit(invite("guest", "gus")) is named

    jam(test)


def test_who_comes_after_a_visit_by_the_same_invite_is_the_visitor(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        visit = jam.host.visit(invite("guest"))
        assert visit.member == "guest"
        first, _ = await jam.join("guest")
        assert first.member == "guest", "a visit is no connection, so nobody else is here"
        second, _ = await jam.join("guest")
        assert second.member == "guest-2", "the first one is"
        assert jam.host.visit(invite("guest")) is visit

    jam(test)


def test_a_caller_without_a_connection_is_one_of_its_own_where_it_can_be_nobody(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        for _ in range(2):
            await jam.join("guest")
        assert jam.host.visit(invite("guest")).member == "guest-http", "which of the two?"
        key = MemberKey(bytes(32))
        message = key.signed(jam.host.origin, {"type": "session.join", "key": key.public, "nonce": "1"})
        jam.host.join(invite("rhythm"), message, Ear())
        visit = jam.host.visit(invite("rhythm"))
        assert visit.member == "rhythm-http", "who holds a key signs, and a visitor doesn't"
        visit = jam.host.visit(invite("harmony", "har"))
        other = MemberKey(bytes(31) + b"1")
        message = other.signed(jam.host.origin, {"type": "session.join", "key": other.public, "nonce": "1"})
        seat, joined = jam.host.join(invite("harmony", "har"), message, Ear())
        await joined
        assert (visit.member, seat.member) == ("har", "har")
        assert jam.host.visit(invite("harmony", "har")).member == "har-http", "from now on har signs"

    jam(test)


def test_answers_go_to_whoever_asked_again_by_the_same_invite(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        asked = {"type": "section.request", "id": "a", "bars": 1, "parts": "bass", "stems": 0}
        first, lost = await jam.join("guest", kind="osc")
        leader, _ = await jam.join("leader")
        await jam.host.submit(first, asked)
        second, ear = await jam.join("guest", kind="osc")
        stranger, other = await jam.join("guest", kind="osc")
        assert (first.member, second.member, stranger.member) == ("guest", "guest-2", "guest-3")
        await jam.host.submit(second, asked)
        assert [message["type"] for message in ear.heard if message.get("id") == "a"] == ["section.waiting"]
        engine, work = await jam.engine()
        await jam.say(leader, "section.approve", id="a")
        await jam.say(engine, "engine.bar", section="guest/a", part="bass", bar=1, notes=[[0, 10, 40, 90]])
        made = {"composer": {"name": "c"}, "renderer": {"name": "r"}}
        await jam.say(engine, "engine.done", section="guest/a", **made)
        assert len(work.of("engine.work")) == 1
        for heard in (lost, ear):
            assert [len(heard.of(f"section.{kind}")) for kind in ("accepted", "note", "bar", "done")] == [1, 1, 1, 1]
        assert not [message for message in other.heard if message.get("id") == "a"], "who did not ask hears nothing"
        await jam.say(second, "section.resend", id="a", part="bass", bar=1)
        assert len(ear.of("section.bar")) == 2
        await jam.restart()
        assert set(jam.host.state.takes) == {"take-1"}

    jam(test)


def test_an_outlet_that_fails_goes_and_the_session_stays(jam: Callable[[Test], None]) -> None:
    class Broken(Ear):
        def send(self, bundle: Bundle) -> None:
            raise RuntimeError("no such encoding")

    async def test(jam: Jam) -> None:
        ana, ear = await jam.join("leader", "ana")
        seat, joined = jam.host.join(invite("listener"), {"type": "session.join", "name": "bad"}, Broken())
        gone: list[bool] = []
        seat.dismissed = lambda: gone.append(True)
        await joined
        await jam.say(ana, "chat.say", text="still here")
        assert ear.of("chat.said")
        await asyncio.sleep(0)
        assert gone == [True]

    jam(test)


def test_acting_as_a_role(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        seat = jam.host.act_as("rhythm", Ear("osc"))
        assert (seat.member, seat.role) == ("osc-rhythm", "rhythm")
        assert jam.host.act_as("rhythm", Ear("osc")).member == seat.member
        with pytest.raises(Refused):
            jam.host.act_as("drummer", Ear("osc"))

    jam(test)


def test_a_restart_finds_everything_and_says_what_it_means(jam: Callable[[Test], None]) -> None:
    async def test(jam: Jam) -> None:
        ana, _ = await jam.join("leader", "ana")
        engine, _ = await jam.engine()
        for id_ in ("a", "b"):
            await jam.say(ana, "section.request", id=id_, bars=1, parts="drums", stems=0)
        await jam.say(engine, "engine.bar", section="ana/a", part="drums", bar=1, notes=[[0, 10, 36, 100]])
        await jam.say(ana, "transport.play")
        before = jam.host.state
        await jam.restart()
        state = jam.host.state
        assert state.sections["ana/a"].status is Status.QUEUED
        assert state.sections["ana/a"].bars == before.sections["ana/a"].bars
        assert state.queue == ("ana/a", "ana/b")
        assert not state.transport.playing
        assert {member.presence for member in state.members.values()} == {Presence.AWAY}
        _, ear = await jam.engine()
        (work,) = ear.of("engine.work")
        assert (work["section"], work["attempt"]) == ("ana/a", 1)

    jam(test)


def test_without_a_snapshot_the_log_says_the_same(tmp_path: Path) -> None:
    async def main() -> tuple[State, State]:
        jam = Jam(tmp_path / "jam")
        await jam.open()
        ana, _ = await jam.join("leader", "ana")
        await jam.say(ana, "section.request", id="a", bars=1)
        await jam.say(ana, "transport.tempo", bpm=99.5)
        await jam.host.stop()
        first = await open_host(jam.folder)
        await first.stop()
        for cache in ("snapshot.json", "leaves.bin"):
            (jam.folder / cache).unlink()
        second = await open_host(jam.folder)
        await second.stop()
        return first.state, second.state

    first, second = run_virtual(main())
    assert first == second


def test_of_a_flood_of_joins_no_more_than_a_band_is_looked_at(
    jam: Callable[[Test], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = members.join

    def join(state: State, door: members.Door, command: Join) -> Decision:
        looked.append(door.invite)
        return real(state, door, command)

    monkeypatch.setattr(arrivals, "JOINS_BURST", 8)
    monkeypatch.setattr(members, "join", join)

    async def test(jam: Jam) -> None:
        joined = 0
        for _ in range(1000):
            with contextlib.suppress(Refused):
                await jam.join("guest")
                joined += 1
        assert 8 <= joined == len(looked) < 100
        assert jam.host.statistics()["turned_away"] == 1000 - joined
        await jam.join("listener")

    jam(test)


class FullDisk(System):
    """The system's calls, on a disk that is full at times."""

    full = False

    def write(self, handle: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "no space left on device")
        return super().write(handle, data)


def test_a_full_disk_undoes_says_so_and_forgets_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        disk = FullDisk()
        host = await open_host(tmp_path / "jam", disk)
        ear = Ear()
        ana, joined = host.join(invite("leader"), {"type": "session.join", "name": "ana"}, ear)
        await joined
        await host.submit(ana, {"type": "section.request", "id": "kept", "bars": 1})
        note = {"type": "live.note", "part": "bass", "pitch": 40, "velocity": 90}
        await host.submit(ana, note)
        disk.full = True
        late = host.submit(ana, {**note, "pitch": 41})
        waiting = [host.submit(ana, {"type": "section.request", "id": id_, "bars": 1}) for id_ in "ab"]
        gus, lost = host.join(invite("guest"), {"type": "session.join", "name": "gus"}, Ear())
        gone: list[bool] = []
        gus.dismissed = lambda: gone.append(True)
        caller = invite("rhythm")
        host.visit(caller)
        for future in (*waiting, lost, late):
            with pytest.raises(Refused, match="disk is full"):
                await future
        assert len(ear.of("section.accepted")) == 1
        assert list(host.state.sections) == ["ana/kept"]
        await asyncio.sleep(0)
        assert gone == [True]
        assert "gus" not in host.state.members
        assert host.role_of(caller).name == "rhythm"
        with pytest.raises(Refused, match="disk is full"):
            await host.submit(ana, {"type": "section.request", "id": "c", "bars": 1})
        with pytest.raises(Refused, match="did not take it, and nothing was changed: the disk is full"):
            host.join(invite("guest"), {"type": "session.join", "name": "zoe"}, Ear())
        assert host.statistics()["seats"] == 1
        with pytest.raises(Refused, match="disk is full"):
            host.submit(ana, {**note, "velocity": 0})
        heard = [(told["pitch"], told["velocity"]) for told in ear.of("live.note")]
        assert heard == [(40, 90), (41, 90), (40, 0), (41, 0)], "nothing sounds on that nobody can end"
        assert host.state.sounding
        disk.full = False
        await asyncio.sleep(2)
        assert not host.state.sounding
        assert host.visit(caller).member in host.state.members, "who was undone comes anew"
        index = await host.submit(ana, {"type": "section.request", "id": "a", "bars": 1})
        assert index == host.state.size - 1 == host.record.durable - 1
        told = [record.getMessage() for record in caplog.records if record.name == "bridge.scribe"]
        assert [" is full" in line for line in told] == [True, False], "once that it is, once that it is not"
        await host.stop()
        again = await open_host(tmp_path / "jam")
        assert list(again.state.sections) == ["ana/kept", "ana/a"]
        await again.stop()

    run_virtual(main())
