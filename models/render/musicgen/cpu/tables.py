"""What the kernels read and write, as named tuples of arrays: a decoder, keys and values, rows of bytes.

Knows shapes in words only. Widths are those that were filled up to whole tiles; a line is one head of one row in one layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from numba import njit
from numpy.typing import NDArray

__all__ = ["Array", "Bytes", "Cache", "Kernel", "Matrix", "Tables", "inner", "kept_on_disk"]

Array = NDArray[Any]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class Matrix(NamedTuple):
    """Packed weights, of all layers."""

    weights: Array  # (tiles, groups, bytes of a group)
    scales: Array  # (tiles, groups, TILE): upper halves of float32


class Tables(NamedTuple):
    """A decoder."""

    norms: Array  # (three a layer and the last, gain and bias, width)
    qkv: Matrix  # a head's queries, keys and values side by side
    out: Matrix
    ask: Matrix  # the queries to the conditions
    told: Matrix  # their keys and values, a head's side by side
    answer: Matrix
    up: Matrix
    down: Matrix
    heads: Matrix  # what may come next, in bytes whatever the others are
    layers: int
    spread: int  # heads of attention
    head_width: int  # before it was filled up
    width: int  # before it was filled up
    less: int  # how much larger than the weights their bytes are
    looks: bool  # at conditions; else they were fed
    bends: bool  # gelu; else relu


class Cache(NamedTuple):
    """Keys and values as bytes, each position's with a scale."""

    keys: Array  # (lines, blocks of LANES positions, quads, LANES): four bytes each, 128 too large
    key_scales: Array  # (lines, positions)
    values: Array  # (lines, positions, width of a head)
    value_scales: Array


class Bytes(NamedTuple):
    """Rows that are multiplied with a matrix: bytes, and what `narrow` says of each group."""

    numbers: Array  # (rows, width)
    offsets: Array  # (rows, groups)
    factors: Array


def inner(kernel: Kernel) -> Kernel:
    """numba without fast-math: part of a kernel that is kept on disk as a whole, and called by kernels alone."""
    return cast(Kernel, njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(kernel))


def kept_on_disk(kernel: Kernel) -> Kernel:
    """numba without the GIL, compiled once a machine where there is a place to keep it."""
    try:
        return cast(Kernel, njit(cache=True, nogil=True, error_model="numpy")(kernel))
    except RuntimeError:  # nowhere to keep it
        return cast(Kernel, njit(nogil=True, error_model="numpy")(kernel))
