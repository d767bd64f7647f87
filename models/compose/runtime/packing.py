"""Weights in the form that the kernels read: blocks of outputs side by side, as int8 with a scale a row, or as float32.

Lives here: quantising and packing; the order of numbers in memory. Knows shapes and names, but no token and no state.

    tables = tables_of(read(folder), Precision.INT8)
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compose.runtime.kernels import Tables
from models.compose.runtime.vectors import ABREAST, LANES
from models.compose.runtime.weights import Floats, Weights

__all__ = ["Precision", "tables_of"]

TILE = LANES * ABREAST  # outputs are filled up to whole tiles
WEIGHT_MOST = 127
INPUT_MOST = 32767
SUM_MOST = 2**31 - 1


class Precision(StrEnum):
    """How a matrix is kept: int8 to play, float32 to judge what int8 costs."""

    INT8 = "int8"
    FLOAT32 = "float32"


def tables_of(weights: Weights, precision: Precision) -> Tables:
    """What the kernels read."""
    shape, tensors = weights.shape, weights.tensors

    def layers(*names: str) -> list[Floats]:
        return [
            np.concatenate([tensors[f"model.layers.{layer}.{name}.weight"] for name in names])
            for layer in range(shape.layers)
        ]

    qkv, qkv_scale = _stack(layers("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), precision)
    out, out_scale = _stack(layers("self_attn.o_proj"), precision)
    gate_up, gate_up_scale = _stack(layers("mlp.gate_proj", "mlp.up_proj"), precision)
    down, down_scale = _stack(layers("mlp.down_proj"), precision)
    embedding = tensors["model.embed_tokens.weight"]
    head, head_scale = _stack([embedding if shape.tied else tensors["lm_head.weight"]], precision)
    norms = [
        norm
        for pair in zip(layers("input_layernorm"), layers("post_attention_layernorm"), strict=True)
        for norm in pair
    ]
    turns = np.outer(np.arange(shape.context), shape.theta ** (-np.arange(0, shape.head_width, 2) / shape.head_width))
    quantised = precision is Precision.INT8
    depths = (shape.width, shape.heads * shape.head_width, shape.inner)
    return Tables(
        embedding=np.ascontiguousarray(embedding),
        norms=np.stack([*norms, tensors["model.norm.weight"]]),
        qkv=qkv,
        qkv_scale=qkv_scale,
        out=out,
        out_scale=out_scale,
        gate_up=gate_up,
        gate_up_scale=gate_up_scale,
        down=down,
        down_scale=down_scale,
        head=head[0],
        head_scale=head_scale[0],
        cosines=np.cos(turns).astype(np.float32),
        sines=np.sin(turns).astype(np.float32),
        inputs=np.empty(0, np.int16 if quantised else np.float32),
        # as fine as int16 goes while no sum can leave int32
        most=np.array([min(INPUT_MOST, SUM_MOST // (WEIGHT_MOST * n)) if quantised else 0 for n in depths], np.float32),
        heads=shape.heads,
        epsilon=shape.epsilon,
    )


def _stack(matrices: Sequence[Floats], precision: Precision) -> tuple[NDArray[Any], Floats]:
    """(layers, blocks, pairs of inputs, 2 * LANES) of int8, or (layers, blocks, inputs, LANES) of float32; and row scales."""
    outputs, inputs = matrices[0].shape
    filled = -(-outputs // TILE) * TILE
    scales = np.zeros((len(matrices), filled), np.float32)
    packed = np.zeros((len(matrices), filled // LANES, inputs // 2, LANES, 2), np.int8)
    if precision is Precision.FLOAT32:
        packed = np.zeros((len(matrices), filled // LANES, inputs, LANES, 1), np.float32)
    for layer, matrix in enumerate(matrices):
        scale = np.ones(outputs, np.float32)
        if precision is Precision.INT8:
            scale = np.maximum(np.abs(matrix).max(1) / WEIGHT_MOST, np.finfo(np.float32).tiny).astype(np.float32)
            matrix = np.rint(matrix / scale[:, None])
        rows = np.zeros((filled, inputs), packed.dtype)
        rows[:outputs] = matrix
        scales[layer, :outputs] = scale
        packed[layer] = rows.reshape(filled // LANES, LANES, *packed.shape[2:3], packed.shape[4]).transpose(0, 2, 1, 3)
    return packed.reshape(*packed.shape[:3], -1), scales
