"""A checkpoint of MusicGen-small's true shape with random weights: for measuring how fast, never how good.

Lives here: its configuration, a tokenizer of single letters, and a file of bfloat16 weights that holds every tensor our own
runtime asks for, found by asking it. A second to make for each 200 MB; 1.1 GB on disk.

    folder = random_small(Path("cache"))  # in cache / NAME
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.codec import Codec
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.tensors import Tensors

__all__ = ["NAME", "random_small"]

NAME = "musicgen-small-random-1"  # the number counts up with whatever is written here
POOL = (1 << 22) + 1  # random numbers, told again from another place for each tensor
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,."
CONFIG: dict[str, Any] = {
    "model_type": "musicgen",
    "architectures": ["MusicgenForConditionalGeneration"],
    "text_encoder": {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "vocab_size": 32128,
        "d_model": 768,
        "d_kv": 64,
        "d_ff": 3072,
        "num_layers": 12,
        "num_heads": 12,
        "feed_forward_proj": "relu",
    },
    "audio_encoder": {
        "model_type": "encodec",
        "sampling_rate": 32000,
        "hidden_size": 128,
        "codebook_dim": 128,
        "num_filters": 64,
        "upsampling_ratios": [8, 5, 4, 4],
        "codebook_size": 2048,
        "target_bandwidths": [2.2],
        "use_causal_conv": False,
        "use_conv_shortcut": False,
        "chunk_length_s": None,
        "normalize": False,
        "norm_type": "weight_norm",
        "audio_channels": 1,
    },
    "decoder": {
        "model_type": "musicgen_decoder",
        "vocab_size": 2048,
        "num_hidden_layers": 24,
        "ffn_dim": 4096,
        "num_attention_heads": 16,
        "hidden_size": 1024,
        "num_codebooks": 4,
        "pad_token_id": 2048,
        "bos_token_id": 2048,
    },
}


def random_small(cache: Path) -> Path:
    """The folder of it inside `cache`, made where it is not there yet."""
    folder = cache / NAME
    if not folder.is_dir():
        part = cache / f"{NAME}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(part)
        part.rename(folder)
    return folder


class Asked(Tensors):
    """Tensors that are nowhere: it keeps what is asked for."""

    def __init__(self) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}

    def __contains__(self, name: str) -> bool:
        return "_g" not in name[-9:] and "_v" not in name[-9:]

    def take(self, name: str, shape: tuple[int, ...]) -> Tensor:
        self.shapes[name] = shape
        return torch.zeros(1).expand(
            shape
        )  # takes no room; a tensor on `meta` has torch load its compiler, for three seconds


def _write(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2))
    (folder / "generation_config.json").write_text(
        json.dumps({"decoder_start_token_id": 2048, "pad_token_id": 2048, "bos_token_id": 2048})
    )
    pieces = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", -9.0], ["▁", -2.0], *([letter, -3.0] for letter in LETTERS)]
    single = [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": [*single, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": pieces, "byte_fallback": False},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    weights = folder / "model.safetensors"
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")
    asked, here = Asked(), torch.device("cpu")
    checkpoint = replace(Checkpoint.of(folder), tensors=asked)
    Conditions.read(checkpoint, here)
    TorchDecoder.read(asked, checkpoint.decoder, here, torch.float32)
    Codec.read(asked, checkpoint.codec, checkpoint.decoder.channels, here)
    entries, at = {}, 0
    for name, shape in asked.shapes.items():
        size = 2 * math.prod(shape)
        entries[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    header = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    pool = np.random.default_rng(7).standard_normal(POOL, dtype=np.float32)
    with weights.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for number, (name, shape) in enumerate(asked.shapes.items()):
            values = _from(pool, -997 * number % POOL, math.prod(shape))
            file.write(_bfloat16(_sized(name, shape, values)))


def _from(pool: Any, first: int, count: int) -> Any:
    """So many numbers of a pool from one on, and again from its beginning."""
    part = pool[first : first + count]
    return part if len(part) == count else np.concatenate([part, np.resize(pool, count - len(part))])


def _sized(name: str, shape: tuple[int, ...], values: Any) -> Any:
    """Random numbers of a size with which sound neither dies nor bursts."""
    if name.endswith("bias") or ".bias_" in name:
        return values * 0
    if name.endswith(("norm.weight", "original0")):
        return values * 0 + 1
    if "embed" in name or len(shape) == 1:
        return values * 0.2
    return values * math.prod(shape[1:]) ** -0.5


def _bfloat16(values: Any) -> bytes:
    """The upper halves of float32 numbers."""
    return cast(bytes, (values.astype("<f4").view("<u4") >> np.uint32(16)).astype("<u2").tobytes())
