"""Pace: what is not urgent leaves no faster than a receive buffer takes it, in order, and bounded."""

from __future__ import annotations

import asyncio

import pytest

from bridge.ports.osc_pace import BURST_BYTES, BYTES_PER_S, MAX_WAITING_BYTES, OVERHEAD_BYTES, Pacer
from tests.support.virtual_time import run_virtual


class Receiver:
    """What arrives, and when."""

    def __init__(self) -> None:
        self.got: list[tuple[float, bytes]] = []
        self.pacer = Pacer(lambda data: self.got.append((asyncio.get_running_loop().time(), data)))

    def put(self, data: bytes, *, tag: str = "", urgent: bool = False) -> bool:
        return self.pacer.put(data, tag=tag, urgent=urgent)

    @property
    def numbers(self) -> list[int]:
        return [int.from_bytes(data[:4], "big") for _, data in self.got]


def datagram(number: int, size: int = 2000) -> bytes:
    return number.to_bytes(4, "big") + bytes(size - 4)


def test_a_large_section_arrives_whole_in_order_and_never_too_much_at_once() -> None:
    async def scene() -> None:
        receiver = Receiver()
        for number in range(256):
            assert receiver.put(datagram(number))
        assert len(receiver.got) < 20
        await asyncio.sleep(1)
        assert receiver.numbers == list(range(256))
        assert receiver.pacer.waiting_bytes == 0
        for at_s, _ in receiver.got:
            window = [data for time_s, data in receiver.got if at_s <= time_s < at_s + 0.001]
            room = BURST_BYTES + 0.002 * BYTES_PER_S
            assert sum(len(data) + OVERHEAD_BYTES for data in window) <= room
        assert receiver.got[-1][0] < 0.15

    run_virtual(scene())


def test_what_is_urgent_never_waits() -> None:
    async def scene() -> None:
        receiver = Receiver()
        for number in range(100):
            receiver.put(datagram(number))
        receiver.put(datagram(1000), urgent=True)
        assert receiver.numbers[-1] == 1000
        await asyncio.sleep(1)
        assert sorted(receiver.numbers) == [*range(100), 1000]

    run_virtual(scene())


def test_what_is_dropped_does_not_come_and_the_rest_does() -> None:
    async def scene() -> None:
        receiver = Receiver()
        for number in range(100):
            receiver.put(datagram(number), tag="odd" if number % 2 else "even")
        sent = len(receiver.got)
        receiver.pacer.drop("odd")
        await asyncio.sleep(1)
        late = receiver.numbers[sent:]
        assert late == [number for number in range(sent, 100) if number % 2 == 0]

    run_virtual(scene())


@pytest.mark.parametrize("size", [100, 65_507])
def test_too_much_is_refused_and_what_was_taken_still_comes(size: int) -> None:
    async def scene() -> None:
        receiver = Receiver()
        taken = 0
        while receiver.put(datagram(taken, size)):
            taken += 1
        assert MAX_WAITING_BYTES - size < receiver.pacer.waiting_bytes <= MAX_WAITING_BYTES
        await asyncio.sleep(60)
        assert receiver.numbers == list(range(taken))

    run_virtual(scene())


def test_a_closed_pacer_sends_nothing_more() -> None:
    async def scene() -> None:
        receiver = Receiver()
        for number in range(100):
            receiver.put(datagram(number))
        sent = len(receiver.got)
        receiver.pacer.close()
        await asyncio.sleep(1)
        assert len(receiver.got) == sent

    run_virtual(scene())
