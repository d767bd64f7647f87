"""Ends: a sound brought to its rate and its exact length, and what becomes of what sounds on after it.

audio, tail = finished(sound, 32_000, 44_100, frames=88_200, ending=Ending.LOOP)
"""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache

import numpy as np
from scipy.signal import firwin, resample_poly

from models.render.grid.expected import Doubles
from models.render.soundfont import Floats

__all__ = ["LONGEST_TAIL_S", "Ending", "finished", "resampled"]

LONGEST_TAIL_S = 2.0
HEAD_S = 0.001  # what begins in the middle of a sound rises over this
FADE_S = 0.01  # a cut end falls over this
TAIL_FADE_S = 0.05
SIDE_LOBES = 48  # of the filter, on each side, in periods of the lower rate
KAISER_BETA = 10.0  # 100 dB
PASSED = 0.955  # of the lower rate's half; beyond it the filter falls, and at the half it is silent


class Ending(StrEnum):
    """What becomes of what sounds on at a section's end: faded away, handed on, or laid under the section's start."""

    CUT = "cut"
    RING = "ring"
    LOOP = "loop"


def resampled(sound: Floats, rate: int, out_rate: int) -> Floats:
    """(frames, channels) at another rate; frame 0 stays where it is."""
    if rate == out_rate:
        return sound
    common = math.gcd(rate, out_rate)
    up, down = out_rate // common, rate // common
    return np.asarray(resample_poly(sound, up, down, axis=0, window=_filter(up, down)), np.float32)


def finished(sound: Floats, rate: int, out_rate: int, *, frames: int, ending: Ending) -> tuple[Floats, Floats]:
    """Exactly `frames` of the sound at `out_rate`, and what is handed on after them: nothing but where it rings."""
    out = resampled(sound, rate, out_rate)
    audio = np.zeros((frames, out.shape[1]), np.float32)
    there = min(len(out), frames)
    audio[:there] = out[:there]
    tail = out[frames:].copy()
    _fade(audio[: round(HEAD_S * out_rate)], rising=True)
    _fade(tail[max(len(tail) - round(TAIL_FADE_S * out_rate), 0) :], rising=False)
    if ending is Ending.CUT or not len(tail):
        _fade(audio[max(there - round(FADE_S * out_rate), 0) : there], rising=False)
    if ending is Ending.LOOP:
        for first in range(0, len(tail), frames):
            piece = tail[first : first + frames]
            audio[: len(piece)] += piece
    return audio, tail if ending is Ending.RING else tail[:0]


def _fade(sound: Floats, *, rising: bool) -> None:
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(len(sound)) + 0.5) / max(len(sound), 1))).astype(np.float32)
    sound *= (ramp if rising else ramp[::-1])[:, None]


@lru_cache(maxsize=8)
def _filter(up: int, down: int) -> Doubles:
    widest = max(up, down)
    return np.asarray(firwin(2 * SIDE_LOBES * widest + 1, PASSED / widest, window=("kaiser", KAISER_BETA)))
