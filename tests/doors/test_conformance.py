"""One suite that every door passes: the same session, whether by OSC over UDP or TCP or by WebSocket."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bridge.ports.disk import read_key
from sessions.invites import make_invite
from sessions.keys import log_key
from tests.doors.clients import CLIENTS, PATIENCE_S, Client, Udp, WebSocket
from tests.support.server import Server, running_server

pytestmark = pytest.mark.timeout(240)

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[Client]:
    with CLIENTS[request.param](server) as client:
        yield client


@pytest.fixture
def leader(server: Server) -> Iterator[WebSocket]:
    with WebSocket(server) as leader:
        leader.join(server.invites["leader"])
        yield leader


def new_invite(server: Server, role: str) -> str:
    """A token that nobody has come by yet."""
    return make_invite(read_key(server.folder), server.session, role, "", 4_000_000_000, secrets.token_hex(8))


def asking(server: Server, token: str) -> httpx.Client:
    """Somebody who asks over plain HTTP; `verify` would load the world's authorities, for nothing."""
    return httpx.Client(base_url=server.http, headers={"Authorization": f"Bearer {token}"}, verify=False)


def fresh(name: str) -> str:
    """An id that nobody asked under before: the tests share a server, where a known one is the request of then."""
    return f"{name}-{next(_NUMBERS)}"


def test_nothing_before_joining(client: Client) -> None:
    if isinstance(client, WebSocket):
        client.say("section.request", id="early")
        client.refused("bad-token")
    else:
        client.say("section.request", id="early")
        client.refused("not-joined")


@pytest.mark.parametrize("token", ["", "nonsense", "a.b"])
def test_a_token_that_is_none(client: Client, token: str) -> None:
    client.say("session.join", token=token)
    client.refused("bad-token")


def test_a_forged_and_a_foreign_token(client: Client, server: Server, tmp_path: Path) -> None:
    forged = make_invite(log_key(server.session), server.session, "leader", "", 4_000_000_000, "00112233445566aa")
    client.say("session.join", token=forged)
    client.refused("bad-token")


def test_a_token_of_another_session(client: Client, server: Server) -> None:
    client.say("session.join", token=make_invite(log_key("other"), "other", "leader", "", 4_000_000_000, "00" * 8))
    client.refused("bad-token")


def test_an_expired_token(client: Client, server: Server) -> None:
    key = read_key(server.folder)
    client.say("session.join", token=make_invite(key, server.session, "leader", "", 1_700_000_000, "00112233445566ab"))
    client.refused("expired")


@pytest.mark.parametrize("role", ["leader", "rhythm", "harmony", "guest", "listener"])
def test_joining(client: Client, server: Server, role: str) -> None:
    joined = client.join(server.invites[role])
    assert (joined["session"], joined["role"]) == (server.session, role)
    assert joined["member"]


def test_a_section_from_request_to_done(client: Client, server: Server) -> None:
    client.join(server.invites["leader"])
    client.say("section.request", id="whole", bars=3, parts="drums,bass,harmony", bpm=140.0, seed=5)
    client.hear("section.accepted", id="whole")
    done = client.hear("section.done", id="whole")
    assert done["take"].startswith("take-")
    assert isinstance(done["index"], int)
    notes = [m for m in client.heard if m["type"] == "section.note" and m["id"] == "whole"]
    bars = [m for m in client.heard if m["type"] == "section.bar" and m["id"] == "whole"]
    assert {(m["part"], m["bar"]) for m in bars} == {(p, b) for p in ("drums", "bass", "harmony") for b in (1, 2, 3)}
    for bar in bars:
        inside = [n for n in notes if n["part"] == bar["part"] and (bar["bar"] - 1) * 4 <= n["start"] < bar["bar"] * 4]
        assert len(inside) == bar["notes"]
    stems = {m["part"]: m for m in client.heard if m["type"] == "section.stem" and m["id"] == "whole"}
    assert set(stems) >= {"drums", "bass", "harmony"}
    for stem in stems.values():
        assert stem["url"].startswith(server.http)
        assert Path(stem["path"]).read_bytes()[:4] == b"RIFF"


def test_asked_twice_is_one_request(client: Client, server: Server) -> None:
    client.join(server.invites["leader"])
    for _ in range(2):
        client.say("section.request", id="twice", bars=1, parts="drums", stems=0)
    first = client.hear("section.done", id="twice")
    client.say("section.request", id="twice", bars=1, parts="drums", stems=0)
    again = client.hear("section.done", id="twice")
    assert (first["take"], first["index"]) == (again["take"], again["index"])
    client.say("section.request", id="twice", bars=2, parts="drums", stems=0)
    client.refused("conflict", what="twice")


