"""Turns: what many senders sent to one socket, taken one of each at a time, so that nobody waits behind somebody's flood.

turns = Turns()
turns.put(address, datagram)        # False: too much of theirs waits already
address, datagram = turns.next()    # of whoever had theirs the longest ago
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

__all__ = ["MAX_WAITING", "MAX_WAITING_OF_ONE", "Turns"]

MAX_WAITING_OF_ONE = 2048
"""Datagrams of one sender; beyond that they are lost, as they are in a kernel's buffer."""
MAX_WAITING = 16_384
"""Datagrams of all senders: strangers' addresses may be forged."""

S = TypeVar("S")


class Turns(Generic[S]):
    """Datagrams that wait, in order for each sender."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[S, deque[bytes]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, sender: S, datagram: bytes, *, dear: bool = False) -> bool:
        """Keep a datagram; False where there is no room for it. What is dear has twice the room."""
        queue = self._waiting.get(sender)
        if self._count >= MAX_WAITING or (queue is not None and len(queue) >= MAX_WAITING_OF_ONE * (1 + dear)):
            return False
        if queue is None:
            queue = self._waiting[sender] = deque()
        queue.append(datagram)
        self._count += 1
        return True

    def next(self) -> tuple[S, bytes]:
        """The next datagram of the sender whose turn it is."""
        sender, queue = self._waiting.popitem(last=False)
        datagram = queue.popleft()
        if queue:
            self._waiting[sender] = queue  # behind all others
        self._count -= 1
        return sender, datagram

    def clear(self) -> None:
        """Forget all of it."""
        self._waiting.clear()
        self._count = 0
