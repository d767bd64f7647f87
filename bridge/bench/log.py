"""`bench log`: what a session's log takes in, what a proof costs, and what a week's log costs whoever starts, reads or checks it.

Entries count when they are chained, applied and on disk (fsync).

    measure(Setting())
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from bridge.bench.figures import Figure, Figures, Setting, spread
from bridge.bench.long_log import ENTRIES, long_log
from bridge.ledger import Ledger, open_ledger
from bridge.ports.clock import SystemClock
from bridge.signatures import check_signature
from sessions.events import Joined, NotePlayed, Said
from sessions.keys import MemberKey
from sessions.music import Part

__all__ = ["measure"]

TOGETHER = 50  # entries that one flush carries: a busy jam's tick
MANY = "1,000 or more"

Write = Callable[[Ledger, int], None]


def measure(setting: Setting) -> Figures:
    """In folders of their own, where the system puts temporary files."""
    with tempfile.TemporaryDirectory(prefix="starbridge-bench-") as folder:
        taken = asyncio.run(_taken(Path(folder), setting.seconds))
        return [*taken, *long_log(Path(folder) / "week", min(ENTRIES, round(ENTRIES / 2 * setting.seconds)))]


async def _taken(folder: Path, seconds: float) -> Figures:
    """Entries a second, alone, together, and signed by a member whose key is checked."""
    key = MemberKey()

    def say(ledger: Ledger, number: int) -> None:
        ledger.write("ana", Said(f"word {number}"))

    def play(ledger: Ledger, number: int) -> None:
        signed = next(commands)
        unsigned = {name: value for name, value in signed.items() if name != "signature"}
        signature = check_signature(ledger.state, key.public, "ana", signed)
        ledger.write("ana", NotePlayed(Part.BASS, 40, 90 * (number % 2), number), unsigned, signature)

    found: list[Figure] = []
    for what, write, together in (
        ("alone", say, 1),
        ("by fifties", say, TOGETHER),
        ("by fifties, signed", play, TOGETHER),
    ):
        ledger = await asyncio.to_thread(open_ledger, folder / what, "bench", SystemClock())
        ledger.write("", Joined("ana", "leader", "0" * 16, key.public if write is play else ""))
        commands = _signed(key, ledger.record.origin)
        rate, flushes = await _rate(ledger, write, together, seconds)
        await ledger.close()
        found.append(Figure(f"entries, flushed {what}", rate, "entries/s", MANY if together > 1 else ""))
        found.append(spread(flushes, "ms", f"a flush, entries {what}"))
    return found


def _signed(key: MemberKey, origin: str) -> Iterator[dict[str, Any]]:
    """A member's commands, one after the other."""
    for number in count(1):
        note = {
            "type": "live.note",
            "part": "bass",
            "pitch": 40,
            "velocity": 90 * (number % 2),
            "nonce": f"bench#{number}",
        }
        yield key.signed(origin, note)


async def _rate(ledger: Ledger, write: Write, together: int, seconds: float) -> tuple[float, list[float]]:
    """Entries a second, and how long each flush took, in ms."""
    number, flushes, start = 0, list[float](), time.perf_counter()
    while time.perf_counter() - start < seconds:
        begun = time.perf_counter()
        for _ in range(together):
            write(ledger, number)
            number += 1
        await ledger.flush()
        flushes.append((time.perf_counter() - begun) * 1e3)
    return number / (time.perf_counter() - start), flushes
