"""Splices: where a sound is cut and joined again, so that its onsets lie where anchors want them.

Between the cuts nothing is touched: attacks stay as they are, pitch as it is. A cut repeats or leaves out a few milliseconds
where the sound resembles itself best, never across an onset, and rather where it is soft or just before an attack that masks
it. What can't be had without a flaw may miss its anchor by a little; the next cut makes up for it.

    cuts = planned(sound, rate, anchors, heard.onsets_s, heard.strengths)
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from models.render.grid.expected import Doubles
from models.render.soundfont import Floats

__all__ = ["Anchor", "Cut", "planned"]

FADES_S = {0.016: 1.0, 0.006: 1.3, 0.003: 1.7}  # a cut fades over one of these; in a short one a mismatch weighs more
AFTER_ONSET_S, BEFORE_ONSET_S = 0.015, 0.003  # an attack is left alone
ATTACK_S = 0.01  # and not heard twice
CANDIDATE_S = 0.003
LONGEST_S = 0.025  # what one cut moves at most while something sounds
MOST_CUTS = 400  # between two anchors
MISS_S, MISS_COST = 0.0015, 0.03  # missing an anchor by this costs as much as this share of the energy mismatching
LOOSE_S = 0.008  # where no onset was heard, and between several cuts, this much more costs no more
SEARCH_S = 0.005
EXACT_S = 0.002  # the exact lag lies within this
NEARER = 0.1  # a peak at the edge of that must be so much better
SEARCH_RATE = 8000  # places and lags are sought in what is left below half of this, then made exact
CROSSED_COST = 2.0  # for an onset of full strength that would be heard twice, or not at all
MASK_BEFORE_S, MASK_AFTER_S = 0.01, 0.02
FLOOR_DB = -65.0  # below the loudest: nobody hears what is cut here
UNHEARD = 1e-9


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment of the section and the moment of the sound that belongs there, in seconds."""

    section_s: float
    sound_s: float
    heard: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """From frame `at` on, over `fade` frames, the sound is read `offset` frames ahead of where it is laid."""

    at: int
    fade: int
    offset: float


@dataclass(frozen=True, slots=True)
class _Choice:
    at: int
    fade: int
    lag: float


def planned(
    sound: Floats, rate: int, anchors: list[Anchor], onsets_s: Doubles, strengths: Doubles
) -> tuple[float, list[Cut]]:
    """The offset at the start, and the cuts in order. Onsets are the sound's own, all of them."""
    if not anchors:
        return 0.0, []
    return _Planner(sound, rate, onsets_s, strengths).plan(anchors)


