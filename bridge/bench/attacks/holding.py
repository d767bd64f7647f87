"""Holding on: connections that say half a word, bodies that drip, answers that are never read.

outcome = half_open("web", b"GET / HT")(target)
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

from bridge.bench.attacks.target import TICK_S, Outcome, Target, readable

__all__ = ["HALF_OPEN", "HELLO", "bodies", "half_open", "unread_http"]

HALF_OPEN = 800
"""Connections that are opened and left; more than any door takes at a time."""
HELLO = bytes.fromhex("160301020001000001fc0303")
"""The first bytes of a TLS handshake."""


def half_open(door: str, first: bytes) -> Callable[[Target], Outcome]:
    """Connections that say half a word and wait, for as long as they are let."""

    def attack(target: Target) -> Outcome:
        came, lines = Outcome(), []
        place = target.stream_door(door)
        try:
            for _ in range(HALF_OPEN):
                with contextlib.suppress(OSError):
                    line = target.stream(place)
                    lines.append(line)
                    line.sendall(first)
                    came.sent += 1
            end_s = time.monotonic() + target.seconds
            while (left_s := end_s - time.monotonic()) > 0 and lines:
                for line in readable(lines, left_s):
                    came.dropped += not_there(line)
                    lines.remove(line)
                    line.close()
        finally:
            for line in lines:
                line.close()
        return came

    return attack


def not_there(line: socket.socket) -> bool:
    """Whether the other side has hung up; what it says before that is read."""
    try:
        while line.recv(65_536):
            pass
    except OSError:
        pass
    return True


def unread_http(target: Target) -> Outcome:
    """Requests without end on connections that are never read."""
    came, lines = Outcome(), []
    request = (
        f"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {target.invites['leader']}\r\n\r\n"
    ).encode()
    try:
        lines = [target.stream(target.web, 4096) for _ in range(20)]
        for line in lines:
            line.setblocking(False)
        end_s = time.monotonic() + target.seconds
        while time.monotonic() < end_s:
            for line in list(lines):
                try:
                    line.send(request * 20)
                    came.sent += 20
                except BlockingIOError:
                    continue
                except OSError:
                    came.dropped += 1
                    lines.remove(line)
                    line.close()
            time.sleep(TICK_S)
    finally:
        for line in lines:
            line.close()
    return came


def bodies(target: Target) -> Outcome:
    """Bodies that come a byte at a time, and ones that lie about their length."""
    came, lines = Outcome(), []
    path = f"/api/sessions/{target.session}/sections"
    try:
        for number in range(100):
            length = (10, 10**9, 10**18, 100_000)[number % 4]
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
            line = target.stream(target.web)
            line.sendall(f"{head}Authorization: Bearer {target.invites['rhythm']}\r\n\r\n".encode())
            lines.append(line)
            came.sent += 1
        end_s = time.monotonic() + target.seconds
        while time.monotonic() < end_s:
            for line in list(lines):
                try:
                    line.send(b"{")
                    if readable([line], 0):
                        answer = line.recv(4096)
                        came.answers[answer.split(b" ", 2)[1].decode() if answer else "closed"] += 1
                        raise ConnectionError
                except OSError:
                    came.dropped += 1
                    lines.remove(line)
                    line.close()
            time.sleep(0.1)
    finally:
        for line in lines:
            line.close()
    return came
