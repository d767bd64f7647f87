"""Weights as they ship: the nearest bfloat16, and a file that the runtime reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.compose.card.tensors import halves, ship
from models.compose.runtime.weights import BadWeights, read
from models.compose.tokens.vocabulary import VOCABULARY
from tests.models.compose.evaluate.small import weights


def test_numbers_are_rounded_to_the_nearest() -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(1).standard_normal(10_000).astype(np.float32)
    values[:4] = (1.00390625, 1.01171875, -0.0, 3.0e38)  # two ties, both to even
    expected = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
    assert np.array_equal(halves(values), expected)


def test_what_ships_is_read_as_it_was_trained(tmp_path: Path) -> None:
    run = weights(tmp_path / "run", card=False)
    count = ship(run, tmp_path / "out", vocabulary=VOCABULARY.sha256)
    before, after = read(run), read(tmp_path / "out", vocabulary=VOCABULARY.sha256)
    assert count == sum(values.size for values in before.tensors.values())
    for name, values in before.tensors.items():
        assert np.abs(after.tensors[name] - values).max() <= np.abs(values).max() / 256
    size = (tmp_path / "out" / "model.safetensors").stat().st_size
    assert size < 0.51 * (run / "model.safetensors").stat().st_size
    assert json.loads((tmp_path / "out" / "config.json").read_text())["torch_dtype"] == "bfloat16"
    assert (tmp_path / "out" / "tokens.json").read_bytes() == (run / "tokens.json").read_bytes()
    assert ship(run, tmp_path / "again", vocabulary=VOCABULARY.sha256) == count
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (
        tmp_path / "out" / "model.safetensors"
    ).read_bytes()


def test_others_read_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    load_file = pytest.importorskip("safetensors.torch").load_file
    ship(weights(tmp_path / "run", card=False), tmp_path / "out", vocabulary=VOCABULARY.sha256)
    theirs = load_file(tmp_path / "out" / "model.safetensors")
    ours = read(tmp_path / "out").tensors
    assert theirs.keys() == ours.keys()
    for name, values in theirs.items():
        assert values.dtype == torch.bfloat16
        assert np.array_equal(values.float().numpy(), ours[name])


def test_foreign_weights_do_not_ship(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="another table of tokens"):
        ship(weights(tmp_path / "run"), tmp_path / "out", vocabulary="00")
