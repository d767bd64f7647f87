"""What is trained on and judged by: the mixture of sets, batches without their padding, kept-back music as examples.

Lives here: whatever trainer and baselines have in common, in numpy: how often each set is drawn, what kind each token
is, and the held-out examples that give bits per note. Knows no model. An example of the held-out music is a section of
eight bars of which everything is said but its notes, its chords as well, and only what tells the notes counts.

    >>> mixture({"large": 1_000_000, "small": 10_000, "rules": 1_000_000}, rules={"rules"})["rules"]
    0.25
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.compose.corpus.piece import Origin
from models.compose.tokens.examples import sequence
from models.compose.tokens.stock import sections_of
from models.compose.tokens.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from models.compose.tokens.examples import Batch, Example, Floats
    from models.compose.tokens.grid import Ints
    from models.compose.tokens.stock import Shelf

__all__ = ["KINDS", "KIND_OF", "Documents", "Tally", "documents", "judging", "mixture", "mixture_of", "note_count"]

KINDS: dict[str, tuple[str, ...]] = {
    "position": ("Position", "Hop", "Nudge"),
    "pitch": ("Pitch",),
    "duration": ("Dur",),
    "hit": ("Hit",),
    "level": ("Vel",),
    "chord": ("Chord",),
    "mark": ("Left", "Part", "start", "end", "section", "plan", "ahead", "write"),
}
"""Kinds of tokens in the curves, and the families in each; all others, a header's words, are `other`."""

RULES_SHARE = 0.25
"""Of the examples, what the rules wrote where there is music by people as well."""

POWER = 0.5
"""A set is drawn by this power of its size: small sets are heard more often than their size says."""

MOST_REPEATS = 4.0
"""No set is heard more than so many times as often as all music together is."""

TASTE = {"openscore_quartets": 0.6, "freedoom": 1.6}
"""Half the notes are string quartets, and a band is asked for: its largest set has more weight."""

_KIND_NAMES = (*KINDS, "other")
KIND_OF: Ints = np.full(len(VOCABULARY), len(KINDS), dtype=np.int32)
"""The kind of each token, as an index into `KINDS`, and one beyond for `other`."""
for _index, _families in enumerate(KINDS.values()):
    KIND_OF[VOCABULARY.mask(*_families)] = _index

_CHORD = list(KINDS).index("chord")
_NOTES = VOCABULARY.mask("Pitch", "Hit")


@dataclass(frozen=True, slots=True)
class Documents:
    """Examples laid end to end: `targets` are the tokens after `ids`, `lengths` those of the examples."""

    ids: Ints
    targets: Ints
    weights: Floats
    lengths: tuple[int, ...]


def documents(batch: Batch, rows: Sequence[int] | slice) -> Documents:
    """Some rows of a batch without their padding."""
    segments = batch.segments[rows]
    filled = segments > 0
    lengths = tuple(len(list(run)) for row in segments for number, run in groupby(row.tolist()) if number)
    return Documents(batch.ids[rows][filled], batch.targets[rows][filled], batch.weights[rows][filled], lengths)


def of_examples(examples: Iterable[Example]) -> Documents:
    """Examples laid end to end."""
    some = list(examples)
    return Documents(
        np.concatenate([example.ids[:-1] for example in some]),
        np.concatenate([example.ids[1:] for example in some]),
        np.concatenate([example.weights[1:] for example in some]),
        tuple(len(example.ids) - 1 for example in some),
    )


def mixture(sizes: Mapping[str, int], *, rules: Collection[str] = ()) -> dict[str, float]:
    """How often each set is drawn, in all 1, from their tokens; `rules` are the sets that the rules wrote."""
    shares = dict.fromkeys(sizes, 0.0)
    for group, share in ((set(sizes) - set(rules), 1.0 - RULES_SHARE), (set(rules), RULES_SHARE)):
        some = {name: sizes[name] for name in sizes if name in group and sizes[name] > 0}
        wanted = {name: size**POWER * TASTE.get(name, 1.0) for name, size in some.items()}
        scale = 1.0 / max(sum(wanted.values()), 1.0)
        most = {name: MOST_REPEATS * size / sum(some.values()) for name, size in some.items()}
        capped = {name: min(weight * scale, most[name]) for name, weight in wanted.items()}
        shares |= {name: share * weight / sum(capped.values()) for name, weight in capped.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def mixture_of(shelf: Shelf) -> dict[str, float]:
    """The mixture of a shelf."""
    sizes = {
        name: sum(int(tokens[-1]) for one in some for tokens in one.tokens.values())
        for name, some in shelf.sets.items()
    }
    return mixture(sizes, rules={name for name, some in shelf.sets.items() if some[0].origin is Origin.RULES})


def judging(shelf: Shelf, *, most_tokens: int | None = None) -> dict[str, list[Example]]:
    """Sections of kept-back pieces by set, as examples; of a set at most some tokens, from all its pieces in turn."""
    found: dict[str, list[Example]] = {}
    for name in sorted(shelf.sets):
        pieces = [list(sections_of(stock)) for stock in shelf.sets[name]]
        order = sorted((number, index) for index, piece in enumerate(pieces) for number in range(len(piece)))
        used = 0
        for number, index in order:
            example = sequence([pieces[index][number]])
            example = replace(example, weights=example.weights * (KIND_OF[example.ids] != _CHORD))
            if most_tokens is not None and used and used + len(example.ids) > most_tokens:
                break
            found.setdefault(name, []).append(example)
            used += len(example.ids)
    return found


def note_count(targets: Ints, weights: Floats) -> int:
    """Notes among the tokens that count: each has one pitch, or one hit."""
    return int((_NOTES[targets] & (weights > 0)).sum())


class Tally:
    """Sums up bits: `add` what tokens cost, then read them by kind, a token, a note."""

    def __init__(self) -> None:
        self.bits = np.zeros(len(_KIND_NAMES))
        self.counts = np.zeros(len(_KIND_NAMES))
        self.notes = 0

    def add(self, targets: Ints, weights: Floats, bits: NDArray[np.float64] | Floats) -> None:
        """Counts tokens with their weights; `bits` is minus log2 of the probability that each was given."""
        kinds = KIND_OF[targets]
        self.bits += np.bincount(kinds, weights * bits, len(_KIND_NAMES))
        self.counts += np.bincount(kinds, weights, len(_KIND_NAMES))
        self.notes += note_count(targets, weights)

    @property
    def per_token(self) -> float:
        """Bits a token."""
        return float(self.bits.sum() / max(self.counts.sum(), 1.0))

    @property
    def per_note(self) -> float:
        """Bits a note: all that counts, shared among the notes."""
        return float(self.bits.sum() / max(self.notes, 1))

    @property
    def kinds(self) -> dict[str, float]:
        """Bits a token by kind, of those that came up."""
        rows = zip(_KIND_NAMES, self.bits, self.counts, strict=True)
        return {name: round(float(bits / count), 4) for name, bits, count in rows if count}
