"""Form: a section's phrases, what material each takes, and its curves.

Lives here: cutting bars into phrases, giving them letters, reading a curve at a bar. Which notes follow is for the players.

    >>> [(phrase.first, phrase.bars) for phrase in phrases_of(9, 4, "AABA")]
    [(0, 4), (4, 5)]
"""

from __future__ import annotations

from dataclasses import dataclass

from models.compose.arranger.data.forms import FORMS, LOOP_FORMS
from models.compose.arranger.dice import Dice

__all__ = ["Phrase", "at_curve", "count_phrases", "letters_of", "phrases_of"]

MOST_LETTERS = 8
"""Phrases in the longest form of the table; longer sections say it again."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some bars that belong together: its letter, and how often that letter has been heard before."""

    index: int
    first: int
    bars: int
    letter: str
    take: int
    is_last: bool

    @property
    def end(self) -> int:
        """The bar after its last, from 0."""
        return self.first + self.bars


def count_phrases(bars: int, length: int) -> int:
    """How many phrases of about `length` bars a section falls into."""
    whole, rest = divmod(bars, length)
    return max(1, whole + (1 if 2 * rest >= length else 0))


def letters_of(count: int, seed: int, *, loops: bool) -> str:
    """The letters of so many phrases."""
    forms = LOOP_FORMS if loops else FORMS
    letters = ""
    while len(letters) < count:
        block = len(letters) // MOST_LETTERS
        form = Dice(seed, "form", block).pick(forms[min(MOST_LETTERS, count - len(letters))])
        # The second round keeps its theme and brings a new middle.
        letters += form if block % 2 == 0 else form.translate(str.maketrans("BC", "CD"))
    return letters[:count]


def phrases_of(bars: int, length: int, letters: str) -> tuple[Phrase, ...]:
    """The phrases of a section, the last one longer or shorter where the bars do not fit."""
    count = count_phrases(bars, length)
    phrases: list[Phrase] = []
    for index in range(count):
        first = index * length
        size = bars - first if index == count - 1 else length
        letter = letters[index % len(letters)]
        take = sum(earlier.letter == letter for earlier in phrases)
        phrases.append(Phrase(index, first, size, letter, take, index == count - 1))
    return tuple(phrases)


def at_curve(curve: tuple[float, ...], place: float) -> float:
    """A curve of evenly spaced points read between 0 and 1.

    >>> at_curve((0.0, 1.0, 0.0), 0.75)
    0.5
    """
    if len(curve) == 1:
        return curve[0]
    at = min(max(place, 0.0), 1.0) * (len(curve) - 1)
    left = min(int(at), len(curve) - 2)
    return curve[left] + (curve[left + 1] - curve[left]) * (at - left)
