"""Pieces ready to be cut into sections: on the grid, with what a cut needs at hand.

Lives here: a piece's stock (its notes on the grid, where its metre stays the same, how many tokens each bar has), the
shelf of all stock by set, and the cut itself: some bars and parts of a piece as a `Section`. What is drawn from it is
for `examples` to say.

    >>> from models.compose.corpus.piece import Bar, Origin, Piece
    >>> from sessions.music.beats import Meter
    >>> from sessions.music.notes import Note
    >>> bars = tuple(Bar(3840 * bar, Meter(4, 4), 120.0) for bar in range(4))
    >>> notes = {Part.BASS: (Note(0, 960, 36, 90), Note(7680, 960, 38, 90))}
    >>> piece = Piece("set", "song", "CC0", Origin.REAL, "pop", False, bars, (Key(0),) * 4, ((None, None),) * 4, notes)
    >>> stock = Stock.of(piece)
    >>> stock.runs, cut(stock, 2, 2, (Part.BASS,)).write.lefts
    (((0, 4),), (2, 1))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

import numpy as np

from models.compose.corpus.piece import Bar, Origin, Pair, Piece
from models.compose.tokens.controls import energy, energy_bin, measure
from models.compose.tokens.encode import Header, Section, Stretch, Voice, event_sizes, shift_of
from models.compose.tokens.grid import Ints, Sheet, bar_starts, quantise
from models.compose.tokens.vocabulary import CONTROLS
from sessions.music.keys import Key
from sessions.music.kinds import Kind
from sessions.music.parts import NOTE_PARTS, Part

__all__ = ["MOST_BARS", "Shelf", "Stock", "cut", "sections_of"]

MOST_BARS = 16
"""Bars in one section of a sequence: as many as a plan holds."""

MOST_WEIGHT_BARS = 64
"""A piece counts by its bars when one is drawn, a longer one not more than this."""

ALL = frozenset({"origin", "kind", "style", "energy", "human"})
"""What a header may leave unsaid, controls aside."""

_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Stock:
    """A piece on the grid. `runs` are (first, count) of bars with one metre; `tokens` are events' by part, summed up."""

    source: str
    name: str
    origin: Origin
    style: str
    bars: tuple[Bar, ...]
    keys: tuple[Key, ...]
    pairs: tuple[Pair, ...]
    sheet: Sheet
    runs: tuple[tuple[int, int], ...]
    tokens: Mapping[Part, Ints]

    @classmethod
    def of(cls, piece: Piece) -> Stock:
        """The stock of a piece."""
        starts = bar_starts([*(bar.start for bar in piece.bars), piece.end])
        parts = {part: piece.notes[part] for part in NOTE_PARTS if piece.notes.get(part)}
        sheet = quantise(parts, starts, human=piece.human)
        counts = [len(list(group)) for _, group in groupby(piece.bars, key=lambda bar: bar.meter)]
        runs = tuple(zip(accumulate(counts, initial=0), counts, strict=False))
        zero = np.zeros(1, dtype=np.int32)
        tokens = {part: np.concatenate((zero, np.cumsum(event_sizes(sheet, part)))).astype(np.int32) for part in parts}
        facts = piece.source, piece.name, piece.origin, piece.style, piece.bars, piece.keys, piece.chords
        return cls(*facts, sheet, runs, tokens)

    def parts_in(self, first: int, count: int) -> tuple[Part, ...]:
        """The parts that have a note in some bars."""
        lines = self.sheet.parts.items()
        return tuple(part for part, line in lines if line.at[first + count] > line.at[first])

    def most_bars(self, first: int, count: int, parts: Iterable[Part], room: int) -> int:
        """How many of some bars surely fit into so many tokens, without their header."""
        chosen = tuple(parts)
        used = np.full(count, 0, dtype=np.int32)
        for part in chosen:
            tokens = self.tokens[part]
            used += tokens[first + 1 : first + count + 1] - tokens[first]
        # Each bar has its mark, its chords here and in the plan, and the parts' marks; a part may have to say its level.
        used += np.arange(1, count + 1, dtype=np.int32) * (5 + len(chosen)) + len(chosen)
        return int(np.searchsorted(used, room, side="right"))


class Shelf:
    """All stock, by set; `held_out` asks for the music that judges instead of the music to learn from."""

    def __init__(self, pieces: Iterable[Piece], *, held_out: bool = False) -> None:
        self.sets: dict[str, list[Stock]] = {}
        for piece in pieces:
            if piece.held_out == held_out and any(piece.notes.values()):
                self.sets.setdefault(piece.source, []).append(Stock.of(piece))
        self.weights = {
            name: list(accumulate(min(len(stock.bars), MOST_WEIGHT_BARS) for stock in some))
            for name, some in self.sets.items()
        }

    def __iter__(self) -> Iterator[Stock]:
        return (stock for some in self.sets.values() for stock in some)


def cut(
    stock: Stock,
    first: int,
    count: int,
    parts: Sequence[Part],
    *,
    lefts: Sequence[int] | None = None,
    said: Collection[str] = ALL,
    controls: Mapping[Part, Collection[str]] | None = None,
    moved: Mapping[Part, int] | None = None,
) -> Section:
    """Bars of a piece as a section, all in one metre; all that can be measured is said unless `said` and `controls` choose.

    Notes ring on into the bars that `lefts` say will follow. `moved` transposes parts by semitones. The key is the one
    that most of the bars have.
    """
    told = tuple(lefts) if lefts is not None else tuple(range(count, 0, -1))
    until = min(first + count - 1 + told[-1], len(stock.bars))
    beyond = int(stock.sheet.starts[until] - stock.sheet.starts[first + count])
    sheet = stock.sheet.window(first, count, parts, beyond=beyond)
    if moved:
        sheet = sheet.moved(moved)
    bar = stock.bars[first]
    key = Counter(stock.keys[first : first + count]).most_common(1)[0][0]
    shift = shift_of(key)
    voices = []
    for part in parts:
        chosen = tuple(CONTROLS if controls is None else controls.get(part, ()))
        some = measure(sheet, part, bar.meter, shift=shift, only=chosen) if chosen else {}
        voices.append(Voice(part, some))
    header = Header(
        bpm=bar.bpm,
        meter=bar.meter,
        key=key,
        voices=tuple(voices),
        origin=stock.origin if "origin" in said else None,
        kind=Kind(bar.kind) if "kind" in said and bar.kind in _KINDS else None,
        style=stock.style or None if "style" in said else None,
        energy=energy_bin(energy(sheet, bar.bpm)) if "energy" in said else None,
        human=stock.sheet.human if "human" in said else None,
    )
    return Section(header, Stretch(sheet, stock.pairs[first : first + count], told))


def sections_of(stock: Stock, bars: int = 8, room: int = 1000) -> Iterator[Section]:
    """A whole piece in sections of some bars one after the other, everything said: what weights are judged on.

    Bars without a note are left out where they make a whole section; a bar that alone exceeds `room` tokens as well.
    """
    for run, length in stock.runs:
        first, last = run, run + length
        while first < last:
            count = min(bars, last - first)
            parts = stock.parts_in(first, count)
            count = stock.most_bars(first, count, parts, room - 64)
            parts = stock.parts_in(first, count)
            if parts:
                yield cut(stock, first, count, parts)
            first += max(count, 1)
