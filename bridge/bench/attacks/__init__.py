"""Attacks on a server by its doors: what a hostile or broken client may send, as fast as it can.

Each comes from outside, over real sockets, from a process of its own, and knows no more than a ready file says. What matters is
what the others notice of it: the tests hold what must hold, a benchmark may measure delays beside one. None of it is for a
server that isn't yours.

    python -m bridge.bench.attacks notes-udp ready.json --seconds 3       # prints what it saw, as JSON
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridge.bench.attacks.churn import (
    bad_joins,
    connections,
    downloads,
    leave_and_join,
    pings_ws,
    questions,
    slow_headers,
)
from bridge.bench.attacks.floods import flood_tcp, flood_udp, flood_ws, ws_ask, ws_chat, ws_note
from bridge.bench.attacks.holding import HELLO, bodies, half_open, unread_http
from bridge.bench.attacks.strangers import bundles, future, joins, tokens_http, tokens_tcp, tokens_udp, tokens_ws, train
from bridge.bench.attacks.target import Outcome, Target, ask_osc, note

__all__ = ["ATTACKS", "Outcome", "Target"]

ATTACKS: Mapping[str, Callable[[Target], Outcome]] = {
    "notes-udp": lambda target: flood_udp(target, note),
    "notes-osc-tcp": lambda target: flood_tcp(target, note),
    "notes-ws": lambda target: flood_ws(target, ws_note),
    "chats-ws": lambda target: flood_ws(target, ws_chat),
    "asks-ws": lambda target: flood_ws(target, ws_ask),
    "asks-osc-tcp": lambda target: flood_tcp(target, ask_osc),
    "deaf-ws": lambda target: flood_ws(target, ws_ask, reads=False),
    "deaf-osc-tcp": lambda target: flood_tcp(target, ask_osc, reads=False),
    "half-open-http": half_open("web", b"GET / HTTP/1.1\r\nHost: loc"),
    "half-open-tls": half_open("web", HELLO),
    "silent-http": half_open("web", b""),
    "half-open-osc-tcp": half_open("osc", b"\xc0/session/jo"),
    "half-open-oscquery": half_open("oscquery", b"GET /session HTTP/1.1\r\nHost: loc"),
    "future": future,
    "train": train,
    "joins": joins,
    "bad-joins": bad_joins,
    "leave-join": leave_and_join,
    "connections-http": connections("web"),
    "connections-osc-tcp": connections("osc"),
    "connections-oscquery": connections("oscquery"),
    "tokens-udp": tokens_udp,
    "tokens-osc-tcp": tokens_tcp,
    "tokens-http": tokens_http,
    "tokens-ws": tokens_ws,
    "unread-http": unread_http,
    "bodies": bodies,
    "slow-headers": slow_headers,
    "downloads": downloads,
    "pings-ws": pings_ws,
    "bundles": bundles,
    "oscquery": questions,
}
"""All of them by name."""
