"""Words of LLVM that the vector loops are written in: loads, splats, and the product of bytes that processors have.

Knows vectors only. `dot` sums 64 products of bytes four by four into 16 whole numbers: exactly, so the same number on every
processor, by one instruction where there is one for it (AVX-512 VNNI, AVX VNNI), by pairs of shorts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config
from numba.extending import intrinsic

__all__ = [
    "BYTES", "F32", "FLOATS", "I8", "I16", "I32", "I64", "LANES", "WHOLES",
    "array", "at", "constant", "dot", "fma", "inlined", "load", "loudest", "n",
    "prefetch", "registers", "rounded", "splat", "store",
]  # fmt: skip

LANES = 16  # float32 or int32 numbers in a vector; processors with narrower ones take two or four
ROUND = 12582912.0  # 1.5 * 2**23: adding it and taking it away rounds to a whole number

F32, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
FLOATS, WHOLES, BYTES = ir.VectorType(F32, LANES), ir.VectorType(I32, LANES), ir.VectorType(I8, 4 * LANES)
SHORTS = ir.VectorType(I16, 2 * LANES)


def _features() -> dict[str, bool]:
    """Those of the processor that numba compiles for."""
    if config.CPU_NAME or config.CPU_FEATURES is not None:
        return {name[1:]: True for name in (config.CPU_FEATURES or "").split(",") if name.startswith("+")}
    return dict(binding.get_host_cpu_features())


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
    return _call(b, f"llvm.fma.v{LANES}f32", FLOATS, x, y, z)


def rounded(b: Any, x: Any) -> Any:
    """The nearest whole numbers, as float32; for those below 2**22."""
    shift = constant(FLOATS, ROUND)
    return b.fsub(b.fadd(x, shift), shift)


def loudest(b: Any, x: Any) -> Any:
    """The largest magnitude of a vector, in every lane."""
    x = _call(b, f"llvm.fabs.v{LANES}f32", FLOATS, x)
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
    features = _features()
    if features.get("avx512vnni"):
        return _call(b, "llvm.x86.avx512.vpdpbusd.512", WHOLES, total, left, right)
    if features.get("avxvnni"):
        halves = []
        for half in range(2):
            parts = (_part(b, total, half), _part(b, left, half), _part(b, right, half))
            halves.append(_call(b, "llvm.x86.avx512.vpdpbusd.256", parts[0].type, *parts))
        return b.shuffle_vector(*halves, ir.Constant(WHOLES, list(range(LANES))))
    left, right = b.bitcast(left, SHORTS), b.bitcast(right, SHORTS)
    eight = constant(SHORTS, 8)
    even = _pairs(b, b.and_(left, constant(SHORTS, 255)), b.ashr(b.shl(right, eight), eight), features)
    return b.add(total, b.add(even, _pairs(b, b.lshr(left, eight), b.ashr(right, eight), features)))


def _pairs(b: Any, left: Any, right: Any, features: dict[str, bool]) -> Any:
    """left[2i] * right[2i] + left[2i+1] * right[2i+1] for 16 i."""
    if features.get("avx512bw"):
        return _call(b, "llvm.x86.avx512.pmaddw.d.512", WHOLES, left, right)

    def every_second(vector: Any, first: int) -> Any:
        mask = ir.Constant(WHOLES, [2 * lane + first for lane in range(LANES)])
        return b.sext(b.shuffle_vector(vector, ir.Constant(SHORTS, ir.Undefined), mask), WHOLES)

    return b.add(*(b.mul(every_second(left, first), every_second(right, first)) for first in (0, 1)))


def _part(b: Any, vector: Any, half: int) -> Any:
    size = vector.type.count // 2
    mask = ir.Constant(ir.VectorType(I32, size), list(range(half * size, (half + 1) * size)))
    return b.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _call(b: Any, name: str, result: Any, *args: Any) -> Any:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), args)
