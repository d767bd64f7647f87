"""Floods: one member who sends all that his line carries, by each door; some of them never read an answer.

outcome = flood_udp(target, note)
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import WebSocketException

from bridge.bench.attacks.target import Outcome, Target, hear_datagrams, hear_packet, join, readable
from bridge.wire.slip import Framing, slip

__all__ = ["LAST_S", "datagrams", "flood_tcp", "flood_udp", "flood_ws", "ws_ask", "ws_chat", "ws_note"]

ANSWER_S = 5.0
"""For the first answer on a stream, where the server is busy with others."""
LAST_S = 0.3
"""For the last answers to datagrams."""


def flood_udp(target: Target, message: Callable[[int], bytes], role: str = "rhythm") -> Outcome:
    """A member's datagrams, each a message, at `RATE`."""
    return datagrams(target, message, join(target.invites[role]))


def datagrams(target: Target, message: Callable[[int], bytes], first: bytes = b"") -> Outcome:
    """Datagrams from one port, at `RATE`, behind a first one; one that can't be sent is let go."""
    came = Outcome()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(target.osc)
        if first:
            line.send(first)
        for due in target.ticks():
            for _ in range(due):
                with contextlib.suppress(OSError):
                    line.send(message(came.sent))
                came.sent += 1
            hear_datagrams(line, came)
        time.sleep(LAST_S)
        hear_datagrams(line, came)
    return came


def flood_tcp(target: Target, message: Callable[[int], bytes], role: str = "rhythm", *, reads: bool = True) -> Outcome:
    """The same over OSC on TCP; or without ever reading an answer."""
    came, framing = Outcome(), Framing()
    with target.stream(target.osc_tcp, 0 if reads else 4096) as line:
        line.sendall(slip(join(target.invites[role])))
        line.setblocking(False)
        left = b""
        for due in target.ticks():
            if len(left) < 1 << 20:
                left += b"".join(slip(message(came.sent + number)) for number in range(due))
                came.sent += due
            try:
                left = left[line.send(left) :] if left else b""
                if reads:
                    _hear(line, framing, came)
            except BlockingIOError:
                continue
            except OSError:
                came.dropped += 1
                break
        else:
            if reads:
                readable([line], ANSWER_S)
                with contextlib.suppress(OSError):
                    _hear(line, framing, came)
    return came


def _hear(line: socket.socket, framing: Framing, came: Outcome) -> None:
    """All that has come; raises BlockingIOError where there is no more."""
    while data := line.recv(65_536):
        for packet in framing.feed(data):
            if isinstance(packet, bytes):
                hear_packet(packet, came)


def flood_ws(
    target: Target, message: Callable[[int], dict[str, Any]], role: str = "rhythm", *, reads: bool = True
) -> Outcome:
    """The same over a WebSocket."""
    came = Outcome()
    with contextlib.suppress(WebSocketException), target.websocket(target.invites[role]) as line:
        line.send('{"type":"session.join"}')
        line.socket.settimeout(target.seconds)  # who isn't read any more gives up
        for due in target.ticks():
            for _ in range(due):
                line.send(json.dumps(message(came.sent)))
                came.sent += 1
            while reads:
                try:
                    heard = json.loads(line.recv(timeout=0))
                except TimeoutError:
                    break
                came.answers[heard["code"] if heard["type"] == "refused" else heard["type"]] += 1
        return came
    came.dropped += 1
    return came


def ws_note(number: int) -> dict[str, Any]:
    return {"type": "live.note", "part": "drums", "pitch": number % 128, "velocity": 1 + number % 100}


def ws_chat(number: int) -> dict[str, Any]:
    return {"type": "chat.say", "text": f"word {number} of a flood"}


def ws_ask(number: int) -> dict[str, Any]:
    return {"type": ("capabilities", "log.head", "transport.state", "session.ping")[number % 4]}
