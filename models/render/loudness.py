"""Loudness: how loud sound is to people (ITU-R BS.1770, by pyloudnorm) and how high it peaks between its frames.

The one file that knows pyloudnorm.

    integrated_lufs(sound, 44_100)                      # -23.1, or -inf for silence
    true_peak(lambda a, b: sound[a:b], len(sound))      # 0.71
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

from models.render.soundfont import Floats

__all__ = ["integrated_lufs", "true_peak"]

BLOCK_S = 0.4  # the gate's block; whatever is shorter is measured as if it were repeated
LONGEST_S = 300  # measuring needs 30 bytes a frame; the first five minutes stand for a longer section
OVERSAMPLING = 4  # as BS.1770-4, annex 2, asks for
PEAK_FRAMES = 1 << 16
PEAK_MARGIN = 32  # frames that the interpolation reads on both sides


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


def true_peak(read: Callable[[int, int], Floats], frames: int) -> float:
    """The highest absolute value of the continuous signal, by fourfold oversampling; `read` gives frames from and to."""
    peak = 0.0
    for start in range(0, frames, PEAK_FRAMES):
        before = min(start, PEAK_MARGIN)
        block = read(start - before, min(start + PEAK_FRAMES + PEAK_MARGIN, frames))
        between = resample_poly(block, OVERSAMPLING, 1, axis=0)
        inside = between[before * OVERSAMPLING : (before + PEAK_FRAMES) * OVERSAMPLING]
        peak = max(peak, float(np.max(np.abs(inside), initial=0.0)))
    return peak
