"""Weights on disk, read without torch: config.json and model.safetensors under the names that `transformers` gives.

Lives here: the shape of a model, the check of whatever lies in the folder, its sha256. Everything wrong with a folder is a
`BadWeights`, whose sentence says what to do. Numbers in bfloat16 and float16 are widened to float32. Knows nothing of
how the numbers are used.

    >>> from pathlib import Path
    >>> weights = read(Path("models/weights"))
    >>> weights.shape.layers, weights.tensors["model.norm.weight"].dtype
    (8, dtype('float32'))
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BadWeights", "Floats", "Shape", "Weights", "read"]

Floats = NDArray[np.float32]

CONFIG = "config.json"
TENSORS = "model.safetensors"
VOCABULARY = "vocabulary_sha256"  # in config.json: which table of tokens the model was trained on
LANES = 16  # numbers that are computed at once: a head is a whole number of them
FILE_BYTES_MAX = 1 << 30  # nothing larger decodes at a musician's speed on two cores
HEADER_BYTES_MAX = 1 << 24
CONFIG_BYTES_MAX = 1 << 20
SIZE_MAX = 1 << 16  # of any one axis
DEFAULT_THETA, DEFAULT_EPSILON, DEFAULT_CONTEXT = 10_000.0, 1e-6, 2048  # LlamaConfig's own, where config.json is silent

AGAIN = "Put the files that came with StarBridge back, or name another folder."
FOREIGN = "The runtime plays Llama-shaped models only; name a folder that holds one."


class BadWeights(ValueError):
    """These weights can't be played. Its sentence says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a model is, in transformers' terms."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    groups: int  # of heads that share keys and values
    head_width: int
    inner: int
    context: int
    theta: float
    epsilon: float
    tied: bool

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Every tensor that the file must hold, with its shape."""
        query, shared = self.heads * self.head_width, self.groups * self.head_width
        layer: dict[str, tuple[int, ...]] = {
            "input_layernorm": (self.width,),
            "self_attn.q_proj": (query, self.width),
            "self_attn.k_proj": (shared, self.width),
            "self_attn.v_proj": (shared, self.width),
            "self_attn.o_proj": (self.width, query),
            "post_attention_layernorm": (self.width,),
            "mlp.gate_proj": (self.inner, self.width),
            "mlp.up_proj": (self.inner, self.width),
            "mlp.down_proj": (self.width, self.inner),
        }
        names: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocabulary, self.width),
            "model.norm.weight": (self.width,),
        }
        if not self.tied:
            names["lm_head.weight"] = (self.vocabulary, self.width)
        for number in range(self.layers):
            names |= {f"model.layers.{number}.{name}.weight": shape for name, shape in layer.items()}
        return names


@dataclass(frozen=True, slots=True)
class Weights:
    """What a folder holds, checked: the shape, the tensors as float32, and the sha256 of the tensors' file."""

    shape: Shape
    tensors: Mapping[str, Floats]
    sha256: str


def read(folder: Path, *, vocabulary: str | None = None) -> Weights:
    """The model in a folder; `vocabulary` is the sha256 of the tokens that it must have been trained on. Raises BadWeights."""
    config = _config(folder)
    shape = _shape(config)
    if vocabulary is not None and config.get(VOCABULARY) != vocabulary:
        raise BadWeights(
            f"The weights in {folder} were trained on another table of tokens than this version's. {AGAIN}"
        )
    path = folder / TENSORS
    data = _bytes(path, FILE_BYTES_MAX)
    try:
        tensors = _tensors(data, shape)
    except BadWeights as error:
        raise BadWeights(f"{path} {error} {AGAIN}") from None
    return Weights(shape, tensors, hashlib.sha256(data).hexdigest())


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(min(most, path.stat().st_size) + 1)  # so much is taken at once, however short the file is
    except OSError as error:
        raise BadWeights(f"{path} can't be read ({error.strerror or error}). {AGAIN}") from None
    if len(data) > most:
        raise BadWeights(f"{path} is larger than {most >> 20} MB, which no model for two cores is. {AGAIN}")
    return data


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        config = json.loads(_bytes(path, CONFIG_BYTES_MAX))
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadWeights):
            raise
        raise BadWeights(f"{path} is not JSON. {AGAIN}") from None
    if not isinstance(config, dict):
        raise BadWeights(f"{path} is not a model's configuration. {AGAIN}")
    return config


