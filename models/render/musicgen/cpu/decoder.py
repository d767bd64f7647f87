"""The decoder in int8 or int4 weights on a processor's cores: what `protocol.Decoder` asks for, by the kernels here.

Lives here: states, the pools of memory in which they are streams beside each other, the sum of the codes' embeddings. A state
holds keys and values as bytes: 100 kB a frame for MusicGen-small with guidance. Knows nothing of text, sound or sampling.

    decoder = CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, "int4")
    logits = decoder.feed(decoder.begin([text, nothing], most_frames=503), start)
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.render.musicgen.cpu import kept
from models.render.musicgen.cpu.crew import Crew
from models.render.musicgen.cpu.kernels import STAGES, listen, step
from models.render.musicgen.cpu.llvm import LANES
from models.render.musicgen.cpu.packing import Precision, as_arrays, filled, from_arrays, tables_of
from models.render.musicgen.cpu.tables import Bytes, Cache, Tables
from models.render.musicgen.cpu.together import WIDE
from models.render.musicgen.cpu.vectors import GROUP, TILE
from models.render.musicgen.decoder import positions
from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.tensors import Tensors

__all__ = ["CpuDecoder", "CpuState"]

ROWS_MAX = 64  # read in one go: what they need stays in the processor's second cache
STREAMS = 8  # of a pool: four pieces pass together; from two on each costs little more than half of what it costs alone
ROOMS, TOLD = 512, 64  # positions and conditions of a pool are a multiple of

log = logging.getLogger("starbridge.engine")

Floats = NDArray[np.float32]


class Pool:
    """Memory for some streams, rows of one state or of several; what is never touched costs nothing."""

    def __init__(self, room: int, told: int, cache: Cache, heard: Cache, places: Floats) -> None:
        self.room, self.told = room, told
        self.cache, self.heard, self.places = cache, heard, places
        self.free = list(range(STREAMS))


class CpuState:
    """What one piece has been so far: keys and values of its codes and of its conditions."""

    __slots__ = ("__weakref__", "_before", "_conditions", "_length", "_pool", "_room", "_streams")

    def __init__(self, pool: Pool, rows: int, room: int, before: int, conditions: int) -> None:
        self._pool, self._room, self._before, self._conditions = pool, room, before, conditions
        self._streams = np.array([pool.free.pop(0) for _ in range(rows)], np.int64)
        weakref.finalize(self, pool.free.extend, self._streams.tolist())
        self._length = 0

    @property
    def length(self) -> int:
        """Columns fed so far; a prefix does not count."""
        return self._length

    def rewind(self, length: int) -> None:
        """Forgets all but the first `length` columns."""
        if not 0 <= length <= self._length:
            raise ValueError(f"{self._length} columns were fed; {length} can't be kept")
        self._length = length


class CpuDecoder:
    """MusicGen's decoder with weights of four or eight bits."""

    def __init__(self, shape: DecoderShape, tables: Tables, embedding: Floats, threads: int | None) -> None:
        self._shape, self._tables, self._embedding = shape, tables, embedding
        self.crew = Crew(threads)
        self._pools: weakref.WeakSet[Pool] = weakref.WeakSet()

    @classmethod
    def read(
        cls,
        tensors: Tensors,
        shape: DecoderShape,
        precision: str,
        *,
        threads: int | None = None,
        packed: Path | None = None,
    ) -> CpuDecoder:
        """Takes the decoder's weights, a tensor at a time, and is warm then.

        Where the file `packed` holds them already they come from there, else they are left there for the next time.
        Raises BadCheckpoint, and ValueError for what it can't play.
        """
        if shape.activation not in ("gelu", "relu"):
            raise ValueError(
                f"A decoder with the activation {shape.activation} plays as float32 or bfloat16; load it as one."
            )
        tables, embedding = _packed(tensors, shape, Precision(precision), packed)
        made = cls(shape, tables, embedding, threads)
        nothing = torch.zeros(1, shape.width)  # compiles what is not compiled yet, before anyone waits for a sound
        made.feed(made.begin([nothing, nothing], 1), torch.full((shape.codebooks, 1), shape.pad))
        return made

    @property
    def shape(self) -> DecoderShape:
        return self._shape

    @property
    def step_bytes(self) -> int:
        """Bytes of weights that each step reads."""
        tables = self._tables
        read = (tables.qkv, tables.out, tables.ask, tables.answer, tables.up, tables.down, tables.heads)
        return sum(part.nbytes for matrix in read for part in matrix)

    def begin(self, conditions: Sequence[Tensor], most_frames: int) -> CpuState:
        """A fresh state with room for `most_frames` columns."""
        shape, rows, length = self._shape, len(conditions), len(conditions[0])
        given = np.zeros((length * rows, self._embedding.shape[2]), np.float32)
        for row, condition in enumerate(conditions):
            given[row::rows, : shape.width] = condition.numpy()
        before = length if shape.prefix else 0
        room = before + most_frames
        pool = self._pool(rows, room, 0 if shape.prefix else length)
        state = CpuState(pool, rows, room, before, length)
        if shape.prefix:
            most = ROWS_MAX // rows
            for first in range(0, length, most):
                self._read(state, given[first * rows : (first + most) * rows], first, wanted=0)
        else:
            counters = np.zeros((1, WIDE), np.int64)
            self.crew.together(listen, given, state._streams, pool.heard, self._tables, counters)
        return state

    def feed(self, state: CpuState, codes: Tensor) -> Tensor:
        """Float32 logits (rows, codebooks, vocabulary) after the last column of int64 codes (codebooks, frames)."""
        rows, columns = len(state._streams), self._checked(codes.numpy())
        if not columns.shape[1] or state._before + state._length + columns.shape[1] > state._room:
            raise ValueError("feed one column at least, and no more than the state has room for")
        many = max(1, ROWS_MAX // rows)
        for first in range(0, columns.shape[1], many):
            x = self._embedded(columns[:, first : first + many])
            last = first + many >= columns.shape[1]
            logits = self._read(
                state, np.repeat(x, rows, axis=0), state._before + state._length, wanted=rows if last else 0
            )
            state._length += len(x)
        return self._as_logits(logits)

    def feed_each(self, states: Sequence[CpuState], columns: Sequence[Tensor]) -> list[Tensor]:
        """Logits of several states, each fed a column (codebooks,) of its own; those of one pool share a pass."""
        for state in states:
            if state._before + state._length == state._room:
                raise ValueError("the state has no room left: begin one with more frames")
        x = self._embedded(self._checked(torch.stack(list(columns), dim=1).numpy()))
        found: dict[int, Tensor] = {}
        for pool in dict.fromkeys(state._pool for state in states):
            here = [number for number, state in enumerate(states) if state._pool is pool]
            many = [len(states[number]._streams) for number in here]
            stream = np.concatenate([states[number]._streams for number in here])
            at = np.repeat([states[number]._before + states[number]._length for number in here], many)
            told = np.repeat([states[number]._conditions for number in here], many)
            logits = self._as_logits(self._pass(pool, np.repeat(x[here], many, axis=0), stream, at, told, len(stream)))
            found |= dict(zip(here, torch.split(logits, many), strict=True))
        for state in states:
            state._length += 1
        return [found[number] for number in range(len(states))]

    def _checked(self, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        if columns.size and (columns.min() < 0 or columns.max() > self._shape.pad):
            raise ValueError(f"codes are from 0 to {self._shape.pad}; got {columns.min()} to {columns.max()}")
        return columns

    def _embedded(self, columns: NDArray[np.int64]) -> Floats:
        """Columns (codebooks, some) as the layers take them, (some, width)."""
        found: Floats = self._embedding[np.arange(self._shape.codebooks)[:, None], columns].sum(0)
        return found

    def _as_logits(self, found: Floats) -> Tensor:
        shape = self._shape
        return torch.from_numpy(found)[:, : shape.codebooks * shape.vocabulary].reshape(
            len(found), shape.codebooks, shape.vocabulary
        )

    def _read(self, state: CpuState, x: Floats, first: int, wanted: int) -> Floats:
        """Embeddings, rows by rows, as positions from `first` on; the logits of the last `wanted`."""
        rows = len(state._streams)
        stream, at = np.tile(state._streams, len(x) // rows), first + np.arange(len(x)) // rows
        return self._pass(state._pool, x, stream, at, np.full(len(x), state._conditions), wanted)

    def _pass(
        self,
        pool: Pool,
        x: Floats,
        stream: NDArray[np.int64],
        at: NDArray[np.int64],
        conditions: NDArray[np.int64],
        wanted: int,
    ) -> Floats:
        """The layers, over a row for each stream and position; the logits of the last `wanted`."""
        rows, tables = len(x), self._tables
        mixed, inward = (_bytes(rows, matrix.weights.shape[1] * GROUP) for matrix in (tables.out, tables.down))
        counters = np.zeros((STAGES * tables.layers + 1, WIDE), np.int64)
        logits = np.empty((wanted, tables.heads.weights.shape[0] * TILE), np.float32)
        about = (stream, at, conditions, pool.cache, pool.heard, tables)
        self.crew.together(step, x + pool.places[at], *about, mixed, inward, counters, logits)
        return logits

    def _pool(self, rows: int, room: int, told: int) -> Pool:
        """One with room for them, and for streams of pieces about as long."""
        room, told = -(-room // ROOMS) * ROOMS, -(-told // TOLD) * TOLD
        for pool in self._pools:
            if (pool.room, pool.told) == (room, told) and len(pool.free) >= rows:
                return pool
        places = np.zeros((room, self._embedding.shape[2]), np.float32)
        places[:, : self._shape.width] = positions(room, self._shape.width).numpy()
        pool = Pool(room, told, self._cache(room), self._cache(told), places)
        self._pools.add(pool)
        return pool

    def _cache(self, positions: int) -> Cache:
        """Room for keys and values of all streams, one's after another's, so that no page is touched for who never comes."""
        lines, room = STREAMS * self._shape.layers * self._shape.heads, filled(positions)
        width = filled(self._shape.head_width)
        return Cache(
            keys=np.zeros((lines, room // LANES, width // 4, LANES), np.int32),
            key_scales=np.zeros((lines, room), np.float32),
            values=np.zeros((lines, room, width), np.int8),
            value_scales=np.zeros((lines, room), np.float32),
        )


def _packed(
    tensors: Tensors, shape: DecoderShape, precision: Precision, file: Path | None
) -> tuple[Tables, NDArray[np.float32]]:
    """The weights, and the vectors of codes."""
    size = (shape.codebooks, shape.vocabulary + 1, filled(shape.width))
    if file is not None and (arrays := kept.read(file)) is not None:
        embedding, found = arrays.get("embedding"), from_arrays(arrays, shape, precision)
        if found is not None and embedding is not None and embedding.shape == size:
            return found, embedding
    embedding = np.zeros(size, np.float32)
    for book in range(shape.codebooks):
        name = f"decoder.model.decoder.embed_tokens.{book}.weight"
        embedding[book, :, : shape.width] = tensors.take(name, (shape.vocabulary + 1, shape.width)).numpy()
    tables = tables_of(tensors, shape, precision)
    if file is not None:
        try:
            kept.write(file, {"embedding": embedding, **as_arrays(tables)})
        except OSError as error:
            log.info("packed weights can't be kept in %s (%s); they are packed anew each time", file.parent, error)
    return tables, embedding


def _bytes(rows: int, width: int) -> Bytes:
    groups = (rows, width // GROUP)
    return Bytes(np.empty((rows, width), np.int8), np.empty(groups, np.int32), np.empty(groups, np.float32))
