"""Tracking: which moment of a sound belongs to which expected onset.

The tempo that was asked for is the prior, never an estimate from nothing: a path through the sound is sought that goes from
onset to onset at nearly that tempo, bends it slowly, and meets as much novelty as it can, in the bands where it is expected.
Missing onsets cost what they would have brought, others cost nothing; so half or double tempo is no other path. Where a sound
begins late is tried from several starts: at once, where it is first heard, and where all of it fits best.

    path = track(wanted, heard)
    path.times_s, path.pace      # of each onset: seconds in the sound, sound's seconds a section's second
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import fftconvolve

from models.render.grid.expected import Doubles, Expected
from models.render.grid.novelty import STEP_S, Novelty

__all__ = ["FASTEST", "Path", "fitting_tempo", "track"]

FASTEST = 0.10  # the tempo may differ by this part, in its logarithm
PACES = 41
WANDER = 0.35  # cost of bending the tempo by one of these paces within `BEND_S`
BEND_S = 0.1
AWAY = 0.002  # cost of a pace, each time, by the square of its distance from the middle in paces over 10
LONGEST_STEP_S = 0.12
REACH_S = 0.6  # the path is sought this far around where it was
BLUR_S = 0.008
AT_ONCE = 0.005  # of all that could be met: where it is undecided, the sound begins where the section does
OFF_START = 4.0  # cost of beginning `REACH_S` beside where it was tried; an onset brings 1.4
EARLIEST_S = 0.6  # a first onset may be lost before the sound begins
GENERAL, SPECIFIC = 0.6, 0.8  # what novelty counts: of any kind, and in the onset's own bands
SCAN_S = 0.02
SCAN_RATIOS = tuple(float(ratio) for ratio in np.exp(np.linspace(-0.7, 0.7, 141)))


@dataclass(frozen=True, slots=True)
class Path:
    """The sound's time at each onset, the pace there, and how much of what could be met was met (0 to about 1)."""

    times_s: Doubles
    pace: Doubles
    met: float


def track(wanted: Expected, heard: Novelty) -> Path:
    """The best path; it goes on evenly where the sound has ended."""
    reward = _reward(heard)
    paths = [_follow(wanted, reward, start) for start in _starts(wanted, heard)]
    return max(paths, key=lambda path: path.met + (AT_ONCE if path is paths[0] else 0.0))


def fitting_tempo(wanted: Expected, heard: Novelty) -> float:
    """The one ratio at which the sound's onsets fit best as a whole: 1.1 is a sound that takes a tenth longer."""
    return _scan(wanted, heard)[0]


def _reward(heard: Novelty) -> tuple[Doubles, Doubles]:
    blur = BLUR_S / STEP_S
    general = np.minimum(gaussian_filter1d(heard.all, blur) * 1.6, 1.0)
    specific = np.minimum(gaussian_filter1d(heard.rises, blur, axis=0) * 1.6, 1.0)
    return general, specific


def _starts(wanted: Expected, heard: Novelty) -> list[float]:
    """Where the section's start may lie in the sound."""
    starts = [0.0, _scan(wanted, heard, narrow=True)[1]]
    if len(heard.onsets_s):
        starts.append(float(heard.onsets_s[0] - wanted.times_s[0]))
    kept: list[float] = []
    for start in starts:
        if all(abs(start - other) > REACH_S / 4 for other in kept):
            kept.append(start)
    return kept


def _scan(wanted: Expected, heard: Novelty, *, narrow: bool = False) -> tuple[float, float]:
    """The ratio and the start at which evenly stretched onsets meet the most novelty, both blurred."""
    step = round(SCAN_S / STEP_S)
    sound = np.pad(heard.all, (0, -len(heard.all) % step)).reshape(-1, step).max(axis=1)
    sound = np.maximum(gaussian_filter1d(sound, 1.5) - sound.mean(), 0)
    best = (-1.0, 1.0, 0.0)
    for ratio in SCAN_RATIOS:
        if narrow and abs(np.log(ratio)) > FASTEST:
            continue
        places = np.rint(wanted.times_s * ratio / SCAN_S).astype(int)
        comb = np.zeros(int(places[-1]) + 1)
        np.maximum.at(comb, places, wanted.weights)
        comb = gaussian_filter1d(np.pad(comb, 4), 1.0)
        both = fftconvolve(sound, comb[::-1])
        lags = np.arange(len(both)) - (len(comb) - 1) + 4
        allowed = np.flatnonzero(lags * SCAN_S > -EARLIEST_S)
        value = both[allowed] / np.sqrt(np.sum(comb**2)) - 0.002 * np.maximum(lags[allowed], 0) * SCAN_S
        top = int(np.argmax(value))
        best = max(best, (float(value[top]), ratio, float(lags[allowed][top] * SCAN_S)))
    return best[1], best[2]


