"""Harmony: whether a sound is in the key of the notes that it should be.

The sound's pitch classes, beat by beat, against those of the notes with their first overtones, as they are and moved by
each number of semitones. What is in tune agrees best where it is moved by none.

    found = agreement(sound, 32_000, notes, bpm=120.0, total_ticks=15360)
    found.agreement, found.moved
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models.render.grid.expected import Doubles
from models.render.grid.novelty import Mono
from sessions.music.beats import TICKS_PER_BEAT, seconds_of
from sessions.music.notes import Note

__all__ = ["Agreement", "agreement"]

WINDOW_S = 0.25
LOWEST_HZ, HIGHEST_HZ = 80.0, 3500.0
OVERTONES = ((0, 1.0), (7, 0.3), (4, 0.15))  # the second and fourth partials are the note again
RANGE_DB = 45.0  # weaker peaks of a spectrum are not counted
SHARP = 25.0  # cents: how far from a semitone a peak counts half
QUIET = 1e-3  # of the loudest: there is nothing to compare


@dataclass(frozen=True, slots=True)
class Agreement:
    """Correlation of the pitch classes (1 is the same), and by how many semitones they would have to be moved to agree best."""

    agreement: float
    moved: int
    best: float


def agreement(
    sound: Mono, rate: int, notes: Iterable[Note], *, bpm: float, total_ticks: int, scale: tuple[int, ...] = ()
) -> Agreement | None:
    """None where there is nothing to compare: no pitch heard, or neither notes nor a scale given."""
    span = TICKS_PER_BEAT
    while total_ticks / span > 2048 or float(seconds_of(span, bpm)) < WINDOW_S:
        span *= 2
    wanted = _wanted(list(notes), span, total_ticks, scale)
    heard = _heard(sound, rate, float(seconds_of(span, bpm)), len(wanted))
    both = (wanted.sum(axis=1) > 0) & (heard.sum(axis=1) > QUIET * max(float(heard.sum(axis=1).max(initial=0)), 1e-9))
    if not both.any():
        return None
    ours, theirs = _centred(wanted[both]), _centred(heard[both])
    scaled = np.sqrt(np.sum(ours**2) * np.sum(theirs**2))
    if scaled <= 0:
        return None
    alike = [float(np.sum(ours * np.roll(theirs, -semitones, axis=1)) / scaled) for semitones in range(12)]
    best = int(np.argmax(alike))
    return Agreement(alike[0], best if best <= 6 else best - 12, alike[best])


def _wanted(notes: list[Note], span: int, total_ticks: int, scale: tuple[int, ...]) -> Doubles:
    """(spans, 12): how much of each pitch class the notes ask for."""
    out = np.zeros((-(-total_ticks // span), 12))
    for note in notes:
        for index in range(note.start // span, min(-(-note.end // span), len(out))):
            shared = min(note.end, (index + 1) * span) - max(note.start, index * span)
            for interval, share in OVERTONES:
                out[index, (note.pitch + interval) % 12] += share * shared * note.velocity
    if not notes:
        out[:, list(scale)] = 1.0
    return out


def _heard(sound: Mono, rate: int, span_s: float, spans: int) -> Doubles:
    """(spans, 12): how much of each pitch class sounds, from the peaks of spectra that overlap by half."""
    frames = 2 * round(WINDOW_S * rate / 2)
    shape = np.hanning(frames).astype(np.float32)
    out = np.zeros((spans, 12))
    for index in range(spans):
        first, last = round(index * span_s * rate), min(round((index + 1) * span_s * rate), len(sound))
        for start in range(first, max(last - frames, first) + 1, frames // 2):
            window = sound[start : start + frames]
            if len(window) == frames:
                out[index] += _classes(np.abs(np.fft.rfft(window * shape)), rate / frames)
    return out


def _classes(spectrum: Doubles, bin_hz: float) -> Doubles:
    low, high = round(LOWEST_HZ / bin_hz), min(round(HIGHEST_HZ / bin_hz), len(spectrum) - 2)
    near = spectrum[low - 1 : high + 1]
    middle = near[1:-1]
    loud = middle > near.max() * 10 ** (-RANGE_DB / 20)
    at = np.flatnonzero((middle > near[:-2]) & (middle >= near[2:]) & loud) + 1
    out = np.zeros(12)
    if not len(at) or near.max() <= 0:
        return out
    left, here, right = (np.log(np.maximum(near[at + shift], 1e-12)) for shift in (-1, 0, 1))
    exact = at + 0.5 * (left - right) / np.minimum(left - 2 * here + right, -1e-9)
    pitch = 69 + 12 * np.log2((exact + low - 1) * bin_hz / 440.0)
    nearest = np.rint(pitch)
    level = np.sqrt(near[at]) / (1 + (100 * (pitch - nearest) / SHARP) ** 2)
    np.add.at(out, nearest.astype(int) % 12, level)
    return out


def _centred(rows: Doubles) -> Doubles:
    """Each row to a length of 1 about its mean: the loud beats don't outvote the soft ones."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
