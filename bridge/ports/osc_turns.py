"""Turns: what many senders sent to one socket, taken one of each at a time, so that nobody waits behind somebody's flood.

Strangers are as many senders as they like, so of those only so much waits: of one machine, and of all. What they sent is old by
then, and who means it sends it again.

    turns = Turns(size_of=len)
    turns.put(address, datagram)        # False: too much of theirs waits already
    address, datagram = turns.next()    # of whoever had theirs the longest ago
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = [
    "MAX_WAITING",
    "MAX_WAITING_BYTES_OF_ONE",
    "MAX_WAITING_OF_ONE",
    "MAX_WAITING_OF_STRANGERS",
    "MAX_WAITING_OF_STRANGERS_THERE",
    "Turns",
]

MAX_WAITING_OF_ONE = 2048
"""Datagrams of one sender; beyond that they are lost, as they are in a kernel's buffer."""
MAX_WAITING_BYTES_OF_ONE = 1 << 20
"""Bytes of those: a bundle of a thousand messages is as much work as a thousand of one, and whoever sent it may have gone."""
MAX_WAITING = 16_384
"""Datagrams of all senders."""
MAX_WAITING_OF_STRANGERS_THERE = 64
"""Datagrams of strangers from one machine. A join takes two to four milliseconds of turns and rests, on a busy machine ten times
as long: so the next one who comes from there waits for a quarter of a second, or for two."""
MAX_WAITING_OF_STRANGERS = 256
"""And from all machines: their addresses may be forged."""

S = TypeVar("S")
T = TypeVar("T")


@dataclass(slots=True)
class _Queue(Generic[T]):
    """What waits of one sender, with the machine of each stranger's."""

    items: deque[tuple[T, str]] = field(default_factory=deque)
    size: int = 0


class Turns(Generic[S, T]):
    """What waits, in order for each sender; `size_of` says how long something is."""

    def __init__(self, size_of: Callable[[T], int]) -> None:
        self._size_of = size_of
        self._waiting: OrderedDict[S, _Queue[T]] = OrderedDict()
        self._count = 0
        self._strangers: Counter[str] = Counter()
        self._of_strangers = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, sender: S) -> bool:
        """Whether something of theirs waits."""
        return sender in self._waiting

    def put(self, sender: S, item: T, *, dear: bool = False, stranger: str = "") -> bool:
        """Keep what was sent; False where there is no room for it. What is dear has twice the room.

        `stranger` names the machine of a sender whom nobody knows.
        """
        queue = self._waiting.get(sender)
        if self._count >= MAX_WAITING or (queue is not None and not _has_room(queue, 1 + dear)):
            return False
        if stranger:
            if self._of_strangers >= MAX_WAITING_OF_STRANGERS:
                return False
            if self._strangers[stranger] >= MAX_WAITING_OF_STRANGERS_THERE:
                return False
            self._strangers[stranger] += 1
            self._of_strangers += 1
        if queue is None:
            queue = self._waiting[sender] = _Queue()
        queue.items.append((item, stranger))
        queue.size += self._size_of(item)
        self._count += 1
        return True

    def put_back(self, sender: S, items: Sequence[T]) -> None:
        """What the sender's last one turned out to hold, before all else of theirs; there is room for it."""
        if items:
            queue = self._waiting.setdefault(sender, _Queue())
            queue.items.extendleft((item, "") for item in reversed(items))
            queue.size += sum(map(self._size_of, items))
            self._count += len(items)

    def next(self) -> tuple[S, T]:
        """The next of the sender whose turn it is."""
        sender, queue = self._waiting.popitem(last=False)
        item, stranger = queue.items.popleft()
        queue.size -= self._size_of(item)
        if queue.items:
            self._waiting[sender] = queue  # behind all others
        self._count -= 1
        if stranger:
            self._of_strangers -= 1
            self._strangers[stranger] -= 1
            if not self._strangers[stranger]:
                del self._strangers[stranger]
        return sender, item

    def clear(self) -> None:
        """Forget all of it."""
        self._waiting.clear()
        self._strangers.clear()
        self._count = self._of_strangers = 0


def _has_room(queue: _Queue[T], times: int) -> bool:
    return len(queue.items) < times * MAX_WAITING_OF_ONE and queue.size < times * MAX_WAITING_BYTES_OF_ONE
