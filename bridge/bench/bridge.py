"""`bench bridge`: a server in a process of its own, with real players at its doors, and what they wait for.

Times are those of players on this machine, from the send to the read, with the log's fsync in them where something is
acknowledged. What is told to everybody counts when the last of them has it.

    measure(Setting())
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bridge.bench.figures import Figure, Figures, NotMeasured, Setting, spread
from bridge.bench.jam import control, enter, notes, requests
from bridge.bench.knee import MOST, knee
from bridge.bench.load import Logged, playing
from bridge.bench.peers import relay
from bridge.bench.players import Crowd
from bridge.bench.process import Moment, Usage
from bridge.bench.server import Server, running_server
from bridge.bench.siege import siege

__all__ = ["measure"]

BAND = 8
"""Members of a session, half of them over OSC."""
MANY = 150
NOTES_PER_S = 1050
"""Signed notes that are played while others are timed: so many that a thousand are on the disk in each second that is counted."""
ENGINE_S = 120.0
"""Until the server's own engine has come in, on a busy machine."""
SETTLE_S = 3.0

ANSWER, JAM, CANCEL, CONTROL = "p95 under 5", "p95 under 5", "p95 under 100", "p95 under 20"
HERE = "127.0.0.1"


def measure(setting: Setting) -> Figures:
    """In folders of its own, where the system puts temporary files."""
    seconds = setting.seconds
    with tempfile.TemporaryDirectory(prefix="starbridge-bench-") as name:
        folder = Path(name)
        with running_server(folder / "band", engine=False) as server:
            moment = Moment(server.process.pid)
            found = [*band(server, seconds), *crowd_of_many(server, seconds), *beside_peers(server, seconds)]
            found.append(Figure("other programs used meanwhile", moment.others(), "cores"))
        with running_server(folder / "siege", engine=False) as server:
            found += siege(server, seconds / 2)
        found += knee(folder / "rooms", seconds, min(MOST, max(2, round(MOST * seconds))))
        return [*found, *idle(folder / "idle", seconds)]


def band(server: Server, seconds: float) -> Figures:
    """A band of eight: asking, cancelling, control, and notes beside a thousand entries a second, alone before and alone after."""
    with Crowd() as crowd, Crowd() as engines:
        enter(crowd, server, BAND)
        engine = engines.ws(server.http, server.session, server.invites["engine"])
        engine.say("engine.ready", name="idle", software="bench", renderers=[])
        server.await_engine(ENGINE_S)
        asked, cancelled = requests(crowd, engines, seconds)
        alone, moved = notes(crowd, seconds / 2), control(crowd, seconds)
        with playing(server, NOTES_PER_S, 3 * seconds + SETTLE_S):
            time.sleep(min(1.0, seconds / 2))
            load = Logged(server)
            beside = notes(crowd, seconds)
            asked_beside, _ = requests(crowd, engines, seconds)
            loaded = load.figures()
        crowd.drain()
        alone += notes(crowd, seconds / 2)
    return [
        spread(asked, "ms", "request to acknowledgement, on disk, OSC", ANSWER),
        spread(cancelled, "ms", "cancel to acknowledgement, on disk, OSC", CANCEL),
        spread(moved, "ms", f"control change to all {BAND} members", CONTROL),
        spread(alone, "ms", f"live note to all {BAND} members", JAM),
        *loaded,
        spread(beside, "ms", f"live note to all {BAND} members, beside that", JAM),
        Figure("a note's p95, more because of that", _p95(beside) - _p95(alone), "ms", "under 1"),
        spread(asked_beside, "ms", "request to acknowledgement, beside that", ANSWER),
    ]


def crowd_of_many(server: Server, seconds: float) -> Figures:
    """A session of 150."""
    with Crowd() as crowd:
        before, begun = Usage.of(server.process.pid), time.perf_counter()
        joined = enter(crowd, server, MANY)
        took, after = time.perf_counter() - begun, Usage.of(server.process.pid)
        heard, moved = notes(crowd, seconds), control(crowd, seconds)
        used = Usage.of(server.process.pid).cpu_s - after.cpu_s
    told = (2 * len(heard) + len(moved)) * MANY
    memory = {"before": round(before.memory_mb, 1)}
    return [
        spread(joined, "ms", f"a join, of {MANY}"),
        Figure(f"{MANY} joins, one after the other", took, "s"),
        Figure(f"memory of the server, {MANY} joined", after.memory_mb, "MB", "", memory),
        spread(heard, "ms", f"live note to all {MANY} members", JAM),
        spread(moved, "ms", f"control change to all {MANY} members", CONTROL),
        Figure("processor, for each of them that hears it", used / told * 1e6, "us"),
    ]


def beside_peers(server: Server, seconds: float) -> Figures:
    """Notes of a band through our doors and through relays that do nothing else, in turns."""
    found: list[Figure] = []
    for kind, whose in (("osc", "python-osc's relay"), ("ws", "websockets' broadcast")):
        with relay(kind) as (pid, port), Crowd() as ours, Crowd() as theirs:
            for _ in range(BAND):
                if kind == "osc":
                    ours.osc(server.osc_address, server.invites["leader"])
                    theirs.osc((HERE, port), "any")
                else:
                    ours.ws(server.http, server.session, server.invites["leader"])
                    theirs.ws(f"http://{HERE}:{port}", "any", "any")
            times: tuple[list[float], list[float]] = ([], [])
            used = [0.0, 0.0]
            for _ in range(4):
                for side, (crowd, process) in enumerate(((ours, server.process.pid), (theirs, pid))):
                    crowd.drain()
                    before = Usage.of(process).cpu_s
                    times[side].extend(notes(crowd, seconds / 8))
                    used[side] += Usage.of(process).cpu_s - before
        found += _ratio(f"live note to {BAND} over {kind}", whose, times, used)
    return found


def _ratio(what: str, whose: str, times: tuple[Sequence[float], Sequence[float]], used: Sequence[float]) -> Figures:
    our_p50, their_p50 = (spread(one, "ms", "").value for one in times)
    a_note = [one / max(1, len(some)) / 2 * 1e6 for one, some in zip(used, times, strict=True)]
    told = {"our us a note": round(a_note[0]), "their us a note": round(a_note[1])}
    return [
        spread(times[0], "ms", f"{what}, ours"),
        spread(times[1], "ms", f"{what}, {whose}"),
        Figure(f"{what}, ours to {whose}", our_p50 / their_p50, "times"),
        Figure("    of the processor's time", a_note[0] / max(a_note[1], 1.0), "times", "", told),
    ]


def idle(folder: Path, seconds: float, *, engine: bool = True) -> Figures:
    """The server while nobody plays, its own engine and two members in; its engine is a process apart."""
    with running_server(folder, engine=engine) as server, Crowd() as crowd:
        enter(crowd, server, 2)
        if engine and not server.await_engine(ENGINE_S):
            raise NotMeasured("the server's engine did not come in")
        time.sleep(min(SETTLE_S, 2 * seconds))
        before, begun = Usage.of(server.process.pid), time.perf_counter()
        time.sleep(4 * seconds)
        after, passed = Usage.of(server.process.pid), time.perf_counter() - begun
    return [
        Figure("idle, processor", (after.cpu_s - before.cpu_s) / passed * 100, "% of a core", "under 1"),
        Figure("idle, memory", after.memory_mb, "MB", "under 150"),
    ]


def _p95(samples: Sequence[float]) -> float:
    return float(spread(samples, "", "").more["p95"])
