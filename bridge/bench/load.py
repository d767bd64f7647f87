"""Load: members with keys, in a process of their own, who play signed notes at a steady rate while others are timed.

with playing(server, notes_per_s=1000, seconds=5) as load:
    ...                                     # what is timed meanwhile
python -m bridge.bench.load URL SESSION TOKEN ORIGIN 1000 5
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.bench.figures import Figure, Figures
from bridge.bench.players import Crowd, Silent, WsPlayer
from bridge.bench.process import Usage
from bridge.bench.server import Server
from sessions.keys import MemberKey

__all__ = ["PLAYERS", "Logged", "origin_of", "playing"]

PLAYERS = 4
"""Members with a key each: the rate of one stays below what the server takes from one."""
TICK_S = 0.005
UNSIGNED = b'"signature":"","time":"'
"""What a line of the log holds that nobody signed."""


@contextmanager
def playing(server: Server, notes_per_s: int, seconds: float) -> Iterator[None]:
    """For the time of a block, `seconds` at most, so many signed notes a second are logged; it begins when they have begun."""
    token, rate = server.invites["leader"], str(notes_per_s)
    words = [server.http, server.session, token, origin_of(server), rate, str(seconds)]
    command = [sys.executable, "-m", "bridge.bench.load", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            if not child.stdout.readline():
                raise Silent("the players of the load did not come in")
            yield
        finally:
            child.kill()


def origin_of(server: Server) -> str:
    """What members sign for: the log says it in its first line."""
    with open(server.folder / "log.jsonl", encoding="utf-8") as log:
        return str(json.loads(log.readline())["event"]["origin"])


class Logged:
    """What the disk has of a session from now on, and what the server takes for it, and the players timed in this process."""

    def __init__(self, server: Server) -> None:
        self._server, self._log = server, server.folder / "log.jsonl"
        self._bytes, self._usage = self._log.stat().st_size, Usage.of(server.process.pid)
        self._begun, self._own_s = time.perf_counter(), time.process_time()

    def figures(self) -> Figures:
        passed, own_s = time.perf_counter() - self._begun, time.process_time() - self._own_s
        used_s = Usage.of(self._server.process.pid).cpu_s - self._usage.cpu_s
        with self._log.open("rb") as log:
            log.seek(self._bytes)
            lines = log.read()
        entries, unsigned = lines.count(b"\n"), lines.count(UNSIGNED)
        told = {"unsigned": round(unsigned / passed)}
        return [
            Figure(
                "signed entries logged meanwhile", (entries - unsigned) / passed, "entries/s", "1,000 or more", told
            ),
            Figure("processor taken for that, and all that is timed", used_s / passed, "cores"),
            Figure("    by the players who are timed", own_s / passed, "cores"),
        ]


def main(url: str, session: str, token: str, origin: str, notes_per_s: int, seconds: float) -> None:
    """Play, once everything is signed."""
    with Crowd() as crowd:
        keys, players = [MemberKey() for _ in range(PLAYERS)], list[WsPlayer]()
        for number, key in enumerate(keys):
            joining = {"type": "session.join", "name": f"load-{number}", "key": key.public, "nonce": "join"}
            players.append(crowd.ws(url, session, token, **key.signed(origin, joining)))
        texts = [[_note(key, origin, number) for number in range(int(notes_per_s * seconds / PLAYERS))] for key in keys]
        sys.stdout.write("playing\n")
        sys.stdout.flush()
        sent, begun = 0, time.perf_counter()
        while sent < len(texts[0]):
            due = min(len(texts[0]), int((time.perf_counter() - begun) * notes_per_s / PLAYERS) + 1)
            for number in range(sent, due):
                for player, own in zip(players, texts, strict=True):
                    player.say_text(own[number])
            sent = due
            crowd.read(TICK_S)
            time.sleep(TICK_S)


def _note(key: MemberKey, origin: str, number: int) -> bytes:
    """A note begun, or the one before ended; none of a pitch that others time."""
    message = {
        "type": "live.note",
        "part": "bass",
        "pitch": 30 + number // 2 % 10,
        "velocity": 90 * (number % 2 == 0),
        "nonce": f"{number:x}",
    }
    return json.dumps(key.signed(origin, message), separators=(",", ":")).encode()


if __name__ == "__main__":
    _, url_, session_, token_, origin_, *numbers = sys.argv
    main(url_, session_, token_, origin_, int(numbers[0]), float(numbers[1]))
