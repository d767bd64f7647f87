"""What the processor at hand can do, and the product that each kind of it has an instruction for.

Knows numba's choice of a processor and LLVM's names of instructions; no array and no model. Whole numbers come out the same
everywhere, so that which instruction was taken is a matter of speed alone.

    pairs(b, left, right)  # inside an intrinsic: shorts times shorts, neighbours added
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config

__all__ = ["call", "each", "features", "joined", "pairs", "parts", "roomy"]

I32 = ir.IntType(32)
PAIRS = {512: "llvm.x86.avx512.pmaddw.d.512", 256: "llvm.x86.avx2.pmadd.wd", 128: "llvm.x86.sse2.pmadd.wd"}
"""Bits of a vector, and the instruction that multiplies and adds pairs of shorts in it."""


def features() -> dict[str, bool]:
    """Those of the processor that numba compiles for; sse2 is in every x86-64."""
    if config.CPU_NAME or config.CPU_FEATURES is not None:
        found = {name[1:]: True for name in (config.CPU_FEATURES or "").split(",") if name.startswith("+")}
    else:
        found = dict(binding.get_host_cpu_features())
    return found | {"sse2": platform.machine().lower() in ("x86_64", "amd64")}


def roomy() -> bool:
    """Whether 32 vectors of 16 numbers fit into registers; elsewhere eight do, with what they are computed from."""
    return bool(features().get("avx512bw"))


def pairs(b: Any, left: Any, right: Any) -> Any:
    """left[2i] * right[2i] + left[2i+1] * right[2i+1], in int32, of vectors of int16."""
    has = features()
    for name, bits in (("avx512bw", 512), ("avx2", 256), ("sse2", 128)):
        if has.get(name):
            return each(b, PAIRS[bits], ir.VectorType(I32, bits // 32), left, right)
    count = left.type.count // 2
    every = ir.VectorType(I32, count)

    def every_second(vector: Any, first: int) -> Any:
        mask = ir.Constant(every, [2 * lane + first for lane in range(count)])
        return b.sext(b.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask), every)

    return b.add(*(b.mul(every_second(left, first), every_second(right, first)) for first in (0, 1)))


def each(b: Any, name: str, result: Any, *vectors: Any) -> Any:
    """One of LLVM's own functions, whose result is `result`, on each piece that it takes of longer vectors."""
    bits = result.count * result.element.width
    cut = zip(*(parts(b, vector, bits // vector.type.element.width) for vector in vectors), strict=True)
    return joined(b, [call(b, name, result, *pieces) for pieces in cut])


def parts(b: Any, vector: Any, size: int) -> list[Any]:
    """A vector cut into pieces of `size` numbers."""
    if vector.type.count == size:
        return [vector]
    nothing, kind = ir.Constant(vector.type, ir.Undefined), ir.VectorType(I32, size)
    starts = range(0, vector.type.count, size)
    return [b.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(at, at + size)))) for at in starts]


def joined(b: Any, pieces: list[Any]) -> Any:
    """Pieces, whose number is a power of two, as one vector."""
    while len(pieces) > 1:
        mask = ir.Constant(ir.VectorType(I32, 2 * pieces[0].type.count), list(range(2 * pieces[0].type.count)))
        pieces = [b.shuffle_vector(one, other, mask) for one, other in zip(pieces[::2], pieces[1::2], strict=True)]
    return pieces[0]


def call(b: Any, name: str, result: Any, *args: Any) -> Any:
    """A call of one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), args)
