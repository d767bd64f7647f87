"""The HTTP server below the app: uvicorn, run inside a loop that somebody else owns.

It binds, listens and closes, and keeps strangers from holding on to it: a connection that never asks anything, headers
without end, a peer that does not read its goodbye. It leaves signals, logging and the loop alone, and writes no addresses
to any log, as these may carry tokens. uvicorn is known in this file only.

    server = HttpServer(app, "127.0.0.1", 0)
    host, port = await server.start()
    ...
    await server.close()
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from bridge.ports.http.line import LINE

__all__ = ["HttpServer"]

MAX_CONNECTIONS: Final = 512
"""Open at a time, WebSockets included; most systems give a process 1024 files."""
MAX_HEADER_BYTES: Final = 32 * 1024
"""A request's first line and headers; cookies of other servers on localhost come along in them."""
MAX_FRAME_BYTES: Final = 1024 * 1024
"""A larger WebSocket message closes the socket (1009) before it is in memory; smaller ones may still be refused."""
FIRST_REQUEST_S: Final = 20.0
"""From the connection to its first whole request."""
KEEP_ALIVE_S: Final = 30
"""From an answer to the next request on the same connection."""
PING_S: Final = 15.0
"""Between two pings of a WebSocket, and from a ping to its pong: who is gone is noticed within twice this."""
LINGER_S: Final = 3.0
"""How long a peer may take to read what is left once its WebSocket is over."""
CLOSE_S: Final = 1
"""How long answers in flight may take when the server closes."""
BACKLOG: Final = 256


def _plain_answer(status: str, code: str, advice: str) -> bytes:
    """An answer made without the app, for what never reaches it."""
    body = json.dumps({"code": code, "advice": advice}).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, "", ""]).encode() + body


_FULL = _plain_answer("503 Service Unavailable", "too-many", "too many connections are open; try again in a moment")
_BROKEN = _plain_answer("400 Bad Request", "bad-value", "this is not a whole HTTP request, or its headers are too long")


class _Requests(H11Protocol):
    """A connection that speaks HTTP; h11 bounds the headers, which uvicorn's quicker parser does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
        self.loop.call_later(FIRST_REQUEST_S, self._first_request_is_late)

    def _first_request_is_late(self) -> None:
        asked: RequestResponseCycle | None = self.cycle
        if asked is None and self in self.connections:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_BROKEN)
        self.transport.close()


class _Sockets(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket; the line of its app (`bridge.ports.http.line`)."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][LINE] = cast(Any, self)
        await super().run_asgi()
        # A peer that reads nothing would hold its connection, and what is queued for it, for ever.
        self.loop.call_later(LINGER_S, self.transport.abort)

    @property
    def is_free(self) -> bool:
        return self.writable.is_set()

    def write(self, frames: bytes) -> None:
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frames)

    async def drained(self) -> None:
        await self.writable.wait()


class _Server(uvicorn.Server):
    """Says when it listens, and leaves the process's signals to their owner."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """One app on one address; with a certificate, over TLS."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, tls_cert: Path | None = None, tls_key: Path | None = None
    ) -> None:
        self._host, self._port = host, port
        self.scheme = "http" if tls_cert is None else "https"
        self._config = uvicorn.Config(
            app,
            http=_Requests,
            ws=_Sockets,
            lifespan="off",
            loop="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=CLOSE_S,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            ws_max_size=MAX_FRAME_BYTES,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,  # costs a core more than a LAN gains by it
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
        self._server = _Server(self._config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; the address as bound (port 0 has become a free one). Raises OSError where it can't be had."""
        self._config.load()  # a certificate that can't be read fails here
        listener = await _listener(self._host, self._port)
        address: tuple[Any, ...] = listener.getsockname()
        self._serving = asyncio.create_task(self._server.serve([listener]), name="http server")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._serving.done():
            await self._serving
        return str(address[0]), int(address[1])

    async def close(self) -> None:
        """Stop listening, tell every WebSocket (1012), let short answers end; at most about two seconds."""
        if self._serving is None:
            return
        self._server.should_exit = True
        await asyncio.wait({self._serving}, timeout=CLOSE_S + 1)
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await self._serving
        self._serving = None


async def _listener(host: str, port: int) -> socket.socket:
    """A bound socket, on the first address that a name means."""
    if host == "localhost":
        host = "127.0.0.1"  # where a name means both families, every client finds this one
    found = await asyncio.get_running_loop().getaddrinfo(
        host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
