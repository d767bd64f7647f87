"""Limiter: keeps peaks under a ceiling by turning sound down around them, without bending its waves.

The gain looks `LOOK_S` ahead and behind: half a wave of the lowest drum, so that it does not follow single waves, which would
be distortion. Both channels share it. Where the sound loops, the end is next to the start.

    limit(sound, ceiling=0.35, rate=44_100)     # in place
    gain = gains(peaks, ceiling=0.89, rate=44_100)      # of each frame, for sounds that share it
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from models.render.soundfont import Floats

__all__ = ["gains", "limit", "peaks_of"]

LOOK_S = 0.012
BLOCK_FRAMES = 1 << 14

Gains = NDArray[np.floating[Any]]


def limit(sound: Floats, *, ceiling: float, rate: int, wraps: bool = False) -> None:
    """Bring every frame of (frames, channels) to `ceiling` at most, in place."""
    gain = gains(peaks_of(sound), ceiling=ceiling, rate=rate, wraps=wraps)
    if gain is not None:
        for start in range(0, len(sound), BLOCK_FRAMES):
            block = sound[start : start + BLOCK_FRAMES]
            block *= gain[start : start + BLOCK_FRAMES, None]


def peaks_of(sound: Floats) -> Floats:
    """The larger of left and right in each frame."""
    return np.max([np.abs(channel) for channel in sound.T], axis=0) if len(sound) else np.zeros(0, np.float32)


def gains(peaks: Floats, *, ceiling: float, rate: int, wraps: bool = False) -> Floats | None:
    """What each frame is to be multiplied with so that none of the peaks is over the ceiling; None where none is."""
    if not np.any(peaks > ceiling):
        return None
    look = round(LOOK_S * rate)
    gain = np.ones(len(peaks), np.float32)
    margin = 2 * look
    at_start, at_end = _around(peaks, margin, wraps=wraps)
    whole = np.concatenate((at_start, peaks, at_end))
    for start in range(0, len(peaks), BLOCK_FRAMES):
        count = min(BLOCK_FRAMES, len(peaks) - start)
        near = whole[start : start + count + 2 * margin]
        if near.max() > ceiling:
            needed = ceiling / np.maximum(near, np.float64(ceiling))
            # A mean of means of least values over the same reach: never more than what the frame itself needs.
            lowest = minimum_filter1d(needed, 2 * look + 1, mode="nearest")
            smooth = _mean(_mean(lowest, look), look)[margin : margin + count]
            gain[start : start + count] = np.minimum(
                smooth, ceiling / np.maximum(near[margin : margin + count], ceiling)
            )
    return gain


def _around(peaks: Floats, margin: int, *, wraps: bool) -> tuple[Floats, Floats]:
    if not wraps:
        return np.zeros(margin, np.float32), np.zeros(margin, np.float32)
    twice = np.resize(peaks, max(margin, len(peaks)))
    before = np.resize(peaks[::-1], max(margin, len(peaks)))[:margin][::-1]
    return before, twice[:margin]


def _mean(values: Gains, reach: int) -> Gains:
    """Of as many values around each one as an odd number of `reach` at most has."""
    return np.asarray(uniform_filter1d(values, reach - 1 + reach % 2, mode="nearest"))
