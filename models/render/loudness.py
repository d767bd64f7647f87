"""Loudness: how loud sound is to people (ITU-R BS.1770-4) and how high it peaks between its frames.

The one file that knows pyloudnorm: it designs the weighting filters for each rate. They run here, in a seventh of its time and
without copies of the sound.

    integrated_lufs(sound, 44_100)                      # -23.1, or -inf for silence
    true_peak(lambda a, b: sound[a:b], len(sound))      # 0.71
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.signal import firwin

from models.render.kernels import highest, powers
from models.render.soundfont import Floats

__all__ = ["integrated_lufs", "true_peak"]

HOP_S, HOPS = 0.1, 4  # the gate's blocks are 0.4 s long; whatever is shorter is measured as if it were repeated
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_DB = -70.0, -10.0
OFFSET_DB = -0.691
OVERSAMPLING = 4  # as BS.1770-4, annex 2, asks for
TAPS = 20  # frames that a value between two of them is made of
PEAK_FRAMES = 1 << 16


def integrated_lufs(sound: Floats, rate: int) -> float:
    """Gated loudness of (frames, 2) in LUFS; -inf where nothing passes the gate."""
    if not len(sound):
        return -math.inf
    hop = round(HOP_S * rate)
    if len(sound) < HOPS * hop:
        sound = np.tile(sound, (-(-HOPS * hop // len(sound)), 1))
    steps = np.zeros(len(sound) // hop)
    powers(sound, _weighting(rate), hop, steps)
    blocks = np.convolve(steps, np.full(HOPS, 1 / HOPS), mode="valid")
    loud = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return -math.inf
    loud = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_DB / 10)]
    return float(10 * np.log10(loud.mean()) + OFFSET_DB)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_DB) / 10))


@cache
def _weighting(rate: int) -> NDArray[np.float64]:
    """The standard's two filters, a shelf for the head and a high-pass, as rows of b0, b1, b2, a1, a2."""
    stages = pyloudnorm.Meter(rate)._filters.values()
    return np.array([[*np.divide(stage.b, stage.a[0]), *np.divide(stage.a[1:], stage.a[0])] for stage in stages])


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
