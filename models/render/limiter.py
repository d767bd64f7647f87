"""Limiter: keeps a part's peaks under a ceiling by turning it down around them, without bending its waves.

The gain looks `LOOK_S` ahead and behind: half a wave of the lowest drum, so that it does not follow single waves, which would
be distortion. Both channels share it.

    limit(sound, ceiling=0.35, rate=44_100)     # in place
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve

from models.render.soundfont import Floats

__all__ = ["limit"]

LOOK_S = 0.012
BLOCK_FRAMES = 1 << 18


def limit(sound: Floats, *, ceiling: float, rate: int) -> None:
    """Bring every frame of (frames, channels) to `ceiling` at most, block by block, in place."""
    look = round(LOOK_S * rate)
    kernel = np.hanning(2 * look + 3)[1:-1]
    kernel /= kernel.sum()
    before = np.ones(2 * look)  # what the frames before this block needed
    for start in range(0, len(sound), BLOCK_FRAMES):
        block = sound[start : start + BLOCK_FRAMES]
        after = sound[start + BLOCK_FRAMES : start + BLOCK_FRAMES + 2 * look]
        needed = np.concatenate(
            (before, _needed(block, ceiling), _needed(after, ceiling), np.ones(2 * look - len(after)))
        )
        before = needed[len(block) : len(block) + 2 * look]
        if needed.min() < 1:
            # A mean of least values over the same reach: never more than what the frame itself needs.
            lowest = minimum_filter1d(needed, 2 * look + 1, mode="nearest")
            gain = fftconvolve(lowest, kernel, mode="same")[2 * look : 2 * look + len(block)]
            block *= np.minimum(gain, 1.0).astype(np.float32)[:, None]


def _needed(sound: Floats, ceiling: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    peaks = np.max(np.abs(sound), axis=1, initial=0.0).astype(np.float64)
    needed: np.ndarray[tuple[int], np.dtype[np.float64]] = np.minimum(ceiling / np.maximum(peaks, ceiling), 1.0)
    return needed
