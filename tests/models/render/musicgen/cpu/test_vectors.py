"""The vector loops give what numpy gives, and the same bits on every kind of processor and for any rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from models.render.musicgen.cpu import llvm, vectors
from models.render.musicgen.cpu.packing import empty, pack, unpack
from models.render.musicgen.cpu.vectors import GROUP, TILE, narrow

DEPTH, ROWS = 96, 4
PROCESSORS = {"this": None, "pairs": {"avx512bw": True}, "none": {}}


def compiled(rows: int) -> Any:
    tile = vectors._tile(rows)  # afresh, for the processor that is meant

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


@pytest.mark.parametrize(("bits", "less"), [(4, 8), (8, 128)])
def test_a_tile_is_the_product(monkeypatch: pytest.MonkeyPatch, bits: int, less: int) -> None:
    values = np.random.default_rng(2).standard_normal((2 * TILE, DEPTH)).astype(np.float32)
    matrix = empty(2 * TILE, DEPTH, bits)
    pack(values, matrix, 0)
    _, numbers, offsets, factors = inputs(less)
    wanted = (numbers * np.repeat(factors, GROUP, 1)).astype(np.float64) @ unpack(matrix).T.astype(np.float64)
    found = {}
    for name, features in PROCESSORS.items():
        if features is not None:
            monkeypatch.setattr(llvm, "_features", lambda features=features: features)
        for rows in (1, 2, 4) if features is None else (2,):
            into = np.empty((ROWS, 2 * TILE), np.float32)
            compiled(rows)(*matrix, numbers, offsets, factors, into)
            np.testing.assert_allclose(into, wanted, rtol=1e-4, atol=1e-4)
            found[name, rows] = into
    first, *others = found.values()
    assert all(np.array_equal(first, other) for other in others)
