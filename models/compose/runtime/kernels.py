"""The arithmetic: a Llama-shaped model over one stream of tokens, compiled by numba for the processor at hand.

Knows arrays only: shapes and limits are checked by whoever calls. What a token's logits are depends on the tokens before
it and on nothing else, to the last bit: not on how many are fed at once, from how many threads, or beside what.

    feed(ids, first, keys, values, tables, logits)  # keys and values from `first` on, the logits of the last tokens
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.compose.runtime import processor, vectors
from models.compose.runtime.vectors import (
    ABREAST,
    LANES,
    ROWS,
    largest,
    loudest,
    mix,
    one_row,
    score,
    some_rows,
    squares,
    total,
)

__all__ = ["Tables", "feed"]

Array = NDArray[Any]
Feed = Callable[[Array, int, Array, Array, "Tables", Array], None]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])

ROUND = np.float32(12582912.0)  # 1.5 * 2**23: adding it and taking it away rounds to a whole number
LOG2_E, LN2_HIGH, LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
EXP_MIN, EXP_MAX = np.float32(-87.0), np.float32(87.0)
NEVER = np.float32(-1e30)
QUIET = np.float32(1e-30)  # the loudest of a row that is silent
ONE = np.float32(1.0)
# exp(r) for |r| < 0.35, from Cephes' expf
P0, P1, P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
P3, P4, P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)


class Tables(NamedTuple):
    """A model as the kernels read it. Matrices are packed in blocks of LANES outputs (`models.compose.runtime.packing`)."""

    embedding: Array
    norms: Array  # two a layer, then the last
    qkv: Array
    qkv_scale: Array
    out: Array
    out_scale: Array
    gate_up: Array
    gate_up_scale: Array
    down: Array
    down_scale: Array
    head: Array
    head_scale: Array
    cosines: Array
    sines: Array
    inputs: Array  # empty; its type is that of a matrix's inputs: int16, or float32 where nothing is quantised
    most: Array  # the largest input of a matrix as wide as the model, its heads, its inner layer; 0: not quantised
    heads: int
    epsilon: float


def _inner(kernel: Kernel) -> Kernel:
    """numba without fast-math: part of `feed`, which is kept on disk as a whole, and called by kernels alone."""
    return cast(Kernel, njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(kernel))


@_inner
def normed(x: Array, weight: Array, epsilon: float, into: Array) -> None:
    """Root mean square norm of each row."""
    width = x.shape[1]
    for row in range(x.shape[0]):
        scale = ONE / np.sqrt(squares(x[row], width) / np.float32(width) + np.float32(epsilon))
        for i in range(width):
            into[row, i] = x[row, i] * scale * weight[i]


@_inner
def narrowed(x: Array, width: int, most: float, into: Array, scales: Array) -> None:
    """Each row as whole numbers up to `most` and the scale that undoes it; as it is where `most` is 0."""
    for row in range(x.shape[0]):
        scale = ONE
        if most > 0:
            scale = max(loudest(x[row], width), QUIET) / np.float32(most)
        scales[row] = scale
        for i in range(width):
            into[row, i] = x[row, i]
        if most > 0:
            inverse = ONE / scale
            for i in range(width):
                into[row, i] = (x[row, i] * inverse + ROUND) - ROUND


@_inner
def multiplied(weights: Array, scale: Array, x: Array, x_scale: Array, into: Array) -> None:
    """Each row of x times the matrix. Several rows share a pass over the weights, and all rows a block of them while it lies
    in the processor's first cache; a row's result is the same alone."""
    rows = x.shape[0]
    for block in range(0, weights.shape[0], ABREAST):
        row = 0
        while row + ROWS <= rows:
            some_rows(weights, block, x, row, scale, x_scale, into)
            row += ROWS
        while row < rows:
            one_row(weights, block, x, row, scale, x_scale, into)
            row += 1


@_inner
def exponent(x: Array, count: int, into: Array) -> None:
    """exp of the first `count` numbers, within 2 units in the last place; x is used up."""
    bits = into.view(np.int32)
    for i in range(count):
        one = EXP_MIN if x[i] < EXP_MIN else EXP_MAX if x[i] > EXP_MAX else x[i]
        power = (one * LOG2_E + ROUND) - ROUND
        r = (one - power * LN2_HIGH) - power * LN2_LOW
        x[i] = (((((P0 * r + P1) * r + P2) * r + P3) * r + P4) * r + P5) * r * r + r + ONE
        bits[i] = (np.int32(power) + np.int32(127)) << np.int32(23)
    for i in range(count):
        into[i] = into[i] * x[i]


@_inner
def turned(row: Array, start: int, heads: int, width: int, cosines: Array, sines: Array) -> None:
    """Rotary positions, in place, over `heads` heads from `start` on; the two halves of a head turn together."""
    half = width // 2
    for head in range(heads):
        at = start + head * width
        for i in range(half):
            one, other = row[at + i], row[at + half + i]
            row[at + i] = one * cosines[i] - other * sines[i]
            row[at + half + i] = other * cosines[i] + one * sines[i]


@_inner
def attended(query: Array, keys: Array, values: Array, count: int, scores: Array, shares: Array, into: Array) -> None:
    """One head of one token over the first `count` positions; the query is scaled already."""
    reach = -(-count // (LANES * ABREAST)) * LANES * ABREAST
    for block in range(0, reach // LANES, ABREAST):
        score(keys, block, query, scores)
    for position in range(count, reach):
        scores[position] = NEVER
    top = largest(scores, reach)
    for position in range(reach):
        scores[position] -= top
    exponent(scores, reach, shares)
    for position in range(count, reach):
        shares[position] = 0
    whole = ONE / total(shares, reach)
    for first in range(0, values.shape[1], 2 * LANES):
        mix(values, shares, count, first, into)
    for i in range(values.shape[1]):
        into[i] *= whole


@_inner
def gated(gate_up: Array, inner: int, scratch: Array, into: Array) -> None:
    """silu(gate) * up for each row."""
    for row in range(gate_up.shape[0]):
        for i in range(inner):
            scratch[i] = -gate_up[row, i]
        exponent(scratch, inner, into[row])
        for i in range(inner):
            into[row, i] = gate_up[row, i] / (ONE + into[row, i]) * gate_up[row, inner + i]


def _compiled(edition: int) -> Feed:
    """`feed` without the GIL, kept on disk where there is a place for it. numba asks this file's date alone whether what
    it kept is stale, and what a function closes over: so `edition` tells it of the vector loops."""

    def feed(ids: Array, first: int, keys: Array, values: Array, tables: Tables, logits: Array) -> None:
        rows, width = ids.shape[0], tables.embedding.shape[1]
        layers, groups, head_width = values.shape[0], values.shape[1], values.shape[3]
        heads, inner = tables.heads, tables.down.shape[2] * (2 if tables.most[0] > 0 else 1)
        spread = heads * head_width
        kind = tables.inputs.dtype
        x = np.empty((rows, width), np.float32)
        h = np.empty((rows, width), np.float32)
        update = np.empty((rows, tables.out.shape[1] * LANES), np.float32)
        qkv = np.empty((rows, tables.qkv.shape[1] * LANES), np.float32)
        gate_up = np.empty((rows, tables.gate_up.shape[1] * LANES), np.float32)
        mixed = np.empty((rows, spread), np.float32)
        product = np.empty((rows, inner), np.float32)
        narrow = np.empty((rows, width), kind)
        narrow_mixed = np.empty((rows, spread), kind)
        narrow_product = np.empty((rows, inner), kind)
        scales = np.empty(rows, np.float32)
        scores = np.empty(values.shape[2], np.float32)
        shares = np.empty(values.shape[2], np.float32)
        scratch = np.empty(inner, np.float32)
        query_scale = np.float32(1.0 / np.sqrt(head_width)) if edition else ONE
        for row in range(rows):
            for i in range(width):  # number by number: numba compiles it in a third less time than by slices
                x[row, i] = tables.embedding[ids[row], i]
        for layer in range(layers):
            normed(x, tables.norms[2 * layer], tables.epsilon, h)
            narrowed(h, width, tables.most[0], narrow, scales)
            multiplied(tables.qkv[layer], tables.qkv_scale[layer], narrow, scales, qkv)
            for row in range(rows):
                at = first + row
                line = qkv[row]
                turned(line, 0, heads + groups, head_width, tables.cosines[at], tables.sines[at])
                for group in range(groups):
                    for i in range(head_width):
                        keys[layer, group, at // LANES, i, at % LANES] = line[(heads + group) * head_width + i]
                        values[layer, group, at, i] = line[(heads + groups + group) * head_width + i]
                for i in range(spread):
                    line[i] *= query_scale
                for head in range(heads):
                    group = head // (heads // groups)
                    span = slice(head * head_width, (head + 1) * head_width)
                    attended(
                        line[span], keys[layer, group], values[layer, group], at + 1, scores, shares, mixed[row, span]
                    )
            narrowed(mixed, spread, tables.most[1], narrow_mixed, scales)
            multiplied(tables.out[layer], tables.out_scale[layer], narrow_mixed, scales, update)
            for row in range(rows):
                for i in range(width):
                    x[row, i] += update[row, i]
            normed(x, tables.norms[2 * layer + 1], tables.epsilon, h)
            narrowed(h, width, tables.most[0], narrow, scales)
            multiplied(tables.gate_up[layer], tables.gate_up_scale[layer], narrow, scales, gate_up)
            gated(gate_up, inner, scratch, product)
            narrowed(product, inner, tables.most[2], narrow_product, scales)
            multiplied(tables.down[layer], tables.down_scale[layer], narrow_product, scales, update)
            for row in range(rows):
                for i in range(width):
                    x[row, i] += update[row, i]
        last = x[rows - logits.shape[0] :]
        wanted = logits.shape[0]
        normed(last, tables.norms[2 * layers], tables.epsilon, h)
        narrowed(h[:wanted], width, tables.most[0], narrow, scales)
        multiplied(tables.head, tables.head_scale, narrow[:wanted], scales, logits)

    try:
        return cast(Feed, njit(cache=True, nogil=True, error_model="numpy")(feed))
    except RuntimeError:  # nowhere to keep it
        return cast(Feed, njit(nogil=True, error_model="numpy")(feed))


_FILES = b"".join(Path(str(module.__file__)).read_bytes() for module in (processor, vectors))
feed = _compiled(int.from_bytes(sha256(_FILES).digest()[:6], "big"))
