"""A baseline without a network: an n-gram model of the same tokens, judged on the same kept-back music.

Lives here: interpolated Kneser-Ney smoothing with three discounts an order (Chen and Goodman 1999), over sorted arrays,
and the command that learns, judges and writes the figures. Its probabilities sum to one. It learns from every section of
the training music, told like those that judge; a network that does not do clearly better has learnt nothing worth shipping.

    python -m models.compose.ngram --corpus corpus.npz --out ngram.json

    >>> model = NGrams.of([np.array([1, 2, 3, 1, 2, 3], dtype=np.int32)], order=3, vocabulary=8)
    >>> bool(model.bits(np.array([1, 2, 3], dtype=np.int32))[2] < 1.0)
    True
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from models.compose.corpus.store import load
from models.compose.lessons import Tally, judging
from models.compose.tokens.examples import sequence
from models.compose.tokens.stock import Shelf, sections_of
from models.compose.tokens.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from models.compose.tokens.grid import Ints

__all__ = ["NGrams", "main"]

TOKEN_BITS = 10
"""Of a key for each token, so that six fit a number of 64 bits."""

ORDER_MAX = 64 // TOKEN_BITS

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Level:
    """N-grams of one order: sorted keys with counts, their contexts, what those sum to and pass down to the order below."""

    keys: Keys
    counts: Counts
    contexts: Keys
    totals: Counts
    passed: Reals
    discounts: Reals

    @classmethod
    def of(cls, keys: Keys, counts: Counts) -> Level:
        """The level of some n-grams. A count of 1, 2, or more has each its own discount, from counts of counts."""
        ones, twos, threes, fours = (max(int((counts == number).sum()), 1) for number in (1, 2, 3, 4))
        ratio = ones / (ones + 2 * twos)
        found = (1 - 2 * ratio * twos / ones, 2 - 3 * ratio * threes / twos, 3 - 4 * ratio * fours / threes)
        discounts = np.clip([0.0, *found], [0.0, 0.1, 0.2, 0.3], [0.0, 0.95, 1.9, 2.8])  # never nothing for what is new
        contexts, first = np.unique(keys >> np.uint64(TOKEN_BITS), return_index=True)
        taken = discounts[np.minimum(counts, 3)]
        return cls(keys, counts, contexts, np.add.reduceat(counts, first), np.add.reduceat(taken, first), discounts)

    def mixed(self, keys: Keys, below: Reals) -> Reals:
        """Probabilities of n-grams' last tokens, given what the order below says of them."""
        place, known = find(self.contexts, keys >> np.uint64(TOKEN_BITS))
        total = self.totals[place]
        there, seen = find(self.keys, keys)
        count = np.where(seen, self.counts[there], 0)
        own = np.maximum(count - self.discounts[np.minimum(count, 3)], 0.0)
        return np.where(known, (own + self.passed[place] * below) / total, below)


class NGrams:
    """The model: one level for each order, the lowest first."""

    def __init__(self, levels: Sequence[Level], vocabulary: int) -> None:
        self.levels = tuple(levels)
        self.vocabulary = vocabulary

    @classmethod
    def of(cls, sequences: Iterable[Ints], *, order: int = ORDER_MAX, vocabulary: int = len(VOCABULARY)) -> NGrams:
        """Learns from sequences; each is read on its own, as if nothing came before it."""
        if not 1 <= order <= ORDER_MAX or vocabulary > 1 << TOKEN_BITS:
            raise ValueError(f"at most {ORDER_MAX} tokens of {TOKEN_BITS} bits make a key; give a smaller order")
        keys, counts = np.unique(np.concatenate([keys_of(ids, order) for ids in sequences]), return_counts=True)
        levels = [Level.of(keys, counts)]
        for length in range(order - 1, 0, -1):
            # Below the highest order a count says after how many different tokens an n-gram was seen.
            keys, counts = np.unique(keys & mask(length), return_counts=True)
            levels.append(Level.of(keys, counts))
        return cls(levels[::-1], vocabulary)

    def bits(self, ids: Ints) -> Reals:
        """What each token of a sequence costs, in bits."""
        return self.bits_of_keys(keys_of(ids, len(self.levels)))

    def bits_of_keys(self, keys: Keys) -> Reals:
        """What the last tokens of n-grams cost, in bits."""
        chance = np.full(len(keys), 1.0 / self.vocabulary)
        for length, level in enumerate(self.levels, start=1):
            chance = level.mixed(keys & mask(length), chance)
        bits: Reals = -np.log2(chance)
        return bits


def keys_of(ids: Ints, order: int) -> Keys:
    """A key for each token: it and those before it, the oldest in the highest bits; before the first there are zeros."""
    padded = np.concatenate((np.zeros(order - 1, dtype=np.uint64), ids.astype(np.uint64)))
    keys = np.zeros(len(ids), dtype=np.uint64)
    for place in range(order):
        keys = (keys << np.uint64(TOKEN_BITS)) | padded[place : place + len(ids)]
    return keys


def mask(length: int) -> np.uint64:
    """The bits of the last tokens of a key."""
    return np.uint64((1 << (TOKEN_BITS * length)) - 1)


def find(sorted_keys: Keys, wanted: Keys) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where keys are, and whether they are there at all."""
    place = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return place, sorted_keys[place] == wanted


def main(arguments: Sequence[str] | None = None) -> int:
    """Learns from a corpus, judges on what it keeps back, prints and writes bits per note by set."""
    parser = argparse.ArgumentParser(prog="python -m models.compose.ngram", description="The n-gram baseline.")
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="files of python -m models.compose.corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="the file to write the figures to")
    parser.add_argument("--order", type=int, default=ORDER_MAX, help=f"tokens in a row, {ORDER_MAX} at most")
    told = parser.parse_args(arguments)
    pieces = [piece for file in told.corpus for piece in load(file)]
    learnt = (sequence([section]).ids for stock in Shelf(pieces) for section in sections_of(stock))
    model = NGrams.of(learnt, order=told.order)
    table: dict[str, dict[str, float]] = {}
    console = Console(width=120)
    for name, examples in judging(Shelf(pieces, held_out=True)).items():
        tally = Tally()
        for example in examples:
            tally.add(example.ids[1:], example.weights[1:], model.bits(example.ids)[1:])
        table[name] = {"bits_per_note": tally.per_note, "bits_per_token": tally.per_token, "notes": tally.notes}
        console.print(f"{name}: {tally.per_note:.3f} bits a note, {tally.notes} notes", highlight=False)
    told.out.write_text(json.dumps({"order": told.order, "sets": table}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
