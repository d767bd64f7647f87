"""Packed weights are the nearest that their bits can say, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.musicgen.cpu.packing import Floats, empty, pack, unpack


def normal(rows: int, columns: int) -> Floats:
    return np.random.default_rng(3).standard_normal((rows, columns)).astype(np.float32)


def again(values: Floats, bits: int) -> Floats:
    matrix = empty(len(values), values.shape[1], bits)
    pack(values, matrix, 0)
    return unpack(matrix)


@pytest.mark.parametrize(("bits", "most"), [(8, 0.0056), (4, 0.083)])
def test_what_is_lost_of_normal_weights(bits: int, most: float) -> None:
    values = normal(128, 192)
    lost = again(values, bits) - values
    assert 0 < np.linalg.norm(lost) / np.linalg.norm(values) < most


@pytest.mark.parametrize("bits", [4, 8])
def test_no_scale_of_eight_tried_beside_is_better(bits: int) -> None:
    values = normal(64, 32)
    lost = ((again(values, bits) - values) ** 2).sum(1)
    least, most = (-8, 7) if bits == 4 else (-127, 127)
    for reach in np.linspace(0.7, 1.3, 8):
        scale = values[np.arange(64), np.abs(values).argmax(1)][:, None] * np.float32(reach) / least
        other = np.clip(np.rint(values / scale), least, most) * scale
        assert lost.sum() < ((other - values) ** 2).sum() * 1.01


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("size", [1e-20, 1.0, 1e20])
def test_size_changes_nothing_but_size(bits: int, size: float) -> None:
    values = normal(64, 64)
    found = again(values * np.float32(size), bits) / np.float32(size)
    assert np.linalg.norm(found - values) / np.linalg.norm(values) < 0.09


@pytest.mark.parametrize("bits", [4, 8])
def test_whole_steps_are_kept_and_zeros_too(bits: int) -> None:
    values = np.zeros((64, 64), np.float32)
    values[5, :3] = [-8, 7, 1]
    values[6, 40] = 0.5
    found = again(values, bits)
    assert np.abs(found - values).max() < 0.04
    assert not found[7:].any()


def test_tiles_go_where_they_are_put() -> None:
    matrix = empty(192, 64, 4)
    matrix.weights[:], matrix.scales[:] = 0x88, 0x3F80
    values = normal(64, 64)
    pack(values, matrix, 1)
    found = unpack(matrix)
    assert not found[:64].any()
    assert not found[128:].any()
    np.testing.assert_array_equal(found[64:128], again(values, 4))
