"""Cadences: how sections end, mode by mode, and where chords stand in when a scale has none on a degree.

Lives here: data alone. A mode's cadence uses the chords that lead home in it: V in major and harmonic minor, VII in
mixolydian and minor, II in phrygian, IV in dorian.

    >>> CADENCES["phrygian"].leading
    ('II', 'vii')
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CADENCES", "COLOURS", "Cadence"]


@dataclass(frozen=True, slots=True)
class Cadence:
    """A mode's group in the progressions, the chords that lead home and those that lead to them; `parent` lends degrees."""

    group: str
    leading: tuple[str, ...]
    before: tuple[str, ...]
    parent: str = ""


CADENCES = {
    "major": Cadence("major", ("V",), ("IV", "ii")),
    "lydian": Cadence("major", ("V", "II"), ("II", "vi")),
    "mixolydian": Cadence("major", ("VII",), ("IV", "v")),
    "major pentatonic": Cadence("major", ("V",), ("ii", "vi"), parent="major"),
    "minor": Cadence("minor", ("VII", "v"), ("VI", "iv")),
    "dorian": Cadence("minor", ("IV", "VII"), ("III", "ii")),
    "phrygian": Cadence("minor", ("II", "vii"), ("VI", "III")),
    "locrian": Cadence("minor", ("II", "V"), ("VI", "iii")),
    "harmonic minor": Cadence("minor", ("V",), ("iv", "VI")),
    "melodic minor": Cadence("minor", ("V",), ("IV", "ii")),
    "minor pentatonic": Cadence("minor", ("VII", "v"), ("iv", "III"), parent="minor"),
    "blues": Cadence("minor", ("VII", "v"), ("iv", "III"), parent="minor"),
}

_TRIADS = ("", "m", "sus4", "sus2", "dim", "5", "aug", "m7no5", "7sus4no5")
_SEVENTHS = ("maj7", "m7", "7", "m7b5", "7sus4", *_TRIADS)

COLOURS: dict[str, tuple[str, ...]] = {
    "triad": _TRIADS,
    "power": ("5", *_TRIADS),
    "open": ("sus2", "sus4", "5", *_TRIADS),
    "added": ("add9", "madd9", *_TRIADS),
    "sixth": ("6", "m6", "7", *_SEVENTHS),
    "seventh": _SEVENTHS,
    "ninth": ("maj9", "m9", "9", *_SEVENTHS),
    "sus": ("sus4", "7sus4", *_TRIADS),
}
"""Qualities in the order in which a degree tries them: the first whose tones all lie in the scale is taken."""
