"""A tile of a product with packed weights: sixty-four outputs, of one row, two or four, in LLVM's own terms.

Lives here: the order in which weights are read and sums are kept. Where registers hold a whole tile (`roomy`), its four blocks
go abreast; elsewhere sixteen outputs after sixteen. Whole numbers are exact, sums of float32 have one order: the same numbers
give the same bits, whatever the processor and however many rows share a pass. Arrays are checked by whoever calls; nothing
knows what a model is.

One core of an EPYC (Zen 3: AVX2), thousands of millions of products a second, others at work beside it:

                       int8, two rows   four rows   int4, two rows   four rows
    by signs                 48             54            64            85
    by LLVM's choice          8              7            13            10

    tile_of_two(weights, scales, tile, inputs, offsets, factors, row, into, column)  # inside a numba kernel
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from models.compose.runtime.processor import pairs, roomy
from models.render.musicgen.cpu.llvm import (
    BYTES,
    F32,
    FLOATS,
    I16,
    I32,
    LANES,
    SHORTS,
    WHOLES,
    array,
    by_signs,
    constant,
    dot,
    fma,
    inlined,
    kept,
    load,
    magnitude,
    n,
    prefetch,
    signed,
    splat,
    store,
    twos,
)
from models.render.musicgen.cpu.vectors import ABREAST, GROUP, TILE

__all__ = ["tile_of_four", "tile_of_one", "tile_of_two"]

QUADS = GROUP // 4  # inputs are multiplied four at a time
AHEAD = 3  # kB of weights that are asked for before they are read: a tenth faster than none; 6 and 12 are slower again


def _tile(rows: int) -> Any:
    """tile(w, scales, tile, x, offsets, factors, row, into, column): `rows` rows of x times one tile of outputs.

    w: (tiles, groups, bytes of a group), of uint8 where a byte holds two weights (less 8), of int8 where it holds one.
    offsets: a group's sum of x times what its weights are less. Scales are the upper halves of float32 numbers.
    """

    @inlined
    def tile(
        _: Any, w: Any, scales: Any, tile: Any, x: Any, offsets: Any, factors: Any, row: Any, into: Any, column: Any
    ) -> Any:
        halves = w.dtype == types.uint8

        def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
            ws, ss, xs, os, fs, out = (array(context, b, signature, args, i) for i in (0, 1, 3, 4, 5, 7))
            _, groups, size = cgutils.unpack_tuple(b, ws.shape)
            stride = cgutils.unpack_tuple(b, out.shape)[1]
            first = b.mul(args[2], groups)
            lines = [b.add(args[6], n(r)) for r in range(rows)]
            sums = cgutils.alloca_once(b, ir.ArrayType(FLOATS, rows * ABREAST))

            def sum_of(r: int, block: Any) -> Any:
                return b.gep(sums, [n(0), b.add(n(r * ABREAST), block)])

            for r in range(rows):
                for block in range(ABREAST):
                    b.store(constant(FLOATS, 0), sum_of(r, n(block)))
            with cgutils.for_range(b, groups) as loop:
                at_w = b.mul(b.add(first, loop.index), size)
                at_s = b.mul(b.add(first, loop.index), n(TILE))
                at_g = [b.add(b.mul(line, groups), loop.index) for line in lines]
                ahead = n(AHEAD * 1024)
                for line in range(0, TILE * GROUP // (2 if halves else 1), 64):
                    prefetch(b, ws.data, b.add(b.add(at_w, ahead), n(line)))
                for line in range(0, TILE, 32):
                    prefetch(b, ss.data, b.add(b.add(at_s, n(AHEAD * TILE)), n(line)))
                offset = [splat(b, load(b, os.data, g, I32), WHOLES) for g in at_g]

                def fours(r: int, quad: int) -> Any:
                    """Four inputs of a row, again and again."""
                    at = b.add(b.mul(at_g[r], n(GROUP)), n(4 * quad))
                    return b.bitcast(splat(b, load(b, xs.data, at, I32), WHOLES), BYTES)

                def some(block: Any, quad: int) -> list[tuple[int, Any]]:
                    """A block's weights of four inputs, or of two times four where a byte holds two; and which four."""
                    at = b.add(n((quad // 2 if halves else quad) * ABREAST), block)
                    found = load(b, ws.data, b.add(at_w, b.mul(at, n(4 * LANES))), BYTES)
                    if halves:
                        return [
                            (quad, b.and_(found, constant(BYTES, 15))),
                            (quad + 1, b.lshr(found, constant(BYTES, 4))),
                        ]
                    return [(quad, found)]

                def scaled(block: Any, whole: Sequence[Any]) -> None:
                    """Onto the sums: the whole numbers of each row for a block."""
                    upper = load(b, ss.data, b.add(at_s, b.mul(block, n(LANES))), ir.VectorType(I16, LANES))
                    scale = b.bitcast(b.shl(b.zext(upper, WHOLES), constant(WHOLES, 16)), FLOATS)
                    for r in range(rows):
                        factor = b.fmul(scale, splat(b, load(b, fs.data, at_g[r], F32), FLOATS))
                        place = sum_of(r, block)
                        b.store(fma(b, b.sitofp(whole[r], FLOATS), factor, b.load(place)), place)

                def added(total: Any, r: int, four: int, weights: Any) -> Any:
                    """The whole numbers of a row for a block, from one vector of weights more."""
                    if by_signs():
                        return _with_signs(b, halves, total, weights, fours(r, four))
                    if not halves:
                        weights = b.xor(weights, constant(BYTES, -128))
                    return dot(b, offset[r] if total is None else total, weights, fours(r, four))

                def block_by_block() -> None:
                    with cgutils.for_range(b, n(ABREAST)) as blocks:
                        total: list[Any] = [None] * rows
                        for quad in many:
                            for four, weights in some(blocks.index, quad):
                                total = [added(total[r], r, four, weights) for r in range(rows)]
                        if halves and by_signs():
                            total = [b.add(offset[r], pairs(b, total[r], constant(SHORTS, 1))) for r in range(rows)]
                        scaled(blocks.index, total)

                def all_abreast() -> None:
                    whole: list[list[Any]] = [[None] * rows for _ in range(ABREAST)]
                    for quad in many:
                        for block in range(ABREAST):
                            for four, weights in some(n(block), quad):
                                whole[block] = [added(whole[block][r], r, four, weights) for r in range(rows)]
                    for block in range(ABREAST):
                        scaled(n(block), whole[block])

                many = range(0, QUADS, 2 if halves else 1)
                all_abreast() if roomy() else block_by_block()
            for r in range(rows):
                for block in range(ABREAST):
                    at = b.add(b.add(b.mul(lines[r], stride), args[8]), n(block * LANES))
                    store(b, b.load(sum_of(r, n(block))), out.data, at)
            return context.get_dummy_value()

        return types.void(w, scales, tile, x, offsets, factors, row, into, column), code

    return tile


def _with_signs(b: Any, halves: bool, total: Any, weights: Any, four: Any) -> Any:
    """A row's sums of a group, one more vector of weights among them: shorts of half bytes, whole numbers of bytes.

    A short holds two products of weights from 0 to 15 eight times over, and two of weights from -127 to 127 once.
    """
    if halves:
        part = twos(b, weights, four)
    else:
        part = pairs(b, twos(b, magnitude(b, weights), signed(b, four, weights)), constant(SHORTS, 1))
    return kept(b, part if total is None else b.add(total, part))


tile_of_one, tile_of_two, tile_of_four = _tile(1), _tile(2), _tile(4)
