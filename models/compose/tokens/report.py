"""How much a corpus is in tokens: `python -m models.compose.tokens.report FILE [BARS]`, by set.

Lives here: counting, for people. `bars` and `notes` are the pieces' own; tokens are those of sections of BARS bars (8)
with everything said; `kept` is the share of notes that the grid keeps apart, `late` by how many ticks (960 a quarter)
they are moved in the mean.

    >>> counts_of([])
    {}
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from models.compose.corpus.piece import Piece
from models.compose.corpus.store import load
from models.compose.tokens.encode import section_ids
from models.compose.tokens.stock import Stock, sections_of

__all__ = ["Counts", "counts_of", "main"]

ROOM = 100_000


@dataclass(slots=True)
class Counts:
    """What one set holds."""

    pieces: int = 0
    bars: int = 0
    notes: int = 0
    kept: int = 0
    moved: float = 0.0
    sections: int = 0
    tokens: int = 0
    over: int = 0
    """Sections that no context of 1024 tokens holds."""

    def add(self, other: Counts) -> None:
        """Counts something more."""
        for name, value in zip(self.__slots__, astuple(other), strict=True):
            setattr(self, name, getattr(self, name) + value)


def counts_of(pieces: Iterable[Piece], bars: int = 8) -> dict[str, Counts]:
    """The counts of each set."""
    counts: dict[str, Counts] = {}
    for piece in pieces:
        counts.setdefault(piece.source, Counts()).add(_count(piece, bars))
    return counts


def _count(piece: Piece, bars: int) -> Counts:
    stock = Stock.of(piece)
    told = stock.sheet.to_notes()
    moved = 0.0
    for part, notes in piece.notes.items():
        near = sorted(note.start for note in told.get(part, ()))
        if near:
            moved += sum(_distance(near, note.start) for note in notes)
    lengths = [len(section_ids(section)) for section in sections_of(stock, bars, ROOM)]
    return Counts(
        pieces=1,
        bars=len(piece.bars),
        notes=sum(len(notes) for notes in piece.notes.values()),
        kept=sum(len(notes) for notes in told.values()),
        moved=moved,
        sections=len(lengths),
        tokens=sum(lengths),
        over=sum(length > 1022 for length in lengths),
    )


def _distance(starts: list[int], start: int) -> int:
    at = bisect_left(starts, start)
    return min(abs(starts[index] - start) for index in (at - 1, at) if 0 <= index < len(starts))


def main(arguments: list[str]) -> int:
    """Writes the table; one line a set, one for all."""
    if not arguments:
        sys.stderr.write("name a file that the corpus was saved to, then perhaps the bars of a section\n")
        return 2
    counts = counts_of(load(Path(arguments[0])), int(arguments[1]) if len(arguments) > 1 else 8)
    total = Counts()
    for one in counts.values():
        total.add(one)
    head = ("set", "pieces", "bars", "notes", "tokens", "a bar", "a note", "a section", "too long", "kept", "moved")
    sys.stdout.write("{:24}{:>8}{:>9}{:>10}{:>11}{:>8}{:>8}{:>10}{:>9}{:>8}{:>7}\n".format(*head))
    for name, one in [*sorted(counts.items()), ("all", total)]:
        sys.stdout.write(
            f"{name[:23]:24}{one.pieces:8}{one.bars:9}{one.notes:10}{one.tokens:11}{one.tokens / max(one.bars, 1):8.1f}"
            f"{one.tokens / max(one.notes, 1):8.2f}{one.tokens / max(one.sections, 1):10.0f}"
            f"{one.over / max(one.sections, 1):9.1%}{one.kept / max(one.notes, 1):8.2%}"
            f"{one.moved / max(one.notes, 1):7.1f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
