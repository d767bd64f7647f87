"""The limiter: nothing above the ceiling, nothing touched that need not be, no seams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.render import limiter
from models.render.limiter import LOOK_S, limit
from models.render.soundfont import Floats

RATE = 44_100


def hits(frames: int, seed: int) -> Floats:
    """Quiet noise with loud hits in it."""
    dice = np.random.default_rng(seed)
    sound = 0.05 * dice.standard_normal((frames, 2))
    for at in dice.integers(0, frames, 5):
        sound[at : at + 400] *= 30
    return np.asarray(sound, np.float32)


@settings(max_examples=30)
@given(frames=st.integers(1, 20_000), seed=st.integers(0, 1000), ceiling=st.floats(0.05, 2.0))
def test_nothing_is_above_the_ceiling_and_the_rest_is_only_turned_down(frames: int, seed: int, ceiling: float) -> None:
    sound = hits(frames, seed)
    before = sound.copy()
    limit(sound, ceiling=ceiling, rate=RATE)
    assert np.max(np.abs(sound)) <= ceiling * (1 + 1e-5)
    assert np.all(np.abs(sound) <= np.abs(before) * (1 + 1e-6))
    assert np.all(sound * before >= 0)


def test_what_is_quiet_enough_stays_as_it_is_bit_for_bit() -> None:
    sound = hits(5000, 1)
    before = sound.copy()
    limit(sound, ceiling=float(np.max(np.abs(before))), rate=RATE)
    assert np.array_equal(sound, before)


def test_far_from_a_peak_nothing_changes() -> None:
    sound = np.full((RATE, 2), 0.1, np.float32)
    sound[20_000] = 1.0
    limit(sound, ceiling=0.2, rate=RATE)
    far = round(2.2 * LOOK_S * RATE)
    assert sound[20_000, 0] == pytest.approx(0.2, rel=1e-4)
    assert np.allclose(sound[: 20_000 - far], 0.1)
    assert np.allclose(sound[20_000 + far :], 0.1)
    gain = sound[:, 0] / 0.1
    gain[20_000] = gain[19_999]
    assert np.max(np.abs(np.diff(gain))) < 0.01  # it glides


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, cut = hits(30_000, 7), hits(30_000, 7)
    limit(whole, ceiling=0.3, rate=RATE)
    monkeypatch.setattr(limiter, "BLOCK_FRAMES", 4096)
    limit(cut, ceiling=0.3, rate=RATE)
    assert np.allclose(whole, cut, atol=1e-6)
