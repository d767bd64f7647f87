"""The plan: everything about a section that its players share, settled before the first note.

Lives here: one value with the grid, the phrases, the chords and a line for each bar. Players read it and never change it, so a
part sounds the same whoever else plays.

    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "rock", "bars": 4, "chords": "Am F", "seed": 1}))
    >>> plan.chords_text, [bar.phrase.letter for bar in plan.bars]
    ('Am F', ['A', 'A', 'A', 'A'])
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from models.compose.arranger.data.kinds import KINDS, Ending, Manner
from models.compose.arranger.dice import Dice
from models.compose.arranger.form import Phrase, at_curve, count_phrases, letters_of, phrases_of
from models.compose.arranger.grid import Cell, Grid
from models.compose.arranger.harmony import chords_text, plan_chords
from models.compose.arranger.styles import idiom_of
from models.compose.arranger.theory import Tones, tones_of
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.idiom import Idiom
    from sessions.music.chords import Span
    from sessions.music.section import Request

__all__ = ["LOOPING", "Bar", "Plan", "plan_of"]

PHRASE_UNITS = 4
"""Chord units in a phrase: four bars of 4/4."""

DOUBLE_BELOW, HALF_ABOVE = 0.62, 1.45
"""Slower than this share of a style's slowest tempo its patterns go twice as fast; faster than that of its fastest, half."""
DOUBLE_UP_TO = 1.1

SOFTEST, FORCE = 0.5, 0.6
"""How hard an event is played: this much always, and this much more at full energy."""

OTHER_SHARE = {"B": 0.4, "C": 0.6, "D": 0.6}
"""How often a phrase of this letter has patterns of its own."""

LOOPING = {"drone", "dance", "dark", "vamp"}
"""Families of styles that live by repetition."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its ticks and beats, where it stands, and how strong (`level`) and full it is, with 1 as asked at most."""

    index: int
    start: int
    end: int
    cells: tuple[Cell, ...]
    phrase: Phrase
    level: float
    fullness: float
    is_last: bool

    @property
    def opens(self) -> bool:
        """True for the first bar of a phrase."""
        return self.index == self.phrase.first

    @property
    def closes(self) -> bool:
        """True for the last bar of a phrase."""
        return self.index == self.phrase.end - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A section before its notes."""

    request: Request
    idiom: Idiom
    manner: Manner
    grid: Grid
    phrases: tuple[Phrase, ...]
    spans: tuple[Span, ...]
    bars: tuple[Bar, ...]
    chords_text: str
    chords_given: bool

    @property
    def end(self) -> int:
        """The section's last tick plus one."""
        return self.request.total_ticks

    @property
    def phrase_start_ticks(self) -> tuple[int, ...]:
        """Where phrases start."""
        return tuple(phrase.first * self.grid.bar_ticks for phrase in self.phrases)

    def span_index(self, tick: int) -> int:
        """Which chord sounds at a tick."""
        return max(0, bisect_right(self.spans, tick, key=lambda span: span.start) - 1)

    def span_at(self, tick: int) -> Span:
        """The chord at a tick, with where it starts and ends."""
        return self.spans[self.span_index(tick)]

    def tones_at(self, tick: int) -> Tones:
        """The tones that players may use at a tick."""
        return self.tones_of(self.span_index(tick))

    def tones_of(self, span_index: int) -> Tones:
        """The tones of one chord of the plan."""
        chord = self.spans[min(span_index, len(self.spans) - 1)].chord
        return tones_of(self.request.key, chord, given=self.chords_given)

    def density(self, part: Part, bar: Bar) -> float:
        """How dense a part plays in a bar, 0 to 1."""
        asked = self.request.control(part, "density")
        return min(1.0, float(self.request.density if asked is None else asked) * bar.fullness)

    def force(self, part: Part, bar: Bar) -> float:
        """The factor of a part's loudness in a bar."""
        asked = self.request.control(part, "velocity")
        return SOFTEST + FORCE * (
            bar.level if asked is None else float(asked) * at_curve(self.manner.energy, self._place(bar))
        )

    def part_range(self, part: Part) -> tuple[int, int]:
        """The lowest and highest pitch of a part: as asked, else as the style likes it."""
        asked = self.request.pitch_range(part)
        idiom = self.idiom
        liked = {Part.BASS: idiom.bass_range, Part.HARMONY: idiom.harmony_range, Part.MELODY: idiom.melody_range}
        return asked or liked[part]

    def enters(self, part: Part) -> int:
        """The bar in which a part comes in; sections shorter than a phrase have no time for entries."""
        bars = self.request.bars
        return int(self.manner.enters.get(part, 0.0) * bars) if bars >= PHRASE_UNITS else 0

    def variant(self, purpose: str, letter: str, count: int) -> int:
        """Which of so many patterns a letter has: the theme's own, and at times another one elsewhere."""
        first = Dice(self.request.seed, purpose).below(count)
        if letter == "A" or not Dice(self.request.seed, purpose, letter).chance(OTHER_SHARE[letter]):
            return first
        return (first + "ABCD".index(letter)) % count

    def milliseconds(self, amount: float) -> int:
        """Milliseconds as ticks at this tempo."""
        return round(amount * self.request.bpm * TICKS_PER_BEAT / 60_000)

    def _place(self, bar: Bar) -> float:
        return bar.index / max(1, self.request.bars - 1)


def plan_of(
    request: Request, chords: Sequence[Span] | None = None, letters: str | None = None, *, given: bool = False
) -> Plan:
    """The plan for a request; `chords` and `letters` are taken over from another section where there is one.

    Chords that were asked for, or that are `given` by such a section, may leave the scale.
    """
    idiom, manner = idiom_of(request.style), KINDS[request.kind]
    grid = Grid(request.meter, _pace(request.bpm, idiom.tempo), idiom.three)
    loops = manner.ending is Ending.TURN or idiom.harmony in LOOPING
    length = _phrase_bars(grid)
    letters = letters or letters_of(count_phrases(request.bars, length), request.seed, loops=loops)
    phrases = phrases_of(request.bars, length, letters)
    if request.chords is not None:
        spans, text = request.chords.over(request.bars, request.meter), str(request.chords)
    else:
        spans = tuple(chords) if chords else plan_chords(request, idiom, manner, phrases, grid)
        text = chords_text(spans, grid.bar_ticks)
    bars = tuple(
        _bar(request, manner, grid, phrase, index) for phrase in phrases for index in range(phrase.first, phrase.end)
    )
    return Plan(request, idiom, manner, grid, phrases, spans, bars, text, given or request.chords is not None)


def _pace(bpm: float, tempo: tuple[float, float]) -> Fraction:
    slowest, fastest = tempo
    if bpm < slowest * DOUBLE_BELOW and bpm * 2 <= fastest * DOUBLE_UP_TO:
        return Fraction(2)
    return Fraction(1, 2) if bpm > fastest * HALF_ABOVE else Fraction(1)


def _phrase_bars(grid: Grid) -> int:
    if grid.bars_per_unit > 1:
        return PHRASE_UNITS * grid.bars_per_unit
    units = len(grid.units(1))
    return PHRASE_UNITS if units <= 2 else 2 if units <= PHRASE_UNITS else 1


def _bar(request: Request, manner: Manner, grid: Grid, phrase: Phrase, index: int) -> Bar:
    place = index / max(1, request.bars - 1)
    level = min(1.0, request.energy * at_curve(manner.energy, place))
    start = index * grid.bar_ticks
    is_last = index == request.bars - 1
    return Bar(
        index, start, start + grid.bar_ticks, grid.cells(index), phrase, level, at_curve(manner.density, place), is_last
    )
