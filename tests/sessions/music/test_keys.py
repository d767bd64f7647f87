from __future__ import annotations

import pytest
from hypothesis import given

from sessions.errors import Refused
from sessions.music import MODES, Key
from sessions.music.keys import MODE_WORDS
from sessions.music.pitches import pitch_class
from tests.sessions.music.strategies import keys


@given(keys)
def test_a_key_reads_back(key: Key) -> None:
    assert Key.parse(str(key)) == key
    assert key.scale[0] == key.tonic
    assert len(set(key.scale)) == len(MODES[key.mode])
    assert [pitch_class(key.spell(tone)) for tone in range(12)] == list(range(12))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Am", "Am"), ("am", "Am"), ("A minor", "Am"), ("a-minor", "Am"), ("Amin", "Am"), ("A aeolian", "Am"),
        ("A-", "Am"),
        ("F#", "F#"), ("f# major", "F#"), ("F sharp", "F#"), ("G♭", "Gb"), ("AM", "A"), ("C ionian", "C"),
        ("b", "B"), ("bb", "Bb"),
        ("Bb minor", "Bbm"), ("B flat minor", "Bbm"), ("e-flat minor", "Ebm"), ("Cb", "Cb"), ("E#m", "E#m"),
        ("Fb lydian", "Fb lydian"),
        ("C Dorian", "C dorian"), ("F# locrian", "F# locrian"), ("A harmonic minor", "A harmonic minor"),
        ("d_melodic_minor", "D melodic minor"),
        ("A natural minor", "Am"), ("C pentatonic", "C major pentatonic"),
        ("E minor pentatonic", "E minor pentatonic"), ("A blues", "A blues"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(text: str, canonical: str) -> None:
    assert str(Key.parse(text)) == canonical


@pytest.mark.parametrize(
    "text", ["", "H", "Cbb", "C##", "A minr", "C major minor", "Amx", "m", "#", "C dorian!", "A" * 100, "ебm", "1"]
)
def test_no_key(text: str) -> None:
    with pytest.raises(Refused, match="^bad-value: key: .*such as Am"):
        Key.parse(text)


def test_the_church_modes_of_c_major_are_its_white_keys() -> None:
    modes = ["major", "dorian", "phrygian", "lydian", "mixolydian", "minor", "locrian"]
    assert {frozenset(Key.parse(f"{tonic} {mode}").scale) for tonic, mode in zip("CDEFGAB", modes, strict=True)} == {
        frozenset({0, 2, 4, 5, 7, 9, 11})
    }


def test_every_word_for_a_mode_is_read() -> None:
    for word, mode in MODE_WORDS.items():
        assert Key.parse(f"D {word}").mode == mode


def test_spelling() -> None:
    assert [Key.parse("F# harmonic minor").spell(tone) for tone in Key.parse("F# harmonic minor").scale] == [
        "F#", "G#", "A", "B", "C#", "D", "E#",
    ]  # fmt: skip
    assert Key.parse("Cb").spell(4) == "Fb"


@pytest.mark.parametrize(
    ("tonic", "mode", "name"),
    [(0, "happy", ""), (12, "major", ""), (-1, "major", ""), (0, "major", "D"), (0, "major", "H")],
)
def test_a_wrong_key_cannot_be_made(tonic: int, mode: str, name: str) -> None:
    with pytest.raises(ValueError):
        Key(tonic, mode, name)
