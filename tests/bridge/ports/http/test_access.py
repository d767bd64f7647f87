"""Who gets in, and how far: tokens, roles, paths, methods, and what is said to those who don't."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bridge.ports.http.errors import STATUS
from sessions.errors import Code
from sessions.invites import make_invite
from tests.bridge.ports.http.jam import Jam, open_jam, play

SESSION = "/api/sessions/jam"
READS = ("takes", "log", "log/checkpoint", "log/proof/0", "log/consistency?from=1")


def test_every_refusal_has_a_status() -> None:
    assert STATUS.keys() == set(Code)
    assert all(400 <= status < 600 for status in STATUS.values())


def test_a_token_goes_in_the_header_or_in_the_query(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        token = jam.invite("listener")
        async with jam.http() as client:
            for headers, query in (({"Authorization": f"Bearer {token}"}, ""), ({}, f"?token={token}")):
                assert (await client.get(f"{SESSION}/takes{query}", headers=headers)).status_code == 200
            none = await client.get(f"{SESSION}/takes")
            assert (none.status_code, none.json()["code"]) == (401, "bad-token")
            assert none.headers["www-authenticate"].startswith("Bearer")
            basic = await client.get(f"{SESSION}/takes", headers={"Authorization": f"Basic {token}"})
            assert basic.status_code == 401

    play(tmp_path, scene)


def test_tokens_that_are_worth_nothing(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with open_jam(tmp_path / "elsewhere") as other, jam.http() as client:
            good = jam.invite("leader")
            payload, signature = good.split(".")
            fields = json.loads(base64.urlsafe_b64decode(payload + "=="))
            risen = base64.urlsafe_b64encode(
                json.dumps(fields | {"role": "engine"}, sort_keys=True, separators=(",", ":")).encode()
            )
            worthless = {
                "junk": "junk",
                "empty": ".",
                "cut": good[:-1],
                "forged": f"{risen.decode().rstrip('=')}.{signature}",
                "foreign": other.invite("leader"),
                "long": "a" * 5000 + "." + signature,
                "letters": "ü." + signature,
            }
            for name, token in worthless.items():
                asked = ("GET takes", "POST sections", "POST invites", "GET invites", "DELETE invites/0", "GET export")
                for method, path in (one.split() for one in asked):
                    answer = await client.request(method, f"{SESSION}/{path}", params={"token": token})
                    assert (answer.status_code, answer.json()["code"]) == (401, "bad-token"), name

    play(tmp_path / "here", scene)


def test_an_invite_runs_out(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http(token=jam.invite("leader", expires_s=-60)) as client:
            answer = await client.get(f"{SESSION}/takes")
            assert (answer.status_code, answer.json()["code"]) == (401, "expired")

    play(tmp_path, scene)


def test_an_invite_is_for_one_session(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        await jam.house.start("other")
        async with jam.http("leader") as client:
            for session in ("other", "nowhere", "%2e%2e", "Jam"):
                answer = await client.get(f"/api/sessions/{session}/takes")
                assert (answer.status_code, answer.json()["code"]) == (401, "bad-token"), session

    play(tmp_path, scene)


def test_a_revoked_invite_opens_nothing_any_more(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        token = jam.invite("guest")
        async with jam.http(token=token) as guest, jam.client("leader") as leader:
            assert (await guest.post(f"{SESSION}/sections", json={"id": "a"})).status_code == 202
            assert (await leader.ask("session.revoke", invite=jam.id_of(token)))["type"] == "session.pong"
            for method, path in (("GET", "takes"), ("POST", "sections"), ("GET", "log")):
                answer = await guest.request(method, f"{SESSION}/{path}")
                assert (answer.status_code, answer.json()["code"]) == (401, "bad-token")

    play(tmp_path, scene)


@pytest.mark.parametrize("role", ["leader", "rhythm", "harmony", "guest", "listener", "engine"])
def test_what_each_role_may_read_and_do(tmp_path: Path, role: str) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http(role) as client:
            for path in READS:
                answer = await client.get(f"{SESSION}/{path}")
                allowed = role != "engine" or path.startswith("log/")
                assert (answer.status_code == 200) is allowed, path
            before = jam.host.state.size
            drums = await client.post(f"{SESSION}/sections", json={"id": "d", "parts": "drums"})
            melody = await client.post(f"{SESSION}/sections", json={"id": "m", "parts": "melody"})
            assert drums.status_code == (202 if role in ("leader", "rhythm", "guest") else 403)
            assert melody.status_code == (202 if role in ("leader", "harmony", "guest") else 403)
            if role == "guest":
                assert drums.json()["status"] == "waiting"
            invite = await client.post(f"{SESSION}/invites", json={"role": "listener"})
            assert invite.status_code == (201 if role == "leader" else 403)
            assert (await client.get(f"{SESSION}/export")).status_code == (200 if role == "leader" else 403)
            for answer in (drums, melody, invite):
                assert answer.status_code < 400 or answer.json()["code"] == "not-allowed"
            assert jam.host.state.size > before

    play(tmp_path, scene)


def test_reading_joins_nobody(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            for path in READS:
                await client.get(f"{SESSION}/{path}")
        assert not jam.host.state.members

    play(tmp_path, scene)


def test_a_role_that_was_changed_counts_at_once(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client, jam.client("leader", "boss") as boss:
            assert (await client.post(f"{SESSION}/invites", json={"role": "guest"})).status_code == 201
            assert "leader" not in jam.host.state.members, "inviting somebody joins nobody"
            assert (await client.post(f"{SESSION}/sections", json={"id": "a"})).status_code == 202
            assert (await boss.ask("session.role", member="leader", role="listener"))["type"] == "session.pong"
            for method, path in (("POST", "invites"), ("GET", "invites"), ("GET", "export"), ("POST", "sections")):
                answer = await client.request(
                    method, f"{SESSION}/{path}", json={"role": "guest"} if path == "invites" else {}
                )
                assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), path

    play(tmp_path, scene)


def test_a_new_invite_opens_the_door(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            answer = await client.post(f"{SESSION}/invites", json={"role": "rhythm", "name": "ana", "expires": "30m"})
            made = answer.json()
            assert (answer.status_code, made["role"], made["name"], made["expires_s"]) == (201, "rhythm", "ana", 1800)
            assert answer.headers["cache-control"] == "no-store"
            async with jam.socket(jam.ws_url(made["token"])) as ana:
                await ana.say("session.ping")
                joined = await ana.until("session.joined")
                assert (joined["member"], joined["role"]) == ("ana", "rhythm")
            assert made["token"] not in (await client.get(f"{SESSION}/log")).text

    play(tmp_path, scene)


def test_a_leader_sees_who_came_by_which_invite_and_takes_it_back(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        shared, elsewhere = (
            jam.invite("guest"),
            make_invite(jam.host.key, "jam", "listener", "", 4_000_000_000, "ab" * 8),
        )
        async with (
            jam.http("leader") as client,
            jam.socket(jam.ws_url(shared)) as troll,
            jam.http(token=shared) as guest,
        ):
            await troll.say("session.join", name="troll")
            await troll.until("session.joined")
            jam.house.open(elsewhere)  # made by the command line, and shown to a door
            answer = await client.get(f"{SESSION}/invites")
            assert answer.headers["cache-control"] == "no-store"
            listed = {one["invite"]: one for one in answer.json()}
            assert not any(token in answer.text for token in (shared, elsewhere))
            assert listed["ab" * 8]["role"] == "listener"
            (found,) = [one for one in listed.values() if one["role"] == "guest"]
            assert (found["members"], found["revoked"]) == (["troll"], False)
            assert found["expires_s"] > jam.host.now_us() / 1e6
            assert (await guest.get(f"{SESSION}/invites")).status_code == 403
            assert (await guest.delete(f"{SESSION}/invites/{found['invite']}")).status_code == 403
            assert (await client.delete(f"{SESSION}/invites/nonsense")).json()["code"] == "bad-value"
            assert (await client.delete(f"{SESSION}/invites/{found['invite']}")).status_code == 200
            await troll.until("session.removed", member="troll")
            assert (await guest.get(f"{SESSION}/takes")).json()["code"] == "bad-token"
            again = {one["invite"]: one for one in (await client.get(f"{SESSION}/invites")).json()}
            assert again[found["invite"]] == {**found, "members": [], "revoked": True}

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "nobody"},
        {"role": 7},
        {"role": "guest", "name": "no spaces"},
        {"role": "guest", "expires": "soon"},
        {"role": "guest", "expires": 0},
        {"role": "guest", "expires": True},
        {"role": "guest", "expires": -5},
        {"role": "guest", "expires": "٣"},
        {"role": "guest", "expires": "9999999d"},
        {"role": "guest", "rule": "guest"},
    ],
)
def test_an_invite_that_makes_no_sense_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            answer = await client.post(f"{SESSION}/invites", json=body)
            assert answer.status_code == 422, answer.text
            assert answer.json()["code"] in ("bad-value", "unknown-field")

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/nothing", 404),
        ("GET", f"{SESSION}", 404),
        ("GET", f"{SESSION}/takes/", 404),
        ("GET", f"{SESSION}/takes/take-9", 404),
        ("DELETE", f"{SESSION}/takes", 405),
        ("POST", "/api/health", 405),
        ("OPTIONS", f"{SESSION}/takes", 405),
        ("GET", f"{SESSION}/log/proof/99999", 404),
        ("GET", f"{SESSION}/log/proof/x", 422),
        ("GET", f"{SESSION}/log/proof/-1", 422),
        ("GET", f"{SESSION}/log?from=x", 422),
        ("GET", f"{SESSION}/log?from=3&to=2", 422),
        ("GET", f"{SESSION}/log?to=99999", 422),
        ("GET", f"{SESSION}/log/consistency?from=99999", 422),
        ("GET", "/docs", 404),
        ("GET", "/ws", 404),
        ("POST", "/ws", 404),
    ],
)
def test_every_wrong_turn_is_answered_with_advice(tmp_path: Path, method: str, path: str, status: int) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http("leader") as client:
            answer = await client.request(method, path)
            assert answer.status_code == status, answer.text
            assert set(answer.json()) == {"code", "advice"}
            assert answer.json()["advice"]
            assert answer.headers["x-content-type-options"] == "nosniff"

    play(tmp_path, scene)


def test_what_everybody_may_ask(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http() as client:
            health = (await client.get("/api/health")).json()
            assert health["status"] == "ok"
            assert "jam" in health["sessions"]
            can = (await client.get("/api/capabilities")).json()
            assert "dubstep" in can["styles"]
            for path in ("/api/health", "/api/capabilities", "/openapi.json"):
                head = await client.head(path)
                assert head.content == b""
                assert int(head.headers["content-length"]) == len((await client.get(path)).content)

    play(tmp_path, scene)


def test_a_mistake_of_ours_is_no_secret_and_tells_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(jam: Jam) -> None:
        def broken() -> None:
            raise RuntimeError("the secret is 42")

        monkeypatch.setattr(jam.house, "health", broken)
        async with jam.http() as client:
            answer = await client.get("/api/health")
            assert (answer.status_code, answer.json()["code"]) == (500, "failed")
            assert "42" not in answer.text
            assert (await client.get("/api/capabilities")).status_code == 200

    play(tmp_path, scene)


def test_the_api_describes_itself(tmp_path: Path) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.http() as client:
            described = (await client.get("/openapi.json")).json()
            promised = {
                ("get", "/ws"),
                ("get", "/api/health"),
                ("get", "/api/capabilities"),
                ("post", "/api/sessions/{session}/sections"),
                ("get", "/api/sessions/{session}/takes"),
                ("get", "/api/sessions/{session}/takes/{take}"),
                ("get", "/api/sessions/{session}/takes/{take}/midi"),
                ("get", "/api/sessions/{session}/takes/{take}/mix.wav"),
                ("get", "/api/sessions/{session}/takes/{take}/stems/{part}.wav"),
                ("get", "/api/sessions/{session}/takes/{take}/certificate"),
                ("post", "/api/sessions/{session}/takes/{take}/accept"),
                ("post", "/api/sessions/{session}/takes/{take}/reject"),
                ("post", "/api/sessions/{session}/takes/{take}/rate"),
                ("get", "/api/sessions/{session}/log"),
                ("get", "/api/sessions/{session}/log/checkpoint"),
                ("get", "/api/sessions/{session}/log/proof/{index}"),
                ("get", "/api/sessions/{session}/log/consistency"),
                ("put", "/api/sessions/{session}/blobs/{sha256}"),
            }
            there = {(method, path) for path, methods in described["paths"].items() for method in methods}
            assert promised <= there
            ids = [route["operationId"] for methods in described["paths"].values() for route in methods.values()]
            assert len(ids) == len(set(ids))
            request = described["paths"]["/api/sessions/{session}/sections"]["post"]["requestBody"]
            asked = request["content"]["application/json"]["schema"]
            assert asked["properties"]["bars"] | {"minimum": 1, "maximum": 64} == asked["properties"]["bars"]
            assert {"id", "bass.density", "melody.range", "seed", "at"} <= asked["properties"].keys()
            for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)):
                assert name in described["components"]["schemas"]

    play(tmp_path, scene)
