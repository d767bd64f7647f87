"""How many sessions one server holds: sessions are added, a light jam in each, until acknowledgements come late.

knee(folder, seconds=2)
"""

from __future__ import annotations

import heapq
import secrets
import time
from pathlib import Path

from bridge.bench.figures import Figure, Figures, spread
from bridge.bench.players import Crowd, OscPlayer, Silent
from bridge.bench.process import Usage
from bridge.bench.server import Server, running_server
from bridge.ledger import open_ledger
from bridge.ports.clock import SystemClock
from bridge.ports.disk import read_key, session_folder
from sessions.invites import make_invite

__all__ = ["knee"]

MOST = 256
"""Sessions, the most that a server opens."""
LATE_MS = 20.0
NOTE_EVERY_S = 0.25
"""Of each of the two players of a session; its end follows half a turn later."""
WORD_EVERY_S = 0.25
"""A line of chat in each session, acknowledged when it is on disk."""
HOUR_S = 3600
GIVE_UP_S = 20.0


class _Session:
    """Two players, one of whom waits for what he said."""

    def __init__(self, crowd: Crowd, server: Server, name: str) -> None:
        key = read_key(session_folder(server.data, name))
        expires_s = int(time.time()) + HOUR_S
        tokens = [make_invite(key, name, "leader", "", expires_s=expires_s, id=secrets.token_hex(8)) for _ in range(2)]
        self.players = [crowd.osc(server.osc_address, token) for token in tokens]
        self.said_at = 0.0
        self._turn = 0

    def play(self) -> None:
        """A note begins, or ends."""
        self._turn += 1
        for number, player in enumerate(self.players):
            player.say("live.note", part="melody", pitch=60 + number, velocity=90 * (self._turn % 2))

    def speak(self, now_s: float) -> None:
        if not self.said_at:
            self.said_at = now_s
            self.players[0].say("chat.say", text="four bars more")


def knee(folder: Path, seconds: float, most: int = MOST) -> Figures:
    """Doubles them until it is too much, then looks between."""
    names = [f"room-{number}" for number in range(most)]
    for name in names:
        open_ledger(session_folder(folder / "data", name), name, SystemClock()).record.close_now()
    found: dict[int, list[float]] = {}
    with running_server(folder, session=names[0], engine=False) as server, Crowd() as crowd:
        tables: list[_Session] = []

        def holds(count: int) -> bool:
            while len(tables) < count:
                tables.append(_Session(crowd, server, names[len(tables)]))
            try:
                found[count] = _play(crowd, tables[:count], seconds)
            except Silent:
                found[count] = [float("inf")]
            return _p95(found[count]) <= LATE_MS

        good, bad = 0, most + 1
        while good < most < bad:
            count = min(most, max(1, 2 * good))
            good, bad = (count, bad) if holds(count) else (good, count)
        while bad - good > max(1, good // 8):
            middle = (good + bad) // 2
            good, bad = (middle, bad) if holds(middle) else (good, middle)
        memory = Usage.of(server.process.pid).memory_mb
    told = {str(count): round(_p95(found[count]), 2) for count in sorted(found)}
    doubled = next((count for count in sorted(found) if _p95(found[count]) > 2 * _p95(found[min(found)])), None)
    more = {"p95 by sessions": told, "p95 doubled at": doubled, "opened": most}
    return [
        Figure("sessions with a light jam, acknowledged within 20 ms", good, "sessions", "", more),
        Figure(f"memory of the server, {most} sessions open", memory, "MB"),
    ]


def _play(crowd: Crowd, tables: list[_Session], seconds: float) -> list[float]:
    """How long words took to come back, in ms."""
    owner = {table.players[0]: table for table in tables}
    begun, took = time.perf_counter(), list[float]()
    agenda: list[tuple[float, int, bool]] = []
    for number in range(len(tables)):
        at = begun + number / len(tables) * WORD_EVERY_S
        agenda += [(at, number, True), (at, number, False)]
    heapq.heapify(agenda)
    while (now_s := time.perf_counter()) < begun + seconds or len(took) < len(tables):
        while agenda[0][0] <= now_s:
            at, number, speaks = heapq.heappop(agenda)
            if speaks:
                tables[number].speak(now_s)
            else:
                tables[number].play()
            heapq.heappush(agenda, (at + (WORD_EVERY_S if speaks else NOTE_EVERY_S / 2), number, speaks))
        for player, answer, at in crowd.read(max(0.0, min(agenda[0][0] - time.perf_counter(), 0.05))):
            table = owner.get(player) if isinstance(player, OscPlayer) else None
            if table is not None and table.said_at and player.needle("chat.said") in answer:
                took.append((at - table.said_at) * 1e3)
                table.said_at = 0.0
        if now_s > begun + seconds + GIVE_UP_S:
            raise Silent("words do not come back any more")
    crowd.drain(0.1)
    for table in tables:
        table.said_at = 0.0
    return took


def _p95(samples: list[float]) -> float:
    return float(spread(samples, "", "").more["p95"])
