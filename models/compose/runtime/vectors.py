"""Vector loops in LLVM's own terms, since no compiler finds them by itself: what the kernels call between plain loops.

Lives here: a tile of a matrix product, scores of a query, a mixture of values, folds. Arrays are plain and contiguous,
their sizes are checked by whoever calls; nothing knows what a model is.

Products of int8 weights and int16 inputs are summed in int32: exactly, so in whatever order a processor likes. Every sum
of float32 has one order, told here, and there is no fast-math: the same numbers give the same bits.

    tile(weights, block, inputs, row, scale, input_scale, into)  # inside a numba kernel
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from models.compose.runtime.processor import pairs, roomy

__all__ = ["ABREAST", "LANES", "ROWS", "largest", "loudest", "mix", "one_row", "score", "some_rows", "squares", "total"]

LANES = 16  # float32 or int32 numbers in a vector; processors with narrower ones take two or four
ABREAST = 4  # vectors that a loop carries at once, to hide the time that each takes
ROWS = 4  # tokens that share one pass over the weights

F32, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
FLOATS, WHOLES = ir.VectorType(F32, LANES), ir.VectorType(I32, LANES)
SHORTS, BYTES = ir.VectorType(I16, 2 * LANES), ir.VectorType(I8, 2 * LANES)


def _inlined(code: Callable[..., Any]) -> Any:
    """What numba calls an intrinsic: it gives types and writes the LLVM code that stands for a call."""
    return intrinsic(code)


def _at(b: Any, data: Any, index: Any, kind: Any) -> Any:
    return b.bitcast(b.gep(data, [index]), kind.as_pointer())


def _load(b: Any, data: Any, index: Any, kind: Any) -> Any:
    value = b.load(_at(b, data, index, kind))
    value.align = 1
    return value


def _splat(b: Any, value: Any, kind: Any) -> Any:
    one = b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(WHOLES, [0] * LANES))


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    kind = ir.FunctionType(FLOATS, [FLOATS] * 3)
    return b.call(cgutils.get_or_insert_function(b.module, kind, f"llvm.fma.v{LANES}f32"), [x, y, z])


def _n(number: int) -> Any:
    return ir.Constant(I64, number)


def _registers(b: Any, kind: Any, number: int) -> list[Any]:
    """Variables that start at zero; LLVM keeps them in registers."""
    zero = ir.Constant(kind, [0] * LANES)
    found = [cgutils.alloca_once(b, kind) for _ in range(number)]
    for one in found:
        b.store(zero, one)
    return found


def _tile(rows: int) -> Any:
    """tile(w, block, x, row, scale, x_scale, into): `rows` rows times ABREAST blocks of LANES outputs each."""

    @_inlined
    def tile(_typing: Any, w: Any, block: Any, x: Any, row: Any, scale: Any, x_scale: Any, into: Any) -> Any:
        whole = w.dtype == types.int8
        vector = WHOLES if whole else FLOATS

        def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
            weights, inputs, scales, input_scales, outputs = (
                context.make_array(signature.args[i])(context, b, args[i]) for i in (0, 2, 4, 5, 6)
            )
            depth = cgutils.unpack_tuple(b, weights.shape)[1]  # pairs of inputs, or inputs
            stride = cgutils.unpack_tuple(b, outputs.shape)[1]
            size = 2 * LANES if whole else LANES
            starts = [b.mul(b.add(args[3], _n(r)), depth) for r in range(rows)]

            def some(blocks: Sequence[Any]) -> None:
                """As many blocks as there are registers for, in one pass over the inputs."""
                places = [b.mul(b.mul(block, depth), _n(size)) for block in blocks]
                sums = [_registers(b, vector, len(blocks)) for _ in range(rows)]
                with cgutils.for_range(b, depth) as loop:
                    offset = b.mul(loop.index, _n(size))
                    columns = [_load(b, weights.data, b.add(at, offset), BYTES if whole else FLOATS) for at in places]
                    if whole:
                        columns = [b.sext(column, SHORTS) for column in columns]
                    for r in range(rows):
                        at = b.add(starts[r], loop.index)
                        if whole:
                            pair = _load(b, inputs.data, b.mul(at, _n(2)), I32)
                            x_row = b.bitcast(_splat(b, pair, WHOLES), SHORTS)
                        else:
                            x_row = _splat(b, _load(b, inputs.data, at, F32), FLOATS)
                        for column, total in zip(columns, sums[r], strict=True):
                            if whole:
                                b.store(b.add(b.load(total), pairs(b, column, x_row)), total)
                            else:
                                b.store(_fma(b, column, x_row, b.load(total)), total)
                for r in range(rows):
                    line = b.add(args[3], _n(r))
                    factor = _splat(b, _load(b, input_scales.data, line, F32), FLOATS)
                    for block, register in zip(blocks, sums[r], strict=True):
                        first = b.mul(block, _n(LANES))
                        total = b.load(register)
                        if whole:
                            total = b.sitofp(total, FLOATS)
                        total = b.fmul(total, b.fmul(_load(b, scales.data, first, FLOATS), factor))
                        b.store(total, _at(b, outputs.data, b.add(b.mul(line, stride), first), FLOATS)).align = 4

            blocks = [b.add(args[1], _n(i)) for i in range(ABREAST)]
            at_once = ABREAST if roomy() else max(1, ABREAST // rows)
            for first in range(0, ABREAST, at_once):
                some(blocks[first : first + at_once])
            return context.get_dummy_value()

        return types.void(w, block, x, row, scale, x_scale, into), code

    return tile


one_row, some_rows = _tile(1), _tile(ROWS)


@_inlined
def score(_typing: Any, keys: Any, block: Any, query: Any, into: Any) -> Any:
    """score(keys, block, query, into): the query times ABREAST blocks of LANES keys each."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        k, q, out = (context.make_array(signature.args[i])(context, b, args[i]) for i in (0, 2, 3))
        width = cgutils.unpack_tuple(b, k.shape)[1]
        sums = _registers(b, FLOATS, ABREAST)
        with cgutils.for_range(b, width) as loop:
            part = _splat(b, _load(b, q.data, loop.index, F32), FLOATS)
            for i, total in enumerate(sums):
                at = b.mul(b.add(b.mul(b.add(args[1], _n(i)), width), loop.index), _n(LANES))
                b.store(_fma(b, _load(b, k.data, at, FLOATS), part, b.load(total)), total)
        for i, total in enumerate(sums):
            b.store(b.load(total), _at(b, out.data, b.mul(b.add(args[1], _n(i)), _n(LANES)), FLOATS)).align = 4
        return context.get_dummy_value()

    return types.void(keys, block, query, into), code


