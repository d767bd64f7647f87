"""Bench: the one thread that imagines, so that the loop beside it stays quick.

The models are loaded in that thread, on first use; what takes long (MusicGen's weights) is loaded beside it, while whoever wants it
looks again and again whether it has come. Each step of a section (a bar, a part of the sound) is one call into it;
between two steps the loop hears of cancels. Some sections are made in turns, a step of one and then of another, so that who asks
while a long one is made hears his first bar soon.

    async with bench.turn():
        async for output in bench.outputs(work, flag.is_set): ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bridge.config import default_packed
from bridge.ports.audiocraft import find_python, opener
from models.work import Output, Work

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
    """A maker in its thread. Close it when done; what it is doing then must have been told to stop."""

    def __init__(self, load: Callable[[], Maker]) -> None:
        self._load = load
        self._maker: Maker | None = None
        self._offers: list[dict[str, Any]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
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
        """The composers and the sampler, with weights and a soundfont from elsewhere, or with those that are included.

        MusicGen's weights are loaded for the first section that asks for them, by our own runtime or by the audiocraft of
        another Python. Raises Refused where that Python is none.
        """
        opens = opener(find_python(audiocraft)) if audiocraft is not None else None

        def load() -> Maker:
            from models.engine import Engine  # heavy: numpy and scipy, half a second

            return Engine(
                soundfont=soundfont,
                weights=weights,
                musicgen=musicgen,
                precision=precision,
                packed=default_packed(),
                audiocraft=opens,
            )

        return cls(load)

    async def offers(self) -> list[dict[str, Any]]:
        """Load what is needed and say which renderers there are; at once from the second time on. Raises Refused."""
        if self._offers is None:
            self._offers = await self._call(lambda: self._loaded().offers())
        return self._offers

    def turn(self) -> asyncio.Semaphore:
        """Held while a section is made."""
        return self._turns

    async def outputs(self, work: Work, cancelled: Callable[[], bool]) -> AsyncGenerator[Output]:
        """What the maker hands out, step by step. Raises Refused."""
        async for output in self.steps(lambda: self._loaded().work(work, cancelled)):
            yield output

    async def accompanist(self, request: Request, tick: int) -> Accompanist:
        """One that plays along from a tick on; quick to ask, all but its plans. Raises Refused."""
        return await self._call(lambda: self._loaded().accompanist(request, tick))

    async def steps(self, begin: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        """What comes of something long, step by step, each a call into the thread."""
        steps = await self._call(lambda: iter(begin()))
        while (step := await self._call(lambda: next(steps, None))) is not None:
            yield step

    def close(self) -> None:
        """Wait for the step in hand, then end the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _loaded(self) -> Maker:
        if self._maker is None:
            self._maker = self._load()
        return self._maker

    async def _call(self, step: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, step)