def _follow(wanted: Expected, reward: tuple[Doubles, Doubles], start: float) -> Path:
    """Dynamic programming over (moment, pace), onset by onset, in a window that moves along with the best path."""
    logs = np.linspace(-FASTEST, FASTEST, PACES)
    paces = np.exp(logs)
    times, onset_of = _stations(wanted)
    width = 2 * round(REACH_S / STEP_S) + 1
    rows = np.arange(width)[:, None]
    columns = np.arange(PACES)[None, :]
    centre_cost = AWAY * (np.arange(PACES) - PACES // 2) ** 2 / 100
    low = round((start + times[0]) / STEP_S) - width // 2
    beside = np.abs(np.arange(width) - width // 2) / (width // 2)
    score = -OFF_START * beside[:, None] - 0.3 * np.abs(logs) / FASTEST
    score += _met(wanted, onset_of[0], reward, low, width)[:, None]
    lows = [low]
    choices: list[NDArray[np.int8]] = []
    moves: list[NDArray[np.int_]] = []
    travelled = np.zeros(PACES, int)
    for station in range(1, len(times)):
        gap = times[station] - times[station - 1]
        bend = WANDER * BEND_S / gap
        came = np.zeros((width, PACES), np.int8)
        best = score.copy()
        for change in (-2, -1, 1, 2):
            shifted = np.full_like(score, -np.inf)
            if change > 0:
                shifted[:, change:] = score[:, :-change]
            else:
                shifted[:, :change] = score[:, -change:]
            shifted -= bend * change**2
            better = shifted > best
            best[better] = shifted[better]
            came[better] = change
        far = np.rint((times[station] - times[0]) * paces / STEP_S).astype(int)
        move = far - travelled
        travelled = far
        leader = int(np.argmax(best.max(axis=1)))
        new_low = low + leader + int(move[PACES // 2]) - width // 2
        source = rows + new_low - low - move[None, :]
        inside = (source >= 0) & (source < width)
        score = np.where(inside, best[np.clip(source, 0, width - 1), columns], -np.inf) - centre_cost * min(
            gap / BEND_S, 1
        )
        if onset_of[station] >= 0:
            score += _met(wanted, onset_of[station], reward, new_low, width)[:, None]
        choices.append(came)
        moves.append(move)
        low = new_low
        lows.append(low)
    return _traced(wanted, score, lows, choices, moves, onset_of, paces)


def _traced(
    wanted: Expected,
    score: Doubles,
    lows: list[int],
    choices: list[NDArray[np.int8]],
    moves: list[NDArray[np.int_]],
    onset_of: list[int],
    paces: Doubles,
) -> Path:
    at, pace = (int(place) for place in np.unravel_index(int(np.argmax(score)), score.shape))
    total = float(score[at, pace])
    steps = [(lows[-1] + at, pace)]
    for station in range(len(lows) - 1, 0, -1):
        row = lows[station] + at - moves[station - 1][pace] - lows[station - 1]
        at, pace = row, pace - int(choices[station - 1][row, pace])
        steps.append((lows[station - 1] + at, pace))
    steps.reverse()
    there = [step for step, onset in zip(steps, onset_of, strict=True) if onset >= 0]
    possible = float(wanted.weights.sum()) * (GENERAL + SPECIFIC)
    return Path(np.array([row for row, _ in there]) * STEP_S, paces[[pace for _, pace in there]], total / possible)


def _stations(wanted: Expected) -> tuple[Doubles, list[int]]:
    """The onsets, and moments between them where the tempo may bend; -1 marks those."""
    times: list[float] = []
    onsets: list[int] = []
    for index, at in enumerate(wanted.times_s):
        if times:
            gap = at - times[-1]
            between = int(np.ceil(gap / LONGEST_STEP_S))
            before = times[-1]
            times += [before + gap * part / between for part in range(1, between)]
            onsets += [-1] * (between - 1)
        times.append(float(at))
        onsets.append(index)
    return np.array(times), onsets


def _met(wanted: Expected, onset: int, reward: tuple[Doubles, Doubles], low: int, width: int) -> Doubles:
    """What each moment of the window brings as this onset."""
    general, specific = reward
    found = np.zeros(width)
    first, last = max(low, 0), min(low + width, len(general))
    if first < last:
        own = specific[first:last] @ wanted.bands[onset]
        found[first - low : last - low] = GENERAL * general[first:last] + SPECIFIC * own
    return np.asarray(found * wanted.weights[onset])
