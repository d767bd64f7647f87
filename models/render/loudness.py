"""Loudness: how loud sound is to people (ITU-R BS.1770, by pyloudnorm) and how high it peaks between its frames.

The one file that knows pyloudnorm.

    integrated_lufs(sound, 44_100)                      # -23.1, or -inf for silence
    true_peak(lambda a, b: sound[a:b], len(sound))      # 0.71
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pyloudnorm
from scipy.signal import firwin

from models.render.kernels import highest
from models.render.soundfont import Floats

__all__ = ["integrated_lufs", "true_peak"]

BLOCK_S = 0.4  # the gate's block; whatever is shorter is measured as if it were repeated
LONGEST_S = 300  # measuring needs 30 bytes a frame; the first five minutes stand for a longer section
OVERSAMPLING = 4  # as BS.1770-4, annex 2, asks for
TAPS = 20  # frames that a value between two of them is made of
PEAK_FRAMES = 1 << 16


def integrated_lufs(sound: Floats, rate: int) -> float:
    """Gated loudness of (frames, channels) in LUFS; -inf where nothing passes the gate."""
    if not len(sound):
        return -math.inf
    shortest = math.ceil(BLOCK_S * rate) + 1
    times = -(-shortest // len(sound))
    measured = np.tile(sound, (times, 1)) if times > 1 else sound[: LONGEST_S * rate]
    if not np.any(measured):
        return -math.inf
    return float(pyloudnorm.Meter(rate).integrated_loudness(np.asarray(measured, np.float64)))


def true_peak(read: Callable[[int, int], Floats], frames: int, at_least: float = 0.0) -> float:
    """The highest absolute value of the continuous signal, by fourfold oversampling, or `at_least` where none is higher.

    `read` gives frames from and to.
    """
    peak = at_least
    for start in range(0, frames, PEAK_FRAMES):
        before = min(start, TAPS)
        stop = min(start + PEAK_FRAMES, frames)
        block = np.ascontiguousarray(read(start - before, min(stop + TAPS, frames)), np.float32)
        peak = highest(block, _between(), before, before + stop - start, peak)
    return float(peak)


@cache
def _between() -> Floats:
    """What a value a quarter, a half and three quarters between two frames is made of."""
    half = TAPS // 2 * OVERSAMPLING
    low_pass = firwin(2 * half + 1, 1 / OVERSAMPLING, window=("kaiser", 5.0)) * OVERSAMPLING
    taps = np.arange(TAPS) - (TAPS // 2 - 1)
    return np.array([low_pass[phase + half - OVERSAMPLING * taps] for phase in range(1, OVERSAMPLING)], np.float32)
