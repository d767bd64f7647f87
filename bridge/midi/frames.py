"""Frames and our clock: which frame of a sound card a time falls on, by a delay-locked loop.

A process callback wakes when it is woken: a fraction of a millisecond later now and then. The frames themselves come evenly. So
what each cycle's wake says is smoothed (Fons Adriaensen, "Using a DLL to filter time", 2005), and a time's frame is exact to
the frame even where wakes are not. After a jump, such as an xrun, it begins anew.

    >>> frames = FrameClock(48_000)
    >>> for cycle in range(400):                            # each wake a little late, by turns
    ...     frames.cycle(cycle * 256, 256, cycle * 256 * 1_000_000 // 48_000 + 40 * (cycle % 3))
    >>> abs(frames.frame_at(2_500_000) - 120_000) < 3
    True
"""

from __future__ import annotations

from math import pi, sqrt

__all__ = ["FrameClock"]

BANDWIDTH_HZ = 0.5
"""How fast it follows: a card's clock drifts by parts in a million, a wake's lateness changes from cycle to cycle."""
WRAP = 1 << 32
"""JACK's frames are counted so far, which is a day at 48 kHz; then from 0 again."""
MOST_OFF_PERIODS = 1.5
"""A wake that is off by more than so many periods is no jitter."""


class FrameClock:
    """One card's; `cycle` once a cycle, with its first frame, its length and the time at which it began."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frame = -1
        self._length = 0
        self._begin_us = 0.0
        self._next_us = 0.0
        self._period_us = 0.0
        self.jumps = 0

    def cycle(self, frame: int, frames: int, now_us: int) -> None:
        """A cycle has begun."""
        nominal_us = frames * 1e6 / self._rate
        off_us = now_us - self._next_us
        if frame != (self._frame + self._length) % WRAP or abs(off_us) > MOST_OFF_PERIODS * nominal_us:
            self.jumps += self._length > 0
            self._begin_us, self._period_us = float(now_us), nominal_us
            self._next_us = now_us + nominal_us
        else:
            omega = 2 * pi * BANDWIDTH_HZ * nominal_us / 1e6
            self._begin_us = self._next_us
            self._next_us += sqrt(2) * omega * off_us + self._period_us
            self._period_us += omega * omega * off_us
        self._frame, self._length = frame, frames

    @property
    def end_us(self) -> int:
        """When this cycle's frames are over."""
        return int(self._next_us)

    def frame_at(self, at_us: int) -> int:
        """The frame that a time falls on, as this cycle knows it."""
        frames = (at_us - self._begin_us) * self._length / (self._next_us - self._begin_us)
        return self._frame + round(frames)

    def time_us(self, frame: float) -> int:
        """When a frame sounds."""
        us_per_frame = (self._next_us - self._begin_us) / self._length
        return round(self._begin_us + (frame - self._frame) * us_per_frame)
