"""The server below the app: it binds, answers, and lets go of whoever holds on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge.ports.http import lobby
from bridge.ports.http.connections import JOINED
from bridge.ports.http.guard import SECURITY_HEADERS, Guard, Hosts
from bridge.ports.http.server import MAX_FRAME_BYTES, MAX_HEADER_BYTES, HttpServer
from tests.bridge.ports.http.tls import write_certificate
from tests.support.virtual_time import run_real


def echo() -> FastAPI:
    app = FastAPI()
    app.state.ended = asyncio.Event()

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.get("/never")
    async def never() -> str:
        await asyncio.Event().wait()
        return "never"

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        if "stranger" not in socket.query_params:
            socket.scope["extensions"][JOINED]()
        try:
            while True:
                frame = await socket.receive()
                if frame["type"] == "websocket.disconnect":
                    return
                if frame.get("text") == "flood":
                    while True:
                        await socket.send_text("x" * 65_536)
                await socket.send_text(frame.get("text") or "bytes")
        finally:
            app.state.ended.set()

    return app


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[tuple[str, int]]:
    server = HttpServer(app, "127.0.0.1", 0)
    host, port = await server.start()
    try:
        yield host, port
    finally:
        await server.close()


async def raw(address: tuple[str, int], sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_it_takes_a_free_port_and_answers() -> None:
    async def scene() -> None:
        async with serving(echo()) as (host, port):
            assert port > 0
            async with httpx.AsyncClient(base_url=f"http://{host}:{port}", verify=False) as client:
                assert (await client.get("/hello")).json() == "hello"
                head = await client.head("/hello")
                assert "server" not in head.headers
            async with connect(f"ws://{host}:{port}/ws") as socket:
                await socket.send("there")
                assert await socket.recv() == "there"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_real(scene())


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    async def scene() -> None:
        async with serving(echo()) as (host, port):
            with pytest.raises(OSError):
                await HttpServer(echo(), host, port).start()

    run_real(scene())


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/x\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * MAX_HEADER_BYTES,
        b"GET /" + b"a" * MAX_HEADER_BYTES,
    ],
    ids=["binary", "no path", "version", "no host", "length", "long header", "long path"],
)
def test_what_is_no_http_is_answered_in_our_words(junk: bytes) -> None:
    async def scene() -> None:
        async with serving(echo()) as address:
            answer = await raw(address, junk)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b'{"code": "bad-value", "advice": ' in answer
            assert all(f"{name}: {value}".encode() in answer for name, value in SECURITY_HEADERS.items())

    run_real(scene())


def test_what_is_no_websocket_is_answered_with_the_headers_of_every_answer() -> None:
    knock = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: zz\r\n\r\n"

    async def scene() -> None:
        async with serving(echo()) as address:
            answer = await raw(address, knock)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert all(f"{name}: {value}".encode() in answer for name, value in SECURITY_HEADERS.items())

    run_real(scene())


@pytest.mark.parametrize(
    "asked",
    [b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nContent-Length: 2\r\n", b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200],
)
def test_a_websocket_that_can_be_none_is_answered_all_the_same(asked: bytes) -> None:
    async def main() -> None:
        async with serving(echo()) as address:
            said = await raw(
                address,
                asked + b"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n{}",
            )
            assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 ")), said

    run_real(main())


def test_a_body_of_two_lengths_ends_the_connection() -> None:
    smuggled = (
        b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )

    async def main() -> None:
        async with serving(Guard(echo(), Hosts.bound_to("127.0.0.1"))) as address:
            said = await raw(address, smuggled)
            assert said.startswith(b"HTTP/1.1 400 ")
            assert said.count(b"HTTP/1.1 ") == 1

    run_real(main())


def test_too_many_connections_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lobby, "MAX_CONNECTIONS", 2)

    async def scene() -> None:
        async with serving(echo()) as (host, port):
            url = f"ws://{host}:{port}/ws"
            async with connect(url), connect(url):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(url)
                assert refused.value.response.status_code == 503
                assert b'"code": "too-many"' in (refused.value.response.body or b"")
            async with connect(url) as socket:
                await socket.send("room again")
                assert await socket.recv() == "room again"

    run_real(scene())


def test_strangers_make_room_and_then_who_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lobby, "MAX_CONNECTIONS", 3)

    async def scene() -> None:
        async with serving(echo()) as (host, port):
            url = f"ws://{host}:{port}/ws"
            idle_reader, idle = await asyncio.open_connection(host, port)
            idle.write(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await idle_reader.readuntil(b"hello")
            async with connect(url) as member, connect(url + "?stranger=1") as stranger:
                async with connect(url):  # takes the place of who has not joined
                    with pytest.raises(ConnectionClosed):
                        await stranger.recv()
                    half_reader, half = await asyncio.open_connection(host, port)  # and this one of who is idle
                    half.write(b"GET / HT")
                    while await idle_reader.read(100):
                        pass
                    async with connect(url):  # and this one of who says half a word
                        with contextlib.suppress(ConnectionResetError):
                            assert await half_reader.read() == b""
                        with pytest.raises(InvalidStatus):
                            await connect(url)
                await member.send("all the while")
                assert await member.recv() == "all the while"
            for writer in (idle, half):
                writer.close()

    run_real(scene())


@pytest.mark.parametrize(
    "flood",
    [
        b"POST /hello HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 40_000,
        b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
        b"\x89\x80abcd" * 40_000,
        b"\x81\x81abcd\x00" * 5_000,
    ],
    ids=["chunks", "requests", "pings", "messages"],
)
def test_a_read_full_of_small_things_holds_nobody_up(flood: bytes) -> None:
    """The guard of all tests fails on a callback that computes for long; what is asked is still answered, in order."""

    async def scene() -> None:
        async with serving(echo()) as (host, port), connect(f"ws://{host}:{port}/ws") as socket:
            reader, writer = await asyncio.open_connection(host, port)
            if flood[0] & 0x80:
                head = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                writer.write(head + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                await reader.readuntil(b"\r\n\r\n")
            writer.write(flood)
            for word in ("one", "two", "three"):
                await socket.send(word)
                assert await socket.recv() == word
            wanted = {b"P": b" 405 ", b"G": b"200 OK" * 1, b"\x89": b"\x8a", b"\x81": b"\x81"}[flood[:1]]
            assert wanted in await reader.read(65_536)
            writer.transport.abort()
            await asyncio.sleep(0)

    run_real(scene())


def test_who_connects_and_asks_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lobby, "FIRST_REQUEST_S", 0.05)

    async def scene() -> None:
        async with serving(echo()) as (host, port), connect(f"ws://{host}:{port}/ws") as socket:
            for sent in (b"", b"GET / HT"):
                with contextlib.suppress(ConnectionResetError):
                    assert await raw((host, port), sent) == b""
            await socket.send("still here")
            assert await socket.recv() == "still here"

    run_real(scene())


def test_a_frame_beyond_the_limit_closes_the_socket() -> None:
    async def scene() -> None:
        async with serving(echo()) as (host, port), connect(f"ws://{host}:{port}/ws") as socket:
            await socket.send("x" * (MAX_FRAME_BYTES + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009

    run_real(scene())


def test_closing_ends_open_websockets_and_hanging_answers() -> None:
    async def scene() -> None:
        app = echo()
        server = HttpServer(app, "127.0.0.1", 0)
        host, port = await server.start()
        url = f"ws://{host}:{port}/ws"
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with connect(url) as socket, connect(url, max_queue=1) as slow:
            await slow.send("flood")
            await socket.send("in")
            await socket.recv()
            await server.close()
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
            slow.transport.abort()
        await reader.read()
        writer.close()
        await app.state.ended.wait()
        with pytest.raises(OSError):
            await asyncio.open_connection(host, port)
        await server.close()  # again does no harm

    run_real(scene())


def test_with_a_certificate_it_speaks_tls(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)

    async def scene() -> None:
        server = HttpServer(echo(), "localhost", 0, tls_cert=certificate, tls_key=key)
        _, port = await server.start()
        trust = ssl.create_default_context(cafile=str(certificate))
        try:
            async with httpx.AsyncClient(verify=trust) as client:
                assert (await client.get(f"https://localhost:{port}/hello")).json() == "hello"
            async with connect(f"wss://localhost:{port}/ws", ssl=trust) as socket:
                await socket.send("there")
                assert await socket.recv() == "there"
        finally:
            await server.close()

    run_real(scene())


def test_a_certificate_that_is_none_fails_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "cert.pem"
    broken.write_text("no certificate")

    async def scene() -> None:
        with pytest.raises(OSError):  # ssl.SSLError is one
            await HttpServer(echo(), "127.0.0.1", 0, tls_cert=broken, tls_key=broken).start()

    run_real(scene())


def test_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with serving(echo()) as (host, port):
            async with httpx.AsyncClient(base_url=f"http://{host}:{port}", verify=False) as client:
                await client.get("/hello?token=secret")
            async with connect(f"ws://{host}:{port}/ws?token=secret"):
                pass

    with caplog.at_level(logging.INFO):
        run_real(scene())
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "websockets"))]
    assert not [record for record in ours if "secret" in record.getMessage()]
