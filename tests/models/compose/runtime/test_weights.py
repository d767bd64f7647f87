"""Folders of weights, good and bad: each bad one is BadWeights with a sentence that says what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.compose.runtime import BadWeights
from models.compose.runtime.weights import read
from tests.models.compose.runtime import tiny

SMALL = tiny.CONFIG | {"num_hidden_layers": 1, "vocab_size": 20, "max_position_embeddings": 64}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.write(tmp_path, tiny.tensors(SMALL), SMALL)


def edited(name: str, value: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {name: value}))

    return edit


def replaced(**changes: Any) -> Callable[[Path], None]:
    """One tensor (its dots as __) is another one, or is not there."""

    def replace(folder: Path) -> None:
        weights = tiny.tensors(SMALL)
        for name, values in changes.items():
            weights.pop(name.replace("__", "."), None)
            if values is not None:
                weights[name.replace("__", ".")] = np.asarray(values, np.float32)
        tiny.write(folder, weights, SMALL)

    return replace


def cut(file: str, keep: int) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        (folder / file).write_bytes((folder / file).read_bytes()[:keep])

    return shorten


@pytest.mark.parametrize(("kind", "near"), [("F32", 0), ("F16", 1e-3), ("BF16", 1e-2)])
def test_numbers_of_three_kinds_are_read(tmp_path: Path, kind: str, near: float) -> None:
    wanted = tiny.tensors(SMALL)
    found = read(tiny.write(tmp_path, wanted, SMALL, kind))
    assert found.sha256 == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    for name, values in wanted.items():
        np.testing.assert_allclose(found.tensors[name], values, rtol=near, atol=near * 1e-3)


def test_positions_are_told_in_either_of_two_ways(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["rope_theta"]
    (folder / "config.json").write_text(
        json.dumps(config | {"rope_parameters": {"rope_type": "default", "rope_theta": 77.0}})
    )
    assert read(folder).shape.theta == 77.0


def test_the_table_of_tokens_must_be_the_one_it_was_trained_on(folder: Path) -> None:
    with pytest.raises(BadWeights, match="another table of tokens"):
        read(folder, vocabulary="aa")
    edited("vocabulary_sha256", "aa")(folder)
    assert read(folder, vocabulary="aa").shape.vocabulary == 20


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "config.json").unlink(), "can't be read"),
        (lambda folder: (folder / "model.safetensors").unlink(), "can't be read"),
        (cut("config.json", 30), "not JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "not a model's configuration"),
        (edited("model_type", "gpt2"), "Llama-shaped"),
        (edited("hidden_act", "gelu"), "Llama-shaped"),
        (edited("attention_bias", True), "Llama-shaped"),
        (edited("rope_scaling", {"rope_type": "yarn", "factor": 2}), "scales its positions"),
        (edited("num_hidden_layers", 0), "num_hidden_layers"),
        (edited("hidden_size", "48"), "hidden_size"),
        (edited("vocab_size", 10**9), "vocab_size"),
        (edited("num_key_value_heads", 3), "come out even"),
        (edited("head_dim", 24), "no multiple"),
        (edited("rms_norm_eps", -1), "rms_norm_eps"),
        (edited("intermediate_size", 96), "in the shape"),
        (edited("num_hidden_layers", 2), r"lacks model\.layers\.1"),
        (edited("tie_word_embeddings", False), r"lacks lm_head\.weight"),
        (cut("model.safetensors", 4), "cut off"),
        (cut("model.safetensors", 100), "cut off"),
        (cut("model.safetensors", 20_000), "cut off"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x05" + bytes(7) + b"[1,2]"), "broken header"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x05" + bytes(7) + b"hello"), "broken header"),
        (replaced(model__norm__weight=None), r"lacks model\.norm\.weight"),
        (replaced(model__norm__weight=np.ones(47)), "in the shape"),
        (replaced(model__norm__weight=[np.nan] * 48), "are none"),
        (replaced(model__layers__0__self_attn__q_proj__bias=np.ones(128)), "does not have"),
    ],
)
def test_whatever_is_wrong_is_said(folder: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(folder)
    with pytest.raises(BadWeights, match=says) as caught:
        read(folder)
    assert str(caught.value).endswith(("another folder.", "that holds one."))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 1400),
    junk=st.binary(min_size=1, max_size=4),
    name=st.sampled_from(["config.json", "model.safetensors"]),
)
def test_junk_in_a_file_is_bad_weights_or_nothing(folder: Path, at: int, junk: bytes, name: str) -> None:
    path = folder / name
    good = path.read_bytes()
    try:
        path.write_bytes(good[:at] + junk + good[at + len(junk) :])
        read(folder)
    except BadWeights:
        pass
    finally:
        path.write_bytes(good)
