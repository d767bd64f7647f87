"""The live door with real sockets: joining, jamming, refusals, and clients that behave badly."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge import restraint
from bridge.outbox import Outbox
from bridge.ports.http import connections, ws
from bridge.wire.frames import MAX_SIZE
from sessions.errors import Code, Refused
from sessions.keys import command_signature_bytes
from sessions.state import Presence
from tests.bridge.ports.http.jam import Client, Jam, play


async def closed(client: Client) -> int:
    """The code that the server closes with, after all that it still says."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            await client.hear()
    assert ended.value.rcvd is not None
    return int(ended.value.rcvd.code)


async def presence(jam: Jam, member: str, wanted: Presence) -> None:
    while member not in jam.host.state.members or jam.host.state.members[member].presence is not wanted:
        await asyncio.sleep(0.005)


# -- coming in ---------------------------------------------------------------------------------------------------------


def test_a_client_joins_with_a_name(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.socket(jam.ws_url(jam.invite("rhythm"))) as client:
            await client.say("session.join", name="ana")
            joined = await client.until("session.joined")
            assert (joined["session"], joined["member"], joined["role"]) == ("jam", "ana", "rhythm")
            members = await client.until("session.members")
            assert [member["member"] for member in members["members"]] == ["ana"]
        await presence(jam, "ana", Presence.AWAY)

    play(tmp_path, scene)


def test_asking_at_once_joins_as_the_invite_says(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.socket(jam.ws_url(jam.invite("leader", "ana"))) as client:
            await client.say("section.request", id="a", bars=1, parts="drums", stems=0)
            assert (await client.until("session.joined"))["member"] == "ana"
            assert (await client.until("section.done"))["take"] == "take-1"

    play(tmp_path, scene)


def test_who_says_nothing_is_joined_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "JOIN_S", 0.01)

    async def scene(jam: Jam) -> None:
        async with jam.socket(jam.ws_url(jam.invite("listener", "ear"))) as client:
            assert (await client.until("session.joined"))["member"] == "ear"

    play(tmp_path, scene)


def test_a_join_that_comes_late_still_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may need longer than the door waits; who says first of all who he is, is that."""
    monkeypatch.setattr(ws, "JOIN_S", 0.01)

    async def scene(jam: Jam) -> None:
        token = jam.invite("guest")
        async with jam.socket(jam.ws_url(token)) as client:
            assert (await client.until("session.joined"))["member"] == "guest"
            await client.say("session.join", name="ana")
            assert (await client.until("session.joined"))["member"] == "ana"
            await presence(jam, "guest", Presence.AWAY)
            await client.say("session.join", name="ben")
            assert (await client.until("refused"))["code"] == "conflict"
            assert (await client.ask("chat.say", text="as ana"))["type"] == "session.pong"
        async with jam.socket(jam.ws_url(token)) as client:
            await client.until("session.joined")
            await client.say("session.join", name="no spaces")
            assert (await client.until("refused"))["advice"].startswith("name: ")
            assert await closed(client) == ws.REFUSED

    play(tmp_path, scene)


def test_a_token_that_comes_late_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "JOIN_S", 0.01)
    monkeypatch.setattr(ws, "REFUSE_S", 0.01)

    async def scene(jam: Jam) -> None:
        async with jam.socket(jam.ws_url("")) as client:
            await asyncio.sleep(0.2)
            await client.say("session.join", token=jam.invite("guest", "ana"))
            assert (await client.hear())["type"] == "session.joined"
        monkeypatch.setattr(ws, "STRANGER_S", 0.01)
        async with jam.socket(jam.ws_url("")) as client:
            assert (await client.until("refused"))["code"] == "bad-token"
            assert await closed(client) == ws.REFUSED

    play(tmp_path, scene)


def test_the_token_may_come_in_the_header_or_with_the_join(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        url = jam.ws_url("").removesuffix("&token=")
        headers = {"Authorization": f"Bearer {jam.invite('guest', 'ana')}"}
        async with jam.socket(url, additional_headers=headers) as client:
            await client.say("session.join")
            assert (await client.until("session.joined"))["member"] == "ana"
        async with jam.socket(url) as client:
            await client.say("session.join", token=jam.invite("guest", "ben"))
            assert (await client.until("session.joined"))["member"] == "ben"

    play(tmp_path, scene)


def test_who_is_not_let_in_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "REFUSE_S", 1_000)

    async def scene(jam: Jam) -> None:
        await jam.house.start("other")
        good = jam.invite("leader")
        for url, code in (
            (jam.ws_url("junk"), "bad-token"),
            (jam.ws_url(""), "bad-token"),
            (jam.ws_url(good[:-3]), "bad-token"),
            (jam.ws_url(good, session="other"), "bad-token"),
            (jam.ws_url(good, session=""), "bad-token"),
            (jam.ws_url(jam.invite("leader", expires_s=-1)), "expired"),
        ):
            async with jam.socket(url) as client:
                await client.say("chat.say", text="hello")
                refused = await client.until("refused")
                assert (refused["code"], refused["what"]) == (code, "chat.say")
                assert await closed(client) == ws.REFUSED
        assert not jam.host.state.members

    play(tmp_path, scene)


def test_joining_twice_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "ana") as client:
            refused = await client.ask("session.join", name="ben")
            assert refused["code"] == "conflict"
            assert (await client.ask("chat.say", text="still here"))["type"] == "session.pong"

    play(tmp_path, scene)


def test_a_name_that_is_none_keeps_one_out(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.socket(jam.ws_url(jam.invite("guest"))) as client:
            await client.say("session.join", name="no spaces")
            assert (await client.until("refused"))["advice"].startswith("name: ")
            assert await closed(client) == ws.REFUSED

    play(tmp_path, scene)


def test_a_member_with_a_key_signs(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        key = SigningKey.generate()

        def signed(kind: str, nonce: str, **fields: Any) -> dict[str, Any]:
            message = {"type": kind, "nonce": nonce, **fields}
            signature = key.sign(command_signature_bytes(jam.host.origin, message)).signature
            return message | {"signature": base64.b64encode(signature).decode()}

        async with jam.socket(jam.ws_url(jam.invite("guest"))) as client:
            public = base64.b64encode(key.verify_key.encode()).decode()
            await client.socket.send(json.dumps(signed("session.join", "1", name="ana", key=public)))
            await client.until("session.joined", member="ana")
            await client.socket.send(json.dumps(signed("chat.say", "2", text="it is me")))
            await client.until("chat.said", text="it is me")
            for message in (
                {"type": "chat.say", "text": "unsigned"},
                signed("chat.say", "2", text="the same nonce again"),
                signed("chat.say", "3", text="changed") | {"text": "on the way"},
            ):
                await client.socket.send(json.dumps(message))
                assert (await client.until("refused"))["what"] == "chat.say"
        async with jam.http("listener") as http:
            log = (await http.get("/api/sessions/jam/log")).text
        assert log.count('"type":"chat.said"') == 1

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("name", "origin"),
    [("127.0.0.1", "http://evil.example"), ("127.0.0.1", "null"), ("evil.example", None), ("evil.example", "same")],
)
def test_other_peoples_pages_stay_outside(
    tmp_path: Path, name: str, origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(jam: Jam) -> None:
        host, port = jam.address
        page = f"http://{name}:{port}" if origin == "same" else origin
        url = f"ws://{name}:{port}/ws?session=jam&token={jam.invite('leader')}"
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, host=host, port=port, origin=page)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body or b"")["code"] == "not-allowed"
        async with jam.socket(jam.ws_url(jam.invite("leader")), origin=jam.url) as client:
            assert (await client.ask("chat.say", text="ours"))["type"] == "session.pong"

    play(tmp_path, scene)
    assert not caplog.records, "a stranger fills nobody's log"


def test_there_is_no_other_websocket(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        for path in ("/", "/wss", "/ws/", "/api/health"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(jam.url.replace("http", "ws") + path)
            assert refused.value.response.status_code == 404
            assert set(json.loads(refused.value.response.body or b"")) == {"code", "advice"}

    play(tmp_path, scene)


# -- together ----------------------------------------------------------------------------------------------------------


def test_two_jam_and_hear_the_same(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.client("leader", "ana") as ana, jam.client("listener", "ear") as ear:
            await ana.say("section.request", id="a", bars=2, parts="drums,bass")
            for client in (ana, ear):
                done = await client.until("section.done")
                assert (done["id"], done["member"], done["take"]) == ("a", "ana", "take-1")
            told = [[m for m in client.heard if m["type"].startswith("section.")] for client in (ana, ear)]
            assert told[0] == told[1]
            bars = [(m["part"], m["bar"], m["notes"]) for m in told[0] if m["type"] == "section.bar"]
            assert sorted(bars) == [(part, bar, 1) for part in ("bass", "drums") for bar in (1, 2)]
            stems = [m for m in told[0] if m["type"] == "section.stem"]
            assert {m["part"] for m in stems} == {"drums", "bass", "mix"}
            assert all(m["member"] == "ana" and m["id"] == "a" for m in told[0])
            await ana.say("take.play", take="take-1", at="now")
            assert (await ear.until("take.play"))["take"] == "take-1"
            refused = await ear.ask("take.play", take="take-1")
            assert (refused["what"], refused["code"]) == ("take.play", "not-allowed")

    play(tmp_path, scene)


def test_a_guests_request_waits_for_the_leader(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.engine(), jam.client("leader", "ana") as ana, jam.client("guest", "gus") as gus:
            await gus.say("section.request", id="a", bars=1, stems=0)
            await gus.until("section.waiting", id="a")
            await ana.until("section.requested", member="gus", id="a")
            await ana.say("section.approve", id="a", member="gus")
            await gus.until("section.done", id="a")

    play(tmp_path, scene)


def test_who_is_sent_away_is_told_and_let_go(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("leader", "ana") as ana:
            async with jam.client("guest", "gus") as gus:
                await ana.say("session.remove", member="gus")
                await gus.until("session.removed", member="gus")
                assert await closed(gus) == ws.DISMISSED
            async with jam.client("guest", "eve") as eve:
                await eve.say("session.leave")
                await eve.until("session.left", member="eve")
                assert await closed(eve) == ws.LEFT
            assert (await ana.ask("chat.say", text="alone"))["type"] == "session.pong"

    play(tmp_path, scene)


def test_one_member_may_be_in_twice(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        url = jam.ws_url(jam.invite("guest", "ana"))
        async with jam.socket(url) as one, jam.socket(url) as two:
            for client in (one, two):
                await client.say("session.join")
                assert (await client.until("session.joined"))["member"] == "ana"
            await one.say("chat.say", text="from one")
            await two.until("chat.said", member="ana")
            await two.socket.close()
            assert (await one.ask("chat.say", text="still in"))["type"] == "session.pong"
            assert jam.host.state.members["ana"].presence is Presence.PRESENT

    play(tmp_path, scene)


# -- bad manners -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "what", "code"),
    [
        ("", "message", "bad-value"),
        ("{", "message", "bad-value"),
        ("[1,2]", "message", "bad-value"),
        ("nonsense", "message", "bad-value"),
        (b'{"type":"session.ping"}', "message", "bad-value"),
        (b"\xff\x00", "message", "bad-value"),
        ('{"type":"chat.say","text":"' + "a" * MAX_SIZE + '"}', "message", "too-large"),
        ('{"type":"no.such"}', "no.such", "unknown-field"),
        ('{"type":"chat.say"}', "chat.say", "bad-value"),
        ('{"type":"chat.say","text":"hi","loud":true}', "chat.say", "unknown-field"),
        ('{"type":"section.request","id":"a","bars":65}', "a", "bad-value"),
        ('{"type":"take.rate","take":"take-1","stars":9}', "take.rate", "bad-value"),
        ('{"type":"engine.ready","name":"x","software":"y"}', "engine.ready", "not-allowed"),
        ('{"type":"session.revoke","invite":"0011223344556677"}', "session.revoke", "not-allowed"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_else_happens(
    tmp_path: Path, frame: str | bytes, what: str, code: str
) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("rhythm", "ana") as ana, jam.client("listener", "ear") as ear:
            size = jam.host.state.size
            await ana.socket.send(frame)
            refused = await ana.until("refused")
            assert (refused["what"], refused["code"]) == (what, code)
            assert refused["advice"]
            assert jam.host.state.size == size
            assert (await ana.ask("session.ping"))["type"] == "session.pong"
            assert (await ear.ask("session.ping"))["type"] == "session.pong"
            assert not [message for message in ear.heard if message["type"] == "refused"]

    play(tmp_path, scene)


def test_answers_name_the_request_that_was_refused(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("leader", "ana") as ana:
            refused = await ana.ask("section.request", id="my own", bars=0)
            assert (refused["what"], refused["id"]) == ("my own", "my own")

    play(tmp_path, scene)


def test_a_mistake_of_ours_is_said_and_the_socket_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "ana") as ana:
            with monkeypatch.context() as patch:

                def broken(*_: Any) -> None:
                    raise RuntimeError("the secret is 42")

                patch.setattr(jam.host, "submit", broken)
                await ana.say("chat.say", text="hello")
                refused = await ana.until("refused")
                assert refused["code"] == "failed"
                assert "42" not in refused["advice"]

                def late(*_: Any) -> asyncio.Future[Any]:
                    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                    error = Refused(Code.FAILED, "the disk is full")
                    asyncio.get_running_loop().call_later(0.01, future.set_exception, error)
                    return future

                patch.setattr(jam.host, "submit", late)
                await ana.say("chat.say", text="hello")
                assert (await ana.until("refused"))["advice"] == "the disk is full"
            assert (await ana.ask("chat.say", text="hello"))["type"] == "session.pong"

    play(tmp_path, scene)


def test_who_does_not_read_is_closed_and_nobody_waits_for_him(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restraint, "CHATS_BURST", 1_000_000)
    monkeypatch.setattr(connections, "LINGER_S", 30.0)  # a busy machine may take long to read what it was sent before
    monkeypatch.setattr(ws, "Outbox", functools.partial(Outbox, max_bytes=1 << 20))

    async def scene(jam: Jam) -> None:
        async with jam.client("leader", "ana") as ana, jam.client("guest", "deaf", max_queue=1) as deaf:
            rounds = 0
            while jam.host.state.members["deaf"].presence is Presence.PRESENT:
                for _ in range(50):
                    await ana.say("chat.say", text="x" * 2000)
                await ana.say("chat.say", text=f"round {rounds}")
                await ana.until("chat.said", text=f"round {rounds}")
                rounds += 1
            assert rounds > 1
            code = await closed(deaf)
            assert code == ws.LATER

    play(tmp_path, scene)


class Slow:
    """A transport whose peer takes as much as the test says."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.waits = 0

    def get_write_buffer_size(self) -> int:
        return self.waits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def test_a_ping_waits_behind_what_is_still_being_read(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "ana") as ana:
            lines: Any = jam.server._server.server_state.connections
            line: Any = next(one for one in lines if isinstance(one, connections.Sockets))
            line.transport = slow = Slow(line.transport)
            line._written_bytes, slow.waits = 5000, 1000
            line.send_keepalive_ping()
            for slow.waits in (400, 0):  # it reads
                line.keepalive_timeout()
                await ana.say("session.ping")
                await ana.until("session.pong")
            line.keepalive_timeout()  # nothing is in front of the ping any more
            assert await closed(ana) == 1011

    play(tmp_path, scene)


def test_a_flood_is_answered_whole_and_in_order(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "eager") as eager, jam.client("guest", "calm") as calm:

            async def flood() -> None:
                for number in range(1000):
                    await eager.say("session.ping", time=number)

            flooding = asyncio.create_task(flood())
            for _ in range(20):
                assert (await calm.ask("session.ping"))["type"] == "session.pong"
            answers = [await eager.until("session.pong") for _ in range(1000)]
            assert [answer["time"] for answer in answers] == list(range(1000))
            await flooding

    play(tmp_path, scene)


def test_a_connection_that_breaks_leaves_its_member_away(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "ana") as ana:
            ana.socket.transport.abort()
            await presence(jam, "ana", Presence.AWAY)

    play(tmp_path, scene)


def test_a_flood_of_notes_is_refused_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restraint, "NOTES_PER_S", 1)  # however slowly it is read
    monkeypatch.setattr(restraint, "NOTES_BURST", 100)

    async def scene(jam: Jam) -> None:
        async with jam.client("guest", "eager") as eager, jam.client("rhythm", "calm") as calm:
            for number in range(600):
                await eager.say("live.note", part="bass", pitch=number % 128, velocity=80)
            await calm.say("live.note", part="drums", pitch=36, velocity=99)
            await eager.until("live.note", part="drums", pitch=36)
            await eager.ask("session.ping")
            refusals = [message for message in eager.heard if message["type"] == "refused"]
            assert {refusal["code"] for refusal in refusals} == {"too-many"}
            notes = [message for message in eager.heard if message["type"] == "live.note"]
            assert len(notes) < 600
            assert len(refusals) < 20  # one a second

    play(tmp_path, scene)


def test_a_bad_token_is_refused_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ws, "JOIN_S", 1_000)
    monkeypatch.setattr(ws, "STRANGER_S", 1_000)

    async def scene(jam: Jam) -> None:
        async with jam.socket(jam.ws_url("nonsense")) as client:
            assert (await client.hear())["code"] == "bad-token"
            assert await closed(client) == ws.REFUSED

    play(tmp_path, scene)
