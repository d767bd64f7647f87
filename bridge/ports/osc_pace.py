"""Pace: datagrams for one receiver no faster than his receive buffer takes them.

A section of 64 bars is some 250 datagrams at once; a usual receive buffer (208 KiB with the kernel's own overhead) holds
about 50 of them, and UDP loses the rest without a word. So what is not urgent leaves in bursts that fit. Pure but for the
loop's clock and timers: what sending is, the caller says.

    pacer = Pacer(send)
    pacer.put(b"...", tag="ada/a1", urgent=False)      # False: too much waits already
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bridge.buckets import Bucket

__all__ = ["BURST_BYTES", "BYTES_PER_S", "MAX_WAITING_BYTES", "Pacer"]

BURST_BYTES = 32 * 1024
"""What a receiver gets at once: with the kernel's overhead under half of Linux's usual buffer."""
BYTES_PER_S = 8 * 2**20
"""And then: 64 bars of four parts in a tenth of a second, which sclang, Pd and liblo follow."""
MAX_WAITING_BYTES = 8 * 2**20
"""What may wait for one receiver: several of the largest sections."""
OVERHEAD_BYTES = 512
"""Of a buffer's room that each datagram takes beside its own bytes."""


class Pacer:
    """One receiver's datagrams: in order, but for the urgent ones, which never wait."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._bucket = Bucket(BYTES_PER_S, BURST_BYTES)
        self._waiting: deque[tuple[bytes, str]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.waiting_bytes = 0

    def put(self, data: bytes, *, tag: str, urgent: bool) -> bool:
        """Send it now or in its turn; False, and nothing kept, where too much waits."""
        if urgent or (not self._waiting and self._take(data)):
            self._send(data)
            return True
        if self.waiting_bytes + len(data) > MAX_WAITING_BYTES:
            return False
        self._waiting.append((data, tag))
        self.waiting_bytes += len(data)
        self._wake()
        return True

    def drop(self, tag: str) -> None:
        """Forget what waits under this tag."""
        self._waiting = deque(item for item in self._waiting if item[1] != tag)
        self.waiting_bytes = sum(len(data) for data, _ in self._waiting)

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
        self.waiting_bytes = 0

    def _take(self, data: bytes) -> bool:
        return self._bucket.take(len(data) + OVERHEAD_BYTES, asyncio.get_running_loop().time())

    def _wake(self) -> None:
        if self._timer is None and self._waiting:
            wait_s = self._bucket.wait_s(len(self._waiting[0][0]) + OVERHEAD_BYTES)
            self._timer = asyncio.get_running_loop().call_later(max(wait_s, 0.001), self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        while self._waiting and self._take(self._waiting[0][0]):
            data, _ = self._waiting.popleft()
            self.waiting_bytes -= len(data)
            self._send(data)
        self._wake()
