"""What is attacked, and what an attacker saw: shared by all attacks.

target = Target.read(json.loads(ready_file.read_text()), seconds=3)
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from bridge.wire.osc import pack, parse, unbundle

__all__ = [
    "RATE",
    "TICK_S",
    "UPGRADE",
    "Outcome",
    "Target",
    "anew",
    "ask_osc",
    "hear_datagrams",
    "hear_packet",
    "join",
    "note",
    "readable",
]

RATE = 10_000
"""Messages a second of a flood."""
TICK_S = 0.01
"""They come in bursts of that."""
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
"""Headers that ask for a WebSocket."""
TIMEOUT_S = 5.0
"""For a connection to be made."""


@dataclass
class Outcome:
    """What an attacker saw: what he sent, and how often he was told what."""

    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """Refusals by their code; other answers by their type."""
    dropped: int = 0
    """Connections that the server ended or never took."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server by its ready file, and for how long it is attacked."""

    http: str
    osc: tuple[str, int]
    osc_tcp: tuple[str, int]
    oscquery: tuple[str, int]
    session: str
    invites: Mapping[str, str]
    seconds: float
    ca: str | None = None

    @classmethod
    def read(cls, ready: Mapping[str, Any], seconds: float, ca: str | None = None) -> Target:
        def place(text: str) -> tuple[str, int]:
            host, _, port = text.rpartition(":")
            return host.strip("[]"), int(port)

        query = urlsplit(ready["oscquery"]).netloc
        doors = place(ready["osc"]), place(ready["osc_tcp"]), place(query)
        return cls(ready["http"], *doors, ready["session"], ready["invites"], seconds, ca)

    @property
    def web(self) -> tuple[str, int]:
        """Where HTTP is."""
        parts = urlsplit(self.http)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def stream_door(self, name: str) -> tuple[str, int]:
        """Where a door that takes connections is: `web`, `osc` or `oscquery`."""
        return {"web": self.web, "osc": self.osc_tcp, "oscquery": self.oscquery}[name]

    def stream(self, address: tuple[str, int], receive_bytes: int = 0) -> socket.socket:
        """A connection; with a small receive buffer where it will not be read."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_bytes:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        opened.settimeout(TIMEOUT_S)
        opened.connect(address)
        return opened

    def websocket(self, token: str) -> ClientConnection:
        """A WebSocket that has not joined yet."""
        trust = ssl.create_default_context(cafile=self.ca) if self.ca else None
        url = self.http.replace("http", "ws", 1) + f"/ws?session={self.session}"
        return connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            ssl=trust,
            max_size=None,
            compression=None,
            open_timeout=TIMEOUT_S,
            close_timeout=0.1,
        )

    def ticks(self) -> Iterator[int]:
        """How many messages are due, every hundredth of a second; what could not be sent in time is not caught up with."""
        begun = before = time.monotonic()
        while (now := time.monotonic()) - begun < self.seconds:
            yield int(min(now - before, 5 * TICK_S) * RATE)
            before = now
            time.sleep(TICK_S)


def note(number: int) -> bytes:
    """A live note over OSC, begun and never ended."""
    return pack("/live/note", "sii", ("drums", number % 128, 1 + number % 100))


def join(token: str) -> bytes:
    return pack("/session/join", "s", (token,))


def readable(lines: Iterable[socket.socket], wait_s: float) -> list[socket.socket]:
    """Of many sockets those that have something to be read, or have ended."""
    poll, by_number = select.poll(), {line.fileno(): line for line in lines}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(wait_s * 1000)]


def anew(
    target: Target, place: tuple[str, int], many: int, first: Callable[[int], bytes], word: tuple[str, bytes]
) -> Outcome:
    """So many connections, each of which says one thing; another as soon as one has ended. What answers is counted by a word."""
    came, lines, (name, data_of_it) = Outcome(), list[socket.socket](), word
    end_s = time.monotonic() + target.seconds
    try:
        while (left_s := end_s - time.monotonic()) > 0:
            while len(lines) < many:
                lines.append(target.stream(place))
                lines[-1].sendall(first(came.sent))
                came.sent += 1
            for line in readable(lines, min(left_s, 0.1)):
                try:
                    if data := line.recv(65_536):
                        came.answers[name] += data.count(data_of_it)
                        continue
                except OSError:
                    came.dropped += 1
                lines.remove(line)
                line.close()
    finally:
        for line in lines:
            line.close()
    return came


def hear_datagrams(line: socket.socket, came: Outcome) -> None:
    """Whatever waits; nothing is waited for."""
    while readable([line], 0):
        with contextlib.suppress(OSError):
            hear_packet(line.recv(65_536), came)


def hear_packet(data: bytes, came: Outcome) -> None:
    for packet in unbundle(data):
        spoken = parse(packet.data)
        name = str(spoken.values[1]) if spoken.address == "/refused" else spoken.address
        came.answers[name] += 1


def ask_osc(number: int) -> bytes:
    return pack(("/capabilities", "/log/head", "/transport/state", "/session/ping")[number % 4], "", ())
