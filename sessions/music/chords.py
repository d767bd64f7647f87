"""Chords: symbols, progressions, and where each chord of a section sounds.

Lives here: the grammar of a progression, `Am F C G` (one a bar, repeating), `Am/2 F/2` (in beats), `Am/C` (over a
bass note), `Am/C/2` (both). The grammar of one chord's quality is in `qualities`; voicings are the composer's
business.

    >>> progression = Chords.parse("Am F/2 G/2")
    >>> [(span.start, str(span.chord)) for span in progression.over(2, Meter(4, 4))]
    [(0, 'Am'), (3840, 'F'), (5760, 'G')]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from sessions.errors import Code, Refused
from sessions.music.beats import TICKS_PER_BEAT, Meter
from sessions.music.pitches import LETTERS, PLAIN_NAMES, pitch_class, plain_name
from sessions.music.qualities import read_quality
from sessions.music.values import decimal, shown

__all__ = ["MOST_CHORDS", "Chord", "Chords", "Span"]

MOST_CHORDS = 512
"""Chords in one progression: 64 bars with eight in each."""

LONGEST_SYMBOL = 24
"""Characters of one chord's symbol."""

SHORTEST_CHORD_TICKS = TICKS_PER_BEAT // 4
LONGEST_CHORD_BEATS = 2048
"""Beats in the longest section, 64 bars of 16/2."""

_NOTE = r"([A-G])([#b♯♭]?)"
_CHORD = re.compile(rf"{_NOTE}(.*?)(?:/{_NOTE})?")
_BEATS = re.compile(r"(.+)/(\d{1,4}(?:\.\d{1,6})?|\.\d{1,6})", re.ASCII)
_SILENCES = {"n", "nc", "n.c.", "n.c", "-", "rest", "%"}


