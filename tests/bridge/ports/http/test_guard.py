"""Names and origins: what a browser that was led astray may not do."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI, WebSocket

from bridge.ports.http.guard import SECURITY_HEADERS, Guard, Hosts
from sessions.errors import Code

HERE = Hosts.bound_to("127.0.0.1")
EVERYWHERE = Hosts.bound_to("0.0.0.0", names=["Studio.example"], origins=["https://remote.example/"])


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8765", "127.0.0.1:1", "[::1]:80", "[::1]", "localhost."])
def test_a_loopback_server_answers_to_loopback_names(host: str) -> None:
    assert HERE.refusal(host, None) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.7:8765",
        "evil@localhost",
        "localhost/x",
        "localhost:x",
        "localhost\\.evil.example",
        "[::1",
        "a" * 5000,
    ],
)
def test_no_other_name_leads_to_it(host: str | None) -> None:
    refused = HERE.refusal(host, None)
    assert refused is not None
    assert refused.code is Code.NOT_ALLOWED
    assert refused.advice.startswith("Host: ")
    assert len(refused.advice) < 200


def test_a_server_for_all_answers_to_addresses_and_given_names() -> None:
    for host in ("192.168.1.7:8765", "[fe80::1]:8765", "studio.example", "localhost"):
        assert EVERYWHERE.refusal(host, None) is None, host
    assert EVERYWHERE.refusal("evil.example", None) is not None


def test_a_named_server_answers_to_its_name() -> None:
    assert Hosts.bound_to("jam.example").refusal("jam.example:8765", None) is None
    assert Hosts.bound_to("jam.example").refusal("jim.example:8765", None) is not None


@pytest.mark.parametrize(
    ("host", "origin", "passes"),
    [
        ("localhost:8765", "http://localhost:8765", True),
        ("localhost", "http://localhost", True),
        ("localhost:80", "http://localhost", True),
        ("localhost", "https://localhost:443", True),
        ("[::1]:8765", "http://[::1]:8765", True),
        ("localhost:8765", "http://localhost:3000", False),
        ("localhost:8765", "http://127.0.0.1:8765", False),
        ("localhost:8765", "http://evil.example", False),
        ("localhost:8765", "null", False),
        ("localhost:8765", "", False),
        ("localhost:8765", "file://", False),
        ("localhost:8765", "ftp://localhost:8765", False),
    ],
)
def test_only_pages_of_ours_come_in(host: str, origin: str, passes: bool) -> None:
    assert (HERE.refusal(host, origin) is None) is passes


def test_a_page_in_the_clear_may_not_use_a_server_over_tls() -> None:
    for origin, passes in (("http://localhost:8765", False), ("https://localhost:8765", True), (None, True)):
        assert (HERE.refusal("localhost:8765", origin, secure=True) is None) is passes, origin


def test_a_page_elsewhere_may_be_let_in_by_hand() -> None:
    assert EVERYWHERE.refusal("studio.example", "https://remote.example") is None
    assert EVERYWHERE.refusal("studio.example", "https://other.example") is not None


def app() -> Guard:
    inner = FastAPI()

    @inner.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "you"}

    @inner.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        raise AssertionError("nobody should get here")

    return Guard(inner, HERE)


def test_every_answer_carries_the_security_headers() -> None:
    async def scene() -> None:
        transport = httpx.ASGITransport(app())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            good = await client.get("/hello")
            missing = await client.get("/nothing")
            bad = await client.get("/hello", headers={"Host": "evil.example"})
        assert (good.status_code, missing.status_code, bad.status_code) == (200, 404, 403)
        assert bad.json()["code"] == "not-allowed"
        for answer in (good, missing, bad):
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] == value

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("url", "strict"),
    [("https://studio.example", True), ("https://localhost", False), ("http://studio.example", False)],
)
def test_what_was_asked_over_tls_stays_there_but_for_this_machine_s_names(url: str, strict: bool) -> None:
    async def scene() -> None:
        transport = httpx.ASGITransport(Guard(FastAPI(), EVERYWHERE))
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            assert ("strict-transport-security" in (await client.get("/")).headers) is strict

    asyncio.run(scene())


def test_a_foreign_page_gets_no_websocket_but_an_answer() -> None:
    async def scene() -> list[dict[str, object]]:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {
            "type": "websocket",
            "path": "/ws",
            "headers": [(b"host", b"localhost"), (b"origin", b"http://evil.example")],
            "extensions": {"websocket.http.response": {}},
        }
        await app()(scope, receive, send)  # type: ignore[arg-type]
        return sent

    start, body = asyncio.run(scene())
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert b"not-allowed" in body["body"]  # type: ignore[operator]
