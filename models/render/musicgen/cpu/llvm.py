"""Words of LLVM that the vector loops are written in: loads, splats, and the product of bytes that processors have.

Knows vectors only. `dot` sums 64 products of bytes four by four into 16 whole numbers: exactly, so the same number on every
processor, by one instruction where there is one for it (AVX-512 VNNI, AVX VNNI), by pairs of shorts elsewhere. Where there is
none but AVX2 (or SSSE3), `twos` has a better way for those who know that their numbers are small: bytes two by two into shorts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from models.compose.runtime import processor
from models.compose.runtime.processor import call, each, joined, pairs, parts

__all__ = [
    "BYTES", "F32", "FLOATS", "I8", "I16", "I32", "I64", "LANES", "SHORTS", "WHOLES",
    "array", "at", "by_signs", "constant", "dot", "fma", "inlined", "kept", "load", "loudest", "magnitude", "n",
    "prefetch", "registers", "rounded", "signed", "splat", "store", "twos",
]  # fmt: skip

LANES = 16  # float32 or int32 numbers in a vector; processors with narrower ones take two or four
ROUND = 12582912.0  # 1.5 * 2**23: adding it and taking it away rounds to a whole number

F32, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
FLOATS, WHOLES, BYTES = ir.VectorType(F32, LANES), ir.VectorType(I32, LANES), ir.VectorType(I8, 4 * LANES)
SHORTS = ir.VectorType(I16, 2 * LANES)


def inlined(code: Callable[..., Any]) -> Any:
    """What numba calls an intrinsic: it gives types and writes the LLVM code that stands for a call."""
    return intrinsic(code)


def array(context: Any, b: Any, signature: Any, args: Any, index: int) -> Any:
    """An argument that is an array, with `data` and `shape`."""
    return context.make_array(signature.args[index])(context, b, args[index])


def n(number: int) -> Any:
    return ir.Constant(I64, number)


def constant(kind: Any, value: Any) -> Any:
    """A vector with one value everywhere."""
    return ir.Constant(kind, [value] * kind.count)


def at(b: Any, data: Any, index: Any, kind: Any) -> Any:
    return b.bitcast(b.gep(data, [index]), kind.as_pointer())


def load(b: Any, data: Any, index: Any, kind: Any) -> Any:
    """`kind` from `index` numbers on; it need not be aligned."""
    value = b.load(at(b, data, index, kind))
    value.align = 1
    return value


def store(b: Any, value: Any, data: Any, index: Any) -> None:
    b.store(value, at(b, data, index, value.type)).align = 1


def splat(b: Any, value: Any, kind: Any) -> Any:
    one = b.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return b.shuffle_vector(
        one, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
    )


def registers(b: Any, kind: Any, number: int) -> list[Any]:
    """Variables that start at zero; LLVM keeps them in registers."""
    found = [cgutils.alloca_once(b, kind) for _ in range(number)]
    for one in found:
        b.store(ir.Constant(kind, [0] * kind.count), one)
    return found


def fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    return call(b, f"llvm.fma.v{LANES}f32", FLOATS, x, y, z)


def rounded(b: Any, x: Any) -> Any:
    """The nearest whole numbers, as float32; for those below 2**22."""
    shift = constant(FLOATS, ROUND)
    return b.fsub(b.fadd(x, shift), shift)


def loudest(b: Any, x: Any) -> Any:
    """The largest magnitude of a vector, in every lane."""
    x = call(b, f"llvm.fabs.v{LANES}f32", FLOATS, x)
    for step in (8, 4, 2, 1):
        turn = ir.Constant(WHOLES, [(lane + step) % LANES for lane in range(LANES)])
        other = b.shuffle_vector(x, x, turn)
        x = b.select(b.fcmp_ordered(">", x, other), x, other)
    return x


def prefetch(b: Any, data: Any, index: Any) -> None:
    """Asks for the numbers around one, which will be read soon."""
    place = b.bitcast(b.gep(data, [index]), I8.as_pointer())
    how = [ir.Constant(I32, one) for one in (0, 2, 1)]  # to read, into the second cache, data
    kind = ir.FunctionType(ir.VoidType(), [place.type, I32, I32, I32])
    b.call(cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0"), [place, *how])


def dot(b: Any, total: Any, left: Any, right: Any) -> Any:
    """total + the sums, four by four, of unsigned bytes times signed ones."""
    has = processor.features()
    if has.get("avx512vnni"):
        return call(b, "llvm.x86.avx512.vpdpbusd.512", WHOLES, total, left, right)
    if has.get("avxvnni"):
        kind = ir.VectorType(I32, 8)
        return each(b, "llvm.x86.avx512.vpdpbusd.256", kind, total, left, right)
    left, right = b.bitcast(left, SHORTS), b.bitcast(right, SHORTS)
    eight = constant(SHORTS, 8)
    even = pairs(b, b.and_(left, constant(SHORTS, 255)), b.ashr(b.shl(right, eight), eight))
    return b.add(total, b.add(even, pairs(b, b.lshr(left, eight), b.ashr(right, eight))))


def by_signs() -> bool:
    """Whether bytes are best multiplied two by two into shorts (AVX2 or SSSE3, and nothing newer)."""
    has = processor.features()
    return bool(has.get("ssse3")) and not any(has.get(name) for name in ("avx512bw", "avx512vnni", "avxvnni"))


def twos(b: Any, left: Any, right: Any) -> Any:
    """The sums, two by two, of unsigned bytes times signed ones, as shorts: only where none leaves them, and `by_signs`."""
    if processor.features().get("avx2"):
        return each(b, "llvm.x86.avx2.pmadd.ub.sw", ir.VectorType(I16, 16), left, right)
    return each(b, "llvm.x86.ssse3.pmadd.ub.sw.128", ir.VectorType(I16, 8), left, right)


def kept(b: Any, vector: Any) -> Any:
    """The same vector, which LLVM computes here and not elsewhere; `by_signs`.

    It likes to turn a chain of sums into a tree, for which sixteen registers are too few: twice as slow.
    """
    pieces = parts(b, vector, (256 if processor.features().get("avx2") else 128) // vector.type.element.width)
    kind = ir.FunctionType(pieces[0].type, [pieces[0].type])
    return joined(b, [b.asm(kind, "", "=x,0", [piece], side_effect=True) for piece in pieces])


def signed(b: Any, x: Any, by: Any) -> Any:
    """Bytes of x, minus where `by` is negative, 0 where it is 0; `by_signs`."""
    if processor.features().get("avx2"):
        return each(b, "llvm.x86.avx2.psign.b", ir.VectorType(I8, 32), x, by)
    return each(b, "llvm.x86.ssse3.psign.b.128", ir.VectorType(I8, 16), x, by)


def magnitude(b: Any, x: Any) -> Any:
    """Bytes without their signs; none is -128."""
    return call(b, f"llvm.abs.v{4 * LANES}i8", BYTES, x, ir.Constant(ir.IntType(1), 0))
