"""Timing: the path of `tracking` made exact, as anchors that hold the sound to the section.

Near each onset of the path the sound's own onset is sought, to the millisecond. A smooth tempo is laid through those that agree
with each other; what agrees with it is an anchor at its own moment, what was not heard is held by the smooth tempo alone.

    timing = timed(wanted, heard, path)
    timing.heard_s[timing.found], timing.least_pace, timing.most_pace
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from models.render.grid.expected import Doubles, Expected
from models.render.grid.novelty import FINE_S, STEP_S, Novelty
from models.render.grid.tracking import Path

__all__ = ["Timing", "matched", "timed"]

WIDEST_S, NARROWEST_S = 0.15, 0.03  # how far an onset may lie from where the path expects it
NEAR_S = 0.045  # and from where the smooth tempo does
OWN_SHARE = 0.45  # of the way to the next onset
SHARPENED_S = 0.012  # the short windows look this far around
KNOT_S = 0.25
STIFF = 0.02  # of the smooth tempo: the higher, the straighter
ROUNDS = 4
OUTLIER_S = 0.012
SLOWEST = 0.2  # a pace beyond is none


@dataclass(frozen=True, slots=True)
class Timing:
    """Of each onset: its moment in the sound, whether it was heard there, and the smooth tempo's own moment.

    A pace is the sound's seconds for one of the section: 1.02 is a sound that drags by two hundredths.
    """

    heard_s: Doubles
    found: NDArray[np.bool_]
    smooth_s: Doubles
    least_pace: float
    most_pace: float
    spread_s: float


def timed(wanted: Expected, heard: Novelty, path: Path) -> Timing:
    """Anchors for all onsets; `spread_s` says how far the heard ones lie from a smooth tempo (median)."""
    near, found = matched(wanted, heard, path.times_s, WIDEST_S)
    smooth, _, _ = _smoothed(wanted, near, found, path.times_s)
    for _ in range(2):
        near, found = matched(wanted, heard, smooth, NEAR_S)
        smooth, least, most = _smoothed(wanted, near, found, path.times_s)
    spread = float(np.median(np.abs(near - smooth)[found])) if found.any() else NEAR_S
    return Timing(np.where(found, near, smooth), found, smooth, least, most, spread)


def matched(wanted: Expected, heard: Novelty, around_s: Doubles, within_s: float) -> tuple[Doubles, NDArray[np.bool_]]:
    """For each onset the strongest fitting one that was heard near a moment, if any; none is given to two."""
    gaps = np.diff(around_s, prepend=-np.inf, append=np.inf)
    reach = np.clip(OWN_SHARE * np.minimum(gaps[:-1], gaps[1:]), NARROWEST_S, within_s)
    times = np.array(around_s, float)
    found = np.zeros(len(times), bool)
    firsts = np.searchsorted(heard.onsets_s, around_s - reach)
    lasts = np.searchsorted(heard.onsets_s, around_s + reach)
    taken: dict[int, tuple[float, int]] = {}
    for index, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        if first == last:
            continue
        near = slice(first, last)
        steps = np.rint(heard.onsets_s[near] / STEP_S).astype(int)
        own = heard.rises[np.minimum(steps, len(heard.rises) - 1)] @ wanted.bands[index]
        away = (heard.onsets_s[near] - around_s[index]) / reach[index]
        value = (heard.strengths[near] + own) * np.exp(-2 * away**2)
        best = int(np.argmax(value))
        here = (float(value[best]), index)
        taken[first + best] = max(taken.get(first + best, here), here)
    for onset, (_, index) in taken.items():
        times[index] = _sharpened(heard, float(heard.onsets_s[onset]))
        found[index] = True
    return times, found


def _sharpened(heard: Novelty, at_s: float) -> float:
    """The steepest moment of an attack, weighed a little towards where the long windows see it."""
    first = max(round((at_s - SHARPENED_S) / FINE_S), 0)
    near = heard.fine[first : round((at_s + SHARPENED_S) / FINE_S) + 1]
    if not len(near) or near.max() <= 0:
        return at_s
    away = (np.arange(first, first + len(near)) * FINE_S - at_s) / SHARPENED_S
    return (first + int(np.argmax(near * (1 - 0.3 * away**2)))) * FINE_S


def _smoothed(
    wanted: Expected, near: Doubles, found: NDArray[np.bool_], path_s: Doubles
) -> tuple[Doubles, float, float]:
    """A smooth tempo through what was found: its moments at the onsets, its least and its most pace."""
    times = wanted.times_s
    first, last = float(times[0]), float(times[-1])
    knots = max(int(np.ceil((last - first) / KNOT_S)), 2) + 1
    place = (times - first) / KNOT_S
    left = np.minimum(place.astype(int), knots - 2)
    part = place - left
    rows = np.arange(len(times))
    shape = (len(times), knots)
    hat = sparse.csr_array((np.r_[1 - part, part], (np.r_[rows, rows], np.r_[left, left + 1])), shape=shape)
    slopes = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(knots - 1, knots))
    bends = sparse.diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(knots - 2, knots))
    lags = np.where(found, near, path_s) - times
    trust = np.where(found, wanted.weights, 0.02)
    smooth = lags
    for _ in range(ROUNDS):
        weighted = hat.T @ sparse.diags_array(trust)
        straight = STIFF / KNOT_S**3 * (bends.T @ bends) + 1e-6 * (slopes.T @ slopes) + 1e-12 * sparse.eye_array(knots)
        curve = spsolve(sparse.csc_array(weighted @ hat + straight), weighted @ lags)
        smooth = hat @ curve
        off = np.abs(lags - smooth) / OUTLIER_S
        trust = np.where(found, wanted.weights, 0.02) / np.maximum(off, 1.0) ** 2
    paces = np.clip(1 + np.diff(curve) / KNOT_S, SLOWEST, 1 / SLOWEST)
    return times + smooth, float(paces.min()), float(paces.max())
