"""Room: a small hall around a dry part.

One impulse response, made of decaying noise from a fixed seed, so that the same notes always sound the same. What is between
left and right excites it; what comes back is different on both sides.

    add_room(sound, amount=0.15, rate=44_100)      # in place
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import lfilter

from models.render.soundfont import Floats

__all__ = ["add_room"]

SEED = 20
DECAY_S = 1.1  # to 60 dB down
LENGTH_S = 0.9
DELAY_S = 0.012  # before the first reflection: an onset stays an onset
LOW_HZ, HIGH_HZ = 250.0, 5200.0  # no mud, no hiss
BLOCK_S = 2.0
SILENT = 1e-6  # 120 dB down: nothing to reflect


def add_room(sound: Floats, amount: float, rate: int, *, wraps: bool = False) -> None:
    """Add reflections to (frames, 2) in place; what lasts beyond the end goes on at the start where it wraps, else is dropped."""
    if amount <= 0 or not np.any(sound):
        return
    block, size, response = _response(rate)
    total = len(sound)
    rest = np.zeros((size - block, 2), np.float32)  # of the end, when it wraps
    for start in reversed(range(0, total, block)):  # a block's reflections only reach what has been read already
        dry = sound[start : start + block]
        middle = dry[:, 0] + dry[:, 1]
        if np.abs(middle).max() < SILENT:
            continue
        wet = irfft(rfft(middle * np.float32(amount / np.sqrt(2)), size)[:, None] * response, size, axis=0)
        inside = min(len(wet), total - start)
        sound[start : start + inside] += wet[:inside]
        after = wet[inside : inside + len(rest)]
        rest[: len(after)] += after
    if wraps:
        for start in range(0, len(rest), total):
            after = rest[start : start + total]
            sound[: len(after)] += after


@lru_cache(maxsize=3)
def _response(rate: int) -> tuple[int, int, NDArray[np.complexfloating[Any]]]:
    """Frames of a block, of its transform, and the response transformed: unit energy in each channel, one apart from the other."""
    frames = int(LENGTH_S * rate)
    seconds = np.arange(frames) / rate
    noise = np.random.default_rng(SEED).uniform(-1, 1, (frames, 2)) * 10 ** (-3 * seconds / DECAY_S)[:, None]
    low, high = (float(np.exp(-2 * np.pi * hertz / rate)) for hertz in (LOW_HZ, HIGH_HZ))
    noise = lfilter([1 - high], [1, -high], noise, axis=0)
    noise = noise - lfilter([1 - low], [1, -low], noise, axis=0)
    noise[-frames // 8 :] *= np.linspace(1, 0, len(noise[-frames // 8 :]))[:, None]
    noise /= np.sqrt(np.sum(noise**2, axis=0))
    delayed = np.concatenate((np.zeros((int(DELAY_S * rate), 2)), noise)).astype(np.float32)
    size = next_fast_len(int(BLOCK_S * rate) + len(delayed), real=True)
    return size - len(delayed), size, rfft(delayed, size, axis=0)
