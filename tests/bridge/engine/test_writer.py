"""The writer's thread: what is wanted soon comes in at a pause, and what nobody wants ends there."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from bridge.engine.writer import Writer
from models.pause import Unwanted, pause
from tests.bridge.engine.stage import WAIT_S


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Writer]:
    writer = Writer()
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.close)


class Long:
    """A call that says what it does, and waits for a word before each of its two pauses."""

    def __init__(self, said: list[str]) -> None:
        self.said, self.reached, self.words = said, threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self) -> str:
        try:
            for step in ("first", "second"):
                self.reached.release()
                assert self.words.acquire(timeout=WAIT_S)
                pause()
                self.said.append(step)
        except Exception:
            self.said.append("failed")
        finally:
            self.said.append("over")
        return "done"

    async def at_a_pause(self) -> None:
        assert await asyncio.to_thread(self.reached.acquire, timeout=WAIT_S)


def saying(said: list[str], word: str) -> Callable[[], None]:
    return lambda: said.append(word)


def test_what_is_wanted_soon_comes_in_at_a_pause_and_the_rest_waits_for_the_end() -> None:
    said: list[str] = []

    async def scene() -> None:
        long = Long(said)
        async with opened() as writer:
            first = asyncio.create_task(writer.do(long))
            await long.at_a_pause()
            tasks = [asyncio.create_task(writer.do(saying(said, "later")))]
            tasks += [asyncio.create_task(writer.do(saying(said, word), soon=True)) for word in ("soon", "soon, too")]
            await asyncio.sleep(0)  # they ask
            long.words.release(2)
            assert await first == "done"
            await asyncio.gather(*tasks)

    asyncio.run(scene())
    assert said == ["soon", "soon, too", "first", "second", "over", "later"]


@pytest.mark.parametrize("by_task", [False, True])
def test_what_nobody_wants_ends_at_its_next_pause(*, by_task: bool) -> None:
    said: list[str] = []

    async def scene() -> None:
        long, unwanted = Long(said), False
        async with opened() as writer:
            task = asyncio.create_task(writer.do(long, unwanted=lambda: unwanted))
            await long.at_a_pause()
            long.words.release()
            await long.at_a_pause()
            if by_task:
                task.cancel()
                await asyncio.sleep(0)
            unwanted = not by_task
            long.words.release()
            with pytest.raises(asyncio.CancelledError if by_task else Unwanted):
                await task
            await writer.do(saying(said, "next"))

    asyncio.run(scene())
    assert said == ["first", "over", "next"]


def test_a_call_that_fails_fails_alone_on_top_of_another_too() -> None:
    said: list[str] = []

    async def scene() -> None:
        long = Long(said)
        async with opened() as writer:
            task = asyncio.create_task(writer.do(long))
            await long.at_a_pause()
            wrong = asyncio.create_task(writer.do(lambda: int("x"), soon=True))
            await asyncio.sleep(0)
            long.words.release(2)
            with pytest.raises(ValueError, match="invalid literal"):
                await wrong
            assert await task == "done"

    asyncio.run(scene())
    assert said == ["first", "second", "over"]


def test_outside_of_a_thread_of_calls_a_pause_is_nothing() -> None:
    pause()
