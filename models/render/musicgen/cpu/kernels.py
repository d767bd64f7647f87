"""The arithmetic of a MusicGen decoder over packed weights, compiled by numba for the processor at hand.

Knows arrays only: shapes and limits are checked by whoever calls. Several threads may call `step` or `listen` with the same
arguments: they share the work (`together`), and each returns when it is done. What a row's logits are depends on what that
row was fed, to the last bit: not on how much is fed at once, on the threads, or on the rows beside it.

    step(x, stream, at, conditions, cache, told, tables, mixed, inward, counters, logits)
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from models.compose.runtime import processor
from models.compose.runtime.kernels import exponent
from models.compose.runtime.vectors import squares, total
from models.render.musicgen.cpu import attention, llvm, tiling, together, vectors
from models.render.musicgen.cpu.attention import attended, remembered
from models.render.musicgen.cpu.tables import Array, Bytes, Cache, Matrix, Tables, inner, kept_on_disk
from models.render.musicgen.cpu.tiling import tile_of_four, tile_of_one, tile_of_two
from models.render.musicgen.cpu.together import done, finished, take, wait
from models.render.musicgen.cpu.vectors import GROUP, TILE, narrow

__all__ = ["HEADS_LESS", "STAGES", "listen", "step"]

STAGES = 6  # a layer: heads, their sum, heads that look at the conditions, their sum, the inner layer, its sum
HEADS_LESS = 128
EPSILON = np.float32(1e-5)
ONE, HALF, ROOT_HALF = np.float32(1.0), np.float32(0.5), np.float32(0.70710678)
# 1 - erf(z) = (E1 t + .. + E5 t^5) exp(-z^2), t = 1 / (1 + E0 z), within 1.5e-7: Abramowitz and Stegun 7.1.26
E0, E1, E2 = np.float32(0.3275911), np.float32(0.254829592), np.float32(-0.284496736)
E3, E4, E5 = np.float32(1.421413741), np.float32(-1.453152027), np.float32(1.061405429)


@inner
def product(matrix: Matrix, tile: int, x: Bytes, rows: int, into: Array, column: int) -> None:
    """The first rows of x times one tile. Several rows share a pass over the weights; a row's result is the same alone."""
    row = 0
    while row + 4 <= rows:
        tile_of_four(matrix.weights, matrix.scales, tile, x.numbers, x.offsets, x.factors, row, into, column)
        row += 4
    if row + 2 <= rows:
        tile_of_two(matrix.weights, matrix.scales, tile, x.numbers, x.offsets, x.factors, row, into, column)
        row += 2
    if row < rows:
        tile_of_one(matrix.weights, matrix.scales, tile, x.numbers, x.offsets, x.factors, row, into, column)


