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
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from bridge.crowd import Crowd
from bridge.ports.http.connections import Requests, Sockets
from bridge.ports.http.lobby import Gate, Lobby
from bridge.ports.listening import ACCEPTS_A_TURN, BACKLOG

__all__ = ["HttpServer"]

MAX_HEADER_BYTES: Final = 32 * 1024
"""A request's first line and headers; cookies of other servers on localhost come along in them."""
MAX_FRAME_BYTES: Final = 1024 * 1024
"""A larger WebSocket message closes the socket (1009) before it is in memory; smaller ones may still be refused."""
KEEP_ALIVE_S: Final = 30
"""From an answer to the next request on the same connection."""
PING_S: Final = 15.0
"""Between two pings of a WebSocket, and from a ping to its pong: who is gone is noticed within twice this."""
CLOSE_S: Final = 1
"""How long answers in flight may take when the server closes."""


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
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._tls = (tls_cert, tls_key)
        self._context: ssl.SSLContext | None = None
        self._lobby = Lobby(crowd or Crowd())
        self.scheme = "http" if tls_cert is None else "https"
        self._config = uvicorn.Config(
            self._in_turn(app),
            http=self._connection,  # type: ignore[arg-type]  # called as the class would be
            ws=self._socket,  # type: ignore[arg-type]
            backlog=ACCEPTS_A_TURN,
            lifespan="off",
            loop="none",
            log_config=None,
            log_level="error",  # it would warn of each stranger's every mistake
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
        )
        self._server = _Server(self._config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; the address as bound (port 0 has become a free one). Raises OSError where it can't be had."""
        self._context = await asyncio.to_thread(_context, *self._tls)  # one that can't be read fails here
        self._config.load()
        listener = await _listener(self._host, self._port)
        address: tuple[Any, ...] = listener.getsockname()
        self._serving = asyncio.create_task(self._server.serve([listener]), name="http server")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._serving.done():
            await self._serving
        listener.listen(BACKLOG)  # asyncio takes as many at once as its queue holds, and should take fewer
        return str(address[0]), int(address[1])

    def _in_turn(self, app: ASGIApp) -> ASGIApp:
        """The app, asked as often as everybody else can bear."""

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            address = scope["client"][0] if scope["client"] else ""

            async def send_in_turn(message: Message) -> None:
                if message.get("more_body"):
                    await self._lobby.piece(address)
                await send(message)

            if scope["type"] == "http":
                await self._lobby.request(address)
                await app(scope, receive, send_in_turn)
            else:
                await app(scope, receive, send)

        return asked

    def _connection(self, config: Any, server_state: ServerState, app_state: dict[str, Any], _loop: Any) -> Any:
        """What a new connection speaks."""
        if self._context is None:
            return Requests(self._lobby, config, server_state, app_state)
        return Gate(self._lobby, self._context, lambda: Requests(self._lobby, config, server_state, app_state))

    def _socket(self, config: Any, server_state: ServerState, app_state: dict[str, Any]) -> Sockets:
        return Sockets(self._lobby, config, server_state, app_state)

    def statistics(self) -> dict[str, int]:
        """Connections now."""
        return self._lobby.statistics()

    async def close(self) -> None:
        """Stop listening, tell every WebSocket (1012), let short answers end; at most about two seconds."""
        if self._serving is None:
            return
        self._server.should_exit = True
        await asyncio.wait({self._serving}, timeout=CLOSE_S + 1)
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        self._lobby.close()
        await self._serving
        self._serving = None


def _context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What TLS is spoken with; it reads files."""
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    return context


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
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
