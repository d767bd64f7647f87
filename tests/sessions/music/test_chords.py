from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Code, Refused
from sessions.music import TICKS_PER_BEAT, Chord, Chords, Meter
from sessions.music.chords import MOST_CHORDS
from tests.sessions.music.strategies import chord_values, meters, progressions


@given(chord_values())
def test_a_chord_reads_back(chord: Chord) -> None:
    assert Chord.parse(str(chord)) == chord
    assert chord.pitch_classes[0] == chord.root


@given(progressions)
def test_a_progression_reads_back(chords: Chords) -> None:
    assert Chords.parse(str(chords)) == chords


@given(progressions, st.integers(1, 64), meters)
def test_a_progression_covers_the_section_without_gaps(chords: Chords, bars: int, meter: Meter) -> None:
    spans = chords.over(bars, meter)
    assert spans[0].start == 0
    assert spans[-1].end == bars * meter.ticks_per_bar
    assert all(one.end == other.start for one, other in pairwise(spans))
    for index, span in enumerate(spans[:-1]):
        chord, ticks = chords.steps[index % len(chords.steps)]
        assert span.chord == chord
        assert span.end - span.start == (meter.ticks_per_bar if ticks is None else ticks)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Am F C G", "Am F C G"), ("Am/2 F/2", "Am/2 F/2"), ("Am/C", "Am/C"), ("Am/C/2", "Am/C/2"),
        ("F♯m7♭5/C", "F#m7b5/C"),
        ("Am, F,C", "Am F C"), ("| Am | F |", "Am F"), ("| Am/2 F/2 | C |", "Am/2 F/2 C"), ("Am/2.50", "Am/2.5"),
        ("Am/.5", "Am/0.5"),
        ("C6/9", "C6/9"), ("C69", "C69"), ("Cmin7", "Cm7"), ("CΔ7", "Cmaj7"), ("Esus", "Esus4"), ("Cb5", "Cb5"),
        ("C(b5)", "C(b5)"),
    ],
)  # fmt: skip
def test_progressions_as_people_write_them(text: str, canonical: str) -> None:
    assert str(Chords.parse(text)) == canonical


def test_a_stroke_with_a_number_is_beats_with_a_note_a_bass() -> None:
    (beats, bass) = Chords.parse("C6/9 C/E").steps
    assert beats == (Chord(0, "6", None, "C"), 9 * TICKS_PER_BEAT)
    assert bass[0].lowest == 4
    assert bass[1] is None


def test_an_accidental_is_the_root_s_unless_in_brackets() -> None:
    assert Chord.parse("Cb5").pitch_classes == (11, 6)
    assert Chord.parse("C(b5)").pitch_classes == (0, 4, 6)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "names no chord"), ("|", "names no chord"), ("am", "upper case"), ("H7", "no chord"),
        ("N.C.", "leave parts out"), ("NC", "leave parts out"),
        ("Am/0", "0.25 to 2048"), ("Am/2049", "0.25 to 2048"), ("Am/0.1", "0.25 to 2048"), ("Am/0.333333", "960ths"),
        ("Am/H", "no chord"),
        ("Am F | C", "how many beats"), ("Cmaj77", "no chord"), ("C" + "b5" * 20, "no chord"), ("Am/-2", "no chord"),
        ("/C", "no chord"), ("Am/", "no chord"),
    ],
)  # fmt: skip
def test_no_progression(text: str, advice: str) -> None:
    with pytest.raises(Refused, match=f"^bad-value: chords: .*{advice}"):
        Chords.parse(text)


def test_too_many_chords() -> None:
    assert len(Chords.parse("C " * MOST_CHORDS).steps) == MOST_CHORDS
    with pytest.raises(Refused) as refused:
        Chords.parse("C " * (MOST_CHORDS + 1))
    assert refused.value.code is Code.TOO_MANY


def test_wrong_chords_cannot_be_made() -> None:
    with pytest.raises(ValueError):
        Chord(12)
    with pytest.raises(ValueError):
        Chord(0, "nice")
    with pytest.raises(ValueError):
        Chord(0, "", None, "D")
    with pytest.raises(ValueError):
        Chords(((Chord(0), 961),))
    with pytest.raises(ValueError):
        Chords(())


@given(st.text(max_size=60))
def test_foreign_text_is_read_or_refused(text: str) -> None:
    try:
        chords = Chords.parse(text)
    except Refused as refused:
        assert refused.advice.startswith("chords: ")
    else:
        assert Chords.parse(str(chords)) == chords
