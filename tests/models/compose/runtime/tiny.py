"""A tiny model: random weights in a folder, written byte by byte, and what they compute, in plain numpy and float32."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 150,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 80,
    "max_position_embeddings": 200,
    "rope_theta": 10000.0,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
}
LONGER = CONFIG | {"max_position_embeddings": 512}


def tensors(config: Mapping[str, Any] = CONFIG, seed: int = 1) -> dict[str, Floats]:
    """Weights as large as trained ones: what a matrix gives is as large as what it gets."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    query, shared = (config[f"num_{kind}_heads"] * config["head_dim"] for kind in ("attention", "key_value"))
    generator = np.random.default_rng(seed)

    def normal(*shape: int) -> Floats:
        found: Floats = (generator.standard_normal(shape) * shape[-1] ** -0.5).astype(np.float32)
        return found

    def norm() -> Floats:
        found: Floats = (1 + 0.1 * generator.standard_normal(width)).astype(np.float32)
        return found

    matrices = {"model.embed_tokens.weight": 2 * normal(config["vocab_size"], width), "model.norm.weight": norm()}
    if not config["tie_word_embeddings"]:
        matrices["lm_head.weight"] = normal(config["vocab_size"], width)
    for layer in range(config["num_hidden_layers"]):
        parts = {
            "self_attn.q_proj": normal(query, width),
            "self_attn.k_proj": normal(shared, width),
            "self_attn.v_proj": normal(shared, width),
            "self_attn.o_proj": normal(width, query),
            "mlp.gate_proj": normal(inner, width),
            "mlp.up_proj": normal(inner, width),
            "mlp.down_proj": normal(width, inner),
            "input_layernorm": norm(),
            "post_attention_layernorm": norm(),
        }
        matrices |= {f"model.layers.{layer}.{name}.weight": values for name, values in parts.items()}
    return matrices


def write(folder: Path, weights: Mapping[str, Floats], config: Mapping[str, Any] = CONFIG, kind: str = "F32") -> Path:
    """config.json and model.safetensors, numbers as F32, F16 or BF16."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in weights.items():
        if kind == "BF16":
            raw = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
        else:
            raw = values.astype("<f4" if kind == "F32" else "<f2").tobytes()
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + body)
    return folder


def logits(weights: Mapping[str, Floats], ids: Sequence[int], config: Mapping[str, Any] = CONFIG) -> Floats:
    """The logits after each token, (tokens, vocabulary), as the papers tell them: nothing cached, nothing clever."""
    heads, groups, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    length = len(ids)
    angles = np.outer(np.arange(length), config["rope_theta"] ** (-np.arange(0, size, 2) / size))
    cosines, sines = (np.tile(turn, 2).astype(np.float32)[:, None] for turn in (np.cos(angles), np.sin(angles)))

    def norm(x: Floats, weight: Floats) -> Floats:
        scaled: Floats = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(config["rms_norm_eps"])) * weight
        return scaled

    def turned(x: Floats) -> NDArray[Any]:
        one, other = x[..., : size // 2], x[..., size // 2 :]
        rotated: NDArray[Any] = x * cosines + np.concatenate([-other, one], -1) * sines
        return rotated

    x: NDArray[Any] = weights["model.embed_tokens.weight"][list(ids)]
    for layer in range(config["num_hidden_layers"]):

        def of(name: str, layer: int = layer) -> Floats:
            return weights[f"model.layers.{layer}.{name}.weight"]

        h = norm(x, of("input_layernorm"))
        query = turned((h @ of("self_attn.q_proj").T).reshape(length, heads, size))
        key = turned((h @ of("self_attn.k_proj").T).reshape(length, groups, size)).repeat(heads // groups, 1)
        value = (h @ of("self_attn.v_proj").T).reshape(length, groups, size).repeat(heads // groups, 1)
        scores = np.einsum("qhd,khd->hqk", query, key) * np.float32(size**-0.5)
        scores[:, np.triu(np.ones((length, length), bool), 1)] = -np.inf
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed: Floats = np.einsum("hqk,khd->qhd", shares, value).reshape(length, -1)
        x = x + mixed @ of("self_attn.o_proj").T
        h = norm(x, of("post_attention_layernorm"))
        gate = h @ of("mlp.gate_proj").T
        x = x + (gate / (np.float32(1) + np.exp(-gate)) * (h @ of("mlp.up_proj").T)) @ of("mlp.down_proj").T
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    found: Floats = norm(x, weights["model.norm.weight"]) @ head.T
    return found
