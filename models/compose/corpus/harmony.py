"""The chord of each half bar, inferred from the notes.

Lives here: how likely notes are under a chord, and the likeliest way through all of them. Knows arrays of
pitch-class weights, no files.

    >>> triads = np.zeros((2, 12)); triads[0, [0, 4, 7]] = 960; triads[1, [9, 0, 4]] = 960
    >>> [str(chord) for chord in infer_chords(triads, triads * 0, [Key(0), Key(0)])]
    ['C', 'Am']
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from models.compose.corpus.keys import Floats
from sessions.music.chords import Chord
from sessions.music.keys import Key

__all__ = ["QUALITIES", "infer_chords"]

# Shares of the chord's tones by their interval, and what the chord costs before anything is heard (nats).
_TEMPLATES: dict[str, tuple[dict[int, float], float]] = {
    "": ({0: 0.36, 4: 0.27, 7: 0.25}, 0.0),
    "m": ({0: 0.36, 3: 0.27, 7: 0.25}, 0.0),
    "7": ({0: 0.31, 4: 0.22, 7: 0.17, 10: 0.18}, 0.5),
    "m7": ({0: 0.29, 3: 0.22, 7: 0.19, 10: 0.18}, 1.1),
    "maj7": ({0: 0.28, 4: 0.22, 7: 0.19, 11: 0.19}, 1.3),
    "dim": ({0: 0.33, 3: 0.28, 6: 0.27}, 0.9),
    "m7b5": ({0: 0.28, 3: 0.21, 6: 0.21, 10: 0.18}, 1.1),
    "sus4": ({0: 0.34, 5: 0.26, 7: 0.28}, 1.2),
    "aug": ({0: 0.32, 4: 0.28, 8: 0.28}, 1.8),
    "5": ({0: 0.52, 7: 0.36}, 0.3),
}
QUALITIES = tuple(_TEMPLATES)
STRANGE_SHARE = 0.12
"""Of all notes: passing and neighbour notes, spread over the other pitch classes."""

HALF_EVIDENCE = 7.0
"""A half bar counts as this many independent notes at most."""
ROOT_GAIN, FIFTH_GAIN = 1.6, 0.1
TONE_GAIN = 0.5
"""Nats for the lowest note being root, fifth or another tone of the chord; a strange one costs as much as the root gains."""
CHANGE_COST, BAR_CHANGE_COST = 1.7, 0.9
"""Nats for another chord in the bar's second half, and in the next bar."""
SCALE_COST = 0.45
"""Nats for each tone of a chord outside the key's scale."""
QUIET_TICKS = 120.0
"""A half bar with less than this much sound has no chord of its own."""
QUIET_COST = 0.7


def infer_chords(weights: Floats, bass: Floats, keys: Sequence[Key]) -> tuple[Chord | None, ...]:
    """A chord for each half bar of (halves, 12) weights (ticks that each pitch class sounds; all parts, the bass alone).

    None where nothing sounds. `keys` has one for each half.
    """
    if not len(weights):
        return ()
    logs, members, costs = _tables()
    total = weights.sum(1, keepdims=True)
    evidence = np.sqrt(weights / np.maximum(total, 1e-9))  # a root that is held must not drown the third
    evidence *= HALF_EVIDENCE / np.maximum(evidence.sum(1, keepdims=True), 1e-9)
    gains = evidence @ logs.T - costs
    low = bass / np.maximum(bass.sum(1, keepdims=True), 1e-9)
    gains += low @ _bass_gains().T
    outside = np.array([[step not in key.scale for step in range(12)] for key in keys], np.float64)
    gains -= SCALE_COST * outside @ members.T
    silent = total[:, 0] < QUIET_TICKS
    gains = np.concatenate([gains, np.where(silent, 0.0, -99.0)[:, None]], axis=1)
    gains[silent, :-1] = -QUIET_COST - 99.0 * (total[silent] <= 0)
    path = _path(gains)
    nothing = gains.shape[1] - 1
    return tuple(None if state == nothing else _chord(*divmod(state, len(QUALITIES))) for state in path)


@cache
def _chord(root: int, quality: int) -> Chord:
    return Chord(root, QUALITIES[quality])


@cache
def _tables() -> tuple[Floats, Floats, Floats]:
    logs, members, costs = [], [], []
    for root in range(12):
        for tones, cost in _TEMPLATES.values():
            strange = (1.0 - sum(tones.values())) / (12 - len(tones))
            shares = np.array([tones.get((step - root) % 12, strange) for step in range(12)])
            logs.append(np.log(shares / shares.sum()))
            members.append([float((step - root) % 12 in tones) for step in range(12)])
            costs.append(cost)
    return np.array(logs), np.array(members), np.array(costs)


@cache
def _bass_gains() -> Floats:
    rows = []
    for root in range(12):
        for tones, _ in _TEMPLATES.values():
            gain = [TONE_GAIN if step in tones else -ROOT_GAIN for step in range(12)]
            gain[0] = ROOT_GAIN
            if 7 in tones:
                gain[7] = FIFTH_GAIN
            rows.append(np.roll(gain, root))
    return np.array(rows)


def _path(gains: Floats) -> list[int]:
    best, back = gains[0], np.zeros(gains.shape, np.int64)
    states = np.arange(gains.shape[1])
    for half in range(1, len(gains)):
        cost = CHANGE_COST if half % 2 else BAR_CHANGE_COST
        other = int(best.argmax())
        stays = best >= best[other] - cost
        back[half] = np.where(stays, states, other)
        best = np.where(stays, best, best[other] - cost) + gains[half]
    path = [int(best.argmax())]
    for half in range(len(gains) - 1, 0, -1):
        path.append(int(back[half, path[-1]]))
    return path[::-1]
