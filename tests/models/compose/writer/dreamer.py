"""A model that says anything at all: what the grammar and the writer make of it must be lawful all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compose.composer import Provenance
from models.compose.originality import RunIndex
from models.compose.runtime import ContextFull
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer import Transformer


@dataclass
class Dream:
    """What was read."""

    ids: list[int]

    @property
    def length(self) -> int:
        return len(self.ids)

    def truncate(self, length: int) -> None:
        del self.ids[length:]


class Dreamer:
    """Logits by chance, from what was read last alone; it likes to go on rather than to end a bar."""

    def __init__(self, *, seed: int = 0, context: int = 1024, wild: float = 2.0) -> None:
        self.context, self.fed = context, 0
        self._table = np.random.default_rng(seed).normal(0, wild, (1 << 10, len(VOCABULARY))).astype(np.float32)

    def begin(self) -> Dream:
        return Dream([])

    def feed(self, state: Dream, ids: Sequence[int]) -> NDArray[np.float32]:
        assert len(ids) > 0
        if len(state.ids) + len(ids) > self.context:
            raise ContextFull("too much")
        state.ids += ids
        self.fed += len(ids)
        return np.asarray(self._table[sum(state.ids[-3:]) * 31 % (1 << 10)])


def composer(*, seed: int = 0, context: int = 1024, wild: float = 2.0, index: RunIndex | None = None) -> Transformer:
    """A composer that dreams."""
    made_by = Provenance("dreamer", "0", "ab" * 32, "CC0-1.0", "for tests")
    return Transformer(Dreamer(seed=seed, context=context, wild=wild), made_by, index)