@_inlined
def mix(_typing: Any, values: Any, shares: Any, count: Any, first: Any, into: Any) -> Any:
    """mix(values, shares, count, first, into): 2 * LANES columns of the values, summed by share; fourth by fourth."""

    def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
        v, p, out = (context.make_array(signature.args[i])(context, b, args[i]) for i in (0, 1, 4))
        width = cgutils.unpack_tuple(b, v.shape)[1]
        sums = _registers(b, FLOATS, 2 * ABREAST)

        def add(position: Any, chain: int) -> None:
            share = _splat(b, _load(b, p.data, position, F32), FLOATS)
            for half in range(2):
                at = b.add(b.add(b.mul(position, width), args[3]), _n(half * LANES))
                total = sums[2 * chain + half]
                b.store(_fma(b, _load(b, v.data, at, FLOATS), share, b.load(total)), total)

        fours = b.sdiv(args[2], _n(ABREAST))
        with cgutils.for_range(b, fours) as loop:
            for chain in range(ABREAST):
                add(b.add(b.mul(loop.index, _n(ABREAST)), _n(chain)), chain)
        with cgutils.for_range(b, args[2], start=b.mul(fours, _n(ABREAST))) as loop:
            add(loop.index, 0)
        for half in range(2):
            a, c, d, e = (b.load(sums[2 * chain + half]) for chain in range(ABREAST))
            at = b.add(args[3], _n(half * LANES))
            b.store(b.fadd(b.fadd(a, c), b.fadd(d, e)), _at(b, out.data, at, FLOATS)).align = 4
        return context.get_dummy_value()

    return types.void(values, shares, count, first, into), code


def _fold(name: str) -> Any:
    """fold(x, count) of count numbers, a multiple of LANES, lane by lane: largest, loudest, their sum or sum of squares."""

    @_inlined
    def fold(_typing: Any, x: Any, count: Any) -> Any:
        def code(context: Any, b: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(signature.args[0])(context, b, args[0]).data
            total = cgutils.alloca_once(b, FLOATS)
            b.store(_load(b, data, _n(0), FLOATS) if name == "largest" else ir.Constant(FLOATS, [0.0] * LANES), total)
            with cgutils.for_range(b, b.sdiv(args[1], _n(LANES))) as loop:
                part, so_far = _load(b, data, b.mul(loop.index, _n(LANES)), FLOATS), b.load(total)
                if name == "loudest":
                    kind = ir.FunctionType(FLOATS, [FLOATS])
                    part = b.call(cgutils.get_or_insert_function(b.module, kind, f"llvm.fabs.v{LANES}f32"), [part])
                if name in ("largest", "loudest"):
                    b.store(b.select(b.fcmp_ordered(">", part, so_far), part, so_far), total)
                else:
                    b.store(b.fadd(so_far, b.fmul(part, part) if name == "squares" else part), total)
            lanes = [b.extract_element(b.load(total), ir.Constant(I32, lane)) for lane in range(LANES)]
            while len(lanes) > 1:
                halves = list(zip(lanes[::2], lanes[1::2], strict=True))
                if name in ("largest", "loudest"):
                    lanes = [b.select(b.fcmp_ordered(">", one, other), one, other) for one, other in halves]
                else:
                    lanes = [b.fadd(one, other) for one, other in halves]
            return lanes[0]

        return types.float32(x, count), code

    return fold


largest, loudest, total, squares = _fold("largest"), _fold("loudest"), _fold("total"), _fold("squares")
