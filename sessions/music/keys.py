"""Keys: a tonic and a mode, and the scale that they span.

Lives here: major and minor, the church modes, harmonic and melodic minor, pentatonics and blues; how a key is read,
written and spells its notes. Chords are in `chords`.

    >>> key = Key.parse("bb minor")
    >>> str(key), key.scale, key.spell(6)
    ('Bbm', (10, 0, 1, 3, 5, 6, 8), 'Gb')
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessions.errors import Code, Refused
from sessions.music.pitches import LETTERS, PLAIN_NAMES, pitch_class, plain_name
from sessions.music.values import shown

__all__ = ["MODES", "MODE_WORDS", "Key"]

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}
"""Semitones above the tonic, by the mode's canonical name."""

MODE_WORDS: dict[str, str] = {
    **{mode: mode for mode in MODES},
    "ionian": "major", "maj": "major",
    "aeolian": "minor", "min": "minor", "natural minor": "minor",
    "harmonic min": "harmonic minor", "melodic min": "melodic minor",
    "pentatonic": "major pentatonic", "pentatonic major": "major pentatonic", "pentatonic minor": "minor pentatonic",
    "minor blues": "blues",
}  # fmt: skip
"""What people call the modes, to the canonical name."""

_SHORT_MODES = {"": "major", "M": "major", "m": "minor", "-": "minor"}
_KEY = re.compile(r"([A-Ga-g])([ -]?(?:[Ss]harp|[Ff]lat)(?![a-z])|[#b♯♭]?)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic's pitch class, a mode of `MODES`, and the tonic's name, plain where none is given.

    >>> Key(10, "minor")
    Key(tonic=10, mode='minor', name='Bb')
    """

    tonic: int
    mode: str = "major"
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name and 0 <= self.tonic < len(PLAIN_NAMES):
            object.__setattr__(self, "name", PLAIN_NAMES[self.tonic])
        if self.mode not in MODES or self.name[:1] not in LETTERS or pitch_class(self.name) != self.tonic:
            raise ValueError(f"no such key: {self.tonic} {self.name} {self.mode}")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Reads `Am`, `F#`, `C dorian`, `e flat minor`. Raises Refused, naming the field `key`."""
        match = _KEY.fullmatch(text.strip())
        if match:
            word = match[3].strip(" _") if match[3].strip() == "-" else match[3].strip(" _-")
            mode = _SHORT_MODES.get(word) or MODE_WORDS.get(" ".join(re.split(r"[\s_-]+", word.lower())))
            if mode:
                accidental = {"sharp": "#", "flat": "b"}.get(match[2].strip(" -").lower(), match[2])
                name = plain_name(match[1], accidental)
                return cls(pitch_class(name), mode, name)
        advice = f"key: {shown(text)} is no key here; ask for a note and a mode, such as Am, F#, Bb minor or C dorian"
        raise Refused(Code.BAD_VALUE, advice)

    def __str__(self) -> str:
        return {"major": self.name, "minor": self.name + "m"}.get(self.mode, f"{self.name} {self.mode}")

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    def spell(self, pitch_class: int) -> str:
        """How this key writes a pitch class: a letter for each step of a scale of seven, else the plain name.

        >>> Key.parse("A harmonic minor").spell(8), Key.parse("Ebm").spell(11)
        ('G#', 'Cb')
        """
        scale = self.scale
        if len(scale) == len(LETTERS) and pitch_class in scale:
            letters = list(LETTERS)
            letter = letters[(letters.index(self.name[0]) + scale.index(pitch_class)) % len(letters)]
            accidental = {0: "", 1: "#", 11: "b"}.get((pitch_class - LETTERS[letter]) % 12)
            if accidental is not None:
                return letter + accidental
        return PLAIN_NAMES[pitch_class]
