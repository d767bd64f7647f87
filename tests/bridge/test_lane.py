"""The lane: in line, one in each turn of the loop, and nobody is waited for who has gone."""

from __future__ import annotations

import asyncio

from bridge.lane import Lane
from tests.support.virtual_time import run_virtual


def test_one_passes_in_a_turn_of_the_loop_and_all_in_order() -> None:
    async def scene() -> None:
        lane, passed, turns = Lane(), list[tuple[int, int]](), 0

        async def pass_by(number: int) -> None:
            await lane.turn()
            passed.append((number, turns))

        waiting = [asyncio.create_task(pass_by(number)) for number in range(6)]
        while not all(task.done() for task in waiting):
            await asyncio.sleep(0)
            turns += 1
        assert [number for number, _ in passed] == list(range(6))
        assert len({turn for _, turn in passed}) == 6
        await asyncio.sleep(0.1)
        before = turns
        await pass_by(6)  # nobody else: at once
        assert passed[-1] == (6, before)

    run_virtual(scene())


def test_who_has_gone_holds_nobody_up() -> None:
    async def scene() -> None:
        lane, passed = Lane(), list[str]()

        async def pass_by(name: str) -> None:
            await lane.turn()
            passed.append(name)

        tasks = {name: asyncio.create_task(pass_by(name)) for name in "abcd"}
        await asyncio.sleep(0)
        tasks["b"].cancel()
        tasks["c"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert passed == ["a", "d"]
        await lane.turn()

    run_virtual(scene())
