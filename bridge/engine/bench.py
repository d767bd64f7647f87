"""Bench: the threads that imagine, so that the loop beside them stays quick.

The models are loaded in the first one, on first use; what takes long (MusicGen's weights) is loaded beside it, while whoever wants
it looks again and again whether it has come. Each step of a section (a bar, a part of the sound) is one call. The first thread
writes, a bar of one section and then of another; a first bar, and what must sound soon, comes in between two tokens (`writer`), so
that who asks while long ones are made has a bar as soon as alone. The second one renders, so that no bar waits for a sound.

    async with bench.turn():
        async for output in bench.outputs(work, flag.is_set): ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bridge.engine.own import own_engine
from bridge.engine.writer import Writer
from models.pause import Unwanted
from models.work import COMPOSING, BarWritten, Output, Progress, Work

if TYPE_CHECKING:
    from models.compose.writer.live import Accompanist
    from sessions.music import Request

__all__ = ["AT_ONCE", "Bench", "Maker"]

AT_ONCE = 4
"""Sections made in turns: on two cores their bars come faster than four bands play them at 120 bpm."""

T = TypeVar("T")


class Maker(Protocol):
    """What makes sections; `models.engine.Engine` is one."""

    def offers(self) -> list[dict[str, Any]]: ...

    def work(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[Output]: ...

    def accompanist(self, request: Request, tick: int) -> Accompanist: ...


class Bench:
    """A maker in its threads. Close it when done; what it is doing then must have been told to stop."""

    def __init__(self, load: Callable[[], Maker]) -> None:
        self._load = load
        self._maker: Maker | None = None
        self._offers: list[dict[str, Any]] | None = None
        self._writer = Writer()
        self._renders = ThreadPoolExecutor(1, thread_name_prefix="engine-renders")
        self._turns = asyncio.Semaphore(AT_ONCE)

    @classmethod
    def of_models(
        cls,
        soundfont: Path | None,
        weights: Path | None = None,
        musicgen: Path | None = None,
        precision: str | None = None,
        audiocraft: Path | None = None,
    ) -> Bench:
        """Of the engine of this machine (`own`). Raises Refused where the Python of audiocraft is none."""
        return cls(own_engine(soundfont, weights, musicgen, precision, audiocraft))

    async def offers(self) -> list[dict[str, Any]]:
        """Load what is needed and say which renderers there are; at once from the second time on. Raises Refused."""
        if self._offers is None:
            self._offers = await self._writer.do(lambda: self._loaded().offers())
        return self._offers

    def turn(self) -> asyncio.Semaphore:
        """Held while a section is made."""
        return self._turns

    async def outputs(self, work: Work, cancelled: Callable[[], bool]) -> AsyncGenerator[Output]:
        """What the maker hands out, step by step; nothing more once cancelled. Raises Refused."""
        steps = await self._writer.do(lambda: iter(self._loaded().work(work, cancelled)), soon=True)
        step: Callable[[], Output | None] = partial(next, steps, None)
        try:
            output = await self._writer.do(step, soon=True, unwanted=cancelled)
            while output is not None:
                yield output
                if not work.request.stems or _notes_follow(output):
                    soon = isinstance(output, BarWritten)  # the bar's other parts are there
                    output = await self._writer.do(step, soon=soon, unwanted=cancelled)
                else:
                    output = await asyncio.wrap_future(self._renders.submit(step))
        except Unwanted:
            return

    async def accompanist(self, request: Request, tick: int) -> Accompanist:
        """One that plays along from a tick on; quick to ask, all but its plans. Raises Refused."""
        return await self._writer.do(lambda: self._loaded().accompanist(request, tick), soon=True)

    async def plan(self, begin: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        """The bars of a plan, which are played soon, each as it is written."""
        bars = await self._writer.do(lambda: iter(begin()), soon=True)
        while (bar := await self._writer.do(partial(next, bars, None), soon=True)) is not None:
            yield bar

    def close(self) -> None:
        """Wait for the steps in hand, then end the threads."""
        self._writer.close()
        self._renders.shutdown(wait=True, cancel_futures=True)

    def _loaded(self) -> Maker:
        if self._maker is None:
            self._maker = self._load()
        return self._maker


def _notes_follow(output: Output) -> bool:
    """Whether what a section hands out next has to be written, or stands written: not its sound, nor its end."""
    if isinstance(output, Progress):
        return output.stage == COMPOSING and output.done < 1
    return isinstance(output, BarWritten)
