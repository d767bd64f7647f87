"""Checkpoints: every form in which one is published is read, and every defect is told with what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import models.render.musicgen as musicgen
from models.render.musicgen.tensors import BadCheckpoint
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import TEXT, Kind, publish, rewritten

WEIGHTS = "model.safetensors"
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(published: Published, tmp_path: Path) -> Path:
    """A copy that may be broken."""
    return Path(shutil.copytree(published(Kind())[1], tmp_path / "copy"))


def said(folder: Path) -> list[list[int]]:
    codes: list[list[int]] = musicgen.load(folder).generate_codes(TEXT, 0.2, greedy=True).tolist()
    return codes


def changed(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS)


def pickled(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def old_names(tensors: Tensors) -> Tensors:
    """As checkpoints of 2023 name them, which also hold the table of positions."""
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in tensors.items()
    }
    old["text_encoder.encoder.embed_tokens.weight"] = old.pop("text_encoder.shared.weight")
    return old | {"decoder.model.decoder.embed_positions.weights": torch.zeros(2048, 32)}


def test_pickled(folder: Path) -> None:
    wanted = said(folder)
    pickled(folder)
    assert said(folder) == wanted


def test_old_names(folder: Path) -> None:
    wanted = said(folder)
    changed(folder, old_names)
    assert said(folder) == wanted


def test_in_shards(published: Published, tmp_path: Path) -> None:
    theirs, whole = published(Kind())
    publish(theirs, tmp_path, max_shard_size="60KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    assert said(tmp_path) == said(whole)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_in_halves(folder: Path, kind: torch.dtype) -> None:
    halves = {name: tensor.to(kind) for name, tensor in load_file(folder / WEIGHTS).items()}
    changed(folder, lambda _: {name: tensor.float() for name, tensor in halves.items()})
    wanted = said(folder)
    changed(folder, lambda _: halves)
    assert said(folder) == wanted


def test_without_a_limit_of_tokens(folder: Path) -> None:
    wanted = said(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 10**30}))
    assert said(folder) == wanted
    (folder / "tokenizer_config.json").unlink()
    assert said(folder) == wanted


def cut(file: str, keep: float) -> Callable[[Path], None]:
    def at(folder: Path) -> None:
        whole = (folder / file).read_bytes()
        (folder / file).write_bytes(whole[: int(len(whole) * keep)])

    return at


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: changed(folder, lambda tensors: {key: tensors[key] for key in tensors if key != name})


def spoiled(name: str, value: float) -> Callable[[Path], None]:
    def spoil(tensors: Tensors) -> Tensors:
        tensors[name].view(-1)[-1] = value
        return tensors

    return lambda folder: changed(folder, spoil)


def config(**changes: object) -> Callable[[Path], None]:
    return lambda folder: rewritten(folder, "config.json", **changes)


def pickled_and_cut(folder: Path) -> None:
    pickled(folder)
    cut("pytorch_model.bin", 0.7)(folder)


def pickled_with_code(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    torch.save({"a": Path("x")}, folder / "pytorch_model.bin")


def no_file(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def shard_lost(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "other.safetensors")
    names = list(load_file(folder / "other.safetensors"))
    places = dict.fromkeys(names, "other.safetensors") | {names[0]: "lost.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def shard_elsewhere(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    index = {"weight_map": {"decoder.lm_heads.0.weight": "../model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


HEAD = "decoder.lm_heads.3.weight"
DEFECTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut in the numbers": (cut(WEIGHTS, 0.9), "cut short"),
    "cut in the header": (cut(WEIGHTS, 0.01), "cut short"),
    "empty": (cut(WEIGHTS, 0), "cut short"),
    "no weights": (no_file(WEIGHTS), "weights are missing"),
    "other bytes": (
        lambda folder: (folder / WEIGHTS).write_bytes(b"\x10\0\0\0\0\0\0\0" + b"hello, it's me!!" * 9),
        "header",
    ),
    "pickled, cut": (pickled_and_cut, "cut short"),
    "pickled code": (pickled_with_code, "more than weights"),
    "a shard lost": (shard_lost, "can't be read"),
    "a shard elsewhere": (shard_elsewhere, "which file holds"),
    "no config": (no_file("config.json"), "can't be read"),
    "config cut": (cut("config.json", 0.5), "not JSON"),
    "another model": (config(model_type="llama"), "of a model 'llama'"),
    "another text encoder": (config(text_encoder__model_type="bert"), "only 't5'"),
    "another codec": (config(audio_encoder__model_type="dac"), "only 'encodec'"),
    "no decoder": (config(decoder=None), "decoder is missing"),
    "a size in words": (config(decoder__hidden_size="large"), "can't be 'large'"),
    "a size of none": (config(decoder__num_hidden_layers=0), "can't be 0"),
    "a size too great": (config(text_encoder__d_ff=1 << 40), "can't be"),
    "odd heads": (config(decoder__num_attention_heads=5), "contradict"),
    "another activation": (config(decoder__activation_function="swish2"), "activation"),
    "codebooks of one": (config(audio_encoder__codebook_size=1), "say nothing"),
    "other codebooks": (config(audio_encoder__target_bandwidths=[0.6]), "don't belong together"),
    "more layers": (config(decoder__num_hidden_layers=3), "lacks decoder.model.decoder.layers.2"),
    "another width": (config(text_encoder__d_model=40), "has the shape"),
    "other weights' width": (config(decoder__ffn_dim=64), "has the shape"),
    "a tensor lost": (without(HEAD), f"lacks {HEAD}"),
    "the codec lost": (without("audio_encoder.quantizer.layers.2.codebook.embed"), "lacks audio_encoder"),
    "NaN": (spoiled(HEAD, float("nan")), "not finite"),
    "infinite": (spoiled("text_encoder.shared.weight", float("inf")), "not finite"),
    "NaN in the codec": (spoiled("audio_encoder.decoder.layers.0.conv.bias", float("nan")), "not finite"),
    "no tokenizer": (no_file("tokenizer.json"), "lacks tokenizer.json"),
    "tokenizer cut": (cut("tokenizer.json", 0.8), "no tokenizer"),
    "another tokenizer": (config(text_encoder__vocab_size=9), "pieces"),
}


@pytest.mark.parametrize(("defect", "says"), DEFECTS.values(), ids=DEFECTS.keys())
def test_defects_are_told(folder: Path, defect: Callable[[Path], object], says: str) -> None:
    defect(folder)
    with pytest.raises(BadCheckpoint, match=says) as raised:
        musicgen.load(folder)
    assert str(raised.value).endswith(".")
    assert "another folder" in str(raised.value) or "Name a folder" in str(raised.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="is no folder"):
        musicgen.load(tmp_path / "nowhere")


def test_files_that_shrink_while_playing_hurt_nobody(folder: Path) -> None:
    engine = musicgen.load(folder)
    wanted = engine.generate_codes(TEXT, 0.2, greedy=True)
    (folder / WEIGHTS).write_bytes(b"")
    np.testing.assert_array_equal(engine.generate_codes(TEXT, 0.2, greedy=True), wanted)


@pytest.mark.parametrize("missing", ["torch", "tokenizers"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import models.render.musicgen as m; m.load('nowhere')"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    ).stderr
    assert told.strip().endswith(f"MusicGen needs {missing}: install it with pip install 'starbridge[musicgen]'")