def test_asked_by_every_door_with_one_token_is_one_request(client: Client, server: Server) -> None:
    token = new_invite(server, "harmony")
    client.join(token)
    asked = {"id": "everywhere", "bars": 1, "parts": "harmony", "stems": 0, "energy": 0.3}
    client.say("section.request", **asked)
    client.hear("section.accepted", id="everywhere")
    takes = []
    for kind in CLIENTS:
        with CLIENTS[kind](server) as other:
            other.join(token)
            other.say("section.request", **asked)
            takes.append(other.hear("section.done", id="everywhere")["take"])
    takes.append(client.hear("section.done", id="everywhere")["take"])
    with asking(server, token) as http:
        answer = http.post(f"/api/sessions/{server.session}/sections", json=asked)
        assert answer.status_code == 202
        takes.append(answer.json()["take"])
    assert len(set(takes)) == 1, takes


def test_a_request_by_http_is_the_same_at_every_door(client: Client, server: Server) -> None:
    token = new_invite(server, "harmony")
    asked = {"id": "posted", "bars": 1, "parts": "melody", "stems": 0, "temperature": 0.9}
    with asking(server, token) as http:
        sections = f"/api/sessions/{server.session}/sections"
        section = http.post(sections, json=asked).json()["section"]
        assert client.join(token)["member"] == section.partition("/")[0], "a visit is no second person"
        client.say("section.request", **asked)
        take = client.hear("section.done", id="posted")["take"]
        assert http.get(f"{sections}/{section}").json()["take"] == take
        assert http.post(sections, json={**asked, "bars": 2}).status_code == 409
        client.say("section.request", **{**asked, "bars": 2})
        client.refused("conflict", what="posted")


def seats(server: Server) -> int:
    return int(server.health()["sessions"][server.session]["seats"])


def ends(client: Client, server: Server, seats_then: int) -> None:
    """It hangs up, and the server has heard of it, where that can be heard."""
    client.close()
    deadline = time.monotonic() + PATIENCE_S
    while not isinstance(client, Udp) and seats(server) > seats_then:
        assert time.monotonic() < deadline, "its seat is still kept"
        time.sleep(0.02)


def test_a_client_that_died_asks_again_and_has_one_take(client: Client, server: Server) -> None:
    token, before = new_invite(server, "leader"), seats(server)
    member = client.join(token)["member"]
    client.say("section.request", id="before", bars=1, parts="bass", stems=0)
    client.hear("section.accepted", id="before")
    ends(client, server, before)
    takes = set()
    for kind in CLIENTS:
        before = seats(server)
        with CLIENTS[kind](server) as again:
            assert again.join(token)["member"] == member
            again.say("section.request", id="before", bars=1, parts="bass", stems=0)
            takes.add(again.hear("section.done", id="before")["take"])
            again.say("section.request", id="before", bars=2, parts="bass", stems=0)
            again.refused("conflict", what="before")
            ends(again, server, before)
    assert len(takes) == 1


def test_two_who_share_a_link_are_two_members(client: Client, server: Server) -> None:
    token = new_invite(server, "guest")
    me = client.join(token)["member"]
    with Udp(server) as other:
        assert other.join(token)["member"] != me
        client.say("section.request", id="r1", bars=1, parts="drums")
        client.hear("section.waiting", id="r1")
        other.say("section.request", id="r1", bars=2, parts="bass")
        other.hear("section.waiting", id="r1")


def test_roles_hold(client: Client, server: Server) -> None:
    client.join(server.invites["rhythm"])
    client.say("section.request", id="no", bars=1, parts="melody")
    client.refused("not-allowed", what="no")
    client.say("section.request", id="yes", bars=1, parts="drums,bass", stems=0)
    client.hear("section.done", id="yes")
    client.say("transport.play")
    client.refused("not-allowed")
    client.say("live.note", part="harmony", pitch=60, velocity=90)
    client.refused("not-allowed")


def test_a_listener_only_hears(client: Client, server: Server, leader: WebSocket) -> None:
    client.join(server.invites["listener"])
    client.say("section.request", id="no")
    client.refused("not-allowed", what="no")
    leader.say("live.note", part="bass", pitch=40, velocity=77)
    assert client.hear("live.note", velocity=77)["pitch"] == 40


def test_a_guest_waits_for_the_leader(client: Client, server: Server, leader: WebSocket) -> None:
    me = client.join(new_invite(server, "guest"))["member"]
    for id_ in ("please", "perhaps"):
        client.say("section.request", id=id_, bars=1, parts="drums", stems=0)
        client.hear("section.waiting", id=id_)
    leader.say("section.approve", id=f"{me}/please")
    client.hear("section.accepted", id="please")
    client.hear("section.done", id="please")
    leader.say("section.deny", id=f"{me}/perhaps")
    assert client.hear("section.failed", id="perhaps")["code"] == "not-allowed"


