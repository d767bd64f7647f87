"""Choosing a token: free functions over logits, what the grammar allows, and a number that chance gives.

Chance is counted, not drawn: a number depends on the seed and the position and on nothing that was asked before, so a
section can be rewound, branched or written beside others and its choices stay its own. Knows no model and no music.

    >>> logits, allowed = np.array([0.0, 2.0, 9.0], np.float32), np.array([True, True, False])
    >>> sample(logits, allowed, chance(seed=7, position=12), temperature=0.9, min_p=0.02)
    1
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from models.compose.runtime.weights import Floats

__all__ = ["chance", "log_chances", "sample"]

BITS = 53  # of a float64 below 1
Allowed = NDArray[np.bool_]


def chance(seed: int, position: int, stream: int = 0) -> float:
    """A number from 0 to below 1 that belongs to this seed, position and stream alone.

    From a hash: it takes 1 us, where numpy's counting generators take 7 and ask the system for numbers that they don't need.
    """
    digest = blake2b(b"%d %d %d" % (seed, position, stream), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - BITS)) / float(2**BITS)


def log_chances(logits: Floats, allowed: Allowed | None = None) -> NDArray[np.float64]:
    """Natural logarithms of the model's own probabilities among what is allowed; minus infinity for the rest."""
    values = logits.astype(np.float64)
    if allowed is not None:
        values[..., ~allowed] = -np.inf
    values -= values.max(-1, keepdims=True)
    values -= np.log(np.exp(values).sum(-1, keepdims=True))
    return values


def sample(
    logits: Floats,
    allowed: Allowed | None,
    number: float,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    min_p: float = 0.0,
) -> int:
    """The token that `number` (from 0 to below 1) falls on. A temperature of 0 takes the likeliest, the lower id of two.

    `min_p` leaves out what is less likely than that share of the likeliest; `top_p` then keeps the likeliest tokens that
    together reach it. Raises ValueError where nothing is allowed. 15 us for a vocabulary of 900.
    """
    tokens = allowed.nonzero()[0] if allowed is not None else np.arange(len(logits))
    if not len(tokens):
        raise ValueError("nothing is allowed: there is no token to choose")
    values = logits[tokens].astype(np.float64)
    likeliest = int(values.argmax())
    if len(tokens) == 1 or temperature <= 0:
        return int(tokens[likeliest])
    values -= values[likeliest]
    values /= temperature
    shares = np.exp(values, values)  # the likeliest has 1
    if min_p > 0:
        kept = (shares >= min_p).nonzero()[0]  # few: what follows sorts and sums these alone
        tokens, shares = tokens[kept], shares[kept]
    if top_p < 1:
        order = (-shares).argsort(kind="stable")
        sums = shares[order].cumsum()
        shares[order[int(sums.searchsorted(top_p * sums[-1])) + 1 :]] = 0
    sums = shares.cumsum()
    return int(tokens[min(int(sums.searchsorted(number * sums[-1], side="right")), int(shares.nonzero()[0][-1]))])
