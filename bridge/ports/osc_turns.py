"""Turns: what many senders sent to one socket, taken one of each at a time, so that nobody waits behind somebody's flood.

turns = Turns()
turns.put(address, datagram)        # False: too much of theirs waits already
address, datagram = turns.next()    # of whoever had theirs the longest ago
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Generic, TypeVar

__all__ = ["MAX_WAITING", "MAX_WAITING_OF_ONE", "Turns"]

MAX_WAITING_OF_ONE = 2048
"""Datagrams of one sender; beyond that they are lost, as they are in a kernel's buffer."""
MAX_WAITING = 16_384
"""Datagrams of all senders: strangers' addresses may be forged."""

S = TypeVar("S")
T = TypeVar("T")


class Turns(Generic[S, T]):
    """What waits, in order for each sender."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[S, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, sender: S) -> bool:
        """Whether something of theirs waits."""
        return sender in self._waiting

    def put(self, sender: S, item: T, *, dear: bool = False) -> bool:
        """Keep what was sent; False where there is no room for it. What is dear has twice the room."""
        queue = self._waiting.get(sender)
        if self._count >= MAX_WAITING or (queue is not None and len(queue) >= MAX_WAITING_OF_ONE * (1 + dear)):
            return False
        if queue is None:
            queue = self._waiting[sender] = deque()
        queue.append(item)
        self._count += 1
        return True

    def put_back(self, sender: S, items: Sequence[T]) -> None:
        """What the sender's last one turned out to hold, before all else of theirs; there is room for it."""
        if items:
            queue = self._waiting.setdefault(sender, deque())
            queue.extendleft(reversed(items))
            self._count += len(items)

    def next(self) -> tuple[S, T]:
        """The next of the sender whose turn it is."""
        sender, queue = self._waiting.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._waiting[sender] = queue  # behind all others
        self._count -= 1
        return sender, item

    def clear(self) -> None:
        """Forget all of it."""
        self._waiting.clear()
        self._count = 0
