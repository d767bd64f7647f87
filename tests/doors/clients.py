"""One client a door, written from the contract with other people's codecs, so that a mistake of ours can't hide in both ends.

with CLIENTS["udp"](server) as client:
    client.join(token)
    client.say("section.request", id="a", bars=2)
    client.hear("section.done", id="a")
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.uri import parse_uri

from tests.support.server import Server

__all__ = [
    "CLIENTS",
    "PATIENCE_S",
    "Client",
    "LengthTcp",
    "SlipTcp",
    "ThreadlessWebSocket",
    "Udp",
    "WebSocket",
    "messages",
]

PATIENCE_S = 50.0
"""An engine's first section took more than 20 s on a machine with two busy processes for its two cores."""

ASKS = {
    "session.join": ("token", "reply_port"),
    "session.role": ("member", "role"),
    "session.remove": ("member",),
    "session.revoke": ("invite",),
    "session.define": ("role", "grants"),
    "chat.say": ("text",),
    "section.resend": ("id", "part", "bar"),
    "section.cancel": ("id",),
    "section.approve": ("id",),
    "section.deny": ("id",),
    "take.play": ("take", "at"),
    "take.loop": ("take", "at"),
    "take.stop": ("take",),
    "take.accept": ("take",),
    "take.reject": ("take",),
    "take.rate": ("take", "stars"),
    "take.vote": ("take", "value"),
    "transport.tempo": ("bpm",),
    "transport.locate": ("beat",),
    "transport.meter": ("meter",),
    "live.note": ("part", "pitch", "velocity"),
    "live.control": ("part", "controller", "value"),
    "live.bend": ("part", "value"),
    "live.rest": ("id",),
}
"""The arguments of each address, in the order of the contract."""
WITH_PAIRS = ("section.request", "live.accompany")
"""After the id come pairs of a key and a value."""

ANSWERS = {
    "/session/joined": ("session", "member", "role"),
    "/session/role": ("member", "role"),
    "/session/remove": ("member",),
    "/session/revoke": ("invite",),
    "/session/define": ("role", "grants"),
    "/chat/said": ("member", "text"),
    "/section/accepted": ("id",),
    "/section/waiting": ("id",),
    "/section/approve": ("id",),
    "/section/deny": ("id",),
    "/section/note": ("id", "part", "start", "length", "pitch", "velocity"),
    "/section/bar": ("id", "part", "bar", "notes"),
    "/section/preview": ("id", "part", "by", "version", "frames", "of", "rate", "url"),
    "/section/stem": ("id", "part", "url", "path"),
    "/section/done": ("id", "take", "index"),
    "/section/failed": ("id", "code", "advice"),
    "/section/cancelled": ("id",),
    "/take/play": ("take", "at"),
    "/take/loop": ("take", "at"),
    "/take/stop": ("take",),
    "/take/accept": ("take",),
    "/take/reject": ("take",),
    "/take/rate": ("take", "stars"),
    "/take/vote": ("take", "value"),
    "/transport/state": ("playing", "bpm", "beat", "n", "d"),
    "/live/note": ("part", "pitch", "velocity"),
    "/live/control": ("part", "controller", "value"),
    "/live/bend": ("part", "value"),
    "/live/accompanied": ("id", "parts", "beat"),
    "/live/rested": ("id", "code", "advice"),
    "/log/head": ("size", "root"),
    "/capabilities": ("json",),
    "/refused": ("what", "code", "advice"),
}


