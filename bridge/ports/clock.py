"""The clock: the only place where time is born.

One number for everything: microseconds of Unix time that never run backwards within a process, whatever is done to the
machine's clock meanwhile. Everybody else is handed `now_us`.

    clock = SystemClock()
    clock.now_us()
"""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    def now_us(self) -> int:
        """Microseconds of Unix time, never less than before."""


class SystemClock:
    """Unix time as it was when the process started, carried on by the system's finest steady clock.

    That one is the same in every process of a machine, so a child that is told our `start_us` has our time.
    """

    def __init__(self, start_us: int | None = None) -> None:
        self.start_us = time.time_ns() // 1000 - time.perf_counter_ns() // 1000 if start_us is None else start_us

    def now_us(self) -> int:
        return self.start_us + time.perf_counter_ns() // 1000
