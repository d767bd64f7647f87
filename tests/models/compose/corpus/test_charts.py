"""Charts are read as they are written: metre, tonic, form, chords bar by bar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.compose.corpus.charts import (
    Song,
    chord_of,
    kind_of,
    parse_billboard,
    read_billboard,
    read_progressions,
)

TEXT = """# title: The Song
# artist: Some Band
# metre: 4/4
# tonic: A

0.0\tsilence
1.0\tA, intro, | A:min | F:maj G:maj |
5.0\tB, verse, | A:min | . C:maj . . |, (voice
9.0\t| D:min7/b3 | (2/4) E:7 | x2, voice)
15.0\tC, pre-chorus, | N | F:maj |
# tonic: B
19.0\tD, chorus, | B:min | G:maj |
23.0\tB, | B:min | G:maj |
27.0\tA, fadeout, | B:min |
29.0\tZ, noise
31.0\tend
"""


def read(text: str = TEXT) -> Song:
    song = parse_billboard(text, "0001")
    assert song is not None
    return song


def chords_of(song: Song, section: int) -> list[list[str]]:
    return [[str(chord) for chord, _ in bar.chords] for bar in song.sections[section].bars]


def test_form_and_chords() -> None:
    song = read()
    assert [section.kind for section in song.sections] == [
        "intro", "verse", "prechorus", "chorus", "verse", "outro",
    ]  # fmt: skip
    assert chords_of(song, 0) == [["Am"], ["F", "G"]]
    assert chords_of(song, 1)[:2] == [["Am"], ["Am", "C"]]
    assert [share for _, share in song.sections[1].bars[1].chords] == [0.25, 0.75]
    assert chords_of(song, 1)[2:] == [["Dm7/F"], ["E7"]] * 2
    assert str(song.sections[1].bars[3].meter) == "2/4"
    assert chords_of(song, 2) == [["None"], ["F"]]


def test_what_follows_a_change_of_tonic_is_moved_to_the_first() -> None:
    song = read()
    assert chords_of(song, 3) == [["Am"], ["F"]]
    assert (song.key.tonic, song.key.mode) == (9, "minor")


def test_tempo_and_names() -> None:
    song = read()
    assert song.bpm == 120.0
    assert (song.source, song.name, song.song, song.licence) == (
        "mcgill_billboard",
        "0001",
        "some band the song",
        "CC0-1.0",
    )


def test_a_fade_out_is_not_played_for_ever() -> None:
    assert len(read(TEXT.replace("| x2", "| x79")).sections[1].bars) == 2 + 8 * 2


@pytest.mark.parametrize("text", ["", "# tonic: C\n", "# metre: 4/4\n0.0\tA, verse, | C:maj |"])
def test_what_is_no_song(text: str) -> None:
    assert parse_billboard(text) is None


@pytest.mark.parametrize(
    ("text", "chord"),
    [
        ("Bb:maj", "Bb"), ("C:sus4(b7)", "C7sus4"), ("C:sus4(b7,9)", "C9sus4"), ("C:maj(9)", "Cadd9"),
        ("C:7(#9)", "C7#9"), ("C:hdim7", "Cm7b5"), ("C:minmaj7", "Cmmaj7"), ("C:1", "C5"), ("C:maj/5", "C/G"),
        ("C:maj6(9)", "C69"), ("C:aug(b7)", "Caug7"), ("C:min/b7", "Cm/Bb"), ("C:maj/1", "C"), ("C:odd", "C"),
        ("C:11", "C11"), ("C:maj9", "Cmaj9"), ("N", "None"), ("Fb:maj", "E"),
    ],
)  # fmt: skip
def test_chords(text: str, chord: str) -> None:
    assert str(chord_of(text)) == chord


def test_kinds() -> None:
    names = ("verse two", "chorus b", "pre-chorus two", "refrain", "main theme", "coda", "solo", "trans", "pre-verse")
    assert [kind_of(name) for name in names] == [
        "verse", "chorus", "prechorus", "chorus", "chorus", "outro", "", "", "intro",
    ]  # fmt: skip


def test_folders(tmp_path: Path) -> None:
    for number in ("0002", "0001"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "salami_chords.txt").write_text(TEXT, encoding="utf-8")
    assert [song.name for song in read_billboard(tmp_path)] == ["0001", "0002"]


def test_progressions(tmp_path: Path) -> None:
    rows = [
        {"mode": "major", "chords": ["I", "V", "vi", "IV"], "tags": ["Hopeful"]},
        {"mode": "minor", "chords": ["i", "VI", "VII"], "tags": []},
        {"mode": "modal", "chords": ["im", "bVIIM", "IV"], "tags": ["Dark"]},
        {"mode": "major", "chords": ["I", "?"], "tags": []},
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "progressions.jsonl").write_text(text, encoding="utf-8")
    songs = list(read_progressions(tmp_path))
    assert [chords_of(song, 0) for song in songs] == [
        [["C"], ["G"], ["Am"], ["F"]], [["Am"], ["F"], ["G"]], [["Am"], ["G"], ["D"]],
    ]  # fmt: skip
    assert [str(song.key) for song in songs] == ["C", "Am", "A dorian"]
    assert songs[2].moods == ("Dark",)
