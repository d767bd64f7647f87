"""Files whose clock is not their beat: told from the notes and put right.

Lives here: a constant delay taken away, and for files converted from formats that count in fractions of a second the
beat found by how sharply the onsets stand on its sixteenths.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compose.corpus.midi import STEP_TICKS, TOLERANCE_TICKS, Ints, Song, is_played
from sessions.music.beats import TICKS_PER_BEAT

__all__ = ["in_time"]

SIXTEENTH = TICKS_PER_BEAT // 4
FARTHEST_DELAY_TICKS = 20
COHERENT = 0.93
"""Of a perfect comb: onsets on a grid that they were written for come to 0.95 and more, on a foreign one below 0.3."""
STRANGE = 0.5
FIRST_NOTES = 400
"""Onsets that the beat is looked for in; it is then refined over all."""
CLOCK_TICKS = 11.0
"""One tick of the usual clock of 140 a second, in ours."""
SLOWEST_BEAT, FASTEST_BEAT = 80.0, 165.0


def in_time(song: Song) -> Song:
    """The song with its notes on its own beat; as it is where it stands there or where somebody played it."""
    onsets = np.unique(np.concatenate([track.notes[:, 0] for track in song.tracks]))
    if not is_played(onsets):
        return song
    delay = min(range(-FARTHEST_DELAY_TICKS, FARTHEST_DELAY_TICKS + 1), key=lambda ticks: _distance(onsets + ticks))
    if not is_played(onsets + delay):
        return _moved(song, delay)
    if len(onsets) < 32 or _comb(onsets, np.array([float(SIXTEENTH)]))[0] > STRANGE or len(song.tempos) > 1:
        return song
    period = _period(onsets)
    if period is None:
        return song
    bpm = song.tempos[0][1] if song.tempos else 120.0
    beat, speed = 4 * period, bpm * TICKS_PER_BEAT / (4 * period)
    while speed > FASTEST_BEAT:
        beat, speed = 2 * beat, speed / 2
    while speed < SLOWEST_BEAT:
        beat, speed = beat / 2, 2 * speed
    return _stretched(song, TICKS_PER_BEAT / beat, round(speed, 2))


def _distance(onsets: Ints) -> float:
    """Ticks from the grid, on average."""
    return float(np.abs((onsets + STEP_TICKS // 2) % STEP_TICKS - STEP_TICKS // 2).mean())


def _comb(onsets: Ints, periods: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How sharply the onsets stand on a grid of each period, from 0 to 1."""
    waves = np.exp(2j * np.pi * onsets[None, :] / periods[:, None])
    sharp: npt.NDArray[np.float64] = np.abs(waves.mean(1))
    return sharp


def _period(onsets: Ints) -> float | None:
    """The longest period, in ticks, that the onsets stand on."""
    first = onsets[:FIRST_NOTES] - onsets[0]
    tried = np.exp(np.linspace(np.log(60.0), np.log(600.0), 8000))
    sharp = np.concatenate([_comb(first, some) for some in np.array_split(tried, 16)])
    if sharp.max() < COHERENT:
        return None
    longest = int(np.flatnonzero(sharp >= 0.97 * sharp.max())[-1])
    around = slice(max(longest - 40, 0), longest + 1)
    near = tried[around][sharp[around].argmax()]
    fine = np.linspace(near * 0.999, near * 1.001, 2001)
    return float(fine[_comb(onsets - onsets[0], fine).argmax()])


def _moved(song: Song, delay: int) -> Song:
    tracks = []
    for track in song.tracks:
        rows = track.notes.copy()
        rows[:, 0] = np.maximum(rows[:, 0] + delay, 0)
        tracks.append(replace(track, notes=rows))
    return replace(song, tracks=tuple(tracks))


def _stretched(song: Song, scale: float, bpm: float) -> Song:
    zero = min(int(track.notes[0, 0]) for track in song.tracks)
    tracks = []
    for track in song.tracks:
        rows = track.notes.copy()
        start, end = (rows[:, 0] - zero) * scale, (rows[:, 0] + rows[:, 1] - zero) * scale
        rows[:, 0] = _snapped(start, scale)
        rows[:, 1] = np.maximum(_snapped(end, scale) - rows[:, 0], STEP_TICKS)
        tracks.append(replace(track, notes=rows))
    return replace(song, tracks=tuple(tracks), tempos=((0, bpm),))


def _snapped(times: npt.NDArray[np.floating[Any]], scale: float) -> Ints:
    """To the grid where that is no farther than the old clock's own rounding."""
    nearest = np.rint(times / STEP_TICKS) * STEP_TICKS
    close = np.abs(nearest - times) <= max(CLOCK_TICKS * scale, TOLERANCE_TICKS)
    return np.where(close, nearest, np.rint(times)).astype(np.int64)
