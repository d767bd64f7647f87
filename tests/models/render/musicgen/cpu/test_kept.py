"""Packed weights on disk: the same decoder to the last bit, and a file that is not whole is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.cpu import kept
from models.render.musicgen.cpu.decoder import CpuDecoder
from models.render.musicgen.tensors import Tensors
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import Kind

ARRAYS: dict[str, NDArray[Any]] = {
    "bytes": np.arange(-60, 60, dtype=np.int8).reshape(2, 3, 20),
    "none": np.zeros((0, 4), np.uint16),
    "floats": np.linspace(0, 1, 7, dtype=np.float32),
}


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "weights.int8"
    kept.write(file, ARRAYS)
    found = kept.read(file)
    assert found is not None
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_not_whole_to_the_last_bit_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights"
    assert kept.read(file) is None
    kept.write(file, ARRAYS)
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert kept.read(file) is None, at
        file.write_bytes(whole[:at])
        assert kept.read(file) is None, at
    file.write_bytes(whole + b"\0")
    assert kept.read(file) is None
    file.write_bytes(whole)
    assert kept.read(file) is not None
    monkeypatch.setattr(kept, "_EDITION", "another")
    assert kept.read(file) is None


@pytest.mark.timeout(240)  # the kernels are compiled here where they never were
@pytest.mark.parametrize("kind", [Kind(), Kind(melody=True)], ids=["text", "melody"])
@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_read_from_there_it_answers_the_same_and_takes_no_tensor(
    published: Published, kind: Kind, precision: str, tmp_path: Path
) -> None:
    checkpoint, file = Checkpoint.of(published(kind)[1]), tmp_path / "packed"
    shape, nowhere = checkpoint.decoder, Tensors({}, tmp_path)
    first = CpuDecoder.read(checkpoint.tensors, shape, precision, packed=file)
    again = CpuDecoder.read(nowhere, shape, precision, packed=file)
    rows = [torch.randn(5, shape.width, generator=torch.Generator().manual_seed(1))]
    codes = torch.arange(shape.codebooks * 3).reshape(shape.codebooks, 3)
    answers = [decoder.feed(decoder.begin(rows, 3), codes) for decoder in (first, again)]
    assert torch.equal(*answers)


@pytest.mark.timeout(240)
def test_of_another_shape_or_where_nothing_can_be_written_they_are_packed(published: Published, tmp_path: Path) -> None:
    file = tmp_path / "packed"
    for kind in (Kind(), Kind(channels=2)):
        checkpoint = Checkpoint.of(published(kind)[1])
        CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, "int4", packed=file)
    CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, "int8", packed=file / "no folder")
    CpuDecoder.read(Tensors({}, tmp_path), checkpoint.decoder, "int4", packed=file)
