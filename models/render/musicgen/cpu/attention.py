"""One head of one row: its keys and values put away as bytes, and its query over those of the positions before it.

Knows arrays only, and which line of a cache is meant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.compose.runtime.kernels import exponent
from models.compose.runtime.vectors import largest, loudest, total
from models.render.musicgen.cpu.llvm import LANES
from models.render.musicgen.cpu.tables import Array, Cache, inner
from models.render.musicgen.cpu.vectors import ABREAST, TILE, mix, score

__all__ = ["attended", "remembered"]

UNSIGNED = np.int32(-0x7F7F7F80)  # makes four bytes 128 larger, by their uppermost bits
NEVER = np.float32(-1e30)
QUIET = np.float32(1e-30)
ROUND = np.float32(12582912.0)  # 1.5 * 2**23: adding it and taking it away rounds to a whole number
ONE, MOST = np.float32(1.0), np.float32(127.0)


@inner
def narrowed(lines: Array, row: int, first: int, width: int, into: Array) -> Any:
    """Some numbers of a row as bytes, and the scale that undoes it."""
    top = max(loudest(lines[row, first:], width), QUIET)
    inverse = MOST / top
    for i in range(width):
        into[i] = np.int8((lines[row, first + i] * inverse + ROUND) - ROUND)
    return top / MOST


@inner
def remembered(cache: Cache, line: int, position: int, lines: Array, row: int, first: int, into: Array) -> None:
    """Puts a key away, and the value behind it."""
    width = into.shape[0]
    cache.key_scales[line, position] = narrowed(lines, row, first, width, into)
    fours = into.view(np.int32)
    for i in range(width // 4):
        cache.keys[line, position // LANES, i, position % LANES] = fours[i] ^ UNSIGNED
    cache.value_scales[line, position] = narrowed(lines, row, first + width, width, into)
    for i in range(width):
        cache.values[line, position, i] = into[i]


@inner
def attended(
    cache: Cache,
    line: int,
    count: int,
    lines: Array,
    row: int,
    sharp: Any,
    query: Array,
    scores: Array,
    shares: Array,
    into: Array,
) -> None:
    """What the query at the head of a row finds in the first `count` positions."""
    width = query.shape[0]
    factor = narrowed(lines, row, 0, width, query) * sharp
    offset: Any = 0
    for i in range(width):
        offset -= 128 * np.int64(query[i])
    reach = -(-count // TILE) * TILE
    for block in range(0, reach // LANES, ABREAST):
        score(cache.keys, line, block, query, np.int32(offset), np.float32(factor), cache.key_scales, scores)
    for position in range(count, reach):
        scores[position] = NEVER
    top = largest(scores, reach)
    for position in range(reach):
        scores[position] -= top
    exponent(scores, reach, shares)
    for position in range(count, reach):
        shares[position] = 0
    part = ONE / total(shares, reach)
    for position in range(count):
        shares[position] *= cache.value_scales[line, position] * part
    for first in range(0, width, TILE):
        mix(cache.values, line, shares, count, first, into)
