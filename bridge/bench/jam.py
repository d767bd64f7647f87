"""What is timed with a crowd of players: notes, control, sections that are asked for and cancelled. Times are in ms.

with Crowd() as crowd:
    enter(crowd, server, 8)
    took = notes(crowd, seconds=2)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from bridge.bench.players import Crowd, OscPlayer, Player
from bridge.bench.server import Server

__all__ = ["control", "enter", "heard_by_all", "notes", "requests", "rounds"]

ROUNDS_MIN = 3
PAUSE_S = 0.002
"""Between two rounds: as long as a fast hand needs, and less than half of what a member may play."""
SECTION = {"kind": "drop", "bars": 8, "bpm": 128.0, "stems": 0}


def enter(crowd: Crowd, server: Server, members: int) -> list[float]:
    """Players join, over OSC and the WebSocket in turns; how long each took."""
    took = []
    for number in range(members):
        token, begun = server.invites["leader"], time.perf_counter()
        if number % 2:
            crowd.ws(server.http, server.session, token)
        else:
            crowd.osc(server.osc_address, token)
        took.append((time.perf_counter() - begun) * 1e3)
        crowd.drain(0.0)
    crowd.drain()
    return took


def requests(crowd: Crowd, engines: Crowd, seconds: float) -> tuple[list[float], list[float]]:
    """A section is asked for and cancelled over OSC, again and again: both acknowledgements."""
    asker = next(player for player in crowd.players if isinstance(player, OscPlayer))
    asked, cancelled = [], []
    for number in rounds(seconds):
        id_, begun = f"{time.monotonic_ns():x}-{number}", time.perf_counter()
        asker.say("section.request", id=id_, **SECTION)
        asked.append((crowd.hear(asker, asker.needle("section.accepted")) - begun) * 1e3)
        begun = time.perf_counter()
        asker.say("section.cancel", id=id_)
        cancelled.append((crowd.hear(asker, asker.needle("section.cancelled")) - begun) * 1e3)
        engines.drain(0.0)
    return asked, cancelled


def notes(crowd: Crowd, seconds: float) -> list[float]:
    """Everybody plays in turns: until the last one has heard a note; that of its end is not told."""
    took = []
    for number in rounds(seconds):
        player = crowd.players[number % len(crowd.players)]
        pitch, velocity = 60 + number % 12, 1 + number % 127
        took.append(heard_by_all(crowd, player, pitch, velocity))
        heard_by_all(crowd, player, pitch, 0)
    return took


def heard_by_all(crowd: Crowd, player: Player, pitch: int, velocity: int) -> float:
    """Until the last one has heard a note."""
    begun = time.perf_counter()
    player.say("live.note", part="melody", pitch=pitch, velocity=velocity)
    return (_last(crowd, lambda one: one.note(pitch, velocity)) - begun) * 1e3


def control(crowd: Crowd, seconds: float) -> list[float]:
    """Tempo after tempo: until the last one has the new state."""
    took = []
    for number in rounds(seconds):
        begun = time.perf_counter()
        crowd.players[number % len(crowd.players)].say("transport.tempo", bpm=90.0 + number % 60)
        took.append((_last(crowd, lambda one: one.needle("transport.state")) - begun) * 1e3)
        crowd.drain(0.0)
    return took


def _last(crowd: Crowd, needle: Callable[[Player], bytes]) -> float:
    return max(crowd.hear_all(needle).values())


def rounds(seconds: float) -> Iterator[int]:
    """Numbers for so many seconds, a few at least."""
    end, number = time.perf_counter() + seconds, 0
    while number < ROUNDS_MIN or time.perf_counter() < end:
        yield number
        number += 1
        time.sleep(PAUSE_S)