@dataclass(frozen=True, slots=True)
class Chord:
    """A root, a quality in its canonical form, perhaps another bass note; names are plain where none are given.

    >>> Chord.parse("Bbmin7/Ab")
    Chord(root=10, quality='m7', bass=8, root_name='Bb', bass_name='Ab')
    """

    root: int
    quality: str = ""
    bass: int | None = None
    root_name: str = ""
    bass_name: str = ""

    def __post_init__(self) -> None:
        quality = read_quality(self.quality)
        if quality is None or not 0 <= self.root < 12 or not 0 <= (self.bass or 0) < 12:
            raise ValueError(f"no such chord: {self.root} {self.quality} over {self.bass}")
        object.__setattr__(self, "quality", quality.name)
        object.__setattr__(self, "root_name", self.root_name or PLAIN_NAMES[self.root])
        if self.bass is not None:
            object.__setattr__(self, "bass_name", self.bass_name or PLAIN_NAMES[self.bass])
        if pitch_class(self.root_name) != self.root or (self.bass_name and pitch_class(self.bass_name) != self.bass):
            raise ValueError(f"{self.root_name} over {self.bass_name} does not name {self.root} over {self.bass}")

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Reads `F#m7b5/C`. Raises Refused, naming the field `chords`."""
        match = _CHORD.fullmatch(text.strip()) if len(text) <= LONGEST_SYMBOL else None
        quality = read_quality(match[3]) if match else None
        if match is None or quality is None:
            raise Refused(Code.BAD_VALUE, _advice(text))
        root = plain_name(match[1], match[2])
        if match[4] is None:
            return cls(pitch_class(root), quality.name, None, root)
        bass = plain_name(match[4], match[5])
        return cls(pitch_class(root), quality.name, pitch_class(bass), root, bass)

    def __str__(self) -> str:
        return self.root_name + self.quality + (f"/{self.bass_name}" if self.bass is not None else "")

    @property
    def intervals(self) -> tuple[int, ...]:
        """Semitones above the root, by degree: root, third, fifth, seventh, then the tensions."""
        quality = read_quality(self.quality)
        assert quality is not None  # proved when this chord was made
        return quality.intervals

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's pitch classes from the root, by degree; a foreign bass note is not among them."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)

    @property
    def lowest(self) -> int:
        """The pitch class that belongs in the bass."""
        return self.root if self.bass is None else self.bass


@dataclass(frozen=True, slots=True)
class Span:
    """A chord from tick `start` up to tick `end` of a section."""

    start: int
    end: int
    chord: Chord


@dataclass(frozen=True, slots=True)
class Chords:
    """A progression: chords with their length in ticks, None for one bar.

    >>> str(Chords.parse("Am, F , C/1.5"))
    'Am F C/1.5'
    """

    steps: tuple[tuple[Chord, int | None], ...]

    def __post_init__(self) -> None:
        # A length that is no multiple of three ticks has no finite decimal in beats, so it could not be written down.
        if not 1 <= len(self.steps) <= MOST_CHORDS or any(
            ticks is not None and (ticks < SHORTEST_CHORD_TICKS or ticks % 3) for _, ticks in self.steps
        ):
            raise ValueError("a progression has some chords, each of a length that beats can write")

    @classmethod
    def parse(cls, text: str) -> Chords:
        """Reads `Am F C G` or `Am/2 F/2`; commas and bar lines may stand between.

        Raises Refused, naming the field `chords`.
        """
        steps: list[tuple[Chord, int | None]] = []
        for bar in text.replace(",", " ").split("|"):
            words = bar.split()
            inside = [_step(word) for word in words]
            if "|" in text and len(inside) > 1 and any(ticks is None for _, ticks in inside):
                raise Refused(
                    Code.BAD_VALUE,
                    f"chords: say how many beats each chord of {shown(bar.strip())} has, such as Am/2 F/2",
                )
            steps += inside
            if len(steps) > MOST_CHORDS:
                raise Refused(Code.TOO_MANY, f"chords: more than {MOST_CHORDS} chords; send fewer, they repeat")
        if not steps:
            raise Refused(
                Code.BAD_VALUE, "chords: it names no chord; write some, such as Am F C G, or leave the field out"
            )
        return cls(tuple(steps))

    def __str__(self) -> str:
        return " ".join(
            str(chord) if ticks is None else f"{chord}/{decimal(ticks / TICKS_PER_BEAT, 6)}"
            for chord, ticks in self.steps
        )

    def over(self, bars: int, meter: Meter) -> tuple[Span, ...]:
        """The progression over a whole section, repeating, its last chord cut at the section's end."""
        end, at, spans = bars * meter.ticks_per_bar, 0, []
        while at < end:
            for chord, ticks in self.steps:
                until = min(end, at + (meter.ticks_per_bar if ticks is None else ticks))
                spans.append(Span(at, until, chord))
                at = until
                if at == end:
                    break
        return tuple(spans)


def _step(word: str) -> tuple[Chord, int | None]:
    match = _BEATS.fullmatch(word)
    if not match:
        return Chord.parse(word), None
    ticks = Fraction(match[2]) * TICKS_PER_BEAT
    if ticks.denominator != 1 or not SHORTEST_CHORD_TICKS <= ticks <= LONGEST_CHORD_BEATS * TICKS_PER_BEAT:
        advice = (
            f"the number after the stroke is beats, from 0.25 to {LONGEST_CHORD_BEATS} in whole {TICKS_PER_BEAT}ths"
        )
        raise Refused(Code.BAD_VALUE, f"chords: {shown(word)} has no length to play; {advice}")
    return Chord.parse(match[1]), int(ticks)


def _advice(symbol: str) -> str:
    if symbol.lower() in _SILENCES:
        return f"chords: {shown(symbol)} is no chord, and a section has one at all times; leave parts out for silence"
    if symbol[:1].upper() in LETTERS and symbol[:1].islower():
        return f"chords: {shown(symbol)} is no chord; write the root upper case and minor as m, such as Am"
    return f"chords: {shown(symbol)} is no chord; write symbols such as Am, F#m7b5/C or Gsus4, with spaces between"
