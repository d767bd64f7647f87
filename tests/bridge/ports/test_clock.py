"""The clock: nobody sets it, and it does not sleep."""

from __future__ import annotations

import sys
import time

import pytest

from bridge.ports.clock import SystemClock, steady_us


def test_it_is_unix_time_which_no_setting_of_the_machine_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, real = SystemClock(), time.time_ns
    assert clock.now_us() - time.time_ns() // 1000 < 1_000_000
    for hours in (-5, 5):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: real() + hours * 3_600_000_000_000)
        assert abs(clock.now_us() - real() // 1000) < 60_000_000
    child = SystemClock(clock.start_us)
    before_us = clock.now_us()
    assert before_us <= child.now_us() <= clock.now_us()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's steady clock is as it is")
def test_it_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before_us, awake = clock.now_us(), time.clock_gettime_ns
    night_ns = 8 * 3_600_000_000_000
    monkeypatch.setattr(
        time, "clock_gettime_ns", lambda which: awake(which) + night_ns * (which == time.CLOCK_BOOTTIME)
    )
    assert clock.now_us() - before_us >= night_ns // 1000
    assert steady_us() > 0
