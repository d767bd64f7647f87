"""Sections, as `bench compose` measures them: how soon the first bar is there, how long eight bars of four parts take, how soon
who joins three others has a bar and a cancel frees the engine, whether four bands at once are served in time, and how much memory
the engine has with its sampler.

    measure(Setting(weights=Path("models/weights")))
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.bench.figures import Figure, Figures, Setting, spread
from bridge.engine.bench import Bench
from models.work import Progress, Work

if TYPE_CHECKING:
    from models.compose.composer import Composer
    from sessions.music import Request

__all__ = ["measure"]

REQUESTS = 40
BARS = 8
TOGETHER = 4
BPM, BEATS_A_BAR = 120, 4
JOINING, WITHIN_A_BAR_S = 10, 0.05
MEMORY_S = 300
LIMIT_FIRST_BAR, LIMIT_SECTION, LIMIT_MEMORY = "p95 under 300", "p95 under 1.9", "under 700"

MEMORY = """
import resource, sys
from pathlib import Path
from models import compose
from models.engine import Engine
from models.work import Work
from sessions.music import parse_request
engine = Engine(composer=compose.load(Path(sys.argv[1])))
for style in ("house", "rock"):
    for output in engine.work(Work("a/1", parse_request({"style": style, "seed": 1})), lambda: False):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))
"""
"""In a process of its own: the most memory that it had over two sections with stems, in MiB."""


def measure(setting: Setting) -> Figures:
    """Raises BadWeights where there are none."""
    from models.compose import load

    composer = load(setting.weights)
    requests = _requests()
    for request in requests[:2]:
        list(composer.stream(request))
    first_ms, whole_s = [], []
    for request in requests:
        start = time.perf_counter()
        stream = composer.stream(request)
        next(stream)
        first_ms.append((time.perf_counter() - start) * 1e3)
        for _ in stream:
            pass
        whole_s.append(time.perf_counter() - start)
    return [
        spread(first_ms, "ms", "first bar of four parts", LIMIT_FIRST_BAR),
        spread(whole_s, "s", "eight bars of four parts", LIMIT_SECTION),
        *asyncio.run(_served(composer, requests[:JOINING])),
        _together(composer, requests[:TOGETHER]),
        *_memory(setting),
    ]


def _requests() -> list[Request]:
    from sessions.music import parse_request
    from sessions.music.styles import STYLES

    return [
        parse_request({"style": STYLES[i % len(STYLES)], "bars": BARS, "bpm": BPM, "seed": i}) for i in range(REQUESTS)
    ]


async def _served(composer: Composer, requests: list[Request]) -> Figures:
    """In the engine: a first bar that is asked for while three long sections are written, and how soon after a cancel of those in
    the middle of a bar it is free for the next."""
    from models.engine import Engine

    bench = Bench(lambda: Engine(composer=composer, renderers=()))
    joined_ms, freed_ms = [], []
    try:
        for request in requests:
            stop = asyncio.Event()
            begun = [asyncio.Event() for _ in range(TOGETHER - 1)]
            others = [
                asyncio.create_task(_serve(bench, replace(request, bars=64, seed=number), stop, event))
                for number, event in enumerate(begun)
            ]
            await asyncio.gather(*(event.wait() for event in begun))
            await asyncio.sleep(WITHIN_A_BAR_S)
            start, heard = time.perf_counter(), asyncio.Event()
            last = asyncio.create_task(_serve(bench, request, stop, heard))
            await heard.wait()
            joined_ms.append((time.perf_counter() - start) * 1e3)
            await asyncio.sleep(WITHIN_A_BAR_S)
            start = time.perf_counter()
            stop.set()
            await asyncio.gather(last, *others)
            freed_ms.append((time.perf_counter() - start) * 1e3)
    finally:
        await asyncio.to_thread(bench.close)
    return [
        spread(joined_ms, "ms", "first bar while three other sections are made", LIMIT_FIRST_BAR),
        spread(freed_ms, "ms", "cancel, until the engine is free", "one token's time"),
    ]


async def _serve(bench: Bench, request: Request, stop: asyncio.Event, heard: asyncio.Event) -> None:
    """Until it is stopped; `heard` once the first bar is there, all its parts."""
    async for output in bench.outputs(Work("a/1", replace(request, stems=False)), stop.is_set):
        if isinstance(output, Progress):
            heard.set()


def _together(composer: Composer, requests: list[Request]) -> Figure:
    """Four sections in turns, a bar of each: how many times faster than they are played their bars come, at the slowest moment."""
    bar_s = BEATS_A_BAR * 60 / BPM
    start = time.perf_counter()
    streams = [composer.stream(request) for request in requests]
    slowest = float("inf")
    for bar in range(1, BARS + 1):
        for stream in streams:
            next(stream)
            slowest = min(slowest, bar * bar_s / (time.perf_counter() - start))
    return Figure("four sections at once, against playing them at 120 bpm", slowest, "times", "1 or more")


def _memory(setting: Setting) -> Figures:
    """Nothing on Windows, where a process can't ask for the most memory that it had."""
    if sys.platform == "win32":
        return []
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(setting.weights)],
        capture_output=True,
        text=True,
        timeout=MEMORY_S,
        check=True,
    )
    return [Figure("engine with composer and sampler", float(done.stdout.split()[-1]), "MiB", LIMIT_MEMORY)]
