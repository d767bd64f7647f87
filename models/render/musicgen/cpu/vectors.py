"""Vector loops that the kernels call: tiles of a product with packed weights, scores and mixtures of bytes, bytes of floats.

Lives here: what no compiler finds by itself, for arrays that whoever calls has checked; nothing knows what a model is.
Products of bytes are summed exactly; sums of float32 have one order, told here: the same numbers give the same bits,
however many rows share a pass.

    tile_of_two(weights, scales, tile, inputs, offsets, factors, row, into, column)  # inside a numba kernel
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from models.compose.runtime.processor import pairs
from models.render.musicgen.cpu.llvm import (
    BYTES,
    F32,
    FLOATS,
    I16,
    I32,
    LANES,
    WHOLES,
    array,
    by_signs,
    constant,
    dot,
    fma,
    inlined,
    kept,
    load,
    loudest,
    magnitude,
    n,
    prefetch,
    registers,
    rounded,
    signed,
    splat,
    store,
    twos,
)

__all__ = ["ABREAST", "GROUP", "TILE", "mix", "narrow", "score", "tile_of_four", "tile_of_one", "tile_of_two"]

ABREAST = 4  # vectors that a loop carries at once, to hide the time that each takes
TILE = LANES * ABREAST  # outputs of a tile
GROUP = 32  # inputs that share a scale
QUADS = GROUP // 4  # inputs are multiplied four at a time
AHEAD = 3  # kB of weights that are asked for before they are read: a tenth faster than none; 6 and 12 are slower again
QUIET = 1e-30  # the loudest of a group that is silent


def _shorts(b: Any, halves: bool, total: Any, weights: Any, four: Any) -> Any:
    """A row's sums of a group, one more vector of weights among them: shorts of half bytes, whole numbers of bytes; `by_signs`.

    A short holds two products of weights from 0 to 15 eight times over, and two of weights from -127 to 127 once.
    """
    if halves:
        part = twos(b, weights, four)
    else:
        part = twos(b, magnitude(b, weights), signed(b, four, weights))
        part = pairs(b, part, constant(part.type, 1))
    return kept(b, part if total is None else b.add(total, part))


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
            sums = registers(b, FLOATS, rows * ABREAST)
            with cgutils.for_range(b, groups) as loop:
                at_w = b.mul(b.add(first, loop.index), size)
                at_s = b.mul(b.add(first, loop.index), n(TILE))
                at_g = [b.add(b.mul(line, groups), loop.index) for line in lines]
                at_x = [b.mul(g, n(GROUP)) for g in at_g]

                def fours(r: int, quad: int) -> Any:
                    """Four inputs of a row, again and again."""
                    at = b.add(at_x[r], n(4 * quad))
                    return b.bitcast(splat(b, load(b, xs.data, at, I32), WHOLES), BYTES)

                def some(block: int, quad: int) -> list[Any]:
                    """The weights of a block for four inputs; two times four where a byte holds two weights."""
                    at = (quad // 2 if halves else quad) * ABREAST + block
                    found = load(b, ws.data, b.add(at_w, n(at * 4 * LANES)), BYTES)
                    if halves:
                        return [b.and_(found, constant(BYTES, 15)), b.lshr(found, constant(BYTES, 4))]
                    return [found]

                def scaled(block: int, whole: Sequence[Any]) -> None:
                    """Onto the sums: the whole numbers of each row for a block."""
                    upper = load(b, ss.data, b.add(at_s, n(block * LANES)), ir.VectorType(I16, LANES))
                    scale = b.bitcast(b.shl(b.zext(upper, WHOLES), constant(WHOLES, 16)), FLOATS)
                    for r in range(rows):
                        i = r * ABREAST + block
                        factor = b.fmul(scale, splat(b, load(b, fs.data, at_g[r], F32), FLOATS))
                        b.store(fma(b, b.sitofp(whole[r], FLOATS), factor, b.load(sums[i])), sums[i])

                ahead = n(AHEAD * 1024)
                for line in range(0, TILE * GROUP // (2 if halves else 1), 64):
                    prefetch(b, ws.data, b.add(b.add(at_w, ahead), n(line)))
                for line in range(0, TILE, 32):
                    prefetch(b, ss.data, b.add(b.add(at_s, n(AHEAD * TILE)), n(line)))
                offset = [splat(b, load(b, os.data, g, I32), WHOLES) for g in at_g]
                many = range(0, QUADS, 2 if halves else 1)
                if by_signs():
                    for block in range(ABREAST):
                        sums_of: list[Any] = [None] * rows
                        for quad in many:
                            for i, weights in enumerate(some(block, quad)):
                                for r in range(rows):
                                    sums_of[r] = _shorts(b, halves, sums_of[r], weights, fours(r, quad + i))
                        if halves:
                            sums_of = [
                                b.add(offset[r], pairs(b, one, constant(one.type, 1))) for r, one in enumerate(sums_of)
                            ]
                        scaled(block, sums_of)
                else:
                    whole = [list(offset) for _ in range(ABREAST)]
                    for quad in many:
                        for block in range(ABREAST):
                            for i, weights in enumerate(some(block, quad)):
                                if not halves:
                                    weights = b.xor(weights, constant(BYTES, -128))
                                for r in range(rows):
                                    whole[block][r] = dot(b, whole[block][r], weights, fours(r, quad + i))
                    for block in range(ABREAST):
                        scaled(block, whole[block])
            for r in range(rows):
                for block in range(ABREAST):
                    at = b.add(b.add(b.mul(lines[r], stride), args[8]), n(block * LANES))
                    store(b, b.load(sums[r * ABREAST + block]), out.data, at)
            return context.get_dummy_value()

        return types.void(w, scales, tile, x, offsets, factors, row, into, column), code

    return tile


tile_of_one, tile_of_two, tile_of_four = _tile(1), _tile(2), _tile(4)


@inlined
def narrow(
    _: Any, x: Any, row: Any, first: Any, into: Any, to: Any, at: Any, groups: Any, sums: Any, factors: Any, less: Any
) -> Any:
    """narrow(x, row, first, into, to, at, groups, sums, factors, less): `groups` groups of a row as bytes.

    Each with its factor, and with its sum times -less: what weights kept as unsigned, `less` too large, add too much.
    """

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        xs, out, ss, fs = (array(context, b, signature, args, i) for i in (0, 3, 7, 8))
        width, depth = (cgutils.unpack_tuple(b, one.shape)[1] for one in (xs, out))
        from_x = b.add(b.mul(args[1], width), args[2])
        to_x = b.add(b.mul(args[4], depth), args[5])
        to_g = b.sdiv(to_x, n(GROUP))
        less_32 = b.sub(ir.Constant(I32, 0), b.trunc(args[9], I32))
        with cgutils.for_range(b, args[6]) as loop:
            start = b.mul(loop.index, n(GROUP))
            parts = [load(b, xs.data, b.add(from_x, b.add(start, n(i))), FLOATS) for i in (0, LANES)]
            tops = [loudest(b, part) for part in parts]
            top = b.select(b.fcmp_ordered(">", *tops), *tops)
            quiet = constant(FLOATS, QUIET)
            top = b.select(b.fcmp_ordered(">", top, quiet), top, quiet)
            inverse = b.fdiv(constant(FLOATS, 127.0), top)
            total = None
            for i, part in enumerate(parts):
                whole = b.fptosi(rounded(b, b.fmul(part, inverse)), WHOLES)
                total = whole if total is None else b.add(total, whole)
                store(
                    b,
                    b.trunc(whole, ir.VectorType(BYTES.element, LANES)),
                    out.data,
                    b.add(to_x, b.add(start, n(i * LANES))),
                )
            add = cgutils.get_or_insert_function(
                b.module, ir.FunctionType(I32, [WHOLES]), f"llvm.vector.reduce.add.v{LANES}i32"
            )
            store(b, b.mul(b.call(add, [total]), less_32), ss.data, b.add(to_g, loop.index))
            factor = b.fmul(b.extract_element(top, ir.Constant(I32, 0)), ir.Constant(F32, 1.0 / 127.0))
            store(b, factor, fs.data, b.add(to_g, loop.index))
        return context.get_dummy_value()

    return types.void(x, row, first, into, to, at, groups, sums, factors, less), code


@inlined
def score(
    _: Any, keys: Any, line: Any, block: Any, query: Any, offset: Any, factor: Any, scales: Any, into: Any
) -> Any:
    """score(keys, line, block, query, offset, factor, scales, into): the query times ABREAST blocks of LANES keys each.

    keys: (lines, blocks, quads, LANES) of four bytes each, 128 too large; offset is the query's sum times -128.
    """

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        k, q, s, out = (array(context, b, signature, args, i) for i in (0, 3, 6, 7))
        _, blocks, quads, size = cgutils.unpack_tuple(b, k.shape)
        start = b.add(b.mul(args[1], blocks), args[2])
        sums = registers(b, WHOLES, ABREAST)
        for total in sums:
            b.store(splat(b, args[4], WHOLES), total)
        with cgutils.for_range(b, quads) as loop:
            four = b.bitcast(splat(b, load(b, q.data, b.mul(loop.index, n(4)), I32), WHOLES), BYTES)
            for i, total in enumerate(sums):
                at = b.mul(b.add(b.mul(b.add(start, n(i)), quads), loop.index), size)
                b.store(dot(b, b.load(total), load(b, k.data, at, BYTES), four), total)
        for i, total in enumerate(sums):
            scale = load(b, s.data, b.mul(b.add(start, n(i)), n(LANES)), FLOATS)
            value = b.fmul(b.sitofp(b.load(total), FLOATS), b.fmul(scale, splat(b, args[5], FLOATS)))
            store(b, value, out.data, b.mul(b.add(args[2], n(i)), n(LANES)))
        return context.get_dummy_value()

    return types.void(keys, line, block, query, offset, factor, scales, into), code


@inlined
def mix(_: Any, values: Any, line: Any, shares: Any, count: Any, first: Any, into: Any) -> Any:
    """mix(values, line, shares, count, first, into): TILE columns of the values, summed by share; second by second."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        v, p, out = (array(context, b, signature, args, i) for i in (0, 2, 5))
        _, room, width = cgutils.unpack_tuple(b, v.shape)
        start = b.add(b.mul(b.mul(args[1], room), width), args[4])
        sums = registers(b, FLOATS, 2 * ABREAST)

        def add(position: Any, chain: int) -> None:
            share = splat(b, load(b, p.data, position, F32), FLOATS)
            for i in range(ABREAST):
                at = b.add(b.add(start, b.mul(position, width)), n(i * LANES))
                some = b.sitofp(b.sext(load(b, v.data, at, ir.VectorType(BYTES.element, LANES)), WHOLES), FLOATS)
                total = sums[chain * ABREAST + i]
                b.store(fma(b, some, share, b.load(total)), total)

        twos = b.sdiv(args[3], n(2))
        with cgutils.for_range(b, twos) as loop:
            for chain in range(2):
                add(b.add(b.mul(loop.index, n(2)), n(chain)), chain)
        with cgutils.for_range(b, args[3], start=b.mul(twos, n(2))) as loop:
            add(loop.index, 0)
        for i in range(ABREAST):
            value = b.fadd(b.load(sums[i]), b.load(sums[ABREAST + i]))
            store(b, value, out.data, b.add(args[4], n(i * LANES)))
        return context.get_dummy_value()

    return types.void(values, line, shares, count, first, into), code
