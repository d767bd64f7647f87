"""Harmony: a section's chords, phrase by phrase, with its cadence.

Lives here: choosing progressions for letters, laying them over the units of the grid, ending as the kind of section ends, and
writing it all down as chord text. Which tones a chord has is in `theory`, how it is played in `comp`.

    >>> from sessions.music.chords import Chords
    >>> from sessions.music.beats import Meter
    >>> spans = Chords.parse("Am/2 F/2 C").over(2, Meter(4, 4))
    >>> chords_text(spans, 3840)
    'Am/2 F/2 C'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.data.cadences import CADENCES, Cadence
from models.compose.arranger.data.kinds import Ending, Manner
from models.compose.arranger.data.progressions import MODAL, PROGRESSIONS
from models.compose.arranger.dice import Dice
from models.compose.arranger.theory import chord_on, degree_of, numeral
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.chords import Chord, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.form import Phrase
    from models.compose.arranger.grid import Grid
    from models.compose.arranger.idiom import Idiom
    from sessions.music.section import Request

__all__ = ["chords_text", "plan_chords"]

MODAL_SHARE = 0.6
"""How often a mode's own turns are taken where it has some."""
SUBSTITUTE_SHARE = 0.16
"""How often, at temperature 1, a repeated phrase takes a chord's neighbour."""
MOST_SPLIT_UNITS = 240
"""Beyond so many units none is split, so that the chord text stays short enough to be asked for."""
_STILL_FAMILIES = {"drone", "ambient"}


def plan_chords(
    request: Request, idiom: Idiom, manner: Manner, phrases: Sequence[Phrase], grid: Grid
) -> tuple[Span, ...]:
    """The chords of a section that asked for none, all within its key."""
    units = grid.units(request.bars)
    words = _words(request, idiom, manner, phrases, [start // grid.bar_ticks for start, _ in units])
    colours = _Colours(request, idiom)
    spans: list[Span] = []
    for (start, end), (word, letter) in zip(units, words, strict=True):
        chords = [chord_on(request.key, text, colours.of(letter, text)) for text in word.split("+")]
        middle = _middle(grid, start, end) if len(chords) == 2 and len(units) <= MOST_SPLIT_UNITS else end
        if middle < end and chords[0] != chords[1]:
            spans += [Span(start, middle, chords[0]), Span(middle, end, chords[1])]
        else:
            spans.append(Span(start, end, chords[0]))
    return tuple(spans)


class _Colours:
    """A colour for each letter, kept through the section; the tonic at rest is plain in plain styles."""

    def __init__(self, request: Request, idiom: Idiom) -> None:
        self._seed, self._options = request.seed, sorted(idiom.colours.items())
        self._kept: dict[str, str] = {}

    def of(self, letter: str, text: str) -> str:
        """The colour for a numeral in a phrase of this letter."""
        name = f"{letter}/{degree_of(text)}"
        if name not in self._kept:
            self._kept[name] = Dice(self._seed, "colour", name).weigh(self._options)
        return self._kept[name]


def _words(
    request: Request, idiom: Idiom, manner: Manner, phrases: Sequence[Phrase], unit_bars: Sequence[int]
) -> list[tuple[str, str]]:
    """A word of numerals and the phrase's letter for each unit."""
    words: list[tuple[str, str]] = []
    place, before = 0, ""
    for phrase in phrases:
        count = sum(phrase.first <= bar < phrase.end for bar in unit_bars)
        progression = _progression(request, idiom, manner, phrase.letter)
        place = place if phrase.letter == before else 0
        before = phrase.letter
        dice = Dice(request.seed, "neighbours", phrase.index)
        for i in range(count):
            word = progression[place // idiom.chord_units % len(progression)]
            strays = dice.chance(SUBSTITUTE_SHARE * request.temperature)
            if (
                strays
                and phrase.take
                and 0 < i < count - 1
                and "+" not in word
                and idiom.harmony not in _STILL_FAMILIES
            ):
                word = numeral(degree_of(word) + dice.pick((-2, 2, -2)))
            words.append((word, phrase.letter))
            place += 1
    return _ended(words, request, idiom, manner)


def _progression(request: Request, idiom: Idiom, manner: Manner, letter: str) -> list[str]:
    dice = Dice(request.seed, "progression", letter)
    mode = request.key.mode
    table = PROGRESSIONS[idiom.harmony][CADENCES[mode].group]
    role = manner.role
    if letter != "A" and manner.ending is not Ending.TURN:
        role = "away" if dice.chance(0.5) or letter != "B" else role
    options = table.get(role, table["home"])
    if mode in MODAL and dice.chance(MODAL_SHARE):
        options = MODAL[mode]
    if letter != "A":
        first = " ".join(_progression(request, idiom, manner, "A"))
        options = tuple(option for option in options if option != first) or options
    return dice.pick(options).split()


def _ended(words: list[tuple[str, str]], request: Request, idiom: Idiom, manner: Manner) -> list[tuple[str, str]]:
    """The section's last units turned into its cadence."""
    cadence, dice = CADENCES[request.key.mode], Dice(request.seed, "cadence")
    tail = _tail(manner.ending, cadence, dice, tonic="I", short=len(words) < 4)
    if manner.ending is Ending.TURN and (degree_of(words[-1][0].split("+")[-1]) or len(words) < 4):
        return words  # it leads back to its first chord already
    if manner.ending is Ending.CLOSE and dice.chance(0.5):
        return words
    if len(words) == 1:
        return words if manner.ending is not Ending.REST else [("I", words[0][1])]
    length = idiom.chord_units if len(words) >= 2 * idiom.chord_units * len(tail) else 1
    tail = tail[-min(len(tail), len(words) - 1) :]
    spread = [word for pair in tail for word in _held(pair.split("+"), length)]
    kept = words[: len(words) - len(spread)]
    return kept + [(word, letter) for word, (_, letter) in zip(spread, words[len(kept) :], strict=True)]


def _held(pair: list[str], length: int) -> list[str]:
    """A word over as many units: two chords take half of them each, or share the one."""
    if length == 1:
        return ["+".join(pair)]
    return [pair[i * len(pair) // length] for i in range(length)]


def _tail(ending: Ending, cadence: Cadence, dice: Dice, *, tonic: str, short: bool) -> list[str]:
    leading, before = dice.pick(cadence.leading), dice.pick(cadence.before)
    if ending in (Ending.REST, Ending.CLOSE):
        return [leading, tonic] if short or dice.chance(0.4) else [before, leading, tonic]
    if ending is Ending.TURN:
        return [f"{before}+{leading}" if dice.chance(0.5) else leading]
    return [leading] if short or dice.chance(0.4) else [before, leading]


def _middle(grid: Grid, start: int, end: int) -> int:
    """The beat nearest to the middle of a unit; its end where it has only one beat."""
    bars = range(start // grid.bar_ticks, -(-end // grid.bar_ticks))
    beats = [cell.start for bar in bars for cell in grid.cells(bar) if start < cell.start < end]
    return min(beats, key=lambda tick: abs(2 * tick - start - end), default=end)


def chords_text(spans: Sequence[Span], bar_ticks: int) -> str:
    """Chords as a request writes them: whole bars bare, others with their beats."""
    return " ".join(_symbol(span.chord, span.end - span.start, bar_ticks) for span in spans)


def _symbol(chord: Chord, ticks: int, bar_ticks: int) -> str:
    if ticks == bar_ticks:
        return str(chord)
    beats = f"{ticks / TICKS_PER_BEAT:.6f}".rstrip("0").rstrip(".")
    return f"{chord}/{beats}"
