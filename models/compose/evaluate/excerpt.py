"""An excerpt: a few bars in one metre, as everything that is measured wants them, whoever wrote them.

Lives here: excerpts of pieces (other people's music) and of sections (a composer's), with the pitch classes that are at home in
each place. What is measured is in `measures`.

    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"style": "house", "bars": 2, "parts": "bass", "key": "Am"})
    >>> excerpt = of_section(request, [{Part.BASS: (Note(0, 960, 33, 90),)}, {Part.BASS: ()}], "")
    >>> excerpt.bars, excerpt.group, sorted(excerpt.tones_at(0))
    (2, 'dance', [0, 2, 4, 5, 7, 9, 11])
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from models.compose.corpus.piece import half_of
from sessions.music.beats import Meter
from sessions.music.chords import Chord, Chords
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part

if TYPE_CHECKING:
    from models.compose.composer import BarNotes
    from models.compose.corpus.piece import Piece
    from sessions.music.section import Request

__all__ = ["BAND", "GROUPS", "Excerpt", "of_piece", "of_section"]

EXCERPT_BARS, FEWEST_BARS = 16, 4
"""Bars of an excerpt of a piece: enough to hear eight bars come back; and of one at its end."""

GROUPS: dict[str, tuple[str, ...]] = {
    "rock": ("rock", "metal", "pop", "ballad"),
    "dance": ("house", "techno", "dubstep", "dnb", "trap", "disco", "electronic"),
    "groove": ("hip-hop", "lo-fi", "funk", "reggae", "latin", "jazz", "swing"),
    "quiet": ("ambient", "game", "orchestral", "folk"),
    "written": ("classical", "hymn", "march", "ragtime", "song", ""),
}
"""Styles that are compared with each other: of each style alone there is too little music."""

BAND = "band"
"""All groups but the written one, which no request asks for."""

_GROUP_OF = {style: group for group, styles in GROUPS.items() for style in styles}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some bars of music. `parts` are those that should sound; `tones` are (tick, pitch classes at home from there on)."""

    parts: tuple[Part, ...]
    notes: Mapping[Part, tuple[Note, ...]]
    meter: Meter
    bars: int
    bpm: float
    style: str
    tones: tuple[tuple[int, frozenset[int]], ...]

    @property
    def group(self) -> str:
        """The styles that it is compared with."""
        return _GROUP_OF.get(self.style, "written")

    @property
    def total_ticks(self) -> int:
        """Ticks from its first bar line to its last."""
        return self.bars * self.meter.ticks_per_bar

    def tones_at(self, tick: int) -> frozenset[int]:
        """The pitch classes that are at home where a note begins."""
        place = bisect_right(self.tones, tick, key=lambda change: change[0])
        return self.tones[max(place - 1, 0)][1]


def of_section(request: Request, bars: Sequence[BarNotes], chords: str) -> Excerpt:
    """A section that a composer wrote; `chords` as its `Writing` tells them, asked or its own.

    Where the request names chords, their tones are at home beside the key's; else the key's alone, as the contract says.
    """
    notes = {part: tuple(note for bar in bars for note in bar.get(part, ())) for part in request.note_parts}
    scale = frozenset(request.key.scale)
    told = Chords.parse(chords) if chords and request.chords else request.chords
    spans = told.over(request.bars, request.meter) if told else ()
    tones = tuple((span.start, scale | _tones(span.chord)) for span in spans) or ((0, scale),)
    return Excerpt(request.note_parts, notes, request.meter, request.bars, request.bpm, request.style, tones)


def of_piece(piece: Piece, bars: int = EXCERPT_BARS) -> Iterator[Excerpt]:
    """A piece in excerpts of so many bars, each in one metre; fewer than four at a metre's end are left out."""
    for _, group in groupby(enumerate(piece.bars), key=lambda pair: pair[1].meter):
        run = [number for number, _ in group]
        for first in range(run[0], run[-1] + 1, bars):
            count = min(bars, run[-1] + 1 - first)
            if count >= FEWEST_BARS:
                yield _cut(piece, first, count)


def _cut(piece: Piece, first: int, count: int) -> Excerpt:
    rows = piece.bars[first : first + count]
    zero, end = rows[0].start, rows[-1].end
    notes: dict[Part, tuple[Note, ...]] = {}
    for part in NOTE_PARTS:
        row = piece.notes.get(part, ())
        low, high = (bisect_right(row, tick - 1, key=lambda note: note.start) for tick in (zero, end))
        if high > low:
            notes[part] = tuple(
                replace(note, start=note.start - zero, length=min(note.length, end - note.start))
                for note in row[low:high]
            )
    tones: list[tuple[int, frozenset[int]]] = []
    for number, bar in enumerate(rows, first):
        scale = frozenset(piece.keys[number].scale)
        for start, chord in zip((bar.start, bar.start + half_of(bar.meter)), piece.chords[number], strict=True):
            tones.append((start - zero, scale | _tones(chord)))
    return Excerpt(tuple(notes), notes, rows[0].meter, count, rows[0].bpm, piece.style, tuple(sorted(tones, key=_at)))


def _at(change: tuple[int, frozenset[int]]) -> int:
    return change[0]


def _tones(chord: Chord | None) -> frozenset[int]:
    return frozenset() if chord is None else frozenset({*chord.pitch_classes, chord.lowest})
