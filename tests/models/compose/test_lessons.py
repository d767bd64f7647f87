"""What is trained on and judged by: packing loses nothing, the mixture is bounded, bits are counted as they fall."""

from __future__ import annotations

import numpy as np
import pytest

from models.compose.lessons import KIND_OF, KINDS, Documents, Tally, documents, mixture, of_examples
from models.compose.tokens.examples import Batch, Example
from models.compose.tokens.vocabulary import VOCABULARY


def test_a_batch_is_laid_end_to_end_without_its_padding() -> None:
    ids = np.arange(12, dtype=np.int32).reshape(2, 6)
    segments = np.array([[1, 1, 1, 2, 2, 0], [1, 1, 0, 0, 0, 0]], dtype=np.int16)
    batch = Batch(ids, ids + 1, (ids > 1).astype(np.float32), segments)
    packed = documents(batch, slice(None))
    assert packed.ids.tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert packed.targets.tolist() == [1, 2, 3, 4, 5, 7, 8]
    assert packed.weights.tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert packed.lengths == (3, 2, 2)
    assert documents(batch, slice(1, None, 2)).lengths == (2,)


def test_examples_are_laid_end_to_end_each_shifted_by_one() -> None:
    some = [Example(np.array(ids, dtype=np.int32), np.ones(len(ids), dtype=np.float32)) for ids in ([1, 2, 3], [7, 8])]
    packed = of_examples(some)
    assert isinstance(packed, Documents)
    assert (packed.ids.tolist(), packed.targets.tolist(), packed.lengths) == ([1, 2, 7], [2, 3, 8], (2, 1))


def test_the_mixture_is_fair_to_small_sets_within_bounds() -> None:
    shares = mixture({"large": 4_000_000, "middle": 1_000_000, "tiny": 100, "none": 0})
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["large"] / shares["middle"] == pytest.approx(2)
    assert shares["tiny"] < 5 * 100 / 5_000_000
    assert shares["none"] == 0
    with_rules = mixture({"people": 10, "rules": 10_000_000}, rules=["rules"])
    assert with_rules["people"] == pytest.approx(0.75)
    assert mixture({"rules": 10}, rules=["rules"]) == {"rules": 1.0}


def test_bits_are_told_by_kind_by_token_and_by_note() -> None:
    words = ["Position_0", "Pitch_60", "Dur_24", "Hit_0_5", "Origin_real"]
    targets = np.array([VOCABULARY.id(word) for word in words], dtype=np.int32)
    tally = Tally()
    tally.add(targets, np.array([1, 1, 1, 1, 0], dtype=np.float32), np.array([1.0, 4.0, 2.0, 3.0, 9.0]))
    assert (tally.notes, tally.per_note, tally.per_token) == (2, 5.0, 2.5)
    assert tally.kinds == {"position": 1.0, "pitch": 4.0, "duration": 2.0, "hit": 3.0}
    assert KIND_OF[VOCABULARY.id("Origin_real")] == len(KINDS)
