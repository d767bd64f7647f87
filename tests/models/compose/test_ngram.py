"""The n-gram baseline: its probabilities sum to one, and it knows what it has seen."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.compose.ngram import NGrams, keys_of

VOCABULARY = 12
DICE = np.random.default_rng(5)


def walk(length: int) -> NDArray[np.int32]:
    """Mostly one up, sometimes anywhere."""
    steps = np.where(DICE.random(length) < 0.8, 1, DICE.integers(0, VOCABULARY - 1, length))
    return (1 + np.cumsum(steps) % (VOCABULARY - 1)).astype(np.int32)


@pytest.mark.parametrize("order", [1, 2, 4, 6])
def test_probabilities_sum_to_one(order: int) -> None:
    model = NGrams.of([walk(50) for _ in range(8)], order=order, vocabulary=VOCABULARY)
    for context in (walk(order), np.array([3, 3, 3, 3, 3, 3, 3], dtype=np.int32)):
        keys = [keys_of(np.append(context, token).astype(np.int32), order)[-1] for token in range(VOCABULARY)]
        assert (2.0 ** -model.bits_of_keys(np.array(keys))).sum() == pytest.approx(1.0)


def test_longer_contexts_tell_more_of_music_that_has_them() -> None:
    learnt, judged = [walk(200) for _ in range(40)], walk(2000)
    bits = [float(NGrams.of(learnt, order=order, vocabulary=VOCABULARY).bits(judged).mean()) for order in (1, 2, 3)]
    ideal = -(0.8 * np.log2(0.8 + 0.2 / 11) + 0.2 * np.log2(0.2 / 11))
    assert bits[0] > 3.3
    assert bits[1] < ideal + 0.25
    assert bits[2] < ideal + 0.5


def test_more_than_a_key_holds_is_refused() -> None:
    for order, vocabulary in ((7, 8), (0, 8), (3, 2000)):
        with pytest.raises(ValueError, match="smaller order"):
            NGrams.of([walk(9)], order=order, vocabulary=vocabulary)
