"""Music for tests of the tokens: the arranger's sections as pieces, and strategies for any music at all."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from models.compose.arranger import Arranger
from models.compose.corpus.piece import Bar, Origin, Piece
from sessions.music.beats import METER_UNITS, Meter
from sessions.music.chords import Chord, Chords
from sessions.music.keys import MODES, Key
from sessions.music.notes import Note, untangled
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.section import parse_request


def arranged(name: str = "song", source: str = "rules", *, human: bool = False, **fields: Any) -> Piece:
    """A section of the arranger's as a piece."""
    request = parse_request({"bars": 16, **fields})
    arranger = Arranger()
    notes: dict[Part, list[Note]] = {}
    for bar in arranger.stream(request):
        for part, some in bar.items():
            notes.setdefault(part, []).extend(some)
    spans = Chords.parse(arranger.chords(request)).over(request.bars, request.meter)

    def sounding(tick: int) -> Chord:
        return next(span.chord for span in spans if span.start <= tick < span.end)

    starts = [bar * request.ticks_per_bar for bar in range(request.bars)]
    half = request.ticks_per_bar // 2
    return Piece(
        source=source,
        name=name,
        licence="CC0",
        origin=Origin.RULES,
        style=request.style,
        human=human,
        bars=tuple(Bar(start, request.meter, request.bpm, request.kind) for start in starts),
        keys=(request.key,) * request.bars,
        chords=tuple((sounding(start), sounding(start + half)) for start in starts),
        notes={part: untangled(some) for part, some in notes.items()},
    )


METERS = st.builds(Meter, st.integers(1, 16), st.sampled_from(METER_UNITS))
KEYS = st.builds(Key, st.integers(0, 11), st.sampled_from(sorted(MODES)))
QUALITIES = ("", "m", "7", "maj7", "m7", "dim", "aug", "sus4", "m7b5", "5", "9", "69", "7#9", "dim7", "mmaj7", "sus2")
CHORDS = st.none() | st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))
PAIRS = st.tuples(CHORDS, CHORDS)


def notes_within(ticks: int, grid: int = 1, most: int = 40) -> st.SearchStrategy[list[Note]]:
    """Notes that start before a tick, on a grid."""
    starts = st.integers(0, (ticks - 1) // grid).map(lambda place: place * grid)
    lengths = st.integers(1, max(4 * 3840 // grid, 1)).map(lambda count: count * grid)
    return st.lists(st.builds(Note, starts, lengths, st.integers(0, 127), st.integers(1, 127)), max_size=most)


@st.composite
def bands(draw: st.DrawFn, ticks: int, grid: int = 1) -> dict[Part, tuple[Note, ...]]:
    """Notes of some parts, at least one, each part untangled."""
    parts = draw(st.lists(st.sampled_from(NOTE_PARTS), min_size=1, max_size=4, unique=True))
    return {part: untangled(draw(notes_within(ticks, grid))) for part in parts}
