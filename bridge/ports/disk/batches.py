"""Batches: all that waits for the disk goes there together, in a thread, and all who wait for it hear of it together.

No task and no future stands in between: on a busy loop each turn that somebody's acknowledgement takes is a millisecond.

    batches = Batches(journal, thread, on_settled)
    failed = await batches.settled()        # the one on its way, or else the next
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.journal import Batch, Journal

__all__ = ["Batches"]


class Batches:
    """For one journal, in one loop; `on_settled` is told what came of each."""

    def __init__(
        self, journal: Journal, thread: ThreadPoolExecutor, on_settled: Callable[[DiskFailed | None], None]
    ) -> None:
        self._journal = journal
        self._thread = thread
        self._on_settled = on_settled
        self._writing = False
        self._waiting: list[asyncio.Future[DiskFailed | None]] = []

    async def settled(self) -> DiskFailed | None:
        """Until a batch is settled; what came of it. At once where there is nothing to write."""
        loop = asyncio.get_running_loop()
        if not self._writing:
            batch = self._journal.take()
            if batch is None:
                return None
            self._writing = True
            loop.run_in_executor(self._thread, self._write, batch, loop)
        waiting: asyncio.Future[DiskFailed | None] = loop.create_future()
        self._waiting.append(waiting)
        return await waiting

    def _write(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread."""
        error: OSError | None = None
        broken: BaseException | None = None
        try:
            error = self._journal.write(batch)
        except BaseException as other:
            broken = other
        loop.call_soon_threadsafe(self._settle, batch, error, broken)

    def _settle(self, batch: Batch, error: OSError | None, broken: BaseException | None) -> None:
        self._writing = False
        waiting, self._waiting = self._waiting, []
        failed = self._journal.settle(batch, error) if broken is None else None
        for one in waiting:
            if one.done():
                continue
            if broken is None:
                one.set_result(failed)
            else:
                one.set_exception(broken)
        self._on_settled(failed)
