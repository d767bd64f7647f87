"""The runtime: a model loaded once, and streams of tokens through it, each a value of its own.

Lives here: loading, states, what is fed and what comes back. Knows no music, no grammar and no clock.

One model serves as many states as there is memory for, from as many threads as there are (the kernels run without the
GIL); a state belongs to one thread at a time. The same tokens give the same logits to the last bit, however they were cut
into feeds, whatever else is being served, and after a copy or a rewind as before it.

    runtime = Runtime.load(Path("models/weights"))
    state = runtime.begin()
    logits = runtime.feed(state, [1, 17, 44])
    other = state.copy()              # a branch: another way on from here
    state.truncate(2)                 # back to after 17
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.compose.runtime.kernels import Tables, feed
from models.compose.runtime.packing import TILE, Precision, tables_of
from models.compose.runtime.vectors import LANES
from models.compose.runtime.weights import Floats, Shape, read

__all__ = ["ContextFull", "Ids", "Runtime", "State"]

Ids = Sequence[int] | NDArray[np.integer]

ROWS_MAX = 64  # tokens fed in one go: what they need stays in the processor's second cache


class ContextFull(ValueError):
    """More tokens than the model can look back on. Rewind the state, or begin one with less before what matters."""


class State:
    """What one stream has read so far. `copy` branches, `truncate` rewinds; make it with `Runtime.begin`."""

    __slots__ = ("_keys", "_length", "_values")

    def __init__(self, keys: Floats, values: Floats, length: int) -> None:
        self._keys, self._values, self._length = keys, values, length

    @property
    def length(self) -> int:
        """Tokens read."""
        return self._length

    def copy(self) -> State:
        """A state that goes its own way from here."""
        blocks = -(-self._length // LANES)
        keys, values = np.zeros_like(self._keys), np.zeros_like(self._values)  # untouched memory costs nothing
        keys[:, :, :blocks] = self._keys[:, :, :blocks]
        values[:, :, : self._length] = self._values[:, :, : self._length]
        return State(keys, values, self._length)

    def truncate(self, length: int) -> None:
        """Back to when `length` tokens were read. Raises ValueError where fewer were."""
        if not 0 <= length <= self._length:
            raise ValueError(f"a state of {self._length} tokens can't go back to {length}")
        self._length = length


class Runtime:
    """A model that is ready to decode."""

    def __init__(self, shape: Shape, tables: Tables, sha256: str, precision: Precision) -> None:
        self._shape, self._tables = shape, tables
        self.sha256 = sha256  # of the tensors' file
        self.precision = precision

    @classmethod
    def load(cls, folder: Path, precision: str = "int8", *, vocabulary: str | None = None) -> Runtime:
        """The model of a folder, compiled and warm. `vocabulary` is the sha256 of the table of tokens that it must have been
        trained on. Raises BadWeights."""
        weights = read(folder, vocabulary=vocabulary)
        kind = Precision(precision)
        runtime = cls(weights.shape, tables_of(weights, kind), weights.sha256, kind)
        runtime.feed(runtime.begin(), [0])
        return runtime

    @property
    def context(self) -> int:
        """Tokens that a state can hold."""
        return self._shape.context

    @property
    def vocabulary(self) -> int:
        """Tokens that there are; ids are below."""
        return self._shape.vocabulary

    def begin(self) -> State:
        """A state that has read nothing. Its memory is taken as it is filled: 8 kB a token for 8 layers of 2 groups."""
        shape = self._shape
        room = -(-shape.context // TILE) * TILE
        keys = np.zeros((shape.layers, shape.groups, room // LANES, shape.head_width, LANES), np.float32)
        values = np.zeros((shape.layers, shape.groups, room, shape.head_width), np.float32)
        return State(keys, values, 0)

    def feed(self, state: State, ids: Ids) -> Floats:
        """Reads tokens into the state; the logits of what may come next. Raises ContextFull, and ValueError for no token."""
        logits: Floats = self._feed(state, ids, every=False)[0]
        return logits

    def feed_all(self, state: State, ids: Ids) -> Floats:
        """As `feed`, with the logits after each of the tokens: (tokens, vocabulary)."""
        return self._feed(state, ids, every=True)

    def _feed(self, state: State, ids: Ids, *, every: bool) -> Floats:
        tokens = np.asarray(ids, dtype=np.int64)
        if tokens.ndim != 1 or not len(tokens):
            raise ValueError("feed one token at least, as a sequence of ids")
        if tokens.min() < 0 or tokens.max() >= self.vocabulary:
            raise ValueError(f"tokens are from 0 to {self.vocabulary - 1}; got {tokens.min()} to {tokens.max()}")
        if state.length + len(tokens) > self.context:
            raise ContextFull(
                f"{state.length} tokens and {len(tokens)} more exceed the {self.context} that the model looks back on"
            )
        shown = len(tokens) if every else 1
        logits = np.empty((shown, self._tables.head.shape[0] * LANES), np.float32)
        for first in range(0, len(tokens), ROWS_MAX):
            part = tokens[first : first + ROWS_MAX]
            into = logits[first : first + len(part)] if every else logits
            feed(part, state.length, state._keys, state._values, self._tables, into)
            state._length += len(part)
        return logits[:, : self.vocabulary]
