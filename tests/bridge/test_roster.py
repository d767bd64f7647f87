"""The roster: the first change is told at once, many that follow are told together."""

from __future__ import annotations

import asyncio

import pytest

from bridge.roster import EVERY_S, Roster
from tests.support.virtual_time import run_virtual


def test_a_crowd_that_comes_in_is_told_of_a_few_times() -> None:
    async def scene() -> None:
        loop, told = asyncio.get_running_loop(), list[float]()
        begun = loop.time()
        roster = Roster(lambda: told.append(loop.time() - begun))
        for _ in range(10):
            roster.look()
            await asyncio.sleep(EVERY_S / 4)
        await asyncio.sleep(10 * EVERY_S)
        assert told == pytest.approx([0, EVERY_S, 2 * EVERY_S, 3 * EVERY_S])
        roster.look()
        assert len(told) == 5
        roster.look()
        roster.close()
        await asyncio.sleep(10 * EVERY_S)
        assert len(told) == 5

    run_virtual(scene())
