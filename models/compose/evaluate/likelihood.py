"""Bits a note: how well weights predict music, on the runtime that plays.

Lives here: music as examples whose notes alone count, the cost of each token, and tallies by set. An example is a section of
eight bars of which everything is said but its notes; the fewer bits its notes cost, the better the music was expected. The
trainer and the n-gram baseline count the same tokens of the same sections, so their figures stand beside these.

    tally = predict(runtime, examples_of(read_music(path)))
    tally.per_note
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models.compose.lessons import KIND_OF, KINDS, Tally
from models.compose.runtime.sampling import log_chances
from models.compose.tokens.examples import sequence
from models.compose.tokens.stock import Stock, sections_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.compose.corpus.piece import Piece
    from models.compose.tokens.examples import Example
    from models.compose.tokens.grid import Ints

__all__ = ["Predictor", "bits_of", "examples_of", "figures", "predict", "total"]

_CHORD = list(KINDS).index("chord")


class Predictor(Protocol):
    """A model that reads tokens; `models.compose.runtime.Runtime` is one."""

    def begin(self) -> Any:
        """A state that has read nothing."""

    def feed_all(self, state: Any, ids: Ints) -> NDArray[np.float32]:
        """Reads tokens; the logits after each of them."""


def examples_of(piece: Piece) -> Iterator[Example]:
    """A piece in sections of eight bars, as `lessons.judging` cuts it; nothing where it has no notes that can be told."""
    if any(piece.notes.values()):
        for section in sections_of(Stock.of(piece)):
            example = sequence([section])
            yield replace(example, weights=example.weights * (KIND_OF[example.ids] != _CHORD))


def bits_of(model: Predictor, ids: Ints) -> NDArray[np.float64]:
    """What each token after the first costs, in bits."""
    chances = log_chances(model.feed_all(model.begin(), ids[:-1]))
    bits: NDArray[np.float64] = -chances[np.arange(len(ids) - 1), ids[1:]] / np.log(2)
    return bits


def predict(model: Predictor, examples: Iterable[Example], told: Callable[[], None] = lambda: None) -> Tally:
    """What examples cost in all; `told` is called after each."""
    tally = Tally()
    for example in examples:
        tally.add(example.ids[1:], example.weights[1:], bits_of(model, example.ids))
        told()
    return tally


def total(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    found = Tally()
    for tally in tallies:
        found.bits, found.counts = found.bits + tally.bits, found.counts + tally.counts
        found.notes += tally.notes
    return found


def figures(tally: Tally) -> Mapping[str, Any]:
    """A tally as JSON carries it."""
    return {
        "bits_per_note": round(tally.per_note, 4),
        "bits_per_token": round(tally.per_token, 4),
        "notes": tally.notes,
        "kinds": tally.kinds,
    }
