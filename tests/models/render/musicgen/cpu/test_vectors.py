"""The vector loops give what numpy gives, and the same bits on every kind of processor and for any rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from models.compose.runtime import processor
from models.render.musicgen.cpu import tiling
from models.render.musicgen.cpu.packing import empty, pack, unpack
from models.render.musicgen.cpu.vectors import GROUP, TILE, narrow

DEPTH, ROWS = 96, 4
WAYS = ("avx512vnni", "avxvnni", "avx512bw", "avx2", "ssse3", "sse2", "none")
HERE = processor.features()
OLDER = {"avx2": ("ssse3", "sse2"), "ssse3": ("sse2",)}  # what comes with it
PROCESSORS = {
    name: dict.fromkeys((name, *OLDER.get(name, ())), True) for name in WAYS if name == "none" or HERE.get(name)
}
LOUD = np.where(np.arange(DEPTH) % 64 < 40, 1, -1).astype(np.float32)
"""As an input and as weights: the largest products, all of one sign, which no short may lose."""


def compiled(rows: int) -> Any:
    tile = tiling._tile(rows)  # afresh, for the processor that is meant

    def run(weights: Any, scales: Any, numbers: Any, offsets: Any, factors: Any, into: Any) -> None:
        for one in range(weights.shape[0]):
            for row in range(0, numbers.shape[0], rows):
                tile(weights, scales, one, numbers, offsets, factors, row, into, one * TILE)

    return njit(run)


def _as_bytes(x: Any, numbers: Any, offsets: Any, factors: Any, less: int) -> None:
    for row in range(x.shape[0]):
        narrow(x, row, 0, numbers, row, 0, x.shape[1] // GROUP, offsets, factors, less)


as_bytes: Any = njit(_as_bytes)


def inputs(less: int) -> tuple[Any, ...]:
    x = np.random.default_rng(1).standard_normal((ROWS, DEPTH)).astype(np.float32)
    x[1, :GROUP] = 0
    x[2, 0] = 300
    x[3] = LOUD
    numbers = np.empty((ROWS, DEPTH), np.int8)
    offsets, factors = np.empty((ROWS, DEPTH // GROUP), np.int32), np.empty((ROWS, DEPTH // GROUP), np.float32)
    as_bytes(x, numbers, offsets, factors, less)
    return x, numbers, offsets, factors


def test_bytes_of_a_row() -> None:
    x, numbers, offsets, factors = inputs(8)
    np.testing.assert_allclose(numbers * np.repeat(factors, GROUP, 1), x, atol=300 / 127 / 2)
    np.testing.assert_array_equal(offsets, -8 * numbers.reshape(ROWS, -1, GROUP).astype(np.int32).sum(2))
    assert not numbers[1, :GROUP].any()
    assert np.abs(numbers.astype(int)).max() == 127


@pytest.mark.timeout(240)  # each way is compiled
@pytest.mark.parametrize(("bits", "less"), [(4, 8), (8, 128)])
def test_a_tile_is_the_product(monkeypatch: pytest.MonkeyPatch, bits: int, less: int) -> None:
    values = np.random.default_rng(2).standard_normal((2 * TILE, DEPTH)).astype(np.float32)
    values[1], values[2], values[3] = LOUD, -LOUD, 1
    values[3, ::GROUP] = -1.01  # of half bytes, all others become 7
    matrix = empty(2 * TILE, DEPTH, bits)
    pack(values, matrix, 0)
    _, numbers, offsets, factors = inputs(less)
    wanted = (numbers * np.repeat(factors, GROUP, 1)).astype(np.float64) @ unpack(matrix).T.astype(np.float64)
    found: dict[tuple[str, int], Any] = {}
    for name, features in PROCESSORS.items():
        monkeypatch.setattr(processor, "features", lambda features=features: features)
        for rows in (2,) if found else (1, 2, 4):
            into = np.empty((ROWS, 2 * TILE), np.float32)
            compiled(rows)(*matrix, numbers, offsets, factors, into)
            np.testing.assert_allclose(into, wanted, rtol=1e-4, atol=1e-4)
            found[name, rows] = into
    first, *others = found.values()
    assert others
    assert all(np.array_equal(first, other) for other in others)
