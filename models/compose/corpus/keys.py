"""The key of each bar, inferred from the notes.

Lives here: profiles of the modes, a path through the keys that changes seldom, and the choice of harmonic minor where
the leading note rules. Knows arrays of pitch-class weights, no files.

    >>> scale = np.zeros((8, 12)); scale[:, [0, 2, 4, 5, 7, 9, 11]] = 1; scale[:, [0, 7]] = 2
    >>> {str(key) for key in infer_keys(scale, scale * 0)}
    {'C'}
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sessions.music.keys import MODES, Key
from sessions.music.pitches import LETTERS

__all__ = ["Floats", "infer_keys", "signature_hints"]

Floats = npt.NDArray[np.float64]

# Shares of the pitch classes above the tonic in major and minor: Albrecht and Shanahan, Music Perception 31 (2013).
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
# The other modes, as steps that change places in those.
_PROFILES: tuple[tuple[str, tuple[float, ...], dict[int, float]], ...] = (
    ("major", _MAJOR, {}),
    ("minor", _MINOR, {}),
    ("minor", _MINOR, {8: 0.080, 9: 0.010, 10: 0.095, 11: 0.010}),  # without a leading note, as in songs
    ("dorian", _MINOR, {8: 0.012, 9: 0.080, 10: 0.090, 11: 0.012}),
    ("phrygian", _MINOR, {1: 0.085, 2: 0.012, 9: 0.008, 10: 0.090, 11: 0.008}),
    ("lydian", _MAJOR, {5: 0.012, 6: 0.085}),
    ("mixolydian", _MAJOR, {10: 0.085, 11: 0.012}),
)
_MODES = tuple(mode for mode, _, _ in _PROFILES)

_BASS_SHARES, _BASS_IN_SCALE, _BASS_OUTSIDE = {0: 0.36, 7: 0.18, 5: 0.13}, 0.07, 0.01
"""The bass is more often on the tonic than anywhere else."""

BAR_EVIDENCE = 6.0
"""A bar counts as this many independent notes at most, however many it has."""
BASS_EVIDENCE = 0.7
"""The bass counts this many more; it dwells on tonic and fifth."""
PHRASE_BARS, PHRASE_EVIDENCE = 4, 2.5
"""Where a phrase may begin the bass counts this many more again: loops start on their tonic and end elsewhere."""
CHANGE_COST = 14.0
"""Nats that a change of tonic costs, so that it needs two or three clear bars."""
MODE_COST = 8.0
RARE_MODE_COST, RARE_BAR_COST = 3.0, 0.2
"""Nats against a church mode, at its beginning and in each bar: it must be heard."""
HINT_GAIN = 1.0
"""Nats a bar for keys that the signature allows: some files lie, most do not."""
FIRST_GAIN, END_GAIN = 2.0, 2.0
"""Nats for a tonic in the bass of the first and of the last bar that has one."""
LEADING_SHARE = 0.04
LEADING_RATIO = 1.6
"""Harmonic minor: the raised seventh has this share of all notes, and this many times the natural one's."""


def infer_keys(weights: Floats, bass: Floats, hints: Floats | None = None) -> tuple[Key, ...]:
    """A key for each bar of (bars, 12) weights of the pitch classes, all parts and the bass alone.

    `hints` are (bars, 12) gains for the signature's major key, or nothing.
    """
    if not len(weights):
        return ()
    table, bass_table = _log_profiles()
    spread = _spread(weights)
    evidence = BAR_EVIDENCE * spread / np.maximum(spread.sum(1, keepdims=True), 1e-9)
    evidence *= np.minimum(spread.sum(1, keepdims=True) / np.maximum(np.median(spread.sum(1)), 1e-9), 1.0)
    sounding = np.flatnonzero(bass.sum(1) > 0)
    begins = np.zeros(len(bass))
    begins[int(sounding[0]) if len(sounding) else 0 :: PHRASE_BARS] = PHRASE_EVIDENCE
    low = (BASS_EVIDENCE + begins)[:, None] * bass / np.maximum(bass.sum(1, keepdims=True), 1e-9)
    gains = evidence @ table.T + low @ bass_table.T
    gains -= gains.mean(1, keepdims=True)
    rare = np.array([mode not in ("major", "minor") for _ in range(12) for mode in _MODES])
    gains[:, rare] -= RARE_BAR_COST
    gains[0, rare] -= RARE_MODE_COST
    if hints is not None:
        gains += HINT_GAIN * hints[:, _majors()]
    for bar, gain in ((sounding[0], FIRST_GAIN), (sounding[-1], END_GAIN)) if len(sounding) else ():
        gains[bar] += gain * (np.repeat(np.arange(12), len(_MODES)) == int(bass[bar].argmax()))
    path = _path(gains, rare)
    return _named(path, weights)


