"""Room: a small hall around a dry part.

One impulse response, made of decaying noise from a fixed seed, so that the same notes always sound the same.

    add_room(sound, amount=0.15, rate=44_100)      # in place
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.signal import fftconvolve, lfilter

from models.render.soundfont import Floats

__all__ = ["add_room"]

SEED = 20
DECAY_S = 1.1  # to 60 dB down
LENGTH_S = 0.9
DELAY_S = 0.012  # before the first reflection: an onset stays an onset
LOW_HZ, HIGH_HZ = 250.0, 5200.0  # no mud, no hiss
BLOCK_FRAMES = 1 << 17


def add_room(sound: Floats, amount: float, rate: int) -> None:
    """Add reflections to (frames, 2) in place; what they last beyond the end is dropped."""
    if amount <= 0 or not np.any(sound):
        return
    response = _response(rate)
    # From the last block to the first: a block's reflections only reach what has been read already.
    for start in reversed(range(0, len(sound), BLOCK_FRAMES)):
        wet = fftconvolve(sound[start : start + BLOCK_FRAMES], response, axes=0)
        room = sound[start : start + len(wet)]
        room += (amount * wet[: len(room)]).astype(np.float32)


@lru_cache(maxsize=4)
def _response(rate: int) -> Floats:
    """Unit energy in each channel, the channels independent of each other."""
    frames = int(LENGTH_S * rate)
    seconds = np.arange(frames) / rate
    noise = np.random.default_rng(SEED).uniform(-1, 1, (frames, 2)) * 10 ** (-3 * seconds / DECAY_S)[:, None]
    low, high = (float(np.exp(-2 * np.pi * hertz / rate)) for hertz in (LOW_HZ, HIGH_HZ))
    noise = lfilter([1 - high], [1, -high], noise, axis=0)
    noise = noise - lfilter([1 - low], [1, -low], noise, axis=0)
    noise[-frames // 8 :] *= np.linspace(1, 0, len(noise[-frames // 8 :]))[:, None]
    noise /= np.sqrt(np.sum(noise**2, axis=0))
    delayed = np.concatenate((np.zeros((int(DELAY_S * rate), 2)), noise))
    return np.asarray(delayed, np.float32)