class _Planner:
    def __init__(self, sound: Floats, rate: int, onsets_s: Doubles, strengths: Doubles) -> None:
        self.sound, self.rate = np.asarray(sound, np.float32), rate
        self.fold = max(round(rate / SEARCH_RATE), 1)
        self.coarse = np.asarray(resample_poly(self.sound, 1, self.fold, axis=0)) if self.fold > 1 else self.sound
        self.hertz = rate / self.fold
        squares = np.sum(np.square(self.coarse, dtype=np.float64), axis=1)
        self.energy = np.concatenate(([0.0], np.cumsum(squares)))
        self.floor = max(float(squares.max(initial=0.0)) * 10 ** (FLOOR_DB / 10), UNHEARD**2)
        marks = np.zeros(len(self.coarse) + 1)
        np.add.at(
            marks, np.clip(np.rint(onsets_s * self.hertz).astype(int), 0, len(marks) - 1), np.minimum(strengths, 1.0)
        )
        self.crossed = np.concatenate(([0.0], np.cumsum(marks)))

    def plan(self, anchors: list[Anchor]) -> tuple[float, list[Cut]]:
        rate = self.rate
        start = offset = (anchors[0].sound_s - anchors[0].section_s) * rate
        cuts: list[Cut] = []
        for before, anchor in itertools.pairwise(anchors):
            missing = (anchor.sound_s - anchor.section_s) * rate - offset
            count = min(max(math.ceil(abs(missing) / (LONGEST_S * rate)), 1), MOST_CUTS)
            bounds = np.linspace(before.section_s, anchor.section_s, count + 1)
            reached = offset
            for part in range(1, count + 1):
                onsets = (part == 1, part == count)
                loose = LOOSE_S if part < count or not anchor.heard else 0.0
                wanted = reached + missing * part / count - offset
                stretch = (float(bounds[part - 1]), float(bounds[part]))
                choice = self._best(stretch, offset, wanted / rate, MISS_S + loose, onsets)
                if choice is not None:
                    lag = self._exact(choice, offset)
                    offset += lag
                    cuts.append(Cut(choice.at, choice.fade, offset))
        return start, cuts

    def _best(
        self, stretch: tuple[float, float], offset: float, wanted_s: float, miss_s: float, onsets: tuple[bool, bool]
    ) -> _Choice | None:
        """The cheapest cut of about the wanted lag in a stretch, or none where leaving it is cheaper."""
        hertz, fold = self.hertz, self.fold
        best: _Choice | None = None
        least = MISS_COST * (wanted_s / miss_s) ** 2
        first = round((stretch[0] + AFTER_ONSET_S * onsets[0]) * hertz)
        last = round((stretch[1] - BEFORE_ONSET_S * onsets[1]) * hertz)
        from_lag = math.floor((wanted_s - miss_s - SEARCH_S) * hertz)
        lags = np.arange(from_lag, math.ceil((wanted_s + miss_s + SEARCH_S) * hertz) + 1)
        missed = MISS_COST * ((lags / hertz - wanted_s) / miss_s) ** 2
        for fade_s, dearer in FADES_S.items():
            fade = round(fade_s * hertz)
            places = np.arange(first, last - fade + 1, round(CANDIDATE_S * hertz))
            if not len(places):
                continue
            costs = dearer * self._costs(places + round(offset / fold), fade, lags) + missed
            row, column = (int(index) for index in np.unravel_index(int(np.argmin(costs)), costs.shape))
            if costs[row, column] < least:
                least = float(costs[row, column])
                best = _Choice(int(places[row]) * fold, fade * fold, float(lags[column]) * fold)
        return best

    def _costs(self, froms: NDArray[np.intp], fade: int, lags: NDArray[np.intp]) -> Doubles:
        """For each place and lag: how much of what is heard there would not fit, and what is crossed."""
        hertz, low = self.hertz, int(lags[0])
        shape = np.hanning(fade + 2)[1:-1]
        old = _windows(self.coarse, froms, fade)
        new = _windows(self.coarse, froms + low, fade + len(lags) - 1)
        alike, ours, theirs = _compared(old, new, shape)
        differing = np.maximum(ours[:, None] + theirs - 2 * alike, 0) / 2
        masked = np.clip(froms - round(MASK_BEFORE_S * hertz), 0, len(self.coarse))
        until = np.clip(froms + fade + round(MASK_AFTER_S * hertz), 0, len(self.coarse))
        heard = (self.energy[until] - self.energy[masked]) / (fade + (MASK_BEFORE_S + MASK_AFTER_S) * hertz)
        starts = froms[:, None] + np.minimum(lags, 0) - round(ATTACK_S * hertz)
        ends = froms[:, None] + np.maximum(lags, 0) + fade + round(BEFORE_ONSET_S * hertz)
        top = len(self.crossed) - 1
        crossed = self.crossed[np.clip(ends, 0, top)] - self.crossed[np.clip(starts, 0, top)]
        return np.asarray(differing / (np.maximum(heard, self.floor)[:, None] * shape.sum()) + CROSSED_COST * crossed)

    def _exact(self, choice: _Choice, offset: float) -> float:
        """The lag near the chosen one at which the two sides agree best, in parts of a frame."""
        around = round(EXACT_S * self.rate)
        lags = np.arange(-around, around + 1) + round(choice.lag)
        froms = np.array([choice.at + round(offset)])
        shape = np.hanning(choice.fade + 2)[1:-1]
        old = _windows(self.sound, froms, choice.fade)
        new = _windows(self.sound, froms + int(lags[0]), choice.fade + len(lags) - 1)
        alike, ours, theirs = (np.ravel(values) for values in _compared(old, new, shape))
        if ours[0] <= UNHEARD:
            return choice.lag
        likeness = alike / np.sqrt(ours[0] * np.maximum(theirs, UNHEARD))
        peak = (likeness[1:-1] >= likeness[:-2]) & (likeness[1:-1] >= likeness[2:])
        if not peak.any():
            return choice.lag
        away = np.abs(lags[1:-1] - lags[around]) / around
        at = 1 + int(np.argmax(np.where(peak, likeness[1:-1] - NEARER * away, -np.inf)))
        return float(lags[at]) + _crest(*(float(value) for value in likeness[at - 1 : at + 2]))


def _crest(before: float, here: float, after: float) -> float:
    """Where between three neighbours the crest lies, as if they were of a cosine, which those of a tone are."""
    turn = (before + after) / (2 * here) if here > 0 else 1.0
    if not -1 < turn < 1:
        return 0.0
    step = math.acos(turn)
    return math.atan2(after - before, 2 * here * math.sin(step)) / step


def _compared(old: Doubles, new: Doubles, shape: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Per place, each old window against every window of the new: products, the old one's energy, the new ones'."""
    lags = new.shape[1] - old.shape[1] + 1
    size = next_fast_len(new.shape[1], real=True)
    weighed = old * shape[None, :, None]
    products = rfft(new, size, axis=1) * np.conj(rfft(weighed, size, axis=1))
    alike = irfft(products.sum(axis=2), size, axis=1)[:, :lags]
    squares = rfft(np.sum(new**2, axis=2), size, axis=1) * np.conj(rfft(shape, size))
    return alike, np.sum(weighed * old, axis=(1, 2)), np.maximum(irfft(squares, size, axis=1)[:, :lags], 0)


def _windows(sound: Floats, firsts: NDArray[np.intp], frames: int) -> Doubles:
    """(places, frames, channels); silence beyond the ends of the sound."""
    at = firsts[:, None] + np.arange(frames)
    inside = (at >= 0) & (at < len(sound))
    return np.where(inside[:, :, None], sound[np.clip(at, 0, len(sound) - 1)], 0).astype(np.float64)