def _shape(config: dict[str, Any]) -> Shape:
    wanted = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
    for name, value in wanted.items():
        if config.get(name, None if name == "model_type" else value) != value:
            raise BadWeights(f"{CONFIG} says {name} {config.get(name)!r}, not {value!r}. {FOREIGN}")
    turns = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(turns, dict) or turns.get("rope_type", turns.get("type", "default")) != "default":
        raise BadWeights(f"{CONFIG} scales its positions, which the runtime does not. {FOREIGN}")

    def whole(name: str, default: object = None) -> int:
        value = config.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= SIZE_MAX:
            raise BadWeights(f"{CONFIG} needs a whole number from 1 to {SIZE_MAX} for {name}, got {value!r}. {AGAIN}")
        return value

    def positive(name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise BadWeights(f"{CONFIG} needs a number above 0 for {name}, got {value!r}. {AGAIN}")
        return float(value)

    heads, width = whole("num_attention_heads"), whole("hidden_size")
    shape = Shape(
        vocabulary=whole("vocab_size"),
        width=width,
        layers=whole("num_hidden_layers"),
        heads=heads,
        groups=whole("num_key_value_heads", heads),
        head_width=whole("head_dim", width // heads),
        inner=whole("intermediate_size"),
        context=whole("max_position_embeddings", DEFAULT_CONTEXT),
        theta=positive("rope_theta", turns.get("rope_theta", config.get("rope_theta", DEFAULT_THETA))),
        epsilon=positive("rms_norm_eps", config.get("rms_norm_eps", DEFAULT_EPSILON)),
        tied=config.get("tie_word_embeddings", False) is True,
    )
    if shape.heads % shape.groups:
        raise BadWeights(
            f"{CONFIG} has {shape.heads} heads in {shape.groups} groups, which does not come out even. {AGAIN}"
        )
    if shape.head_width % (2 * LANES) or shape.width % LANES or shape.inner % LANES:
        raise BadWeights(
            f"{CONFIG} has heads of no multiple of {2 * LANES}, or widths of no multiple of {LANES}. {FOREIGN}"
        )
    return shape


def _tensors(data: bytes, shape: Shape) -> dict[str, Floats]:
    """safetensors: eight bytes that say how long the header is, the header as JSON, then the numbers."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(HEADER_BYTES_MAX, len(data) - 8):
        raise BadWeights("is cut off or no safetensors file.")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise BadWeights("has a broken header.") from None
    if not isinstance(header, dict):
        raise BadWeights("has a broken header.")
    body = memoryview(data)[8 + length :]
    expected = shape.tensors
    surplus = sorted(header.keys() - expected.keys() - {"__metadata__", "lm_head.weight"})
    if surplus:
        raise BadWeights(f"holds {surplus[0]!r}, which a model of {CONFIG}'s shape does not have.")
    found = {name: _tensor(name, header.get(name), body, wanted) for name, wanted in expected.items()}
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise BadWeights(f"has numbers in {name} that are none (NaN or infinite).")
    return found


def _tensor(name: str, entry: object, body: memoryview, wanted: tuple[int, ...]) -> Floats:
    if not isinstance(entry, dict):
        raise BadWeights(f"lacks {name}.")
    if entry.get("shape") != list(wanted):
        raise BadWeights(f"has {name} in the shape {entry.get('shape')}; {CONFIG} says {list(wanted)}.")
    kind = entry.get("dtype")
    if kind not in ("F32", "F16", "BF16"):
        raise BadWeights(f"has {name} as {kind!r}; float32, float16 and bfloat16 are read.")
    size = int(np.prod(wanted)) * (4 if kind == "F32" else 2)
    span = entry.get("data_offsets")
    if not (isinstance(span, list) and len(span) == 2 and all(type(end) is int for end in span)):
        raise BadWeights(f"does not say where {name} lies.")
    if not 0 <= span[0] <= span[1] <= len(body) or span[1] - span[0] != size:
        raise BadWeights(f"is cut off, or {name} does not fill its place.")
    raw = body[span[0] : span[1]]
    if kind == "BF16":  # the upper half of a float32
        values = (np.frombuffer(raw, "<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
    else:
        values = np.frombuffer(raw, "<f4" if kind == "F32" else "<f2").astype(np.float32)
    return values.reshape(wanted)
