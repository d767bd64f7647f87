"""The lane: in line, one at a time with turns of the loop for everybody else between, and nobody is waited for who has gone."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter

import pytest

from bridge.lane import LONG_S, MOST_AT_ONCE, TURNS_BETWEEN, Lane
from tests.support.virtual_time import VirtualLoop, run_virtual

MANY = 100


class Turns:
    """Counts the turns of the loop, each of which takes so long."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.count, self._seconds = 0, seconds
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.count += 1
        if self.count < MANY:
            loop.jump(self._seconds)
            loop.call_soon(self._turn)


def test_one_passes_at_a_time_and_all_in_order() -> None:
    async def scene() -> None:
        lane, passed, turns = Lane(), list[tuple[int, int]](), Turns()

        async def pass_by(number: int) -> None:
            await lane.turn()
            passed.append((number, turns.count))

        tasks = [asyncio.create_task(pass_by(number)) for number in range(6)]
        await asyncio.gather(*tasks)
        assert [number for number, _ in passed] == list(range(6))
        at = [turn for _, turn in passed]
        assert {later - turn for turn, later in itertools.pairwise(at)} == {TURNS_BETWEEN + 1}
        await asyncio.sleep(0.1)
        before = turns.count
        await pass_by(6)  # nobody else: at once
        assert passed[-1] == (6, before)

    run_virtual(scene())


def test_what_takes_two_turns_is_through_before_the_next_one_passes() -> None:
    """As a note over a WebSocket does, whose bytes come while one of many signed commands passes."""

    async def scene() -> None:
        lane, loop = Lane(), asyncio.get_running_loop()
        happened: list[str] = []

        async def pass_by(number: int) -> None:
            await lane.turn()
            happened.append(f"signed {number}")
            if number == 2:
                loop.call_soon(bytes_come)

        def bytes_come() -> None:
            happened.append("bytes")
            loop.call_soon(happened.append, "note")

        await asyncio.gather(*(pass_by(number) for number in range(5)))
        assert happened == ["signed 0", "signed 1", "signed 2", "bytes", "note", "signed 3", "signed 4"]

    run_virtual(scene())


@pytest.mark.parametrize(("rested", "together"), [(0.0, 1), (0.9, 1), (1.1, 2), (2.5, 3), (50.0, MOST_AT_ONCE)])
def test_where_the_others_take_long_more_pass_together(rested: float, together: int) -> None:
    """Or whoever signs would come to nothing beside many who play."""

    async def scene() -> None:
        lane, passed, turns = Lane(), list[int](), Turns(rested * LONG_S / TURNS_BETWEEN)

        async def pass_by() -> None:
            await lane.turn()
            passed.append(turns.count)

        await asyncio.gather(*(pass_by() for _ in range(1 + 3 * MOST_AT_ONCE)))
        first, *groups = Counter(passed).values()
        assert first == 1
        assert set(groups[:-1]) == {together}
        assert groups[-1] <= together

    run_virtual(scene())


def test_who_has_gone_holds_nobody_up() -> None:
    async def scene() -> None:
        lane, passed = Lane(), list[str]()

        async def pass_by(name: str) -> None:
            await lane.turn()
            passed.append(name)

        tasks = {name: asyncio.create_task(pass_by(name)) for name in "abcd"}
        await asyncio.sleep(0)
        assert len(lane) == 3
        tasks["b"].cancel()
        tasks["c"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert passed == ["a", "d"]
        assert len(lane) == 0
        await lane.turn()

    run_virtual(scene())
