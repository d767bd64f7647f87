"""Novelty: where in a sound something begins, as curves and as a list of onsets.

Energy that rises in a band, counted in decibels, so that a soft note beside a loud one is seen as well. `Novelty.rises` has a
curve for each of the bands of `expected` and one for all; `Novelty.fine` is a curve of a millisecond's steps, from windows
short enough to say when an attack is steepest.

    heard = novelty(sound, 32_000)
    heard.onsets_s          # when something begins, whatever it is
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, percentile_filter, uniform_filter1d

from models.render.grid.expected import BANDS, DRUM_BANDS, PITCH_CLASSES, Doubles

__all__ = ["FINE_S", "STEP_S", "Novelty", "novelty"]

Mono = NDArray[np.float32]

STEP_S = 0.004
FINE_S = 0.001
WINDOW_S, TONE_WINDOW_S, FINE_WINDOW_S = 0.032, 0.093, 0.008
RISE_S, TONE_RISE_S, FINE_RISE_S = 0.012, 0.032, 0.003  # a rise is counted over this
DRUM_EDGES_HZ = (30.0, 150.0, 2500.0, 16_000.0)
BAND_EDGES_HZ = tuple(60.0 * 2 ** (step / 3) for step in range(25))  # thirds of an octave up to 15 kHz
FINE_EDGES_HZ = (125.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
LOWEST_PITCH, HIGHEST_PITCH = 48, 96  # between these the long window tells semitones apart
RANGE_DB = 50.0  # what lies further below a band's loudest moment is silence
BEGINS_DB = 30.0  # before the first frame all is this much softer than a band's loudest moment
AROUND_S = 2.0  # an onset is weighed against the strongest within this
HEAD_S = 0.05  # but not against the sound's own beginning
MOST = 1.5
LEAST = 0.12  # of that: below, it is no onset
APART_S = 0.03
BLOCK = 4096  # windows at a time


@dataclass(frozen=True, slots=True)
class Novelty:
    """Curves from 0 to about 1: `all` and `rises` (steps, bands) in steps of `STEP_S`, `fine` in steps of `FINE_S`."""

    all: Doubles
    rises: Doubles
    fine: Doubles
    onsets_s: Doubles
    strengths: Doubles

    @property
    def seconds(self) -> float:
        return len(self.all) * STEP_S


def novelty(sound: Mono, rate: int) -> Novelty:
    """What begins in one channel of sound."""
    bands = _levels(sound, rate, STEP_S, WINDOW_S, _edges(BAND_EDGES_HZ, rate, WINDOW_S))
    every = _scaled(_rise(bands, RISE_S / STEP_S).mean(axis=1), STEP_S)
    rises = np.zeros((len(every), BANDS))
    drums = _levels(sound, rate, STEP_S, WINDOW_S, _edges(DRUM_EDGES_HZ, rate, WINDOW_S))
    rises[:, DRUM_BANDS] = _scaled(_rise(drums, RISE_S / STEP_S), STEP_S)
    tones = _rise(_levels(sound, rate, STEP_S, TONE_WINDOW_S, _semitones(rate)), TONE_RISE_S / STEP_S)
    classes = np.zeros((len(every), 12))
    for pitch in range(LOWEST_PITCH, HIGHEST_PITCH):
        classes[:, pitch % 12] += tones[:, pitch - LOWEST_PITCH]
    rises[:, PITCH_CLASSES] = _scaled(classes, STEP_S)
    short = _levels(sound, rate, FINE_S, FINE_WINDOW_S, _edges(FINE_EDGES_HZ, rate, FINE_WINDOW_S))
    fine = _scaled(gaussian_filter1d(_rise(short, FINE_RISE_S / FINE_S).mean(axis=1), 1.0), FINE_S)
    peaks = _peaks(every)
    return Novelty(every, rises, fine, np.asarray(peaks * STEP_S, np.float64), every[peaks])


def _edges(hertz: tuple[float, ...], rate: int, window_s: float) -> list[tuple[int, int]]:
    """The bins of a window's spectrum between neighbouring edges, at least one each."""
    frames = _size(window_s, rate)
    bins = [min(round(edge * frames / rate), frames // 2) for edge in hertz]
    return [(low, max(high, low + 1)) for low, high in itertools.pairwise(bins)]


def _semitones(rate: int) -> list[tuple[int, int]]:
    edges = tuple(440.0 * 2 ** ((pitch - 69.5) / 12) for pitch in range(LOWEST_PITCH, HIGHEST_PITCH + 1))
    return _edges(edges, rate, TONE_WINDOW_S)


def _size(window_s: float, rate: int) -> int:
    return 2 * round(window_s * rate / 2)


def _levels(sound: Mono, rate: int, step_s: float, window_s: float, bands: list[tuple[int, int]]) -> Doubles:
    """(steps, bands) in decibels above the floor; a step's window has its middle at the step's time."""
    frames = _size(window_s, rate)
    steps = int(len(sound) / rate / step_s) + 1
    padded = np.concatenate((np.zeros(frames // 2, np.float32), sound, np.zeros(frames, np.float32)))
    shape = np.hanning(frames + 1)[:-1].astype(np.float32)
    power = np.empty((steps, len(bands)))
    for first in range(0, steps, BLOCK):
        starts = np.rint(np.arange(first, min(first + BLOCK, steps)) * (step_s * rate)).astype(int)
        spectrum = np.abs(np.fft.rfft(padded[starts[:, None] + np.arange(frames)] * shape, axis=1)) ** 2
        for band, (low, high) in enumerate(bands):
            power[first : first + len(starts), band] = spectrum[:, low:high].sum(axis=1)
    loudest = max(float(power.max(initial=0.0)), 1e-12)
    floors = np.maximum(power.max(axis=0), loudest * 1e-3) * 10 ** (-RANGE_DB / 10)
    return np.asarray(10 * np.log10(power / floors + 1))


def _rise(levels: Doubles, steps: float) -> Doubles:
    """How far each level has risen since `steps` before, half of it being in the future."""
    lag = max(round(steps), 1)
    ahead = lag // 2
    later = np.pad(levels, ((0, ahead), (0, 0)), mode="edge")[ahead:]
    before = np.minimum(levels[:1], RANGE_DB - BEGINS_DB)  # what is loud from its first frame on begins there
    earlier = np.concatenate((np.repeat(before, lag - ahead, axis=0), levels))[: len(levels)]
    return np.asarray(np.maximum(later - earlier, 0))


def _scaled(curve: Doubles, step_s: float) -> Doubles:
    """A curve against what is strong around it, and against the whole."""
    around = round(2 * AROUND_S / step_s)
    later = curve.copy()
    later[: round(HEAD_S / step_s)] = 0
    strong = maximum_filter1d(later, around, axis=0)
    strong = uniform_filter1d(strong, around, axis=0)
    whole = np.percentile(strong, 90, axis=0)
    return np.asarray(np.minimum(curve / np.maximum(np.maximum(strong, 0.3 * whole), 1e-9), MOST))


def _peaks(curve: Doubles) -> NDArray[np.intp]:
    """Steps at which the curve is highest around, well above what it usually is there."""
    smooth = gaussian_filter1d(curve, 1.0)
    top = smooth == maximum_filter1d(smooth, 2 * round(APART_S / STEP_S) + 1)
    usual = percentile_filter(smooth, 50, round(1.0 / STEP_S))
    return np.flatnonzero(top & (smooth > usual + LEAST))
