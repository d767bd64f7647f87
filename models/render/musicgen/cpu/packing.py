"""Weights in the form that the kernels read: tiles of outputs, in groups of inputs that share a scale, as bytes or half bytes.

Lives here: quantising and the order of numbers in memory. Scales are found by trying: that which leaves the least squared
error of its group is kept, as the upper half of a float32. Widths are filled up with zeros to whole tiles, heads too. Two
layers' tensors at a time are held as float32. Knows names and shapes, but no code and no state.

How far a decoder of MusicGen-small's shape and random weights is from float32, over 24 columns with guidance 3: its logits, and
the Kullback-Leibler divergence of what is drawn. Tests hold both under bars, on smaller models.

                logits     divergence
    bfloat16     1.2 %       0.0010
    int8         2.0 %       0.0014
    int4        19.5 %       0.104

    tables = tables_of(checkpoint.tensors, checkpoint.decoder, Precision.INT4)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from models.render.musicgen.cpu.kernels import HEADS_LESS
from models.render.musicgen.cpu.tables import Matrix, Tables, kept_on_disk
from models.render.musicgen.cpu.vectors import GROUP, TILE
from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.tensors import Tensors

__all__ = ["Precision", "as_arrays", "filled", "from_arrays", "pack", "tables_of", "unpack"]

Floats = NDArray[np.float32]

MATRICES = ("qkv", "out", "ask", "told", "answer", "up", "down", "heads")
LESS = {4: 8, 8: HEADS_LESS}
HEADS_BITS = 8  # whatever the others have
TRIED = {
    4: -1 / np.linspace(5.5, 10.0, 19),  # of the loudest; -1/8 makes it the lowest of 16 steps
    8: 1 / np.array([127.0]),
}
AT_ONCE = 2  # layers that are packed: each is read, widened and packed by one thread
TINY = np.float32(2.0**-120)  # a scale that no weight needs; its upper half is no zero


class Precision(StrEnum):
    """Bits of a weight: four are faster, eight nearer."""

    INT4 = "int4"
    INT8 = "int8"

    @property
    def bits(self) -> int:
        return int(self.value[3:])


def filled(width: int) -> int:
    """A width, in whole tiles."""
    return -(-width // TILE) * TILE


def tables_of(tensors: Tensors, shape: DecoderShape, precision: Precision) -> Tables:
    """What the kernels read. Raises BadCheckpoint."""
    width, inner, heads, head = shape.width, shape.inner, shape.heads, filled(shape.head_width)
    sizes, own, other = _sizes(shape), "self_attn", "encoder_attn"

    def take(name: str, *size: int) -> Floats:
        return cast(Floats, tensors.take(f"decoder.{name}", size).numpy())

    def norm(name: str) -> Floats:
        return np.stack([take(f"{name}.{part}", width) for part in ("weight", "bias")])

    def by_head(names: Sequence[str]) -> Floats:
        """Rows of several matrices, side by side a head."""
        room = np.zeros((heads, len(names), head, filled(width)), np.float32)
        for i, name in enumerate(names):
            room[:, i, : shape.head_width, :width] = take(f"{name}_proj.weight", width, width).reshape(heads, -1, width)
        return room.reshape(-1, filled(width))

    def from_heads(name: str) -> Floats:
        room = np.zeros((filled(width), heads, head), np.float32)
        room[:width, :, : shape.head_width] = take(f"{name}_proj.weight", width, width).reshape(width, heads, -1)
        return room.reshape(filled(width), -1)

    def plain(name: str, rows: int, columns: int) -> Floats:
        taken = take(name, rows, columns)
        return np.pad(taken, [(0, filled(size) - size) for size in taken.shape]) if _uneven(taken) else taken

    def stacked(what: str, one: Callable[[str], Floats]) -> Matrix:
        """The matrices of all layers."""
        layers, outputs, inputs = sizes[what]
        matrix = empty(layers * outputs, inputs, precision.bits)

        def of(layer: int) -> None:
            pack(one(f"model.decoder.layers.{layer}"), matrix, layer * outputs // TILE)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(of, range(layers)))
        return matrix

    def answers() -> Matrix:
        _, outputs, inputs = sizes["heads"]
        room, many = np.zeros((outputs, inputs), np.float32), shape.vocabulary
        for book in range(shape.codebooks):
            room[book * many : (book + 1) * many, :width] = take(f"lm_heads.{book}.weight", many, width)
        matrix = empty(outputs, inputs, HEADS_BITS)
        pack(room, matrix, 0)
        return matrix

    norms = []
    for layer in range(shape.layers):
        name = f"model.decoder.layers.{layer}"
        norms.append(norm(f"{name}.{own}_layer_norm"))
        norms.append(norms[-1] if shape.prefix else norm(f"{name}.{other}_layer_norm"))
        norms.append(norm(f"{name}.final_layer_norm"))
    matrices = {
        "heads": answers(),
        "qkv": stacked("qkv", lambda n: by_head([f"{n}.{own}.{part}" for part in "qkv"])),
        "out": stacked("out", lambda n: from_heads(f"{n}.{own}.out")),
        "ask": stacked("ask", lambda n: by_head([f"{n}.{other}.q"])),
        "told": stacked("told", lambda n: by_head([f"{n}.{other}.{part}" for part in "kv"])),
        "answer": stacked("answer", lambda n: from_heads(f"{n}.{other}.out")),
        "up": stacked("up", lambda n: plain(f"{n}.fc1.weight", inner, width)),
        "down": stacked("down", lambda n: plain(f"{n}.fc2.weight", width, inner)),
    }
    return _tables(shape, precision, np.stack([*norms, norm("model.decoder.layer_norm")]), matrices)


def as_arrays(tables: Tables) -> dict[str, NDArray[Any]]:
    """All that was packed, by names that `from_arrays` knows."""
    parts = {f"{name} {part}": array for name in MATRICES for part, array in getattr(tables, name)._asdict().items()}
    return {"norms": tables.norms, **parts}


def from_arrays(arrays: Mapping[str, NDArray[Any]], shape: DecoderShape, precision: Precision) -> Tables | None:
    """The tables again; None where the arrays are not of this shape and precision."""
    matrices = {}
    for name, (layers, outputs, inputs) in _sizes(shape).items():
        wanted = empty(layers * outputs, inputs, HEADS_BITS if name == "heads" else precision.bits)
        found = [array for part in Matrix._fields if (array := arrays.get(f"{name} {part}")) is not None]
        if [(one.shape, one.dtype) for one in found] != [(one.shape, one.dtype) for one in wanted]:
            return None
        matrices[name] = Matrix(*found)
    norms = arrays.get("norms")
    if norms is None or norms.shape != (3 * shape.layers + 1, 2, shape.width):
        return None
    return _tables(shape, precision, norms, matrices)


def _sizes(shape: DecoderShape) -> dict[str, tuple[int, int, int]]:
    """Layers, outputs and inputs of each matrix; no layers where the model has none of it."""
    deep, inner, spread = filled(shape.width), filled(shape.inner), shape.heads * filled(shape.head_width)
    layers, looks = shape.layers, 0 if shape.prefix else shape.layers
    return {
        "qkv": (layers, 3 * spread, deep),
        "out": (layers, deep, spread),
        "ask": (looks, spread, deep),
        "told": (looks, 2 * spread, deep),
        "answer": (looks, deep, spread),
        "up": (layers, inner, deep),
        "down": (layers, deep, inner),
        "heads": (1, filled(shape.codebooks * shape.vocabulary), deep),
    }


def _tables(shape: DecoderShape, precision: Precision, norms: Floats, matrices: Mapping[str, Matrix]) -> Tables:
    return Tables(
        norms=norms,
        **matrices,
        layers=shape.layers,
        spread=shape.heads,
        head_width=shape.head_width,
        width=shape.width,
        less=LESS[precision.bits],
        looks=not shape.prefix,
        bends=shape.activation == "gelu",
    )


def _uneven(values: Floats) -> bool:
    return any(filled(size) != size for size in values.shape)


def empty(outputs: int, inputs: int, bits: int) -> Matrix:
    """Room for a matrix of whole tiles."""
    tiles, groups = outputs // TILE, inputs // GROUP
    kind = np.uint8 if bits == 4 else np.int8
    return Matrix(np.empty((tiles, groups, TILE * GROUP * bits // 8), kind), np.empty((tiles, groups, TILE), np.uint16))


def pack(values: Floats, into: Matrix, first: int) -> None:
    """Float32 rows, as whole tiles, from tile `first` on."""
    _pack(
        np.ascontiguousarray(values), TRIED[4 if into.weights.dtype == np.uint8 else 8].astype(np.float32), first, *into
    )


def unpack(matrix: Matrix) -> Floats:
    """The float32 rows that the kernels take a matrix for."""
    tiles, groups, _ = matrix.weights.shape
    if matrix.weights.dtype == np.uint8:
        pairs = matrix.weights.reshape(tiles, groups, -1, 1, 4, 16, 4)
        numbers = np.concatenate([pairs & 15, pairs >> 4], axis=3).astype(np.float32) - 8
    else:
        numbers = matrix.weights.reshape(tiles, groups, -1, 1, 4, 16, 4).astype(np.float32)
    by_output = numbers.transpose(0, 4, 5, 1, 2, 3, 6).reshape(tiles, TILE, groups, GROUP)
    scales = (matrix.scales.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return (by_output * scales.transpose(0, 2, 1)[..., None]).reshape(tiles * TILE, groups * GROUP)


def _pack_loops(values: Floats, tried: Floats, first: int, weights: NDArray[Any], scales: NDArray[np.uint16]) -> None:
    """Sixty-four outputs of a group at a time, so that LLVM finds its vectors."""
    halves = weights.shape[2] == TILE * GROUP // 2
    least, most = np.float32(-8 if halves else -127), np.float32(7 if halves else 127)
    some = np.empty((GROUP, TILE), np.float32)
    loud, quietest, best = np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    scale, inverse, error = np.empty(TILE, np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32)
    bits = scale.view(np.uint32)
    for tile in range(values.shape[0] // TILE):
        for group in range(values.shape[1] // GROUP):
            loud[:] = 0
            for i in range(GROUP):
                for o in range(TILE):
                    some[i, o] = values[tile * TILE + o, group * GROUP + i]
                    loud[o] = some[i, o] if abs(some[i, o]) > abs(loud[o]) else loud[o]
            quietest[:] = np.inf
            best[:] = TINY
            for one in range(tried.shape[0]):
                for o in range(TILE):
                    scale[o] = loud[o] * tried[one]
                    if least == -127:
                        scale[o] = abs(scale[o])
                    bits[o] = (bits[o] + np.uint32(0x8000)) & np.uint32(0xFFFF0000)
                    scale[o] = scale[o] if abs(scale[o]) > TINY else TINY
                    inverse[o] = np.float32(1.0) / scale[o]
                    error[o] = 0
                for i in range(GROUP):
                    for o in range(TILE):
                        step = some[i, o] * inverse[o]
                        off = min(max(np.rint(step), least), most) - step
                        error[o] += off * off
                for o in range(TILE):
                    part = scale[o] / loud[o]  # of the loudest: errors of very large or small weights stay numbers
                    off = error[o] * part * part
                    better = off < quietest[o]
                    quietest[o] = off if better else quietest[o]
                    best[o] = scale[o] if better else best[o]
            for o in range(TILE):
                scale[o] = best[o]
                scales[first + tile, group, o] = bits[o] >> np.uint32(16)
                inverse[o] = np.float32(1.0) / scale[o]
            for i in range(GROUP):
                quad, place = i // 4, i % 4
                for o in range(TILE):
                    number = np.int32(min(max(np.rint(some[i, o] * inverse[o]), least), most))
                    if halves:
                        at = (quad // 2) * 4 * TILE + o * 4 + place
                        if quad % 2:
                            weights[first + tile, group, at] |= np.uint8((number + 8) << 4)
                        else:
                            weights[first + tile, group, at] = np.uint8(number + 8)
                    else:
                        weights[first + tile, group, quad * 4 * TILE + o * 4 + place] = np.int8(number)


_pack = kept_on_disk(_pack_loops)
