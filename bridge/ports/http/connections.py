"""The connections of the HTTP server: uvicorn's two protocols, fed in small pieces, with a place in the lobby.

What one read brings may be forty thousand frames or chunks, which uvicorn would take at once, and everybody else would
wait. So bytes are cut: a few at once, what is beyond a share in the crowd's turns, and nothing more is read meanwhile. uvicorn's
inside is known in this file and in `server` only.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import Any, Final, cast

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from bridge.crowd import share_of_one
from bridge.ports.http import lobby as rooms
from bridge.ports.http.guard import SECURITY_HEADERS
from bridge.ports.http.line import LINE
from bridge.ports.http.lobby import Lobby
from bridge.ports.lingering import linger, unread_bytes

__all__ = ["JOINED", "Requests", "Sockets"]

PIECE_BYTES: Final = 512
"""Bytes that are parsed at once: some eighty of the shortest frames or chunks, a millisecond."""
TURN_S: Final = 0.001
"""For so long what came on one connection is parsed, before others have their turn."""
LONG_PIECE_BYTES: Final = 4096
"""And where that goes quickly, as inside of a long frame."""
QUICK_S: Final = 0.000_2
"""So quickly."""
BODY_PIECE_BYTES: Final = 64 * 1024
"""And of a body of known length, in which there is nothing to be parsed."""
LINGER_S: Final = 10.0
"""A peer that reads nothing for so long of what is left once its WebSocket is over is hung up on."""
KERNEL_BYTES: Final = 256 * 1024
"""What the system may hold of what a WebSocket is sent; left alone it takes megabytes, and a goodbye comes behind them."""
JOINED: Final = "starbridge.joined"
"""The extension by which the app says that a WebSocket is somebody's: a call without arguments."""


_of_sockets = logging.getLogger("uvicorn.error.sockets")
_of_sockets.setLevel(logging.ERROR)
_of_sockets.addFilter(lambda record: "UTF-8" not in str(record.msg))  # the peer's fault, and told to the peer


def _plain_answer(status: str, code: str, advice: str) -> bytes:
    """An answer made without the app, for what never reaches it."""
    body = json.dumps({"code": code, "advice": advice}).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
    secured = [f"{name}: {value}" for name, value in SECURITY_HEADERS.items()]
    return "\r\n".join([*head, *secured, "", ""]).encode() + body


_FULL = _plain_answer("503 Service Unavailable", "too-many", "too many connections are open; try again in a moment")
_BROKEN = _plain_answer("400 Bad Request", "bad-value", "this is not a whole HTTP request, or its headers are too long")


