"""The engine's client against a scripted server: what it says, when it stops, how it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from bridge.engine import client as module
from bridge.engine.backoff import Backoff
from bridge.engine.bench import AT_ONCE, Bench
from bridge.engine.client import Client, run_engine, software
from bridge.engine.orders import read_work
from sessions.errors import Code, Refused
from sessions.invites import make_invite
from sessions.keys import MemberKey
from sessions.music import Note, Part, parse_request
from tests.bridge.engine.stage import BARS, KEY, MADE_BY, TOKEN, WAIT_S, Broken, Call, Stage, Tune, open_stage, order
from tests.bridge.ports.http.tls import write_certificate

MEMBER = MemberKey(bytes(range(32)))


@contextlib.asynccontextmanager
async def playing(
    stage: Stage, tune: Tune, *, ca: Path | None = None, origin: str = ""
) -> AsyncIterator[asyncio.Task[None]]:
    """A client at work, taken away at the end."""
    bench = Bench(lambda: tune)
    quick = Backoff(first_s=0.01, most_s=0.02)
    client = Client(bench, MEMBER, url=stage.url, token=TOKEN, origin=origin, ca=ca, backoff=quick)
    task = asyncio.create_task(client.serve())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(bench.close)


async def ready(stage: Stage) -> Call:
    """The next connection, let in and ready."""
    call = await stage.next_call()
    await call.let_in()
    await call.hear("engine.ready")
    return call


def test_it_joins_with_its_key_works_and_signs_everything() -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()):
            call = await stage.next_call()
            assert (call.join["type"], call.join["key"], call.join["name"]) == ("session.join", MEMBER.public, "engine")
            await call.let_in()
            said = await call.hear()
            assert (said["type"], said["software"]) == ("engine.ready", software())
            assert [offer["name"] for offer in said["renderers"]] == ["sampler"]
            await call.say({"type": "transport.state", "playing": 0})  # what others do is not for an engine
            await call.say(order("ana/1"))
            done = await call.hear("engine.done")
            assert (done["chords"], done["composer"]) == ("Am F", MADE_BY.to_fields())
            kinds = [message["type"].partition(".")[2] for message in call.heard[1:]]
            assert kinds == ["bar", "bar", "bar", "progress", "stem", "stem", "done"]
            bars = [message["notes"] for message in call.heard if message["type"] == "engine.bar"]
            assert bars == [[note.to_list() for note in notes] for notes in BARS]
            stems = {m["part"]: m["sha256"] for m in call.heard if m["type"] == "engine.stem"}
            assert {part: stage.blobs[sha256] for part, sha256 in stems.items()} == {
                "bass": b"RIFF bass",
                "mix": b"RIFF mix",
            }
            assert stage.tokens == {f"Bearer {TOKEN}"}
            nonces = [message["nonce"] for message in (call.join, *call.heard)]
            assert len(set(nonces)) == len(nonces)

    asyncio.run(scene())


def test_a_cancel_stops_it_between_two_steps_and_the_next_section_is_made() -> None:
    at_bar_2, told = threading.Event(), threading.Event()

    def gate(section: str, step: int) -> None:
        if section == "ana/1" and step == 1:
            at_bar_2.set()
            assert told.wait(WAIT_S)

    tune = Tune(gate)

    async def scene() -> None:
        async with open_stage() as stage, playing(stage, tune):
            call = await ready(stage)
            await call.say(order("ana/1"))
            await call.hear("engine.bar")
            assert await asyncio.to_thread(at_bar_2.wait, WAIT_S)
            await call.say({"type": "engine.cancel", "section": "ana/1"})
            await call.say({"type": "engine.cancel", "section": "of-somebody-else"})
            await tune.until_cancelled()
            told.set()
            failed = await call.hear("engine.failed")
            assert (failed["section"], failed["code"]) == ("ana/1", "cancelled")
            assert tune.saw_cancel.is_set()
            assert len([m for m in call.heard if m.get("section") == "ana/1" and m["type"] == "engine.bar"]) == 1
            await call.say(order("ana/2"))
            done = await call.hear("engine.done")
            assert done["section"] == "ana/2"

    asyncio.run(scene())


def test_a_section_that_is_cancelled_while_it_waits_is_never_begun() -> None:
    first, told = threading.Event(), threading.Event()

    def gate(section: str, step: int) -> None:
        first.set()
        assert told.wait(WAIT_S)

    tune = Tune(gate)

    async def scene() -> None:
        async with open_stage() as stage, playing(stage, tune):
            call = await ready(stage)
            names = [f"ana/{number}" for number in range(1, AT_ONCE + 2)]
            for name in names:
                await call.say(order(name))
            assert await asyncio.to_thread(first.wait, WAIT_S)
            for name in (names[-1], names[0]):
                await call.say({"type": "engine.cancel", "section": name})
            await tune.until_cancelled()
            told.set()
            assert {(await call.hear("engine.failed"))["section"] for _ in range(2)} == {names[0], names[-1]}
            assert names[-1] not in tune.begun


def test_some_sections_are_made_in_turns() -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()):
            call = await ready(stage)
            for name in ("ana/1", "ana/2"):
                await call.say(order(name))
            for _ in range(2):
                await call.hear("engine.done")
            bars = [message["section"] for message in call.heard if message["type"] == "engine.bar"]
            assert bars.index("ana/2") < len(bars) - 1 - bars[::-1].index("ana/1")

    asyncio.run(scene())


def test_a_refusal_of_the_models_and_an_order_that_is_none_fail_the_section_alone() -> None:
    async def scene() -> None:
        broken = Broken(Refused(Code.BAD_VALUE, "renderer: musicgen is not installed here"))
        async with open_stage() as stage, playing(stage, broken):
            call = await ready(stage)
            await call.say(order("ana/1"))
            failed = await call.hear("engine.failed")
            assert (failed["code"], failed["advice"]) == ("bad-value", "renderer: musicgen is not installed here")
            wrong: list[object] = [{"bars": 3000}, None, [], {"bars": {}}]
            for request in wrong:
                await call.say({**order("ana/2"), "request": request})
                assert (await call.hear("engine.failed"))["section"] == "ana/2"
            await call.say({"type": "engine.work", "section": 7})
            await call.say({"type": "refused", "what": "engine.bar", "code": "bad-value", "advice": "no"})
            await call.say(order("ana/3"))
            assert (await call.hear("engine.failed"))["section"] == "ana/3"

    asyncio.run(scene())


def test_it_comes_back_with_the_same_key_when_the_server_hangs_up() -> None:
    at_bar_2, told = threading.Event(), threading.Event()

    def gate(section: str, step: int) -> None:
        if step == 1 and not at_bar_2.is_set():
            at_bar_2.set()
            assert told.wait(WAIT_S)

    tune = Tune(gate)

    async def scene() -> None:
        async with open_stage() as stage, playing(stage, tune):
            call = await ready(stage)
            await call.say(order("ana/1"))
            assert await asyncio.to_thread(at_bar_2.wait, WAIT_S)
            await call.hang_up()
            again = await stage.next_call()
            assert again.join["key"] == call.join["key"]
            await again.let_in()
            await again.hear("engine.ready")
            await again.say(order("ana/1"))
            told.set()
            await again.hear("engine.done")
            assert tune.saw_cancel.is_set()  # what the lost connection had begun
            assert [m["bar"] for m in again.heard if m["type"] == "engine.bar"] == [1, 2, 3]

    asyncio.run(scene())


def test_it_waits_for_a_server_that_is_not_ready_yet() -> None:
    async def scene() -> None:
        async with open_stage() as stage:
            busy = {"code": "too-many", "advice": "wait"}
            stage.origin_answers += [PlainTextResponse("", 503), JSONResponse(busy, 429), PlainTextResponse("", 500)]
            async with playing(stage, Tune()):
                call = await stage.next_call()
                await call.say({"type": "refused", "what": "session.join", "code": "too-many", "advice": "wait"})
                call = await stage.next_call()
                await call.hang_up()
                await (await stage.next_call()).let_in()
                assert stage.origin_answers == []

    asyncio.run(scene())


@pytest.mark.parametrize("what", ["engine.ready", "engine.bar", "engine.done"])
def test_what_the_server_could_not_keep_is_begun_anew(what: str) -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()):
            call = await ready(stage)
            await call.say({"type": "refused", "what": what, "code": "failed", "advice": "the disk is full; make room"})
            assert await ready(stage) is not call

    asyncio.run(scene())


@pytest.mark.parametrize("code", ["bad-token", "expired", "not-allowed", "conflict"])
def test_who_will_never_be_let_in_gives_up(code: str) -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()) as task:
            call = await stage.next_call()
            await call.say({"type": "refused", "what": "session.join", "code": code, "advice": "ask for another"})
            with pytest.raises(Refused, match="ask for another"):
                await asyncio.wait_for(task, WAIT_S)

    asyncio.run(scene())


def test_who_is_removed_gives_up() -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()) as task:
            call = await ready(stage)
            await call.say({"type": "session.removed", "member": "ben"})
            await call.say({"type": "session.removed", "member": "engine"})
            with pytest.raises(Refused, match="removed this engine"):
                await asyncio.wait_for(task, WAIT_S)

    asyncio.run(scene())


def test_a_blob_that_is_refused_fails_the_section_and_one_that_is_lost_is_tried_again() -> None:
    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()):
            call = await ready(stage)
            stage.put_answers.append(JSONResponse({"code": "too-large", "advice": "send less"}, 413))
            await call.say(order("ana/1"))
            failed = await call.hear("engine.failed")
            assert (failed["code"], failed["advice"]) == ("too-large", "send less")
            stage.put_answers.append(JSONResponse({"code": "failed", "advice": "the disk is full"}, 507))
            await call.say(order("ana/1b"))
            done = await call.hear("engine.done")
            assert (done["section"], done["unheard"]) == ("ana/1b", "the disk is full"), "its notes are kept"
            assert not [said for said in call.heard if said["type"] == "engine.stem"]
            stage.put_answers += [PlainTextResponse("", 500)] * (module.PUT_TRIES - 1)
            await call.say(order("ana/2"))
            await call.hear("engine.done")
            stage.put_answers += [PlainTextResponse("", 500)] * module.PUT_TRIES
            await call.say(order("ana/3"))
            await (await stage.next_call()).let_in()  # the connection is taken for lost

    asyncio.run(scene())


@pytest.mark.parametrize("what", ["engine.bar", "engine.stem", "engine.done"])
def test_a_section_that_the_server_does_not_take_is_given_back(what: str) -> None:
    """Else it would stay in this engine's hands, and no other section came."""

    async def scene() -> None:
        async with open_stage() as stage, playing(stage, Tune()):
            call = await ready(stage)
            await call.say(order("ana/1"))
            await call.hear(what)
            await call.say(
                {"type": "refused", "what": what, "section": "ana/1", "code": "bad-value", "advice": "frames: too few"}
            )
            failed = await call.hear("engine.failed")
            assert (failed["section"], failed["code"]) == ("ana/1", "failed")
            assert failed["advice"] == "the server did not take what the engine made: frames: too few"
            await call.say(
                {"type": "refused", "what": what, "section": "ana/1", "code": "bad-value", "advice": "again"}
            )
            await call.say(order("ana/2"))
            while (await call.hear("engine.done"))["section"] != "ana/2":
                pass
            assert len([m for m in call.heard if m["type"] == "engine.failed" and m["code"] == "failed"]) == 1

    asyncio.run(scene())


