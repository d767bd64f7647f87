"""`bench log`: entries that a session's log takes in a second, chained, applied and on disk (fsync) when they count.

measure(Setting())
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bridge.bench.figures import Figure, Figures, Setting, spread
from bridge.ledger import open_ledger
from bridge.ports.clock import SystemClock
from sessions.events import Said

__all__ = ["measure"]

TOGETHER = 50  # entries that one flush carries: a busy jam's tick


def measure(setting: Setting) -> Figures:
    """In a folder of its own, where the system puts temporary files."""
    with tempfile.TemporaryDirectory(prefix="starbridge-bench-") as folder:
        return asyncio.run(_measure(Path(folder), setting.seconds))


async def _measure(folder: Path, seconds: float) -> Figures:
    found: list[Figure] = []
    for name, together in (("alone", 1), ("by fifties", TOGETHER)):
        ledger = await asyncio.to_thread(open_ledger, folder / name, "bench", SystemClock())
        count, waits, start = 0, [], time.perf_counter()
        while time.perf_counter() - start < seconds:
            begun = time.perf_counter()
            for _ in range(together):
                ledger.write("ana", Said(f"word {count}"))
                count += 1
            await ledger.flush()
            waits.append((time.perf_counter() - begun) * 1e3)
        passed = time.perf_counter() - start
        await ledger.close()
        goal = "1,000 or more" if together > 1 else ""
        found.append(Figure(f"entries, flushed {name}", count / passed, "entries/s", goal))
        found.append(spread(waits, "ms", f"a flush, entries {name}"))
    return found