class _Flow(FlowControl):
    """uvicorn's own, which tells when the app has room for more."""

    def __init__(self, owner: Requests, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._owner = owner

    def resume_reading(self) -> None:
        super().resume_reading()
        self._owner.go_on()


class Requests(H11Protocol):
    """A connection that speaks HTTP; h11 bounds the headers, which uvicorn's quicker parser does not."""

    def __init__(self, lobby: Lobby, config: Any, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self._lobby = lobby
        self._unread = bytearray()
        self._share = share_of_one()
        self._turn: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(self, transport)
        self._share = self._lobby.share_of(self.client[0] if self.client else "")
        if not self._lobby.enter(self):
            transport.write(_FULL)
            transport.close()
        self.loop.call_later(rooms.FIRST_REQUEST_S, self._first_request_is_late)

    def _first_request_is_late(self) -> None:
        asked: Any = self.cycle
        if asked is None and self in self.connections:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self.go_on()

    def go_on(self) -> None:
        """Parse what has come, as much as the share and the app have room for."""
        end_s = self.loop.time() + TURN_S
        while self._unread and self._turn is None and not self.flow.read_paused:
            if not (self.loop.time() < end_s and self._share.take(1, self.loop.time())):
                self.transport.pause_reading()
                self._turn = self._lobby.crowd.call(self._my_turn)
                return
            self._parse_a_piece()

    def _my_turn(self) -> None:
        self._turn = None
        while self._unread and not self.flow.read_paused:
            self._parse_a_piece()
            if not self._lobby.crowd.lasts():
                break
        if self._unread and not self.flow.read_paused:
            self._turn = self._lobby.crowd.call(self._my_turn)
        elif not self._unread and not self.flow.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _parse_a_piece(self) -> None:
        if self not in self.connections or self.transport.is_closing():
            self._unread.clear()  # it has become a WebSocket, whose client must wait for the answer; or it is over
            return
        size = BODY_PIECE_BYTES if self._in_plain_body() else PIECE_BYTES
        piece = bytes(self._unread[:size])
        del self._unread[:size]
        super().data_received(piece)

    def _in_plain_body(self) -> bool:
        inside = self.conn.their_state is h11.SEND_BODY
        return inside and not any(name == b"transfer-encoding" for name, _ in self.headers)

    def handle_events(self) -> None:
        before: Any = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._lobby.answers(self)

    def on_response_complete(self) -> None:
        before = self.cycle
        super().on_response_complete()
        if self.cycle is before:  # no pipelined request is being answered already
            self._lobby.rests(self)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        follower = self.transport.get_protocol()
        assert isinstance(follower, Sockets)
        self._lobby.turns_into(self, follower)

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_BROKEN)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._lobby.leaves(self)
        super().connection_lost(exc)

    def leave(self) -> None:
        """Hang up for somebody else's sake."""
        self.transport.abort()


class Sockets(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket; the line of its app (`bridge.ports.http.line`)."""

    def __init__(self, lobby: Lobby, config: Any, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = _of_sockets
        self._lobby = lobby
        self._reject, self.conn.reject = self.conn.reject, self._refuse  # type: ignore[method-assign]
        self._unread = bytearray()
        self._share = share_of_one()
        self._turn: asyncio.Future[None] | None = None
        self._piece_bytes = PIECE_BYTES
        self._written_bytes = 0
        self._at_ping = (0, 0)
        """When a ping was sent: bytes that waited in front of it, and those that the system had taken."""

    def _refuse(self, status: Any, text: str) -> Any:
        """A handshake that is none is answered by the library, not by the app: with the headers of every answer."""
        response = self._reject(status, text)
        for name, value in SECURITY_HEADERS.items():
            response.headers[name] = value
        return response

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
            self.scope["extensions"][JOINED] = lambda: self._lobby.knows(self)  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._go_on()

    @property
    def _has_room(self) -> bool:
        """Whether the app waits for a message, or takes no more of them and only the goodbye is to be read."""
        is_wanted = self.queue.empty() or self.close_sent
        return bool(self._unread) and is_wanted and not (self.disconnected or self.transport.is_closing())

    def _go_on(self) -> None:
        end_s = self.loop.time() + TURN_S
        while self._has_room and self._turn is None:
            if not (self.loop.time() < end_s and self._share.take(1, self.loop.time())):
                self.transport.pause_reading()
                self._turn = self._lobby.crowd.call(self._my_turn)
                return
            self._parse_a_piece()
        self._read_on()

    def _my_turn(self) -> None:
        self._turn = None
        while self._has_room:
            self._parse_a_piece()
            if not self._lobby.crowd.lasts():
                break
        if self._has_room:
            self._turn = self._lobby.crowd.call(self._my_turn)
        else:
            self._read_on()

    def _parse_a_piece(self) -> None:
        begun_s = self.loop.time()
        piece = bytes(self._unread[: self._piece_bytes])
        del self._unread[: self._piece_bytes]
        super().data_received(piece)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():  # which uvicorn lets wait for ever
            self.transport.write(_BROKEN)
            self.transport.close()
        quick = self.loop.time() - begun_s < QUICK_S
        self._piece_bytes = min(2 * self._piece_bytes, LONG_PIECE_BYTES) if quick else PIECE_BYTES

    def _read_on(self) -> None:
        """Read more once all of what was read is parsed; what one read brings beyond that waits until the app asks for it."""
        if self._unread:
            self.transport.pause_reading()
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """uvicorn's own, which would also stop reading for each message: two calls to the system, and most of what it costs."""
        self.read_paused = True
        super().send_receive_event_to_app()

    async def receive(self) -> Any:
        """The next message; uvicorn's own would read on while something is still to be parsed."""
        if self.queue.empty():
            self._go_on()
        message = await self.queue.get()
        self._read_on()
        return message

    async def run_asgi(self) -> None:
        """uvicorn's own would take a refused handshake for one that was left unfinished, and write a line about each."""
        self.scope["extensions"][LINE] = cast(Any, self)
        app = self.app

        async def finished(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)
            if self.initial_response is not None:
                self.handshake_complete = True

        self.app = finished
        await super().run_asgi()
        linger(self.transport, LINGER_S)

    @property
    def is_free(self) -> bool:
        return self.writable.is_set()

    def write(self, frames: bytes) -> None:
        if not self._is_over:
            self._written_bytes += len(frames)
            self.transport.write(frames)

    async def drained(self) -> None:
        await self.writable.wait()

    def end(self, code: int, reason: str) -> None:
        if self._is_over:
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.read_paused = False
        self.transport.resume_reading()  # for its answer
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    @property
    def _is_over(self) -> bool:
        return self.close_sent or self.disconnected or self.transport.is_closing()

    def _taken_bytes(self) -> int:
        return self._written_bytes - unread_bytes(self.transport)

    def send_keepalive_ping(self) -> None:
        self._at_ping = unread_bytes(self.transport), self._taken_bytes()
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """A peer that still takes what waited in front of a ping is there, and will come to it."""
        waited, taken = self._at_ping
        if waited and self._taken_bytes() > taken:
            self._at_ping = unread_bytes(self.transport), self._taken_bytes()
            self.pong_timer = self.loop.call_later(self.ping_timeout or 0.0, self.keepalive_timeout)
        else:
            super().keepalive_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._lobby.leaves(self)
        super().connection_lost(exc)

    def leave(self) -> None:
        """Hang up for somebody else's sake."""
        self.transport.abort()
