"""The bench: sections written side by side come out as alone, whoever has nothing yet goes first, and no bar waits for a sound."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from bridge.engine.bench import Bench, Maker
from models import compose
from models.compose.composer import Composer
from models.engine import Engine
from models.work import COMPOSING, BarWritten, Finished, Output, Progress, StemRendered, Work
from sessions.music import Part, Request, parse_request
from tests.bridge.engine.stage import MADE_BY, WAIT_S, Tune

pytestmark = pytest.mark.timeout(240)  # the first to come compiles the kernels

FIELDS: tuple[dict[str, Any], ...] = (
    {"style": "house", "bars": 2, "seed": 7, "parts": "drums,bass"},
    {"style": "swing", "bars": 3, "seed": 1, "parts": "harmony,melody"},
    {"style": "house", "bars": 2, "seed": 8, "parts": "bass,melody", "meter": "7/8"},
    {"style": "funk", "bars": 2, "seed": 7, "parts": "drums,bass,harmony", "temperature": 1.3},
)


@contextlib.asynccontextmanager
async def bench_of(maker: Maker) -> AsyncIterator[Bench]:
    bench = Bench(lambda: maker)
    try:
        await bench.offers()
        yield bench
    finally:
        await asyncio.to_thread(bench.close)


async def outputs(bench: Bench, work: Work, cancelled: Callable[[], bool] = lambda: False) -> list[Output]:
    return [output async for output in bench.outputs(work, cancelled)]


def work(name: str, **fields: Any) -> Work:
    return Work(name, parse_request({"stems": 0} | fields))


def bars_of(some: list[Output]) -> list[Output]:
    return [output for output in some if isinstance(output, BarWritten)]


@pytest.fixture(scope="module")
def composer() -> Composer:
    return compose.load()


def alone(composer: Composer, request: Request) -> list[Output]:
    return [
        BarWritten(part, number, bar[part])
        for number, bar in enumerate(composer.stream(request), 1)
        for part in request.note_parts
    ]


def test_notes_are_those_of_each_section_alone_whatever_else_is_served(composer: Composer) -> None:
    """Four at once, one that comes late, one that is given up, and somebody who is played along with."""
    works = [work(f"ana/{number}", **fields) for number, fields in enumerate(FIELDS)]
    late, unwanted = work("ana/late", **FIELDS[0]), False

    async def scene() -> list[list[Output]]:
        nonlocal unwanted
        async with bench_of(Engine(composer=composer)) as bench:
            tasks = [asyncio.create_task(outputs(bench, one)) for one in works]
            off = asyncio.create_task(outputs(bench, work("ana/off", bars=64), lambda: unwanted))
            await asyncio.sleep(0.1)
            tasks.append(asyncio.create_task(outputs(bench, late)))
            band = await bench.accompanist(parse_request({"parts": "bass", "seed": 3}), 0)
            situation = band.situation(0, 1)
            assert len([bar async for bar in bench.plan(lambda: band.write(situation))]) == 1
            unwanted = True
            assert not any(isinstance(output, Finished) for output in await off)
            return await asyncio.gather(*tasks)

    found = asyncio.run(scene())
    for one, some in zip((*works, late), found, strict=True):
        assert bars_of(some) == alone(composer, one.request)
        assert isinstance(some[-1], Finished)


class Sections(Tune):
    """Sections with a sound that waits for a word."""

    def __init__(self) -> None:
        super().__init__()
        self.renders, self.told = threading.Event(), threading.Event()

    def work(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[Output]:
        for bar in range(1, work.request.bars + 1):
            yield BarWritten(Part.BASS, bar, ())
            yield Progress(COMPOSING, bar / work.request.bars)
        if work.request.stems:
            self.renders.set()
            assert self.told.wait(WAIT_S)
            yield StemRendered("bass", b"RIFF", 1, 44_100)
        yield Finished(MADE_BY, None, "")


def test_no_bar_waits_for_a_sound() -> None:
    maker = Sections()

    async def scene() -> None:
        async with bench_of(maker) as bench:
            sound = asyncio.create_task(outputs(bench, work("ana/sound", bars=1, stems=1)))
            assert await asyncio.to_thread(maker.renders.wait, WAIT_S)
            notes = await outputs(bench, work("ana/notes", bars=3))
            assert (len(bars_of(notes)), type(notes[-1]), sound.done()) == (3, Finished, False)
            maker.told.set()
            assert isinstance((await sound)[-1], Finished)

    asyncio.run(scene())
