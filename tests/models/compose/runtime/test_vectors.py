"""A tile of a product: what numpy computes, and the same bits in every way that this processor has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from models.compose.runtime import processor, vectors
from models.compose.runtime.vectors import ABREAST, LANES

BLOCKS, INPUTS, ROWS = 2 * ABREAST, 96, 4
HERE = processor.features()
WAYS = [name for name in ("avx512bw", "avx2", "sse2", "none") if name == "none" or HERE.get(name)]


def tiles(rows: int) -> Any:
    tile = vectors._tile(rows)  # afresh, for the processor that is meant

    def run(weights: Any, inputs: Any, scale: Any, input_scale: Any, into: Any) -> None:
        for block in range(0, weights.shape[0], ABREAST):
            for row in range(0, inputs.shape[0], rows):
                tile(weights, block, inputs, row, scale, input_scale, into)

    return njit(run)


@pytest.mark.timeout(240)  # each way is compiled
@pytest.mark.parametrize("whole", [True, False], ids=["int8", "float32"])
def test_a_tile_is_the_product_in_every_way(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    dice = np.random.default_rng(5)
    weights: Any = (
        dice.integers(-127, 128, (BLOCKS * LANES, INPUTS)) if whole else dice.random((BLOCKS * LANES, INPUTS))
    )
    inputs: Any = dice.integers(-32767, 32768, (ROWS, INPUTS)) if whole else dice.random((ROWS, INPUTS))
    if whole:
        inputs[0] = 32767 * np.where(weights[0] < 0, -1, 1) // 2  # near the largest sum that packing allows
    pair = 2 if whole else 1
    packed = (
        weights.reshape(BLOCKS, LANES, INPUTS // pair, pair).transpose(0, 2, 1, 3).reshape(BLOCKS, INPUTS // pair, -1)
    )
    packed = np.ascontiguousarray(packed, np.int8 if whole else np.float32)
    given = inputs.astype(np.int16 if whole else np.float32)
    scale, input_scale = (dice.random(count, dtype=np.float32) for count in (BLOCKS * LANES, ROWS))
    sums = inputs @ weights.T
    wanted = sums * (scale[None] * input_scale[:, None]).astype(np.float64)
    found = []
    for way in WAYS:
        monkeypatch.setattr(processor, "features", lambda way=way: {way: True})
        for rows in (1, 2, ROWS):
            into = np.empty((ROWS, BLOCKS * LANES), np.float32)
            tiles(rows)(packed, given, scale, input_scale, into)
            np.testing.assert_allclose(into, wanted, rtol=1e-5)
            found.append(into)
    assert len(found) >= 2
    assert all(np.array_equal(found[0], other) for other in found)
