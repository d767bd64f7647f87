"""The pace of requests: one at a time, beside each other's and everybody else's; whoever asks without end waits with the crowd."""

from __future__ import annotations

import asyncio
from collections import Counter

from bridge.crowd import REST_SHARE, Crowd
from bridge.ports.http.lobby import (
    ANSWER_COST_S,
    ANSWERS_BURST,
    ANSWERS_PER_S,
    REQUEST_COST_S,
    REQUESTS_BURST,
    REQUESTS_PER_S,
    Lobby,
)
from tests.support.virtual_time import run_virtual


def test_requests_begin_one_in_a_turn_of_the_loop_and_of_a_flood_a_few_in_a_second() -> None:
    async def scene() -> None:
        lobby, loop = Lobby(Crowd()), asyncio.get_running_loop()
        turns, begun = 0, Counter[int]()
        begun_s: list[float] = []

        async def request(address: str) -> None:
            await lobby.request(address)
            begun[turns] += 1
            begun_s.append(loop.time())

        flood = [asyncio.create_task(request("10.0.0.66")) for _ in range(1000)]
        while len(begun_s) < REQUESTS_BURST:
            await asyncio.sleep(0)
            turns += 1
        assert max(begun.values()) <= 2, "one within the share, and one of the crowd"
        other = asyncio.create_task(request("10.0.0.5"))
        await other
        assert sum(not task.done() for task in flood) >= 1000 - REQUESTS_BURST - 1
        before = len(begun_s)
        await asyncio.sleep(1)
        assert len(begun_s) - before <= 1.1 / (REQUEST_COST_S * REST_SHARE)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)

    run_virtual(scene())


def test_downloads_without_end_wait_with_the_crowd_and_a_mix_does_not() -> None:
    async def scene() -> None:
        lobby, loop = Lobby(Crowd()), asyncio.get_running_loop()
        sent = 0

        async def download() -> None:
            nonlocal sent
            while True:
                await lobby.piece("10.0.0.66")
                sent += 1

        begun_s = loop.time()
        for _ in range(ANSWERS_BURST):
            await lobby.piece("10.0.0.5")
        assert loop.time() == begun_s
        downloads = [asyncio.create_task(download()) for _ in range(20)]
        await asyncio.sleep(10)
        assert sent <= ANSWERS_BURST + 10 * (ANSWERS_PER_S + 1.1 / (ANSWER_COST_S * REST_SHARE))
        for task in downloads:
            task.cancel()
        await asyncio.gather(*downloads, return_exceptions=True)

    run_virtual(scene())


def test_a_page_comes_at_once() -> None:
    async def scene() -> None:
        lobby, crowd_s = Lobby(Crowd()), asyncio.get_running_loop().time()
        await asyncio.gather(*(lobby.request("10.0.0.5") for _ in range(60)))
        assert asyncio.get_running_loop().time() == crowd_s
        assert REQUESTS_PER_S < REQUESTS_BURST

    run_virtual(scene())
