"""Choosing tokens: only what is allowed, as often as it should be, and the same for the same seed and position."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.compose.runtime import chance, log_chances, sample

LOGITS = np.log(np.array([0.5, 0.2, 0.15, 0.1, 0.05], np.float32))
ALL = np.ones(5, bool)
NUMBERS = [chance(1, position) for position in range(4000)]


def drawn(**options: float) -> Counter[int]:
    return Counter(sample(LOGITS, ALL, number, **options) for number in NUMBERS)


def test_each_comes_as_often_as_it_should() -> None:
    counts = drawn()
    assert [counts[token] / 4000 for token in range(5)] == pytest.approx([0.5, 0.2, 0.15, 0.1, 0.05], abs=0.025)


def test_temperature_sharpens_and_flattens() -> None:
    cold, warm = drawn(temperature=0.5), drawn(temperature=2.0)
    assert cold[0] / 4000 == pytest.approx(0.25 / 0.325, abs=0.025)
    assert warm[4] / 4000 > 0.09
    assert drawn(temperature=0) == {0: 4000}


def test_the_unlikely_is_left_out() -> None:
    assert set(drawn(min_p=0.25)) == {0, 1, 2}
    assert set(drawn(top_p=0.6)) == {0, 1}
    assert set(drawn(top_p=0.4)) == {0}
    assert set(drawn(top_p=0.8, min_p=0.25)) == {0, 1}  # of what min_p has left


@given(
    logits=st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=40),
    mask=st.integers(1, 2**40 - 1),
    number=st.floats(0, 1, exclude_max=True),
    temperature=st.sampled_from([0.0, 0.05, 0.7, 1.0, 3.0]),
    top_p=st.sampled_from([0.01, 0.5, 0.95, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 1.0]),
)
def test_only_what_is_allowed(
    logits: list[float], mask: int, number: float, temperature: float, top_p: float, min_p: float
) -> None:
    allowed = np.array([bool(mask >> i & 1) for i in range(len(logits))])
    values = np.array(logits, np.float32)
    if not allowed.any():
        with pytest.raises(ValueError, match="nothing is allowed"):
            sample(values, allowed, number)
        return
    token = sample(values, allowed, number, temperature=temperature, top_p=top_p, min_p=min_p)
    assert allowed[token]
    if temperature == 0:
        assert values[token] == values[allowed].max()
    elif min_p == 1:
        assert values[token] == pytest.approx(values[allowed].max(), abs=1e-6)  # no nearer than chances tell them apart
    assert np.array_equal(values, np.array(logits, np.float32))  # what it reads it leaves as it was


def test_chance_belongs_to_seed_and_position_alone() -> None:
    numbers = [chance(seed, position, stream) for seed in range(5) for position in range(50) for stream in range(2)]
    assert numbers == [
        chance(seed, position, stream) for seed in range(5) for position in range(50) for stream in range(2)
    ]
    assert len(set(numbers)) == 500
    assert all(0 <= number < 1 for number in numbers)
    assert np.mean(numbers) == pytest.approx(0.5, abs=0.05)
    assert chance(-1, 0) != chance(1, 0)
    assert round(chance(7, 11), 12) == KNOWN


KNOWN = 0.57764357256  # seeds that are in the record must mean the same tomorrow


def test_log_chances_are_the_models_own() -> None:
    assert np.exp(log_chances(LOGITS)) == pytest.approx([0.5, 0.2, 0.15, 0.1, 0.05], abs=1e-6)
    two = log_chances(np.stack([LOGITS, LOGITS]), ALL & (np.arange(5) > 2))
    assert np.exp(two) == pytest.approx(np.array([[0, 0, 0, 2 / 3, 1 / 3]] * 2), abs=1e-6)
