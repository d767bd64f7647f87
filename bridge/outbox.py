"""Outboxes: what waits to be sent to one connection, bounded.

A door that writes to a stream puts messages in and its sender takes them out. Nothing here blocks and nothing grows without
bound: a client that doesn't read is closed when its outbox is full, and nobody else notices.

    outbox = Outbox()
    outbox.put(payload)                  # False once it is closed
    batch = await outbox.get()           # the next that waits; empty once it is closed and drained
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

__all__ = ["MAX_BYTES", "MAX_ITEMS", "Outbox", "OutboxStatistics"]

MAX_ITEMS = 65_536
"""Payloads that wait for one connection: a section of 64 full bars, several times over."""
MAX_BYTES = 16 * 2**20
"""Bytes that wait for one connection."""
BATCH_BYTES = 64 * 1024
"""Handed out at once: what lies with the system's sockets counts in no limit here, so that it stays little."""


@dataclass(frozen=True, slots=True)
class OutboxStatistics:
    waiting: int
    waiting_bytes: int
    most_waiting: int
    sent: int
    overflowed: bool


class Outbox:
    """Payloads in order, for one reader, in one event loop."""

    def __init__(self, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES) -> None:
        self._items: deque[bytes] = deque()
        self._bytes = 0
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._most = 0
        self._sent = 0
        self._ready = asyncio.Event()
        self.closed = False
        self.overflowed = False

    def __len__(self) -> int:
        """Payloads that wait."""
        return len(self._items)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def put(self, payload: bytes) -> bool:
        """Keep a payload for sending; False, and closed, where there is no room for it."""
        if self.closed:
            return False
        if len(self._items) >= self._max_items or self._bytes + len(payload) > self._max_bytes:
            self.overflowed = True
            self._items.clear()
            self._bytes = 0
            self.close()
            return False
        self._items.append(payload)
        self._bytes += len(payload)
        self._most = max(self._most, len(self._items))
        self._ready.set()
        return True

    async def get(self) -> list[bytes]:
        """The next that waits, at least one payload; an empty list once closed and drained."""
        while not self._items and not self.closed:
            self._ready.clear()
            await self._ready.wait()
        batch: list[bytes] = []
        room = BATCH_BYTES
        while self._items and (not batch or len(self._items[0]) <= room):
            batch.append(self._items.popleft())
            room -= len(batch[-1])
            self._bytes -= len(batch[-1])
        self._sent += len(batch)
        return batch

    def close(self) -> None:
        """Take nothing more; what waits is still handed out."""
        self.closed = True
        self._ready.set()

    def statistics(self) -> OutboxStatistics:
        return OutboxStatistics(len(self._items), self._bytes, self._most, self._sent, self.overflowed)
