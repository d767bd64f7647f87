"""One piece of music in the corpus's normal form: parts by role, bars with metre and tempo, key and chords a bar.

Lives here: the form alone and what follows from it. Positions are sessions.music's ticks, 960 a quarter, counted from
the piece's start; bars follow each other without gaps, and a pickup is a short bar of its own.

    >>> bar = Bar(0, Meter(4, 4), 120.0)
    >>> note = Note(0, 960, 60, 90)
    >>> piece = Piece("set", "song", "CC0", Origin.REAL, "pop", False, (bar,), (Key(0),), ((None, None),),
    ...               {Part.MELODY: (note,)})
    >>> piece.end, piece.count(Part.MELODY), piece.held_out
    (3840, 1, False)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.styles import STYLES

__all__ = ["CORPUS_STYLES", "Bar", "Origin", "Pair", "Piece", "Skipped", "half_of", "held_out"]

CORPUS_STYLES = (
    *STYLES, "classical", "hymn", "song", "ragtime", "march", "folk", "game", "orchestral", "electronic",
)  # fmt: skip
"""What a piece's style may be: the styles one can ask for, then words that only music to learn from has."""

HELD_OUT_ONE_IN = 20
"""Every twentieth song, by its name's hash, is never trained on."""

Pair = tuple[Chord | None, Chord | None]
"""The chords of a bar's two halves; None where none sounds."""


class Origin(StrEnum):
    """Who wrote the notes."""

    REAL = "real"
    RULES = "rules"
    """The arranger did, perhaps under chords of real songs."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from tick `start` on; `kind` is a section's kind, such as verse, or nothing where none is known."""

    start: int
    meter: Meter
    bpm: float
    kind: str = ""

    @property
    def end(self) -> int:
        """The tick at which the next bar begins."""
        return self.start + self.meter.ticks_per_bar


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole song, movement, loop or performance.

    `source` is the set's folder, `name` is unique in it; `style` is one of `CORPUS_STYLES` or empty; `human` says that
    somebody played the timing. `song` names what several versions have in common, where the set shows it.
    """

    source: str
    name: str
    licence: str
    origin: Origin
    style: str
    human: bool
    bars: tuple[Bar, ...]
    keys: tuple[Key, ...]
    chords: tuple[Pair, ...]
    notes: Mapping[Part, tuple[Note, ...]]
    energy: float | None = None
    song: str = ""

    def __post_init__(self) -> None:
        if not self.bars or not len(self.bars) == len(self.keys) == len(self.chords):
            raise ValueError(f"{self.source}/{self.name}: {len(self.bars)} bars, {len(self.keys)} keys")
        if self.style and self.style not in CORPUS_STYLES:
            raise ValueError(f"{self.source}/{self.name}: no such style: {self.style}")
        if any(bar.end != after.start for bar, after in zip(self.bars, self.bars[1:], strict=False)):
            raise ValueError(f"{self.source}/{self.name}: its bars leave gaps")

    @property
    def end(self) -> int:
        """The tick at which the last bar ends."""
        return self.bars[-1].end

    @property
    def held_out(self) -> bool:
        """True for what judges the weights and so is never trained on."""
        return held_out(self.source, self.song or self.name)

    def count(self, part: Part) -> int:
        """Notes of one part, 0 where the music has no such part."""
        return len(self.notes.get(part, ()))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a piece, that is not in the corpus, and why."""

    source: str
    name: str
    reason: str


def held_out(source: str, song: str) -> bool:
    """Whether a song is kept back: by its name's hash, so that it stays so whatever else is read."""
    digest = hashlib.sha1(f"{source}/{song}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_ONE_IN == 0


def half_of(meter: Meter) -> int:
    """Ticks of a bar's first half, in whole units, the larger one where they are uneven.

    >>> half_of(Meter(4, 4)), half_of(Meter(3, 4)), half_of(Meter(1, 4))
    (1920, 1920, 960)
    """
    return (meter.n + 1) // 2 * meter.ticks_per_unit
