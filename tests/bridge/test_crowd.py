"""The crowd: one at a time, in turns, with rests between them that everybody else has."""

from __future__ import annotations

import asyncio
import functools

import pytest

from bridge import crowd as crowds
from bridge.crowd import REST_MAX_S, REST_SHARE, SHARE_BURST, SHARE_PER_S, SLICE_S, Crowd, share_of_one
from tests.support.virtual_time import VirtualLoop, run_virtual


def work(seconds: float) -> None:
    """Take that long, on the loop's own clock."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.jump(seconds)


def test_within_a_share_nobody_waits() -> None:
    share = share_of_one()
    assert sum(share.take(1, 0.0) for _ in range(10 * SHARE_BURST)) == SHARE_BURST
    assert sum(share.take(1, 1.0) for _ in range(10 * SHARE_PER_S)) == min(SHARE_BURST, SHARE_PER_S)


def test_a_flood_leaves_most_of_the_loop_to_everybody_else() -> None:
    async def scene() -> None:
        crowd, loop = Crowd(), asyncio.get_running_loop()
        worked_s = 0.0
        while loop.time() < 10:
            async with crowd.turn():
                work(SLICE_S / 4)
                worked_s += SLICE_S / 4
        assert 0.9 < worked_s * (1 + REST_SHARE) / 10 < 1.1

    run_virtual(scene())


def test_two_floods_are_no_more_than_one_and_have_the_same() -> None:
    async def scene() -> None:
        crowd, loop = Crowd(), asyncio.get_running_loop()
        turns = [0, 0, 0]

        async def flood(number: int) -> None:
            while loop.time() < 10:
                async with crowd.turn():
                    work(SLICE_S / 4)
                    turns[number] += 1

        await asyncio.gather(*(flood(number) for number in range(3)))
        assert max(turns) - min(turns) <= 10
        assert 0.9 < sum(turns) * SLICE_S / 4 * (1 + REST_SHARE) / 10 < 1.1

    run_virtual(scene())


def test_what_takes_long_is_rested_from_for_long() -> None:
    async def scene() -> None:
        crowd, loop = Crowd(), asyncio.get_running_loop()
        async with crowd.turn():
            work(0.02)
        before_s = loop.time()
        async with crowd.turn(0.01):  # it says itself what it will cost
            pass
        assert loop.time() - before_s == pytest.approx(0.02 * REST_SHARE)
        async with crowd.turn():
            pass
        assert loop.time() - before_s == pytest.approx(0.03 * REST_SHARE)

    run_virtual(scene())


def test_nobody_rests_for_ever_because_the_whole_machine_stood_still() -> None:
    async def scene() -> None:
        crowd, loop = Crowd(), asyncio.get_running_loop()
        async with crowd.turn():
            work(60.0)
        before_s = loop.time()
        async with crowd.turn():
            pass
        assert loop.time() - before_s == pytest.approx(REST_MAX_S)

    run_virtual(scene())


def test_calls_and_awaits_take_turns_and_the_gone_are_passed_over() -> None:
    async def scene() -> None:
        crowd, done = Crowd(), list[str]()
        async with crowd.turn():
            work(SLICE_S)
        waiting = [crowd.call(lambda name=name: done.append(name)) for name in "abc"]  # type: ignore[misc]

        async def wait(name: str) -> None:
            async with crowd.turn():
                done.append(name)

        tasks = [asyncio.create_task(wait(name)) for name in "de"]
        await asyncio.sleep(0)
        assert crowd.statistics()["waiting"] == 5
        waiting[1].cancel()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(1)
        assert done == ["a", "c", "e"]
        assert crowd.statistics() == {"waiting": 0, "lane": 0, "turns": 4, "rests": 1}

    run_virtual(scene())


def test_whose_turn_it_was_and_who_is_gone_keeps_nobody_waiting() -> None:
    async def scene() -> None:
        crowd = Crowd()

        async def wait() -> None:
            async with crowd.turn():
                raise AssertionError("gone by then")

        async with crowd.turn():
            work(SLICE_S)
        task = asyncio.create_task(wait())
        crowd_rests_s = max(crowds.REST_MIN_S, REST_SHARE * SLICE_S)
        asyncio.get_running_loop().call_later(crowd_rests_s, lambda: asyncio.get_running_loop().call_soon(task.cancel))
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), crowd.turn():
            pass

    run_virtual(scene())


def test_an_error_in_a_turn_ends_it() -> None:
    async def scene() -> None:
        crowd = Crowd()
        with pytest.raises(ValueError, match="mine"):
            async with crowd.turn():
                raise ValueError("mine")
        async with asyncio.timeout(5), crowd.turn():
            pass
        crowd.close()

    run_virtual(scene())


def test_one_who_has_the_slice_alone_may_go_on_in_it() -> None:
    async def scene() -> None:
        crowd, taken = Crowd(), {"ana": 0, "ben": 0}

        def take(name: str) -> None:
            while True:
                work(SLICE_S / 10)
                taken[name] += 1
                if not crowd.lasts():
                    return

        crowd.call(lambda: take("ana"))
        await asyncio.sleep(0)
        assert 9 <= taken["ana"] <= 11
        taken["ana"] = 0
        for name in taken:
            crowd.call(functools.partial(take, name))
        await asyncio.sleep(1)
        assert taken["ana"] == 1, "where somebody else waits it is one"
        crowd.close()

    run_virtual(scene())