def test_over_tls_it_trusts_the_certificate_that_it_is_given_and_no_other(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)

    async def scene() -> None:
        async with open_stage(cert, key) as stage:
            async with playing(stage, Tune(), ca=cert):
                call = await ready(stage)
                await call.say(order("ana/1"))
                await call.hear("engine.done")
                assert len(stage.blobs) == 2
            async with playing(stage, Tune(), origin=KEY.name):
                await asyncio.sleep(0.1)
                assert stage.calls.empty()

    asyncio.run(scene())


def test_a_certificate_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="ca: "):
        Client(Bench(Tune), MEMBER, url="https://127.0.0.1:1", token=TOKEN, ca=tmp_path / "missing.pem")


@pytest.mark.parametrize("url", ["ftp://here", "http://", "http://host:port"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="url: "):
        Client(Bench(Tune), MEMBER, url=url, token=TOKEN)


def test_an_order_with_a_context_brings_the_parent_along() -> None:
    parent = order("ana/1")
    context = {
        "request": parent["request"],
        "bars": [["bass", 1, [[0, 480, 36, 100]]], ["bass", 2, []]],
        "chords": "Am",
    }
    work = read_work({**order("ana/2", context="take-1 continue"), "context": context})
    assert (work.section, work.request.context) == ("ana/2", parse_request({"context": "take-1 continue"}).context)
    assert work.context is not None
    assert work.context.bars == {(Part.BASS, 1): (Note(0, 480, 36, 100),), (Part.BASS, 2): ()}
    assert (work.context.chords, work.context.request.to_fields()) == ("Am", parent["request"])
    with pytest.raises(Refused):
        read_work({**order("ana/2"), "context": {**context, "bars": [["bass", 1, [[0, 0, 0, 0]]]]}})


def test_run_engine_serves_all_its_sessions_until_one_is_closed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bench, "of_models", classmethod(lambda *_: Bench(Tune)))

    async def scene() -> None:
        async with open_stage() as stage:
            task = asyncio.create_task(run_engine(stage.url, [TOKEN], name="box", seed=bytes(32)))
            call = await ready(stage)
            assert (call.join["name"], call.join["key"]) == ("box", MemberKey(bytes(32)).public)
            await call.say({"type": "session.removed", "member": "engine"})
            with pytest.raises(Refused, match="removed"):
                await asyncio.wait_for(task, WAIT_S)
            with pytest.raises(Refused, match="token"):
                await run_engine(stage.url, ["no token"])

    asyncio.run(scene())


def test_a_token_names_its_session() -> None:
    token = make_invite(KEY, "other", "engine", "", expires_s=4_000_000_000, id="00112233445566ab")
    assert Client(Bench(Tune), MEMBER, url="http://127.0.0.1:1", token=token).session == "other"
