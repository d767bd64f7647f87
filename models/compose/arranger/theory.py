"""Theory: which chord stands on a degree of any key, and which tones fit over a chord.

Lives here: degrees to chords that lie wholly in a scale, and the tones that players may use where a chord sounds. The tables
of colours and stand-ins are in `data.cadences`; when chords change is planned in `harmony`.

    >>> str(chord_on(Key.parse("C"), "vi", "seventh")), str(chord_on(Key.parse("A harmonic minor"), "V", "seventh"))
    ('Am7', 'E7')
    >>> str(chord_on(Key.parse("C"), "vii", "triad"))
    'G'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.compose.arranger.data.cadences import CADENCES, COLOURS
from sessions.music.chords import Chord
from sessions.music.keys import Key

__all__ = ["Tones", "chord_on", "degree_of", "nearest_in_key", "numeral", "tones_of"]

_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_NUMERAL = re.compile(r"([ivIV]+)(sus)?(ø)?")
DEGREES = len(_NUMERALS)


def degree_of(text: str) -> int:
    """The degree of a numeral, from 0."""
    match = _NUMERAL.fullmatch(text)
    if match is None:
        raise ValueError(f"no numeral: {text}")
    return _NUMERALS.index(match[1].lower())


def numeral(degree: int) -> str:
    """The numeral of a degree; the scale says whether it is major."""
    return _NUMERALS[degree % DEGREES]


@lru_cache(maxsize=4096)
def chord_on(key: Key, text: str, colour: str) -> Chord:
    """The chord on a numeral's degree: all its tones lie in the key's scale.

    A diminished or augmented chord gives way to the chord a third below or above, but for the tonic's and where `ø` is written.
    """
    degree = degree_of(text)
    colour = "sus" if "sus" in text else colour
    keeps = degree == 0 or "ø" in text
    for candidate in (degree, degree - 2, degree + 2, 0):
        chord = _stack(key, candidate % DEGREES, colour)
        if chord is not None and (keeps or candidate == 0 or not _is_tense(chord)):
            return chord
    return Chord(key.tonic, "5", None, key.name)


def _stack(key: Key, degree: int, colour: str) -> Chord | None:
    parent = CADENCES[key.mode].parent
    scale = Key(key.tonic, parent, key.name).scale if parent else key.scale
    root = scale[degree]
    if root not in key.scale:
        return None
    for quality in COLOURS[colour]:
        chord = Chord(root, quality, None, key.spell(root))
        if set(chord.pitch_classes) <= set(key.scale):
            return chord
    return None


def _is_tense(chord: Chord) -> bool:
    return chord.quality.startswith(("dim", "aug")) or "b5" in chord.quality


@dataclass(frozen=True, slots=True)
class Tones:
    """Pitch classes over a chord: its own by degree, the bass's, and the ladder that lines step on."""

    chord: tuple[int, ...]
    bass: int
    ladder: tuple[int, ...]

    def allows(self, pitch: int) -> bool:
        """True for a pitch that may sound here."""
        return pitch % 12 in self.ladder or pitch % 12 == self.bass


@lru_cache(maxsize=4096)
def tones_of(key: Key, chord: Chord, *, given: bool) -> Tones:
    """The tones for players; chords that were not asked for add none that the scale lacks.

    Tones of the scale a semitone beside a foreign tone of the chord are left out: over E major in A minor, G gives way to G#.
    """
    scale = set(key.scale)
    foreign = set(chord.pitch_classes) - scale
    ladder = {tone for tone in scale if not any((tone - other) % 12 in (1, 11) for other in foreign)}
    if given:
        return Tones(chord.pitch_classes, chord.lowest, tuple(sorted(ladder | set(chord.pitch_classes))))
    own = tuple(tone for tone in chord.pitch_classes if tone in scale)
    ladder = ladder or scale
    own = own or tuple(sorted(ladder, key=lambda tone: (tone - chord.root) % 12))[:3:2]
    bass = chord.lowest if chord.lowest in scale else own[0]
    return Tones(own, bass, tuple(sorted(ladder | set(own))))


def nearest_in_key(key: Key, chord: Chord) -> Chord:
    """The chord itself where the scale holds it, else the one in the key that shares most tones, its root first of all."""
    if set(chord.pitch_classes) <= set(key.scale):
        return chord
    colour = "seventh" if len(chord.pitch_classes) > 3 else "triad"
    options = [chord_on(key, numeral(degree), colour) for degree in range(DEGREES)]
    shared = [
        (len(set(option.pitch_classes) & set(chord.pitch_classes)), option.root == chord.root) for option in options
    ]
    return options[max(range(DEGREES), key=lambda i: (shared[i], -i))]