@inner
def put(x: Array, row: int, into: Bytes, to: int, first: int, count: int, less: int) -> None:
    """The first numbers of a row of x as bytes, from `first` on."""
    narrow(x, row, 0, into.numbers, to, first, count // GROUP, into.offsets, into.factors, less)


@inner
def normed(x: Array, first: int, norm: int, tables: Tables, less: int, h: Array, into: Bytes) -> None:
    """Layer norm of the rows of x from `first` on, as bytes."""
    width, depth = tables.width, x.shape[1]
    for row in range(first, x.shape[0]):
        mean = total(x[row], depth) / np.float32(width)
        for i in range(width):
            h[0, i] = x[row, i] - mean
        scale = ONE / np.sqrt(squares(h[0], depth) / np.float32(width) + EPSILON)
        for i in range(width):
            h[0, i] = h[0, i] * scale * tables.norms[norm, 0, i] + tables.norms[norm, 1, i]
        put(h, 0, into, row - first, 0, depth, less)


@inner
def bent(x: Array, gelu: bool, power: Array, scratch: Array) -> None:
    """gelu, or relu, of a tile of each row, in place."""
    for row in range(x.shape[0]):
        if gelu:
            for i in range(TILE):
                z = x[row, i] * ROOT_HALF
                scratch[i] = -z * z
            exponent(scratch, TILE, power)
            for i in range(TILE):
                t = ONE / (ONE + E0 * abs(x[row, i]) * ROOT_HALF)
                less = ((((E5 * t + E4) * t + E3) * t + E2) * t + E1) * t * power[i] * HALF
                x[row, i] *= less if x[row, i] < 0 else ONE - less
        else:
            for i in range(TILE):
                x[row, i] = max(x[row, i], np.float32(0.0))


@inner
def added(counters: Array, stage: int, matrix: Matrix, layer: int, x: Bytes, part: Array, into: Array) -> None:
    """A stage: the product of all rows, on top of what stands in `into`."""
    tiles = into.shape[1] // TILE
    if finished(counters, stage, tiles):
        return
    tile = take(counters, stage)
    while tile < tiles:
        product(matrix, layer * tiles + tile, x, into.shape[0], part, 0)
        for row in range(into.shape[0]):
            for i in range(TILE):
                into[row, tile * TILE + i] += part[row, i]
        done(counters, stage)
        tile = take(counters, stage)
    wait(counters, stage, tiles)


@inner
def room_for(rows: int, width: int) -> Bytes:
    groups = width // GROUP
    return Bytes(
        np.empty((rows, width), np.int8), np.empty((rows, groups), np.int32), np.empty((rows, groups), np.float32)
    )


def _step(edition: int) -> Any:
    def step(
        x: Array,  # embeddings, a row each; used up
        stream: Array,  # which stream of the caches each row goes on with,
        at: Array,  # at which position of it,
        conditions: Array,  # and how many positions in `told` are its
        cache: Cache,
        told: Cache,
        tables: Tables,
        mixed: Bytes,  # scratch that the threads share: what heads found, and the inner layer
        inward: Bytes,
        counters: Array,
        logits: Array,  # of the last rows, as many as there are
    ) -> None:
        rows, depth = x.shape
        spread, width = tables.spread, cache.values.shape[2]
        tiles, inners = width // TILE, tables.up.weights.shape[0] // tables.layers
        h = np.zeros((1, depth), np.float32)
        bytes_of = room_for(rows, depth)
        lines = np.empty((rows, 3 * width), np.float32)
        part = np.empty((rows, TILE), np.float32)
        query = np.empty(width, np.int8)
        room = max(cache.key_scales.shape[1], told.key_scales.shape[1])
        scores, shares = np.empty(room, np.float32), np.empty(room, np.float32)
        found = np.empty((1, width), np.float32)
        sharp = np.float32(1.0 / np.sqrt(tables.head_width)) if edition else ONE
        for layer in range(tables.layers):
            stage = STAGES * layer
            for looks in range(2 if tables.looks else 1):
                if not finished(counters, stage, spread):
                    normed(x, 0, 3 * layer + looks, tables, tables.less, h, bytes_of)
                    head = take(counters, stage)
                    while head < spread:
                        if looks:
                            for i in range(tiles):
                                tile = (layer * spread + head) * tiles + i
                                product(tables.ask, tile, bytes_of, rows, lines, i * TILE)
                        else:
                            for i in range(3 * tiles):
                                tile = (layer * spread + head) * 3 * tiles + i
                                product(tables.qkv, tile, bytes_of, rows, lines, i * TILE)
                        for row in range(rows):
                            line = (stream[row] * tables.layers + layer) * spread + head
                            if looks:
                                attended(
                                    told, line, conditions[row], lines, row, sharp, query, scores, shares, found[0]
                                )
                            else:
                                last = at[row]
                                remembered(cache, line, last, lines, row, width, query)
                                attended(cache, line, last + 1, lines, row, sharp, query, scores, shares, found[0])
                            put(found, 0, mixed, row, head * width, width, tables.less)
                        done(counters, stage)
                        head = take(counters, stage)
                    wait(counters, stage, spread)
                added(counters, stage + 1, tables.answer if looks else tables.out, layer, mixed, part, x)
                stage += 2
            stage = STAGES * layer + 4
            if not finished(counters, stage, inners):
                normed(x, 0, 3 * layer + 2, tables, tables.less, h, bytes_of)
                tile = take(counters, stage)
                while tile < inners:
                    product(tables.up, layer * inners + tile, bytes_of, rows, part, 0)
                    bent(part, tables.bends, shares, scores)
                    for row in range(rows):
                        put(part, row, inward, row, tile * TILE, TILE, tables.less)
                    done(counters, stage)
                    tile = take(counters, stage)
                wait(counters, stage, inners)
            added(counters, stage + 1, tables.down, layer, inward, part, x)
        wanted, last, stage = logits.shape[0], logits.shape[1] // TILE, STAGES * tables.layers
        if wanted and not finished(counters, stage, last):
            normed(x, rows - wanted, 3 * tables.layers, tables, HEADS_LESS, h, bytes_of)
            tile = take(counters, stage)
            while tile < last:
                product(tables.heads, tile, bytes_of, wanted, logits, tile * TILE)
                done(counters, stage)
                tile = take(counters, stage)
            wait(counters, stage, last)

    return kept_on_disk(step)


def _listen(edition: int) -> Any:
    def listen(x: Array, stream: Array, told: Cache, tables: Tables, counters: Array) -> None:
        """What the layers will look at: keys and values of the conditions, whose rows are x."""
        rows, depth = x.shape
        width = told.values.shape[2]
        tiles, tasks = 2 * width // TILE, tables.layers * tables.spread
        bytes_of = room_for(rows, depth)
        lines = np.empty((rows, 2 * width), np.float32)
        into = np.empty(width if edition else 0, np.int8)
        for row in range(rows):
            put(x, row, bytes_of, row, 0, depth, tables.less)
        task = take(counters, 0)
        while task < tasks:
            for i in range(tiles):
                product(tables.told, task * tiles + i, bytes_of, rows, lines, i * TILE)
            for row in range(rows):
                line = stream[row % len(stream)] * tasks + task
                remembered(told, line, row // len(stream), lines, row, 0, into)
            done(counters, 0)
            task = take(counters, 0)
        wait(counters, 0, tasks)

    return kept_on_disk(listen)


# numba asks this file's date alone whether what it kept is stale, and what a function closes over
_FILES = b"".join(
    Path(str(module.__file__)).read_bytes() for module in (attention, llvm, processor, tiling, together, vectors)
)
_EDITION = int.from_bytes(sha256(_FILES).digest()[:6], "big")
step, listen = _step(_EDITION), _listen(_EDITION)
