"""What stands between an engine and its server: each met over a real socket, told in a sentence, retried where that may help."""

from __future__ import annotations

import asyncio
import contextlib
import doctest
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import bridge.engine.trouble as module
from bridge.engine.blobs import Door
from bridge.engine.link import Link
from bridge.engine.trouble import LinkLost, NoHttp, trouble
from bridge.engine.where import Where
from bridge.ports.http.server import HttpServer
from sessions.errors import Code, Refused
from sessions.keys import MemberKey
from tests.bridge.engine.stage import KEY, open_stage
from tests.bridge.ports.http.tls import write_certificate

THERE = Where("10.0.0.7", 8765, secure=False)


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0


async def told(door: Door) -> LinkLost | Refused:
    """What asking that door comes to, which is the same for its WebSocket."""
    for asking in (
        asyncio.to_thread(door.origin, "jam"),
        Link.open(door, "jam", KEY.name, MemberKey(), name="engine"),
    ):
        try:
            await asking
        except (LinkLost, Refused) as error:
            came = error
        else:
            raise AssertionError("it was let in")
    return came


def name_leads_here(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A name of this machine for the time of a test, as a line in /etc/hosts would make one."""
    look_up = socket.getaddrinfo

    def here(host: object, *rest: object, **options: object) -> object:
        return look_up("127.0.0.1" if host == name else host, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)


def test_a_certificate_for_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = write_certificate(tmp_path)
    name_leads_here(monkeypatch, "studio.test")

    async def scene() -> None:
        async with open_stage(cert, key) as stage:
            port = stage.url.rpartition(":")[2]
            came = await told(Door.parse(f"https://studio.test:{port}", "token", ca=cert))
            assert isinstance(came, Refused)
            assert (
                f"the certificate of studio.test:{port} is for other names than studio.test; join by one" in came.advice
            )

    asyncio.run(scene())


def test_a_certificate_that_has_run_out(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, until="210101000000Z")

    async def scene() -> None:
        async with open_stage(cert, key) as stage:
            came = await told(Door.parse(stage.url, "token", ca=cert))
            assert isinstance(came, Refused)
            assert "has run out; give the server a new one" in came.advice

    asyncio.run(scene())


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)

    async def scene() -> None:
        async with open_stage(cert, key) as stage:
            came = await told(Door.parse(stage.url, "token"))
            assert isinstance(came, Refused)
            assert "copy the server's certificate here and give it with --ca FILE" in came.advice

    asyncio.run(scene())


@contextlib.asynccontextmanager
async def somebody(answer: Response) -> AsyncIterator[str]:
    """A web server of another kind, which says the same to everything; its address."""
    server = HttpServer(
        Starlette(routes=[Route("/{path:path}", lambda request: answer, methods=["GET", "PUT"])]), "127.0.0.1", 0
    )
    host, port = await server.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (HTMLResponse("<html>no such page</html>", 404), r"is no StarBridge server \(HTTP 404\); give the address"),
        (HTMLResponse("<!doctype html>\n<title>Welcome</title>\n"), r"is no StarBridge server \(HTTP 200\)"),
        (JSONResponse({"detail": "Not Found"}, 404), "is no StarBridge server"),
        (JSONResponse({"code": "odd", "advice": "?"}, 400), "is no StarBridge server"),
        (
            RedirectResponse("https://elsewhere.example/"),
            "sends on to https://elsewhere.example/; give the server's own",
        ),
    ],
)
def test_a_server_of_another_kind(answer: Response, advice: str) -> None:
    async def scene() -> None:
        async with somebody(answer) as url:
            with pytest.raises(Refused, match=advice):
                await asyncio.to_thread(Door.parse(url, "token").origin, "jam")

    asyncio.run(scene())


def test_a_server_that_is_not_ready_is_asked_again() -> None:
    async def scene() -> None:
        async with somebody(HTMLResponse("<html>Bad Gateway</html>", 502)) as url:
            with pytest.raises(LinkLost, match=r"is not ready \(HTTP 502\)"):
                await asyncio.to_thread(Door.parse(url, "token").origin, "jam")

    asyncio.run(scene())


def test_a_refusal_of_the_servers_own_is_passed_on() -> None:
    async def scene() -> None:
        async with somebody(JSONResponse({"code": "not-allowed", "advice": "Host: that is not my name"}, 403)) as url:
            with pytest.raises(Refused) as no:
                await asyncio.to_thread(Door.parse(url, "token").origin, "jam")
            assert (no.value.code, no.value.advice) == (Code.NOT_ALLOWED, "Host: that is not my name")

    asyncio.run(scene())


def test_what_speaks_no_http() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(LinkLost, match=f"where it serves over TLS, write https://127.0.0.1:{port}"):
                await asyncio.to_thread(Door.parse(f"http://127.0.0.1:{port}", "token").origin, "jam")
            with pytest.raises(LinkLost, match="can't be reached"):
                await asyncio.to_thread(Door.parse(f"https://127.0.0.1:{port}", "token").origin, "jam")

    asyncio.run(scene())


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        came = asyncio.run(told(Door.parse(f"http://127.0.0.1:{port}", "token")))
    assert isinstance(came, LinkLost)
    assert f"nobody listens at 127.0.0.1:{port}" in str(came)


def test_a_connection_that_ends_is_told_in_the_servers_own_words() -> None:
    async def scene() -> None:
        async with open_stage() as stage:
            opening = asyncio.create_task(
                Link.open(Door.parse(stage.url, "token"), "jam", KEY.name, MemberKey(), name="engine")
            )
            call = await stage.next_call()
            await call.let_in()
            link = await opening
            await call.socket.close(4408, "you read too slowly")
            with pytest.raises(LinkLost, match=r"^the server hung up \(you read too slowly\)$"):
                await link.receive()
            with pytest.raises(LinkLost, match="hung up"):
                await link.send({"type": "session.ping"})

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("error", "again", "advice"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False, "there is no machine called 10.0.0.7; check the name"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), True, "can't be looked up now"),
        (TimeoutError(), True, "firewall"),
        (OSError(errno.EHOSTUNREACH, "unreachable"), True, "no way leads to 10.0.0.7:8765"),
        (NoHttp("odd"), True, "write https://10.0.0.7:8765"),
        (ConnectionResetError(), True, "write https://10.0.0.7:8765"),
        (OSError(errno.EIO, "odd"), True, "can't be reached"),
        (ssl.SSLError(1, "odd"), True, "can't be reached"),
        (EOFError(), True, "EOFError"),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception, again: bool, advice: str) -> None:
    came = trouble(error, THERE)
    assert isinstance(came, LinkLost if again else Refused)
    assert advice in str(came)


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*args: object, **options: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    came = asyncio.run(told(Door.parse("https://nowhere.test:1", "token")))
    assert isinstance(came, Refused)
    assert "there is no machine called nowhere.test; check the name, or give its IP address" in came.advice
