"""Keys and chords are inferred from the notes: known progressions, modes and a hymn's first lines."""

from __future__ import annotations

import pytest

from models.compose.corpus.build import Label, build, infer_harmony
from models.compose.corpus.piece import Bar
from sessions.music.beats import Meter
from sessions.music.chords import Chords
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part

FOUR = Meter(4, 4)


def played(progression: str, bars: int) -> tuple[tuple[Bar, ...], dict[Part, tuple[Note, ...]]]:
    """A progression as a band plays it: roots below, chords above."""
    bass, harmony = [], []
    for span in Chords.parse(progression).over(bars, FOUR):
        length = span.end - span.start
        bass.append(Note(span.start, length, 36 + span.chord.lowest, 90))
        harmony += [Note(span.start, length, 60 + step, 80) for step in sorted(set(span.chord.pitch_classes))]
    made = tuple(Bar(place * 3840, FOUR, 100.0) for place in range(bars))
    return made, {Part.BASS: tuple(bass), Part.HARMONY: tuple(sorted(harmony))}


@pytest.mark.parametrize(
    ("progression", "key"),
    [
        ("C Am F G", "C"),
        ("Bb Gm Eb F", "Bb"),
        ("Am Dm E Am", "A harmonic minor"),
        ("Dm Em G Dm", "D dorian"),
        ("Em F Em F", "E phrygian"),
        ("G F C G", "G mixolydian"),
        ("C D C D", "C lydian"),
        ("Fm Db Ab Eb", "Fm"),
    ],
)
def test_a_progression_has_its_key_and_its_chords(progression: str, key: str) -> None:
    bars, notes = played(progression, 16)
    keys, chords = infer_harmony(bars, notes)
    assert set(keys) == {Key.parse(key)}
    wanted = [(step.chord.root, step.chord.quality) for step in Chords.parse(progression).over(16, FOUR)]
    assert [(a.root, a.quality) for a, b in chords if a and a == b] == wanted


@pytest.mark.parametrize("chord", "C Cm C7 Cm7 Cmaj7 Cdim Caug Csus4 C5 Cm7b5".split())
def test_each_quality_is_known_by_its_notes(chord: str) -> None:
    bars, notes = played(f"{chord} F G {chord}", 4)
    assert str(infer_harmony(bars, notes)[1][0][0]) == chord


def test_two_chords_in_a_bar_are_two() -> None:
    bars, notes = played("C/2 G/2 Am/2 F/2", 8)
    assert [f"{a} {b}" for a, b in infer_harmony(bars, notes)[1][:2]] == ["C G", "Am F"]


def test_a_key_changes_where_the_music_does_and_seldom() -> None:
    bars, first = played("C F G C", 16)
    _, second = played("Eb Ab Bb Eb", 16)
    notes = {
        part: tuple([note for note in first[part] if note.start < 8 * 3840])
        + tuple(note for note in second[part] if note.start >= 8 * 3840)
        for part in first
    }
    assert [str(key) for key in infer_harmony(bars, notes)[0]] == ["C"] * 8 + ["Eb"] * 8


def test_silence_has_no_chord() -> None:
    bars, notes = played("C F G C", 8)
    quiet = {part: tuple(note for note in row if not 2 * 3840 <= note.start < 4 * 3840) for part, row in notes.items()}
    chords = infer_harmony(bars, quiet)[1]
    assert chords[2:4] == ((None, None), (None, None))
    assert None not in [chord for pair in chords[4:] for chord in pair]
    drums = {Part.DRUMS: (Note(0, 10, 36, 90),)}
    assert infer_harmony(bars[:1], drums) == ((Key(0),), ((None, None),))


OLD_HUNDREDTH = (
    "67 64 59 43, 67 64 59 43, 66 62 57 50, 64 60 55 52, 62 59 55 47, 67 62 59 43, 69 62 57 54, 71 62 55 55,"
    "71 62 55 55, 71 62 55 55, 71 67 62 55, 69 66 62 50, 67 64 59 52, 72 64 57 45, 71 62 55 55, 69 62 54 50"
)
"""Soprano, alto, tenor, bass of two lines, by Bourgeois (1551), in G."""


def test_a_hymn_is_in_its_key_with_or_without_its_signature() -> None:
    rows = [[int(pitch) for pitch in chord.split()] for chord in OLD_HUNDREDTH.split(",")]
    notes: dict[Part, list[Note]] = {Part.MELODY: [], Part.HARMONY: [], Part.BASS: []}
    for place, chord in enumerate(rows):
        for part, pitch in zip((Part.MELODY, Part.HARMONY, Part.HARMONY, Part.BASS), chord, strict=True):
            notes[part].append(Note(place * 960, 960, pitch, 90))
    bars = tuple(Bar(place * 3840, FOUR, 90.0) for place in range(4))
    for signatures in ((), ((0, 1, False),)):
        piece = build(Label("set", "old hundredth", "CC0"), bars, notes, signatures)
        assert {str(key) for key in piece.keys} == {"G"}
        assert str(piece.chords[0][0]) in ("G", "Em7", "Em")
