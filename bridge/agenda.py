"""The agenda: messages that wait for their time, a named number a member and a named time ahead at most.

agenda.put("ana", 250_000, lambda: host.take(...))      # in a quarter of a second
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sessions.errors import Code, Refused

__all__ = ["LATEST_S", "MAX_SCHEDULED", "Acknowledged", "Agenda", "done"]

LATEST_S = 60.0
"""How far ahead a time tag may lie."""
MAX_SCHEDULED = 256
"""Messages of one member that wait for their time."""

Acknowledged = asyncio.Future[int | None]
"""Done when the disk has it: the log index, or None where nothing is logged."""


class Agenda:
    """What is to be done later, by whose message."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, member: str, ahead_us: int, task: Callable[[], Acknowledged]) -> Acknowledged:
        """Do it in so many microseconds; the answer comes to what it comes to then. Raises `Refused`."""
        if ahead_us > LATEST_S * 1e6:
            raise Refused(Code.BAD_VALUE, f"time tag: it lies more than {LATEST_S:g} s ahead; send it later")
        waiting = self._waiting.setdefault(member, set())
        if len(waiting) >= MAX_SCHEDULED:
            raise Refused(Code.TOO_MANY, f"time tag: {MAX_SCHEDULED} messages of yours wait already; send them later")
        loop = asyncio.get_running_loop()
        acknowledged: Acknowledged = loop.create_future()

        def due() -> None:
            waiting.discard(handle)
            _follow(task(), acknowledged)

        handle = loop.call_later(ahead_us / 1e6, due)
        waiting.add(handle)
        return acknowledged

    def clear(self) -> None:
        """Do none of it."""
        for handle in [handle for handles in self._waiting.values() for handle in handles]:
            handle.cancel()
        self._waiting.clear()


def done(index: int | None) -> Acknowledged:
    """A future that has come to something already."""
    future: Acknowledged = asyncio.get_running_loop().create_future()
    future.set_result(index)
    return future


def _follow(first: Acknowledged, second: Acknowledged) -> None:
    """Let a future come to what another comes to."""

    def follow(_: Acknowledged) -> None:
        if second.done():
            return
        error = first.exception()
        if error is not None:
            second.set_exception(error)
            second.exception()  # whoever waits for it gets it; if nobody does, that is no warning
        else:
            second.set_result(first.result())

    first.add_done_callback(follow)