def signature_hints(signatures: Sequence[tuple[int, int, bool]], starts: Sequence[int]) -> Floats | None:
    """From (tick, sharps, is minor): which major scale each bar's signature writes; None where it says nothing.

    A file that says C major all through is taken to say nothing: most programs write that unasked.
    """
    told = {tick: sharps for tick, sharps, _ in signatures if -7 <= sharps <= 7}
    if not any(told.values()):
        return None
    ticks = np.array(sorted(told))
    hints = np.zeros((len(starts), 12))
    for bar, place in enumerate(np.searchsorted(ticks, np.asarray(starts) + 1, "right") - 1):
        if place >= 0:
            hints[bar, told[int(ticks[place])] * 7 % 12] = 1.0
    return hints


def _log_profiles() -> tuple[Floats, Floats]:
    rows, basses = [], []
    for tonic in range(12):
        for mode, base, changes in _PROFILES:
            profile = np.array([changes.get(step, share) for step, share in enumerate(base)])
            rows.append(np.roll(profile / profile.sum(), tonic))
            bass = [
                _BASS_SHARES.get(step, _BASS_IN_SCALE if step in MODES[mode] else _BASS_OUTSIDE) for step in range(12)
            ]
            basses.append(np.roll(np.array(bass) / sum(bass), tonic))
    return np.log(np.array(rows)), np.log(np.array(basses))


def _majors() -> npt.NDArray[np.int64]:
    """For each state, the major key with its signature."""
    below = {"major": 0, "minor": 9, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7}
    return np.array([(tonic - below[mode]) % 12 for tonic in range(12) for mode in _MODES])


def _spread(weights: Floats) -> Floats:
    """A bar hears its neighbours a little: single bars of one chord say too little of the key."""
    padded = np.pad(weights, ((1, 1), (0, 0)), mode="edge")
    return weights + 0.5 * (padded[:-2] + padded[2:])


def _path(gains: Floats, rare: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The best path through tonics x modes."""
    count = len(_MODES)
    tonics = np.repeat(np.arange(12), count)
    modes = np.tile(np.arange(count), 12)
    cost = np.where(tonics[:, None] == tonics, MODE_COST * (modes[:, None] != modes), CHANGE_COST)
    cost += RARE_MODE_COST * (rare & ((tonics[:, None] != tonics) | (modes[:, None] != modes)))
    best, back = gains[0], np.zeros(gains.shape, np.int64)
    for bar in range(1, len(gains)):
        options = best[:, None] - cost
        back[bar] = options.argmax(0)
        best = options.max(0) + gains[bar]
    path = np.empty(len(gains), np.int64)
    path[-1] = best.argmax()
    for bar in range(len(gains) - 1, 0, -1):
        path[bar - 1] = back[bar, path[bar]]
    return path


def _named(path: npt.NDArray[np.int64], weights: Floats) -> tuple[Key, ...]:
    keys: list[Key] = []
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    for first, end in pairwise(edges):
        tonic, mode = divmod(int(path[first]), len(_MODES))
        name = _MODES[mode]
        if name == "minor":
            steps = np.roll(weights[first:end].sum(0), -tonic)
            if steps[11] > LEADING_SHARE * steps.sum() and steps[11] > LEADING_RATIO * steps[10]:
                name = "harmonic minor"
        keys += [_spelled(tonic, name)] * (end - first)
    return tuple(keys)


def _spelled(tonic: int, mode: str) -> Key:
    """The key by the name that has fewer sharps or flats: Eb major, but D# phrygian."""
    below = {"minor": 9, "harmonic minor": 9, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7}.get(mode, 0)
    sharps = ((tonic - below) * 7 + 5) % 12 - 5  # of the signature, -5..6
    fifths = sharps + {0: 0, 9: 3, 2: 2, 4: 4, 5: -1, 7: 1}[below]  # from C to the tonic
    letter = "FCGDAEB"[(fifths + 1) % 7]
    return Key(tonic, mode, letter + {1: "#", 11: "b"}.get((tonic - LETTERS[letter]) % 12, ""))