def test_a_changed_role_counts_at_once(client: Client, server: Server, leader: WebSocket) -> None:
    me = client.join(server.invites["rhythm"])["member"]
    leader.say("session.role", member=me, role="listener")
    client.hear("session.role", member=me, role="listener")
    client.say("section.request", id="later", parts="drums")
    client.refused("not-allowed", what="later")


def test_cancel_means_nothing_follows(client: Client, server: Server) -> None:
    client.join(server.invites["leader"])
    long, after = fresh("long"), fresh("after")
    client.say("section.request", id=long, bars=64, parts="drums,bass,harmony,melody")
    client.hear("section.accepted", id=long)
    client.say("section.cancel", id=long)
    client.hear("section.cancelled", id=long)
    client.heard.clear()
    client.say("section.request", id=after, bars=1, parts="drums", stems=0)
    client.hear("section.done", id=after)
    assert not [message for message in client.heard if message.get("id") == long]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"bars": 99}, "bad-value"),
        ({"brs": 8}, "unknown-field"),
        ({"key": "H"}, "bad-value"),
        ({"parts": "tuba"}, "bad-value"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_lost(
    client: Client, server: Server, fields: dict[str, object], code: str
) -> None:
    client.join(server.invites["leader"])
    client.say("section.request", id="wrong", **fields)
    name = next(iter(fields))
    assert name in client.refused(code, what="wrong")["advice"]
    client.say("log.head")
    assert len(client.hear("log.head")["root"]) == 64


def test_an_address_that_is_none(client: Client, server: Server) -> None:
    client.join(server.invites["leader"])
    client.say("section.reqest", id="x")
    assert client.hear("refused")["code"] in ("unknown-field", "bad-value")


def test_a_bar_again(client: Client, server: Server) -> None:
    client.join(server.invites["leader"])
    client.say("section.request", id="again", bars=2, parts="drums", stems=0)
    client.hear("section.done", id="again")
    client.heard.clear()
    client.say("section.resend", id="again", part="drums", bar=2)
    bar = client.hear("section.bar", id="again", bar=2)
    assert len([m for m in client.heard if m["type"] == "section.note"]) == bar["notes"] > 0


def test_takes_are_heard_by_everybody(client: Client, server: Server, leader: WebSocket) -> None:
    client.join(server.invites["listener"])
    id_ = fresh("for")
    leader.say("section.request", id=id_, bars=1, parts="drums", stems=0, bpm=150)
    take = leader.hear("section.done", id=id_)["take"]
    leader.say("take.loop", take=take, at="now")
    assert client.hear("take.loop", take=take)["at"].startswith("beat ")
    leader.say("take.stop", take=take)
    client.hear("take.stop", take=take)
    leader.say("take.accept", take=take)
    client.hear("take.accept", take=take)
    client.say("take.rate", take=take, stars=4)
    assert client.hear("take.rate", take=take)["stars"] == 4
    leader.say("transport.stop")
    assert client.hear("transport.state", playing=0)


def test_a_revoked_invite_ends_it(client: Client, server: Server, leader: WebSocket) -> None:
    token = new_invite(server, "guest")
    client.join(token)
    leader.say("session.revoke", invite=token)
    leader.hear("session.revoked")
    if isinstance(client, Udp):
        client.say("live.note", part="bass", pitch=40, velocity=9)
        client.refused("not-joined")
        client.say("session.join", token=token)
        client.refused("bad-token")
    else:
        assert client.ended(), "a stream is closed"


@pytest.mark.parametrize("how", ["gone", "removed", "revoked"])
def test_who_goes_leaves_no_note_behind(client: Client, server: Server, leader: WebSocket, how: str) -> None:
    """Whoever plays at any door, and is gone: every door hears the end of what sounded."""
    token = new_invite(server, "rhythm")
    me = client.join(token)["member"]
    with ExitStack() as stack:
        ears = [stack.enter_context(kind(server)) for kind in CLIENTS.values()]
        for ear in ears:
            ear.join(server.invites["listener"])
        client.say("live.note", part="bass", pitch=41, velocity=77)
        client.say("live.note", part="drums", pitch=36, velocity=78)
        leader.hear("live.note", pitch=36, velocity=78)
        if how == "removed":
            leader.say("session.remove", member=me)
        elif how == "revoked":
            leader.say("session.revoke", invite=token)
        elif isinstance(client, Udp):
            client.say("session.leave")
        else:
            client.close()
        for ear in ears:
            for part, pitch in (("bass", 41), ("drums", 36)):
                ear.hear("live.note", part=part, pitch=pitch, velocity=0)


def test_capabilities(client: Client, server: Server) -> None:
    import json

    client.join(server.invites["rhythm"])
    client.say("capabilities")
    answer = client.hear("capabilities")
    found = answer["capabilities"] if "capabilities" in answer else json.loads(answer["json"])
    assert found["parts"] == ["drums", "bass", "harmony", "melody", "texture"]
    assert len(found["styles"]) >= 8
