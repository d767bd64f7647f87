"""Pitches and their names: pitch classes 0-11, MIDI pitches 0-127, ranges of pitches.

Lives here: note names with a sharp or a flat, middle C being C4 (MIDI 60). Scales are in `keys`, stacks of thirds in
`chords`.

    >>> pitch_class("Cb"), parse_range("C2-C4")
    (11, (36, 60))
"""

from __future__ import annotations

import re

from sessions.errors import Code, Refused
from sessions.music.values import shown

__all__ = [
    "HIGHEST_PITCH",
    "LETTERS",
    "NARROWEST_RANGE",
    "PLAIN_NAMES",
    "format_range",
    "parse_range",
    "pitch_class",
    "pitch_name",
]

HIGHEST_PITCH = 127

NARROWEST_RANGE = 7
"""Semitones from a range's lowest to its highest pitch: a fifth holds a tone of every chord and every scale."""

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
PLAIN_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""The name of each pitch class where no key says another."""

_ACCIDENTALS = {"": 0, "#": 1, "b": -1}
_PITCH = r"([A-Ga-g])([#b♯♭]?)(-?\d{1,2})"
_RANGE = re.compile(rf"{_PITCH} ?(?:-|–|to|\.\.) ?{_PITCH}", re.ASCII)


def plain_name(letter: str, accidental: str = "") -> str:
    """A note's name in ASCII with its letter upper case: `Bb`, `F#`."""
    return letter.upper() + accidental.replace("♯", "#").replace("♭", "b")


def pitch_class(name: str) -> int:
    """The pitch class of a plain name; raises KeyError where it is none.

    >>> pitch_class("E#"), pitch_class("Bb")
    (5, 10)
    """
    return (LETTERS[name[:1]] + _ACCIDENTALS[name[1:]]) % 12


def pitch_name(pitch: int) -> str:
    """A MIDI pitch with its octave.

    >>> pitch_name(60), pitch_name(0)
    ('C4', 'C-1')
    """
    return f"{PLAIN_NAMES[pitch % 12]}{pitch // 12 - 1}"


def parse_range(text: str, name: str = "range") -> tuple[int, int]:
    """Reads `C2-C4` into its lowest and highest MIDI pitch. Raises Refused, naming the field `name`."""
    match = _RANGE.fullmatch(text.strip())
    if not match:
        raise Refused(
            Code.BAD_VALUE, f"{name}: {shown(text)} is no range; write the lowest and the highest note, such as C2-C4"
        )
    low, high = _pitch(*match.group(1, 2, 3)), _pitch(*match.group(4, 5, 6))
    if not (0 <= low <= HIGHEST_PITCH and 0 <= high <= HIGHEST_PITCH):
        raise Refused(Code.BAD_VALUE, f"{name}: {shown(text)} goes beyond MIDI's pitches; stay within C-1 and G9")
    if high < low:
        raise Refused(
            Code.BAD_VALUE,
            f"{name}: {shown(text)} is empty; write the lowest note first, such as {format_range(high, low)}",
        )
    if high - low < NARROWEST_RANGE:
        raise Refused(
            Code.BAD_VALUE, f"{name}: {shown(text)} is too narrow; leave room for a fifth at least, such as C2-G2"
        )
    return low, high


def format_range(low: int, high: int) -> str:
    """A range as a field carries it.

    >>> format_range(36, 60)
    'C2-C4'
    """
    return f"{pitch_name(low)}-{pitch_name(high)}"


def _pitch(letter: str, accidental: str, octave: str) -> int:
    # B# belongs to the octave of its letter, and so does Cb: B#3 is C4, Cb4 is B3.
    return 12 * (int(octave) + 1) + LETTERS[letter.upper()] + _ACCIDENTALS[plain_name("", accidental)]
