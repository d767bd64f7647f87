"""Coming and going without end, and asking for what is dear: members, connections, headers, pings, downloads.

outcome = leave_and_join(target)
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable

from bridge.bench.attacks.floods import datagrams
from bridge.bench.attacks.strangers import joins_by
from bridge.bench.attacks.target import TICK_S, UPGRADE, Outcome, Target, anew, join, readable
from bridge.wire.osc import pack

__all__ = ["bad_joins", "connections", "downloads", "leave_and_join", "pings_ws", "questions", "slow_headers"]

DOWNLOADS = 20
"""Connections that each ask again as soon as they are answered."""
SLOW = 400
"""Requests whose headers never end."""
FRAMES = 2000
"""Pings in a row."""


def leave_and_join(target: Target) -> Outcome:
    """A member who leaves and comes back, as fast as it goes."""
    says = join(target.invites["guest"]), pack("/session/leave", "", ())
    return datagrams(target, lambda number: says[number % 2])


def bad_joins(target: Target) -> Outcome:
    """A thousand joins a second by a token that nobody signed, each from a port of its own."""
    return joins_by(target, target.invites["guest"][:-4] + "AAAA")


def connections(door: str) -> Callable[[Target], Outcome]:
    """Connections that are made and broken at once."""

    def attack(target: Target) -> Outcome:
        came, place = Outcome(), target.stream_door(door)
        end_s = time.monotonic() + target.seconds
        while time.monotonic() < end_s:
            with contextlib.suppress(OSError), target.stream(place) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                came.sent += 1
        return came

    return attack


def questions(target: Target) -> Outcome:
    """All that can be said over OSC, asked of OSCQuery again and again, many at a time."""
    asked = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return anew(target, target.oscquery, DOWNLOADS, lambda _: asked, ("200", b"HTTP/1.1 200"))


def downloads(target: Target) -> Outcome:
    """The whole log, again and again, on many connections."""
    came = Outcome()
    request = _request(target, f"/api/sessions/{target.session}/log", target.invites["leader"])
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(target.stream(target.web)) for _ in range(DOWNLOADS)]
        for line in lines:
            line.sendall(request)
            line.setblocking(False)
            came.sent += 1
        end_s = time.monotonic() + target.seconds
        while lines and (left_s := end_s - time.monotonic()) > 0:
            for line in readable(lines, min(left_s, 0.1)):
                try:
                    data = line.recv(1 << 20)
                    answered = data.count(b"HTTP/1.1 200")
                    came.answers["200"] += answered
                    came.sent += answered
                    if answered:
                        line.send(request)
                    elif not data:
                        raise ConnectionError
                except BlockingIOError:
                    continue
                except OSError:
                    came.dropped += 1
                    lines.remove(line)
    return came


def slow_headers(target: Target) -> Outcome:
    """Requests whose headers drip."""
    came = Outcome()
    with contextlib.ExitStack() as stack:
        lines = []
        for _ in range(SLOW):
            line = stack.enter_context(target.stream(target.web))
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            line.setblocking(False)
            lines.append(line)
        end_s = time.monotonic() + target.seconds
        while time.monotonic() < end_s:
            for line in list(lines):
                try:
                    came.sent += line.send(b"X-%d: a\r\n" % came.sent) > 0
                except OSError:
                    came.dropped += 1
                    lines.remove(line)
            time.sleep(5 * TICK_S)
    return came


def pings_ws(target: Target) -> Outcome:
    """A WebSocket's own pings, thousands in a write, whose answers are read and passed over."""
    came = Outcome()
    pings = (b"\x89\x82" + bytes(4) + b"hi") * FRAMES
    with target.stream(target.web) as line:
        line.sendall(_request(target, f"/ws?session={target.session}", target.invites["rhythm"], UPGRADE))
        came.answers[line.recv(65_536).split(b" ", 2)[1].decode()] += 1
        line.setblocking(False)
        left, end_s = pings, time.monotonic() + target.seconds
        while time.monotonic() < end_s:
            try:
                left = left[line.send(left) :]
                came.sent += 0 if left else FRAMES
                left = left or pings
            except BlockingIOError:
                time.sleep(TICK_S / 10)
            except OSError:
                came.dropped += 1
                break
            with contextlib.suppress(BlockingIOError):
                while line.recv(65_536):
                    pass
    return came


def _request(target: Target, path: str, token: str, headers: str = "") -> bytes:
    host = f"{target.web[0]}:{target.web[1]}"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n".encode()
