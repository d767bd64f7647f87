"""A siege: what a band's notes take while somebody attacks the server, beside what they take before and after.

Each attack comes from a process of its own, at a low priority: one from elsewhere would not take a player's processor either.
`bench bridge` tries a few; all of them, or those named:

    python -m bridge.bench.siege [ATTACK]...
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bridge.bench.attacks import ATTACKS
from bridge.bench.figures import Figure, Figures, spread
from bridge.bench.jam import PAUSE_S, ROUNDS_MIN, enter, heard_by_all
from bridge.bench.players import PATIENCE_S, Crowd, Lost, Silent
from bridge.bench.server import Server, running_server

__all__ = ["SHORT", "siege"]

SHORT = {
    "notes-udp": "10,000 notes a second by one member",
    "deaf-osc-tcp": "a client that never reads",
    "half-open-http": "half-open connections",
    "future": "bundles dated years ahead",
    "train": "10 MB of datagrams at once",
    "joins": "1,000 joins a second by one link",
    "tokens-udp": "wrong tokens",
    "downloads": "downloads of the log in a loop",
}
"""Those that are tried always, in words."""
BAND = 4
"""Players, half of them over OSC."""
LOUD = range(101, 128)
"""Velocities of theirs; no attack plays so loud."""
NICE = 10


def siege(server: Server, seconds: float, names: Sequence[str] = tuple(SHORT)) -> Figures:
    """How many times as long notes take beside each attack, with the times themselves."""
    found = []
    for name in names:
        with Crowd() as crowd:
            enter(crowd, server, BAND)
            alone = _notes(crowd, _for(seconds / 2))
            with attacking(server, name, seconds) as over:
                beside = _notes(crowd, over)
            crowd.drain()
            alone += _notes(crowd, _for(seconds / 2))
        found.append(_times(f"live note to {BAND}, to that alone, beside {SHORT.get(name, name)}", beside, alone))
    return found


@contextlib.contextmanager
def attacking(server: Server, name: str, seconds: float) -> Iterator[Callable[[], bool]]:
    """For the time of a block, from when it begins; what is given tells whether it is over."""
    ready = server.log.parent / "ready.json"
    command = [sys.executable, "-m", "bridge.bench.attacks", name, str(ready), "--seconds", str(seconds), "--say-when"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            if hasattr(os, "setpriority"):
                os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
            if not child.stdout.readline():
                raise Silent(f"the attack {name} did not begin")
            end = time.monotonic() + seconds
            yield lambda: child.poll() is not None or time.monotonic() > end
        finally:
            child.kill()


def _for(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _notes(crowd: Crowd, over: Callable[[], bool]) -> list[float]:
    """What each note took, in ms; one that somebody never hears took as long as a player is patient."""
    took: list[float] = []
    while len(took) < ROUNDS_MIN or not over():
        number = len(took)
        player, pitch, loud = crowd.players[number % BAND], 60 + number % 12, LOUD[number % len(LOUD)]
        try:
            took.append(heard_by_all(crowd, player, pitch, loud))
            heard_by_all(crowd, player, pitch, 0)
        except Lost:
            took.append(PATIENCE_S * 1e3)
        time.sleep(PAUSE_S)
    return took


def _times(what: str, beside: Sequence[float], alone: Sequence[float]) -> Figure:
    ours, before = spread(beside, "ms", what), spread(alone, "ms", what)
    told = {"ms": round(ours.value, 3), "p95 ms": ours.more["p95"]}
    told_alone = {"alone ms": round(before.value, 3), "alone p95 ms": before.more["p95"]}
    times = {"p95": round(ours.more["p95"] / before.more["p95"], 2)}
    return Figure(what, ours.value / before.value, "times", "1", {**times, **told, **told_alone})


def main(names: Sequence[str]) -> None:
    """All attacks, or those named, and how long notes take."""
    folder = tempfile.TemporaryDirectory(prefix="starbridge-bench-")
    with folder as name_of_it, running_server(Path(name_of_it), engine=False) as server:
        for name in names or ATTACKS:
            (figure,) = siege(server, 2.0, [name])
            more = figure.more
            times = f"{figure.value:6.2f} times, p95 {more['p95']:6.2f}"
            sys.stdout.write(f"{name:22} {times}  ({more['ms']:.2f} ms, alone {more['alone ms']:.2f} ms)\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
