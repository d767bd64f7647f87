"""The virtual loop: jumps, orders, waits for threads, finds deadlocks and leftovers."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.virtual_time import START_US, Deadlock, VirtualLoop, now_us, run_real, run_virtual


def test_an_hour_of_two_metronomes_ticks_exactly_and_in_order() -> None:
    ticks: list[tuple[float, str]] = []

    async def metronome(name: str, period_s: float, count: int) -> None:
        loop = asyncio.get_running_loop()
        for number in range(1, count + 1):
            due = asyncio.Event()
            loop.call_at(number * period_s, due.set)
            await due.wait()
            ticks.append((loop.time(), name))

    async def scene() -> None:
        await asyncio.gather(metronome("quick", 0.5, 7200), metronome("slow", 0.75, 4800))

    run_virtual(scene())
    assert len(ticks) == 12_000
    assert ticks == sorted(ticks, key=lambda tick: tick[0])
    assert [time for time, name in ticks if name == "quick"][-1] == pytest.approx(3600.0, abs=1e-6)


def test_wait_for_times_out_at_its_moment() -> None:
    async def scene() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        return asyncio.get_running_loop().time()

    assert run_virtual(scene()) == pytest.approx(30)


def test_wall_time_is_the_loops_time() -> None:
    async def scene() -> tuple[int, int]:
        before = now_us()
        await asyncio.sleep(1.25)
        return before, now_us()

    assert run_virtual(scene()) == (START_US, START_US + 1_250_000)


def test_the_clock_stands_still_while_a_thread_works() -> None:
    """A timer a day ahead is never early, however long the disk takes."""
    order: list[str] = []
    may_finish = threading.Event()

    async def scene() -> None:
        asyncio.get_running_loop().call_later(86_400, order.append, "timer")
        asyncio.get_running_loop().call_later(0.0, may_finish.set)
        await asyncio.to_thread(may_finish.wait)
        order.append("thread")
        await asyncio.sleep(86_401)

    run_virtual(scene())
    assert order == ["thread", "timer"]


def test_a_cancelled_wait_for_a_thread_still_counts_until_the_thread_ends() -> None:
    may_finish = threading.Event()

    async def scene() -> list[int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        waiting = asyncio.ensure_future(asyncio.to_thread(may_finish.wait))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        counts = [loop.in_flight]
        may_finish.set()
        await asyncio.sleep(1)
        return [*counts, loop.in_flight]

    assert run_virtual(scene()) == [1, 0]


def test_hold_keeps_the_clock_for_a_thread_of_ones_own() -> None:
    async def scene() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        done = asyncio.Event()
        loop.call_later(3600, done.set)
        with loop.hold():
            thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(done.set))
            thread.start()
            await done.wait()
            thread.join()
        return loop.time()

    assert run_virtual(scene()) == 0.0


def test_a_deadlock_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.virtual_time.PATIENCE_S", 0.01)

    async def scene() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        run_virtual(scene())


def test_waiting_beyond_the_limit_is_a_deadlock_too() -> None:
    async def scene() -> None:
        while True:
            await asyncio.sleep(1)

    with pytest.raises(Deadlock, match="100 virtual seconds"):
        run_virtual(scene(), limit_s=100)


@pytest.mark.parametrize("run", [run_virtual, run_real])
def test_leftovers_and_unheard_failures_are_found(run: object) -> None:
    assert callable(run)

    kept = []  # a task that nothing holds may be collected first, which is another finding

    async def leaves_a_task() -> None:
        kept.append(asyncio.get_running_loop().create_task(asyncio.Event().wait(), name="forgotten"))

    async def fails_in_a_callback() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)

    with pytest.raises(AssertionError, match="forgotten"):
        run(leaves_a_task())
    with pytest.raises(AssertionError, match="failed where nobody heard it"):
        run(fails_in_a_callback())
