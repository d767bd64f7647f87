"""Laying: the cut pieces of a sound laid end to end, faded into each other, each read at its own fraction of a frame.

A whole offset copies frames as they are; a fraction goes through a windowed sinc, so that two pieces of a tone join in phase.

    laid(sound, 0.0, [Cut(at=1000, fade=96, offset=40.5)], frames=4000)
"""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import oaconvolve

from models.render.grid.splices import Cut
from models.render.soundfont import Floats

__all__ = ["laid"]

HALF_TAPS = 40
KAISER_BETA = 9.0
NEARLY_WHOLE = 1 / 256  # of a frame: below what an ear, or a converter's jitter, tells


def laid(sound: Floats, offset: float, cuts: list[Cut], frames: int) -> Floats:
    """(frames, channels): the sound read from `offset` on, with every cut made; silence where it has nothing."""
    out = np.zeros((frames, sound.shape[1]), np.float32)
    starts = [0, *(cut.at for cut in cuts)]
    fades = [0, *(cut.fade for cut in cuts)]
    offsets = [offset, *(cut.offset for cut in cuts)]
    for index, (start, fade, ahead) in enumerate(zip(starts, fades, offsets, strict=True)):
        last = index == len(cuts)
        stop = frames if last else min(starts[index + 1] + fades[index + 1], frames)
        if start >= stop:
            continue
        piece = _read(sound, start + ahead, stop - start)
        fade = min(fade, stop - start)
        if fade:
            before = out[start : start + fade]
            piece[:fade] = _joined(before, piece[:fade])
        out[start:stop] = piece
    return out


def _joined(old: Floats, new: Floats) -> Floats:
    """One into the other, as loud on the way as at the ends, however alike they are."""
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(len(old)) + 0.5) / len(old)))[:, None]
    energy = math.sqrt(float(np.sum(old.astype(np.float64) ** 2)) * float(np.sum(new.astype(np.float64) ** 2)))
    alike = float(np.sum(old.astype(np.float64) * new)) / energy if energy > 0 else 1.0
    level = np.sqrt(ramp**2 + (1 - ramp) ** 2 + 2 * ramp * (1 - ramp) * min(max(alike, 0.0), 1.0))
    return np.asarray((old * (1 - ramp) + new * ramp) / level, np.float32)


def _read(sound: Floats, start: float, frames: int) -> Floats:
    first = math.floor(start)
    part = start - first
    if part > 1 - NEARLY_WHOLE:
        first, part = first + 1, 0.0
    if part < NEARLY_WHOLE:
        return _slice(sound, first, frames)
    at = np.arange(-HALF_TAPS + 1, HALF_TAPS + 1) - part
    taps = np.sinc(at) * np.i0(KAISER_BETA * np.sqrt(np.maximum(1 - (at / HALF_TAPS) ** 2, 0)))
    taps /= taps.sum()
    wide = _slice(sound, first - HALF_TAPS + 1, frames + 2 * HALF_TAPS - 1).astype(np.float64)
    return np.asarray(oaconvolve(wide, taps[::-1, None], mode="valid", axes=0), np.float32)


def _slice(sound: Floats, first: int, frames: int) -> Floats:
    """Frames from `first` on, silence where there are none."""
    out = np.zeros((frames, sound.shape[1]), np.float32)
    low, high = max(first, 0), min(first + frames, len(sound))
    if low < high:
        out[low - first : high - first] = sound[low:high]
    return out
