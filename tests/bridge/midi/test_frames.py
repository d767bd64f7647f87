"""Frames tied to a clock: exact where wakes are late, through a card that drifts, and anew after a jump."""

from __future__ import annotations

import random

import pytest

from bridge.midi.frames import FrameClock

RATE, PERIOD = 48_000, 256


@pytest.mark.parametrize("drift", [0.0, 100e-6, -100e-6])
def test_wakes_that_come_late_by_chance_move_no_frame(drift: float) -> None:
    """Half a millisecond of jitter, a card that is a hundred parts in a million off: within 60 us all the same."""
    chance, frames, worst = random.Random(4), FrameClock(RATE), 0.0
    for cycle in range(6000):
        true_us = cycle * PERIOD * 1e6 / (RATE * (1 + drift))
        frames.cycle(cycle * PERIOD, PERIOD, round(true_us + chance.uniform(0, 500)))
        if cycle > 3000:
            at = frames.frame_at(round(true_us) + 1000 + 250)  # 250: how late a wake is on the whole
            worst = max(worst, abs(at - cycle * PERIOD - 48) * 1e6 / RATE)
    assert worst < 60
    assert frames.jumps == 0


def test_after_a_jump_it_begins_anew() -> None:
    frames = FrameClock(RATE)
    for cycle in range(100):
        frames.cycle(cycle * PERIOD, PERIOD, cycle * 5333)
    frames.cycle(200 * PERIOD, PERIOD, 200 * 5333)
    assert frames.jumps == 1
    assert frames.frame_at(200 * 5333) == 200 * PERIOD
    frames.cycle(201 * PERIOD, PERIOD, 900_000_000)
    assert frames.jumps == 2
    assert frames.frame_at(900_000_000) == 201 * PERIOD


def test_a_day_of_frames_is_counted_from_nought_again_without_a_jump() -> None:
    frames, first = FrameClock(RATE), (1 << 32) - 100 * PERIOD
    for cycle in range(200):
        frames.cycle((first + cycle * PERIOD) % (1 << 32), PERIOD, cycle * PERIOD * 1_000_000 // RATE)
    assert frames.jumps == 0
    assert frames.frame_at(199 * PERIOD * 1_000_000 // RATE + 1000) == 99 * PERIOD + 48


def test_a_frames_time_is_the_way_back() -> None:
    frames = FrameClock(RATE)
    for cycle in range(50):
        frames.cycle(cycle * PERIOD, PERIOD, 7_000_000 + cycle * PERIOD * 1_000_000 // RATE)
    for frame in range(49 * PERIOD, 50 * PERIOD):
        assert frames.frame_at(frames.time_us(frame)) == frame