class Client:
    """What the suite needs of any door."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def say(self, kind: str, /, **fields: Any) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def listen(self, patience_s: float) -> bool:
        """Take in what has come; False where nothing came."""
        raise NotImplementedError

    def join(self, token: str) -> dict[str, Any]:
        self.say("session.join", token=token)
        return self.hear("session.joined")

    def hear(self, kind: str, /, patience_s: float = PATIENCE_S, **match: Any) -> dict[str, Any]:
        """The first message of a kind that has not been taken yet, taken; what else came stays."""
        deadline = time.monotonic() + patience_s
        while True:
            for message in self.heard:
                if message["type"] == kind and all(message.get(name) == value for name, value in match.items()):
                    self.heard.remove(message)
                    return message
            left = deadline - time.monotonic()
            if left <= 0 or not self.listen(left):
                shown = [(m["type"], m.get("code"), m.get("advice")) for m in self.heard[-12:]]
                raise AssertionError(f"no {kind} {match} came; what came is {shown}")

    def refused(self, code: str, **match: Any) -> dict[str, Any]:
        message = self.hear("refused", code=code, **match)
        assert len(message["advice"]) > 10
        return message

    def ended(self, patience_s: float = PATIENCE_S) -> bool:
        """Whether the server closes the connection before long."""
        deadline = time.monotonic() + patience_s
        while (left := deadline - time.monotonic()) > 0:
            if not self.listen(left):
                return time.monotonic() < deadline
        return False


def packet(kind: str, fields: dict[str, Any]) -> bytes:
    """An OSC message, by python-osc."""
    builder = OscMessageBuilder("/" + kind.replace(".", "/"))
    if kind in WITH_PAIRS:
        builder.add_arg(fields.pop("id"))
        for name, value in fields.items():
            builder.add_arg(name)
            builder.add_arg(value)
    elif kind in ASKS:
        for name in ASKS[kind]:
            if name in fields:
                builder.add_arg(fields[name])
    else:
        for value in fields.values():
            builder.add_arg(value)
    return builder.build().dgram


def messages(data: bytes) -> list[dict[str, Any]]:
    found = []
    for timed in OscPacket(data).messages:
        address, values = timed.message.address, timed.message.params
        names = ANSWERS.get(address, tuple(f"arg{n}" for n in range(len(values))))
        assert len(names) == len(values), f"{address} has {values}, the contract says {names}"
        found.append(
            {"type": address[1:].replace("/", "."), **dict(zip(names, values, strict=True)), "tag": timed.time}
        )
    return found


class Udp(Client):
    def __init__(self, server: Server) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._server = server.osc_address

    def say(self, kind: str, /, **fields: Any) -> None:
        self._socket.sendto(packet(kind, fields), self._server)

    def send(self, data: bytes) -> None:
        self._socket.sendto(data, self._server)

    def listen(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self._socket], [], [], patience_s)
        if ready:
            self.arrives(self._socket.recv(65536))
        return bool(ready)

    def arrives(self, datagram: bytes) -> None:
        self.heard.extend(messages(datagram))

    def close(self) -> None:
        self._socket.close()


def connected(address: str, receive_buffer: int = 0) -> socket.socket:
    """A stream to `host:port`, with as small a buffer as the system allows where one is named."""
    host, _, port = address.rpartition(":")
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    stream.connect((host, int(port)))
    return stream


class _Tcp(Client):
    def __init__(self, server: Server, receive_buffer: int = 0) -> None:
        super().__init__()
        self._socket = connected(server.osc_tcp, receive_buffer)
        self._in = b""
        self.passed_over: bytes | None = None
        """How packets begin that are read, and not looked into: python-osc takes long over long texts."""

    def _frame(self, data: bytes) -> bytes:
        raise NotImplementedError

    def _unframe(self) -> list[bytes]:
        raise NotImplementedError

    def say(self, kind: str, /, **fields: Any) -> None:
        self._socket.sendall(self._frame(packet(kind, fields)))

    def listen(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self._socket], [], [], patience_s)
        if not ready:
            return False
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._in += data
        for whole in self._unframe():
            if self.passed_over is None or not whole.startswith(self.passed_over):
                self.heard.extend(messages(whole))
        return bool(data)

    def close(self) -> None:
        self._socket.close()


class SlipTcp(_Tcp):
    """OSC 1.1: double-END SLIP."""

    def _frame(self, data: bytes) -> bytes:
        return b"\xc0" + data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"

    def _unframe(self) -> list[bytes]:
        *whole, self._in = self._in.split(b"\xc0")
        return [one.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb") for one in whole if one]


class LengthTcp(_Tcp):
    """OSC 1.0: an int32 length before each packet."""

    def _frame(self, data: bytes) -> bytes:
        return struct.pack(">i", len(data)) + data

    def _unframe(self) -> list[bytes]:
        whole = []
        while len(self._in) >= 4 and len(self._in) >= 4 + (size := struct.unpack(">i", self._in[:4])[0]):
            whole.append(self._in[4 : 4 + size])
            self._in = self._in[4 + size :]
        return whole


class WebSocket(Client):
    def __init__(self, server: Server, token: str = "") -> None:
        super().__init__()
        self._url = server.http.replace("http", "ws", 1) + f"/ws?session={server.session}"
        self._url += f"&token={token}" if token else ""
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(self._url, max_size=None, max_queue=None, close_timeout=0.2))

    def say(self, kind: str, /, **fields: Any) -> None:
        self._socket.send(json.dumps({"type": kind, **fields}))

    def listen(self, patience_s: float) -> bool:
        try:
            message = json.loads(self._socket.recv(timeout=patience_s))
        except (TimeoutError, ConnectionClosed):
            return False
        self.heard.append(message)
        return True

    def close(self) -> None:
        self._open.close()


class ThreadlessWebSocket(Client):
    """The same without a thread behind it: nothing is read, and no ping answered, but while somebody listens."""

    def __init__(self, server: Server, receive_buffer: int = 0) -> None:
        super().__init__()
        address = server.http.removeprefix("http://")
        self._protocol = ClientProtocol(parse_uri(f"ws://{address}/ws?session={server.session}"), max_size=None)
        self._socket = connected(address, receive_buffer)
        self._protocol.send_request(self._protocol.connect())
        self._send()
        while self._protocol.state is State.CONNECTING:
            assert self.listen(PATIENCE_S), "the server did not answer"

    @property
    def close_code(self) -> int | None:
        """What the server closed it with."""
        return self._protocol.close_code

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)

    def say(self, kind: str, /, **fields: Any) -> None:
        self._protocol.send_text(json.dumps({"type": kind, **fields}).encode())
        self._send()

    def listen(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self._socket], [], [], patience_s)
        if not ready:
            return False
        try:
            data = self._socket.recv(65536)
            self._protocol.receive_data(data) if data else self._protocol.receive_eof()
            self._send()  # pongs, and the answer to a goodbye
        except ConnectionError:
            return False
        events = self._protocol.events_received()
        self.heard.extend(
            json.loads(bytes(event.data))
            for event in events
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT
        )
        return bool(data)

    def close(self) -> None:
        self._socket.close()


CLIENTS: dict[str, Callable[[Server], Client]] = {
    "udp": Udp,
    "slip": SlipTcp,
    "length": LengthTcp,
    "websocket": WebSocket,
}
