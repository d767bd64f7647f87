"""The clock: the only place where time is born.

One number for everything: microseconds of Unix time that never run backwards within a process, whatever is done to the
machine's clock meanwhile. Everybody else is handed `now_us`.

    clock = SystemClock()
    clock.now_us()
"""

from __future__ import annotations

import sys
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock", "steady_us"]


class Clock(Protocol):
    def now_us(self) -> int:
        """Microseconds of Unix time, never less than before."""


def steady_us() -> int:
    """The finest clock of the system's that nobody sets, the same in every process of a machine.

    Linux has one that goes on while the machine sleeps. Else, after a laptop's night, invites would hold eight hours longer and
    bundles with honest dates be refused for coming from the future.
    """
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    else:  # noqa: RET505 - mypy looks at one system at a time
        return time.perf_counter_ns() // 1000


class SystemClock:
    """Unix time as it was when the process started, carried on by the steady clock.

    A child that is told our `start_us` has our time.
    """

    def __init__(self, start_us: int | None = None) -> None:
        self.start_us = time.time_ns() // 1000 - steady_us() if start_us is None else start_us

    def now_us(self) -> int:
        return self.start_us + steady_us()
