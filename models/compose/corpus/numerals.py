"""Roman numerals: an analyst's labels and a song writer's shorthand, read into chords.

Lives here: two dialects. `analysed` reads what analyses write, `V65/ii` in a key, with figures for inversions, by the rules
of music21's parser (a test holds the two against each other); `shorthand` reads progressions such as `bVIIM` or `Idom7`.

    >>> str(analysed("V65/V", Key.parse("C"))), str(analysed("viio7", Key.parse("Am")))
    ('D7/F#', 'Abdim7')
    >>> str(shorthand("bVIIM", Key.parse("D"), "modal"))
    'C'
"""

from __future__ import annotations

import re
from functools import lru_cache

from sessions.music.chords import Chord
from sessions.music.keys import MODES, Key
from sessions.music.qualities import read_quality

__all__ = ["analysed", "shorthand"]

_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_ROMAN = "VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i"
_ANALYSED = re.compile(rf"([b#]*)({_ROMAN})(o|ø|\+)?(\d*)")
_SPECIAL = re.compile(r"(Ger|Fr|It|N|Cad)(\d*)")
_SHORTHAND = re.compile(rf"([b#]?)({_ROMAN})(.*)")

_INVERSIONS = {"": 0, "6": 1, "64": 2, "7": 0, "65": 1, "43": 2, "42": 3, "2": 3}
_SEVENTHS = {"7", "65", "43", "42", "2"}
_LEADING, _SUBMEDIANT = 11, 9
"""Of minor: the raised seventh and sixth step, which small numerals stand on."""

_QUALITIES = {
    ("", 10): "7", ("", 11): "maj7", ("m", 10): "m7", ("m", 11): "mmaj7", ("dim", 9): "dim7", ("dim", 10): "m7b5",
    ("aug", 10): "aug7", ("aug", 11): "augmaj7",
}  # fmt: skip
_AUGMENTED_SIXTHS = {"Ger": "7", "Fr": "7b5", "It": "7no5"}
_SIXTH_ROOT, _NEAPOLITAN_ROOT = 8, 1


@lru_cache(maxsize=8192)
def analysed(text: str, key: Key) -> Chord | None:
    """The chord that a label of an analysis names in a major or minor key, or None where it names none."""
    figure, _, applied = text.partition("/")
    if applied:
        home = _key_of(applied, key)
        return None if home is None else analysed(figure, home)
    special = _SPECIAL.fullmatch(figure)
    if special:
        return _special(special[1], special[2], key)
    match = _ANALYSED.fullmatch(figure)
    if match is None or match[4] not in _INVERSIONS:
        return None
    root = _root(match[1], match[2], match[3], key)
    triad = {"o": "dim", "ø": "dim", "+": "aug"}.get(match[3] or "", "m" if match[2].islower() else "")
    quality = triad
    if match[4] in _SEVENTHS:
        step = MODES[_plain_mode(key)][(_DEGREES[match[2].lower()] + 6) % 7]
        seventh = {"o": 9, "ø": 10}.get(match[3] or "", (key.tonic + step - root) % 12)
        quality = _QUALITIES.get((triad, seventh), triad)
    elif match[3] == "ø":
        quality = "dim"
    return _inverted(root, quality, _INVERSIONS[match[4]])


def _key_of(numeral: str, key: Key) -> Key | None:
    """The key that `/V` or `/V/ii` speaks of."""
    nearer, _, farther = numeral.partition("/")
    home = _key_of(farther, key) if farther else key
    match = _ANALYSED.fullmatch(nearer)
    if home is None or match is None:
        return None
    return Key(_root(match[1], match[2], match[3], home), "minor" if match[2].islower() else "major")


def _root(signs: str, numeral: str, triad: str | None, key: Key) -> int:
    degree = _DEGREES[numeral.lower()]
    step = MODES[_plain_mode(key)][degree]
    alter = signs.count("#") - signs.count("b")
    if _plain_mode(key) == "minor" and degree >= 5:
        # Small sixths and sevenths of minor stand on the raised steps; a sign that says so again says nothing more.
        raised = numeral.islower() and triad != "+"
        step = (_SUBMEDIANT, _LEADING)[degree - 5] if raised else step
        alter += -1 if raised and alter > 0 else 1 if not raised and alter < 0 else 0
    return (key.tonic + step + alter) % 12


def _special(name: str, figures: str, key: Key) -> Chord | None:
    if name == "Cad":
        return _inverted(key.tonic, "m" if _plain_mode(key) == "minor" else "", 2)
    if name == "N":
        return _inverted((key.tonic + _NEAPOLITAN_ROOT) % 12, "", _INVERSIONS.get(figures, 0))
    return Chord((key.tonic + _SIXTH_ROOT) % 12, _AUGMENTED_SIXTHS[name])


def _inverted(root: int, quality: str, inversion: int) -> Chord:
    tones = Chord(root, quality).pitch_classes
    bass = tones[inversion] if 0 < inversion < len(tones) else None
    return Chord(root, quality, bass)


def _plain_mode(key: Key) -> str:
    """Major or minor, by the key's third."""
    return "minor" if 3 in MODES[key.mode] and 4 not in MODES[key.mode] else "major"


def shorthand(text: str, key: Key, mode: str) -> Chord | None:
    """The chord of a progression's numeral over the key's tonic; steps are those of `mode`, of major where it is "modal".

    Case says major or minor where nothing else does; a bare 7 is the scale's own seventh, `dom7` the dominant's.
    """
    match = _SHORTHAND.fullmatch(text)
    if match is None:
        return None
    steps = MODES["minor" if mode == "minor" else "major"]
    degree = _DEGREES[match[2].lower()]
    root = (key.tonic + steps[degree] + {"b": -1, "#": 1, "": 0}[match[1]]) % 12
    suffix = match[3]
    third = "m" if match[2].islower() else ""
    if suffix in {"7", "9"} and not match[1]:
        seventh = (key.tonic + steps[(degree + 6) % 7] - root) % 12
        suffix = ("maj" if seventh == 11 else "") + suffix
        quality = third + suffix
    elif suffix.startswith("dom"):
        quality = suffix[3:]
    elif suffix.startswith("M"):
        quality = {"M": "", "M7": "maj7", "M-5": "(b5)"}.get(suffix, suffix[1:])
    elif suffix.startswith(("m", "dim", "sus", "5")):
        quality = suffix
    else:
        quality = third + suffix
    return None if read_quality(quality) is None else Chord(root, quality)
