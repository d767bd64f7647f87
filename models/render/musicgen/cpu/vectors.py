"""Vector loops that the kernels call: scores and mixtures of bytes, bytes of floats.

Lives here: what no compiler finds by itself, for arrays that whoever calls has checked; nothing knows what a model is.
Products of bytes are summed exactly; sums of float32 have one order, told here: the same numbers give the same bits,
however many rows share a pass.

    score(keys, line, block, query, offset, factor, scales, into)  # inside a numba kernel
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from models.render.musicgen.cpu.llvm import (
    BYTES,
    F32,
    FLOATS,
    I16,
    I32,
    LANES,
    WHOLES,
    array,
    constant,
    dot,
    fma,
    inlined,
    load,
    loudest,
    n,
    registers,
    rounded,
    splat,
    store,
)

__all__ = ["ABREAST", "GROUP", "TILE", "mix", "narrow", "score", "weighed"]

ABREAST = 4  # vectors that a loop carries at once, to hide the time that each takes
TILE = LANES * ABREAST  # outputs of a tile
GROUP = 32  # inputs that share a scale
QUIET = 1e-30  # the loudest of a group that is silent


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


@inlined
def weighed(_: Any, weights: Any, part: Any, x: Any, row: Any, count: Any, into: Any) -> Any:
    """weighed(weights, part, x, row, count, into): TILE sums of a row's first numbers times int16 (parts, inputs, TILE)."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        w, xs, out = (array(context, b, signature, args, i) for i in (0, 2, 5))
        inputs, width = cgutils.unpack_tuple(b, w.shape)[1], cgutils.unpack_tuple(b, xs.shape)[1]
        start, line = b.mul(b.mul(args[1], inputs), n(TILE)), b.mul(args[3], width)
        sums = registers(b, FLOATS, ABREAST)
        with cgutils.for_range(b, args[4]) as loop:
            one = splat(b, load(b, xs.data, b.add(line, loop.index), F32), FLOATS)
            at = b.add(start, b.mul(loop.index, n(TILE)))
            for i, total in enumerate(sums):
                some = b.sext(load(b, w.data, b.add(at, n(i * LANES)), ir.VectorType(I16, LANES)), WHOLES)
                b.store(fma(b, b.sitofp(some, FLOATS), one, b.load(total)), total)
        for i, total in enumerate(sums):
            store(b, b.load(total), out.data, n(i * LANES))
        return context.get_dummy_value()

    return types.void(weights, part, x, row, count, into), code
