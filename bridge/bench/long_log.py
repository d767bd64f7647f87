"""What a week's log costs: a start after a stop and after a kill, a snapshot while it runs, reading, proving, checking, packing.

long_log(folder, entries=100_000)
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

from bridge.bench.figures import Figure, Figures, spread
from bridge.bench.players import Crowd
from bridge.bench.process import Usage
from bridge.bench.server import Server, running_server
from bridge.bench.week import write_week
from bridge.ledger import SNAPSHOT_EVERY, Ledger, open_ledger
from bridge.ports.clock import SystemClock
from bridge.ports.disk import session_folder
from bridge.server import SWITCH_S
from sessions.events import Said
from sessions.merkle import leaf_hash, verify_inclusion

__all__ = ["ENTRIES", "long_log"]

ENTRIES = 100_000
"""A week's."""
SESSION = "jam"
RESTART, STALL = "under 2", "a few"
PROOFS = 200
LAST = 100
"""Entries that somebody who comes in reads."""
COMMAND_S = 600.0
WATCH_S = 0.5


def long_log(folder: Path, entries: int) -> Figures:
    """Two logs are written, one that ends with a kill."""
    many = f"{entries:,} entries"
    stopped, killed = folder / "stopped", folder / "killed"
    took = write_week(session_folder(stopped / "data", SESSION), SESSION, entries)
    write_week(session_folder(killed / "data", SESSION), SESSION, entries, kill=True)
    log = session_folder(stopped / "data", SESSION)
    bare = _bare(log, folder / "bare")
    size_mb = sum(path.stat().st_size for path in log.iterdir() if path.is_file()) / 1e6
    return [
        Figure(f"{many}, written", entries / took, "entries/s", "", {"MB": round(size_mb, 1)}),
        _start(folder / "empty", "a start, nothing there yet"),
        _start(killed, f"a start after a hard kill, {many}", RESTART),
        _start(bare, f"the first start of a log made elsewhere, {many}"),
        *_running(stopped, many),
        *_reading(log, many),
        *asyncio.run(_snapshot(log, many)),
    ]


def _bare(log: Path, folder: Path) -> Path:
    """The log as another program would leave it: with its checkpoint and its key, and nothing else."""
    there = session_folder(folder / "data", SESSION)
    there.mkdir(parents=True)
    for name in ("log.jsonl", "checkpoint", "key"):
        shutil.copy(log / name, there)
    return folder


def _start(folder: Path, what: str, goal: str = "") -> Figure:
    """Until every door is open, the interpreter's own start in it."""
    begun = time.perf_counter()
    with running_server(folder, session=SESSION, engine=False) as server:
        return _started(server, time.perf_counter() - begun, what, goal)


def _started(server: Server, took_s: float, what: str, goal: str = "") -> Figure:
    return Figure(what, took_s, "s", goal, {"processor s": round(Usage.of(server.process.pid).cpu_s, 2)})


def _running(folder: Path, many: str) -> Figures:
    """A server that has the log: its start, its memory, what it is asked for by who comes in and who checks."""
    begun = time.perf_counter()
    with running_server(folder, session=SESSION, engine=False) as server:
        started = _started(server, time.perf_counter() - begun, f"a start after a stop, {many}", RESTART)
        memory = Usage.of(server.process.pid).memory_mb
        size = server.entries()
        log, proofs = f"/api/sessions/{SESSION}/log", [index * (size - 1) // PROOFS for index in range(PROOFS)]
        with Crowd() as crowd:
            begun = time.perf_counter()
            watcher = crowd.ws(server.http, SESSION, server.invites["leader"])
            watcher.say("log.head")  # answered after all that who comes in is told
            knows = (crowd.hear(watcher, watcher.needle("log.head")) - begun) * 1e3
            heard = {"kB": round(watcher.heard_bytes / 1e3, 1)}
            told = Figure("a studio comes in, until it knows what is", knows, "ms", "", heard)
        return [
            started,
            Figure(f"memory of the server, {many}", memory, "MB"),
            told,
            spread(
                [_asked_ms(server, f"{log}?from={size - LAST}")[0] for _ in range(20)], "ms", f"the last {LAST} entries"
            ),
            spread(
                [_asked_ms(server, f"{log}/proof/{index}")[0] for index in proofs], "ms", "an entry's proof, over HTTP"
            ),
            Figure("the whole log, over HTTP", _asked_ms(server, log)[0] / 1e3, "s"),
        ]


def _asked_ms(server: Server, path: str) -> tuple[float, bytes]:
    begun = time.perf_counter()
    asked = Request(server.http + path, headers={"Authorization": f"Bearer {server.invites['leader']}"})
    with urlopen(asked, timeout=COMMAND_S) as answer:
        data: bytes = answer.read()
    return (time.perf_counter() - begun) * 1e3, data


def _reading(log: Path, many: str) -> Figures:
    """The commands that read it, and the most memory that each had."""
    data = log.parents[1]
    return [
        _command(f"log verify, {many}", "log", "verify", str(log)),
        _command(f"log show, {many}", "log", "show", str(log)),
        _command(
            f"session export, {many}",
            "session",
            "export",
            SESSION,
            "--data",
            str(data),
            "--out",
            str(log.parent / "out.zip"),
        ),
    ]


def _command(what: str, *words: str) -> Figure:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "bridge.bench.process", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    took = time.perf_counter() - begun
    if done.returncode:
        raise AssertionError(f"{' '.join(words)} failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    peak_mb, used_s = map(float, done.stderr.split()[-2:])
    return Figure(what, took, "s", "", {"peak MB": round(peak_mb), "processor s": round(used_s, 2)})


async def _snapshot(folder: Path, many: str) -> Figures:
    """How long nothing else runs in the loop while what has changed is written down, and what a proof costs."""
    sys.setswitchinterval(SWITCH_S)  # as the server does
    ledger = await asyncio.to_thread(open_ledger, folder, SESSION, SystemClock())
    try:
        quiet, _ = await _longest_ms(ledger, save=False)
        stall, used = await _longest_ms(ledger, save=True)
        made = await asyncio.to_thread(_proofs_us, ledger)
    finally:
        await ledger.close()
    return [
        Figure(
            f"longest wait in the loop, snapshot made, {many}",
            stall,
            "ms",
            STALL,
            {"without": round(quiet, 2), "processor ms": round(used, 2)},
        ),
        spread(made, "us", "a proof made and checked"),
    ]


async def _longest_ms(ledger: Ledger, *, save: bool) -> tuple[float, float]:
    """What somebody waits at most who wants a turn each millisecond; and what the loop itself computes for the snapshot."""
    for number in range(SNAPSHOT_EVERY):
        ledger.write("", Said(f"word {number}"))
    await ledger.flush()
    longest, loop, before = 0.0, asyncio.get_running_loop(), time.thread_time()
    if save:
        ledger.save_when_due()
    used, end = time.thread_time() - before, loop.time() + WATCH_S
    while loop.time() < end:
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - begun - 0.001)
    return longest * 1e3, used * 1e3


def _proofs_us(ledger: Ledger) -> list[float]:
    record, size, took = ledger.record, ledger.durable, []
    root = record.root(size)
    for number in range(PROOFS):
        index = number * (size - 1) // PROOFS
        (line,) = record.lines(index, index + 1)
        begun = time.perf_counter()
        right = verify_inclusion(leaf_hash(line), index, size, record.inclusion(index, size), root)
        took.append((time.perf_counter() - begun) * 1e6)
        if not right:
            raise AssertionError(f"the proof of entry {index} is wrong")
    return took
