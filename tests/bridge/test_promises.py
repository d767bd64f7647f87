"""Promises: kept in order once the disk has enough; what nobody waits for does not hurry it."""

from __future__ import annotations

import asyncio
import functools

import pytest

from bridge.promises import PATIENCE_S, SLICE_S, Promises
from sessions.errors import Code, Refused
from tests.support.virtual_time import VirtualLoop, run_virtual


def test_they_are_kept_in_order_as_far_as_the_disk_goes() -> None:
    async def scene() -> None:
        promises, kept = Promises(), []
        for size in (1, 2, 3):
            promises.make(size, kept=lambda size=size: kept.append(size))  # type: ignore[misc]
        promises.keep(2)
        assert kept == [1, 2]
        assert len(promises) == 1

    run_virtual(scene())


def test_somebody_who_waits_is_not_kept_waiting() -> None:
    async def scene() -> None:
        promises, loop = Promises(), asyncio.get_running_loop()
        promises.make(1, patient=True)
        promises.make(2)
        begun = loop.time()
        await promises.wait()
        assert loop.time() == begun
        promises.keep(2)
        assert not len(promises)

    run_virtual(scene())


def test_what_nobody_waits_for_comes_together() -> None:
    async def scene() -> None:
        promises, loop = Promises(), asyncio.get_running_loop()
        begun = loop.time()
        for size in (1, 2, 3):
            promises.make(size, patient=True)
            await asyncio.sleep(PATIENCE_S / 4)
        await promises.wait()
        assert loop.time() - begun == pytest.approx(PATIENCE_S)
        promises.keep(2)  # the third came while the disk was busy: it does not hurry either
        begun = loop.time()
        await promises.wait()
        assert loop.time() - begun == pytest.approx(PATIENCE_S)

    run_virtual(scene())


def test_a_promise_that_waits_for_more_asks_again_at_once() -> None:
    async def scene() -> None:
        promises, loop = Promises(), asyncio.get_running_loop()
        promises.make(1)
        promises.make(2)
        await promises.wait()
        promises.keep(1)
        begun = loop.time()
        await promises.wait()
        assert loop.time() == begun

    run_virtual(scene())


def test_broken_ones_say_why_and_wake_nobody() -> None:
    async def scene() -> None:
        promises = Promises()
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        promises.make(1, patient=True, acknowledged=answer)
        promises.break_all(Refused(Code.FAILED, "the disk is full"))
        with pytest.raises(Refused, match="full"):
            await answer
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10 * PATIENCE_S):
                await promises.wait()

    run_virtual(scene())


def test_many_are_kept_a_few_at_a_time_with_turns_for_everybody_else_between() -> None:
    async def scene() -> None:
        promises, kept, loop = Promises(), list[int](), asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)

        def keep(number: int) -> None:
            loop.jump(SLICE_S / 4)
            kept.append(number)

        for number in range(100):
            promises.make(number + 1, kept=functools.partial(keep, number))
        turns = 0
        while not promises.keep(99, SLICE_S):
            turns += 1
            assert len(kept) <= 5 * turns
            promises.make(101)  # what comes meanwhile is behind them
        assert kept == list(range(99))
        assert turns >= 20
        promises.keep(101)
        assert kept == list(range(100))

    run_virtual(scene())
