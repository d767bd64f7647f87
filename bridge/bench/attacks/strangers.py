"""Strangers and liars: tokens of each wrong kind, a crowd that joins by one link, dates years ahead, trains of datagrams.

outcome = tokens_udp(target)
"""

from __future__ import annotations

import contextlib
import socket
import time

from bridge.bench.attacks.floods import LAST_S, datagrams, flood_udp
from bridge.bench.attacks.target import (
    RATE,
    TICK_S,
    UPGRADE,
    Outcome,
    Target,
    anew,
    hear_datagrams,
    hear_packet,
    join,
    note,
)
from bridge.wire.osc import bundle, pack
from bridge.wire.slip import Framing, slip
from sessions.invites import make_invite
from sessions.keys import log_key

__all__ = [
    "bundles",
    "future",
    "joins",
    "joins_by",
    "tokens_http",
    "tokens_tcp",
    "tokens_udp",
    "tokens_ws",
    "train",
    "wrong_tokens",
]

TRAIN_BYTES = 10 * 2**20
STRANGERS = 20
"""WebSockets at a time."""
YEARS_US = 10 * 365 * 86_400 * 1_000_000


def future(target: Target) -> Outcome:
    """Bundles dated years ahead, and more of those within the minute than are kept."""
    now_us = time.time_ns() // 1000

    def dated(number: int) -> bytes:
        ahead_us = YEARS_US if number % 2 else 30_000_000
        return bundle([note(number)], now_us + ahead_us)

    return flood_udp(target, dated)


def bundles(target: Target) -> Outcome:
    """Ten thousand bundles a second, of a thousand messages each."""
    full = bundle([pack("/session/ping", "", ())] * 1000)
    return flood_udp(target, lambda _: full)


def train(target: Target) -> Outcome:
    """Ten megabytes of the longest datagrams at once: junk, and bundles full of notes."""
    came = Outcome()
    full = bundle([note(number) for number in range(256)])
    waggons = (bytes(65_000), b"#bundle\0" + b"\xff" * 60_000, full, bundle([full] * 4)[:65_000], full + bytes(40_000))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(target.osc)
        line.send(join(target.invites["rhythm"]))
        size = 0
        while size < TRAIN_BYTES:
            waggon = waggons[came.sent % len(waggons)]
            with contextlib.suppress(OSError):
                size += line.send(waggon)
            came.sent += 1
        time.sleep(min(target.seconds, 1.0))
        hear_datagrams(line, came)
    return came


def joins(target: Target) -> Outcome:
    """A thousand joins a second by one link, each from a port of its own."""
    return joins_by(target, target.invites["guest"])


def joins_by(target: Target, token: str) -> Outcome:
    """The same by any token."""
    came, begun = Outcome(), time.monotonic()
    with contextlib.ExitStack() as lines:
        opened: list[socket.socket] = []
        while (passed := time.monotonic() - begun) < target.seconds:
            for _ in range(int(passed * RATE / 10) - came.sent):
                line = lines.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                line.connect(target.osc)
                line.send(join(token))
                opened.append(line)
                came.sent += 1
            time.sleep(TICK_S)
        time.sleep(LAST_S)
        for line in opened:
            hear_datagrams(line, came)
    return came


def wrong_tokens(target: Target) -> list[str]:
    """One of each kind that is none."""
    good = target.invites["leader"]
    body, _, signature = good.rpartition(".")
    forged = make_invite(log_key(target.session), target.session, "leader", "", 4_000_000_000, "00" * 8)
    foreign = make_invite(log_key("other"), "other", "leader", "", 4_000_000_000, "00" * 8)
    turned = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    bits = [good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(0, len(good), 7)]
    odd = ["", ".", "..", "é" * 50, "\0", "a" * 1024, "a" * 60_000, "{}", "null", good + ".", good + good, good[:-1]]
    return [forged, foreign, f"{body}.{turned}", *bits, *odd]


def tokens_udp(target: Target) -> Outcome:
    """Tokens of each wrong kind by strangers, over UDP."""
    wrong = [join(token) for token in wrong_tokens(target)]
    return datagrams(target, lambda number: wrong[number % len(wrong)])


def tokens_tcp(target: Target) -> Outcome:
    """And on one stream, one after the other."""
    wrong = [join(token) for token in wrong_tokens(target)]
    framing, came, left = Framing(), Outcome(), b""
    with target.stream(target.osc_tcp) as line:
        line.setblocking(False)
        for due in target.ticks():
            if len(left) < 1 << 20:
                left += b"".join(slip(wrong[(came.sent + number) % len(wrong)]) for number in range(due))
                came.sent += due
            try:
                left = left[line.send(left) :] if left else b""
                while data := line.recv(65_536):
                    for packet in framing.feed(data):
                        if isinstance(packet, bytes):
                            hear_packet(packet, came)
                came.dropped += 1
                break
            except BlockingIOError:
                continue
            except OSError:
                came.dropped += 1
                break
    return came


def tokens_http(target: Target) -> Outcome:
    """And as HTTP requests, many on one connection before any answer is read."""
    came = Outcome()
    wrong = [token for token in wrong_tokens(target) if token.isascii() and token.isprintable() and len(token) < 9000]
    end_s = time.monotonic() + target.seconds
    while time.monotonic() < end_s:
        with contextlib.suppress(OSError), target.stream(target.web) as line:
            for token in wrong:
                head = f"GET /api/sessions/{target.session}/takes HTTP/1.1\r\nHost: localhost\r\n"
                line.sendall(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
                came.sent += 1
            line.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                while data := line.recv(65_536):
                    for status in (b"401", b"400", b"431"):
                        came.answers[status.decode()] += data.count(b"HTTP/1.1 " + status)
    return came


def tokens_ws(target: Target) -> Outcome:
    """And as WebSockets: good tokens of another session, and for one; a new connection as soon as one is refused."""
    foreign = make_invite(log_key("other"), "other", "leader", "", 4_000_000_000, "00" * 8)
    asked = (f"{target.session}&token={foreign}", f"other&token={target.invites['leader']}", f"other&token={foreign}")
    joining = b"\x81\x97" + bytes(4) + b'{"type":"session.join"}'

    def first(number: int) -> bytes:
        head = f"GET /ws?session={asked[number % len(asked)]} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n"
        return head.encode() + joining

    return anew(target, target.web, STRANGERS, first, ("bad-token", b'"bad-token"'))
