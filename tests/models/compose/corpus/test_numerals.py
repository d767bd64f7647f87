"""Roman numerals name the chords that they mean, and those that music21 says."""

from __future__ import annotations

import pytest

from models.compose.corpus.numerals import analysed, shorthand
from sessions.music.keys import Key

LABELS = (
    "I I6 I64 ii ii6 iii IV V V7 V65 V43 V2 vi viio viio6 ii7 ii65 I7 IV7 vi7 V7/V V65/ii viio7/vi I/III IV6/IV bVII "
    "iv I64/I ii/bVII V7/#iv It6 Ger65 Fr43 N6 Cad64 V+ iii64/VI viiø7/V"
).split()
MINOR_LABELS = (
    "i i6 i64 iio iio6 III III+ iv V V7 VI VII viio viio7 viio65 viio43 viio2 iiø7 iiø65 iiø43 VI7 i7 iv7 vi vii bVII V7/III "
    "V2/iv viio7/v I/VI iv6/v It6 Ger65 Fr43 N6 III+6 VI65 iiø65/iii"
).split()


@pytest.mark.parametrize(
    ("text", "key", "chord"),
    [
        ("V7", "G", "D7"),
        ("ii65", "C", "Dm7/F"),
        ("I7", "C", "Cmaj7"),
        ("viio7", "Am", "Abdim7"),
        ("VI", "Am", "F"),
        ("vi", "Am", "F#m"),
        ("V7/ii/V", "C", "E7"),
        ("Cad64", "Am", "Am/E"),
        ("N6", "Am", "Bb/D"),
    ],
)
def test_labels_of_analyses(text: str, key: str, chord: str) -> None:
    assert str(analysed(text, Key.parse(key))) == chord


@pytest.mark.parametrize("text", ["", "X", "I99", "V7/x", "b2", "nan", "/V"])
def test_what_names_no_chord(text: str) -> None:
    assert analysed(text, Key(0)) is None


@pytest.mark.filterwarnings("ignore")
def test_music21_says_the_same() -> None:
    music21 = pytest.importorskip("music21")
    cautious = music21.roman.Minor67Default.CAUTIONARY
    for labels, key, home in ((LABELS, "C", Key(0)), (MINOR_LABELS, "c", Key(0, "minor"))):
        for label in labels:
            theirs = music21.roman.RomanNumeral(label, music21.key.Key(key), sixthMinor=cautious, seventhMinor=cautious)
            ours = analysed(label, home)
            assert ours is not None, label
            assert (set(ours.pitch_classes), ours.lowest) == (set(theirs.pitchClasses), theirs.bass().pitchClass), label


@pytest.mark.parametrize(
    ("text", "mode", "chord"),
    [
        ("I", "major", "C"),
        ("vi", "major", "Am"),
        ("I7", "major", "Cmaj7"),
        ("Idom7", "major", "C7"),
        ("V7", "major", "G7"),
        ("IM-5", "major", "C(b5)"),
        ("VI", "minor", "Ab"),
        ("i7", "minor", "Cm7"),
        ("isus4", "minor", "Csus4"),
        ("bVIIM", "modal", "Bb"),
        ("ivm6", "modal", "Fm6"),
        ("vdim", "modal", "Gdim"),
        ("viadd9", "major", "Amadd9"),
    ],
)
def test_shorthand(text: str, mode: str, chord: str) -> None:
    read = shorthand(text, Key(0, "minor" if mode == "minor" else "major"), mode)
    assert str(read) == chord


def test_shorthand_that_is_none() -> None:
    assert shorthand("H", Key(0), "major") is None
    assert shorthand("Iwhat", Key(0), "major") is None
