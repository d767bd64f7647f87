"""Sounds with known onsets: bursts, tones and tempi that drift, and a detector that knows nothing of the aligner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from models.render.soundfont import Floats

RATE = 32_000
Doubles = NDArray[np.float64]


def burst(seed: int = 0, seconds: float = 0.04) -> Floats:
    """A struck sound that looks like no other: noise that decays."""
    dice = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    return (dice.standard_normal(frames) * np.exp(-np.arange(frames) / frames * 6) * 0.25).astype(np.float32)


def drifting(
    seed: int, amount: float, seconds: float, *, start: float = 0.0, base: float = 1.0
) -> Callable[[Doubles], Doubles]:
    """From the section's seconds to the sound's: a smooth random tempo that leaves `base` by `amount` at most."""
    dice = np.random.default_rng(seed)
    at = np.arange(0, seconds + 4, 0.01)
    pace = sum(dice.uniform(0.3, 1) * np.sin(2 * np.pi * (at / dice.uniform(5, 14) + dice.uniform())) for _ in range(3))
    pace = base * (1 + amount * pace / np.max(np.abs(pace)))
    there = start + np.concatenate(([0.0], np.cumsum(pace[:-1] * 0.01)))
    return lambda s: np.asarray(np.interp(s, at, there))


def laid_at(times: Sequence[float] | Doubles, piece: Floats, frames: int) -> Floats:
    """The same piece at each of these seconds."""
    out = np.zeros(frames + len(piece), np.float32)
    for at in times:
        first = round(float(at) * RATE)
        if 0 <= first < frames:
            out[first : first + len(piece)] += piece
    return out[:frames]


def found_at(sound: Floats, piece: Floats, near: Doubles, rate: int, *, reach: float = 0.08) -> Doubles:
    """Where near each of these seconds a waveform is found again, by correlation; nan where it isn't."""
    energy = np.sqrt(np.maximum(fftconvolve(sound**2, np.ones(len(piece)), "valid"), 1e-12))
    alike = fftconvolve(sound, piece[::-1], "valid") / energy / np.linalg.norm(piece)
    out = np.full(len(near), np.nan)
    for index, at in enumerate(near):
        first = max(round((at - reach) * rate), 0)
        window = alike[first : round((at + reach) * rate)]
        if len(window) and window.max() > 0.6:
            out[index] = (first + int(np.argmax(window))) / rate
    return out


def tone(hertz: float, seconds: float, rate: int = RATE) -> Floats:
    """Both channels of half a full sine."""
    one = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.stack((one, one), axis=1).astype(np.float32)


def plucked(
    times: Doubles, pitches: Sequence[float], seconds: float, *, attack: float = 0.005, hold: float = 0.4
) -> Floats:
    """Notes of a plain instrument: five partials, an attack, a decay."""
    out = np.zeros(round(seconds * RATE), np.float32)
    at = np.arange(round(hold * RATE)) / RATE
    shape = np.minimum(at / attack, 1) * np.exp(-3 * at / hold) * np.minimum((hold - at) / 0.02, 1)
    for start, pitch in zip(times, pitches, strict=True):
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        note = sum(np.sin(2 * np.pi * hertz * k * at) / k for k in range(1, 6)) * shape * 0.1
        first = round(float(start) * RATE)
        place = out[first : first + len(note)]
        place += note[: len(place)]
    return out
