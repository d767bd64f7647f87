"""Songs with piano and lead sheets become pieces: parts by role, labels where the notes bear them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.compose.corpus.musicxml import Symbol, parse_score
from models.compose.corpus.piece import Piece, Skipped
from models.compose.corpus.scores import bars_of_score, chord_of, read_lieder, read_openewld
from sessions.music.parts import Part
from tests.models.compose.corpus.scorewriting import attributes, backup, measure, note, score, symbol, tempo, write_mxl

CHORDS = {"C": ("C3", "E4", "G4"), "F": ("F2", "F4", "A4"), "G": ("G2", "D4", "G4"), "A": ("A2", "E4", "A4")}


def lied(first_number: int = 1, roots: str = "CFGCAFGC", pickup: bool = False) -> str:
    voice, piano = [], []
    if pickup:
        voice.append(measure(first_number, attributes(), tempo(72), note("G4", 1)))
        piano.append(measure(first_number, attributes(), note("-", 1)))
    for number, root in enumerate(roots, start=first_number + pickup):
        low, middle, high = CHORDS[root]
        head = attributes() + tempo(72) if not voice else ""
        voice.append(measure(number, head, note(f"{root}4", 2), note(f"{root}5", 2)))
        piano.append(
            measure(number, attributes() if head else "", note(middle, 4, staff=1), note(high, 4, chord=True, staff=1),
                    backup(4), note(low, 4, staff=2))
        )  # fmt: skip
    return score([("Voice", "voice.vocals", voice), ("Piano", "keyboard.piano", piano)])


def rntxt(first: int = 1) -> str:
    numerals = "C: I|IV|V|I|a: i|C: IV|V|I".split("|")
    return "Composer: N\n\n" + "\n".join(f"m{i} {text}" for i, text in enumerate(numerals, start=first))


def written(folder: Path, text: str, analysis: str = "") -> list[Piece | Skipped]:
    song = folder / "openscore_lieder" / "scores" / "N,_N" / "_" / "Song"
    write_mxl(song / "lc1.mxl", text)
    if analysis:
        (song / "analysis_automatic.rntxt").write_text(analysis, encoding="utf-8")
    return list(read_lieder(folder / "openscore_lieder"))


def only(found: list[Piece | Skipped]) -> Piece:
    [piece] = found
    assert isinstance(piece, Piece)
    return piece


def test_a_song_with_piano(tmp_path: Path) -> None:
    piece = only(written(tmp_path, lied(), rntxt()))
    assert (piece.source, piece.name, piece.licence, piece.style) == (
        "openscore_lieder",
        "N,_N/_/Song",
        "CC0-1.0",
        "classical",
    )
    assert len(piece.bars) == 8
    assert {str(bar.meter) for bar in piece.bars} == {"4/4"}
    assert piece.bars[0].bpm == 72
    assert [n.pitch for n in piece.notes[Part.BASS]] == [48, 41, 43, 48, 45, 41, 43, 48]
    assert piece.count(Part.HARMONY) == 16
    assert piece.count(Part.MELODY) == 16
    assert [str(chord) for chord, _ in piece.chords] == ["C", "F", "G", "C", "Am", "F", "G", "C"]
    assert {str(key) for key in piece.keys} == {"C"}  # one bar in A minor is a moment


@pytest.mark.parametrize(("first", "counted"), [(0, 1), (1, 0), (1, 1), (0, 0)])
def test_an_analysis_that_counts_measures_otherwise_is_found_its_place(
    tmp_path: Path, first: int, counted: int
) -> None:
    piece = only(written(tmp_path, lied(first), rntxt(counted)))
    assert [str(chord) for chord, _ in piece.chords] == ["C", "F", "G", "C", "Am", "F", "G", "C"]


def test_an_analysis_of_other_music_gives_way_to_the_notes(tmp_path: Path) -> None:
    wrong = "m1 F#: I\n" + "\n".join(f"m{i} V7" for i in range(2, 9))
    piece = only(written(tmp_path, lied(), wrong))
    assert [chord.root for chord, _ in piece.chords if chord] == [0, 5, 7, 0, 9, 5, 7, 0]
    assert {key.tonic for key in piece.keys} == {0}


def test_without_an_analysis_chords_are_inferred(tmp_path: Path) -> None:
    piece = only(written(tmp_path, lied()))
    assert [chord.root for chord, _ in piece.chords if chord] == [0, 5, 7, 0, 9, 5, 7, 0]


def test_a_pickup_is_a_short_bar(tmp_path: Path) -> None:
    piece = only(written(tmp_path, lied(0, pickup=True), rntxt()))
    assert [str(bar.meter) for bar in piece.bars[:2]] == ["1/4", "4/4"]
    assert piece.bars[1].start == 960
    assert [str(chord) for chord, _ in piece.chords[1:]] == ["C", "F", "G", "C", "Am", "F", "G", "C"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    [skipped] = written(tmp_path, "<html/>")
    assert isinstance(skipped, Skipped)
    assert skipped.name == "N,_N/_/Song"
    [short] = written(tmp_path, lied(roots="C"))
    assert isinstance(short, Skipped)
    assert "hardly" in short.reason


def test_halves_of_one_bar_are_joined_and_odd_bars_have_their_own_metre() -> None:
    bars = [
        measure(1, attributes(0, "3/4"), note("C4", 3)),
        measure(2, note("C4", 2)),
        measure("X1", note("C4", 1)),
        measure(3, note("C4", 3)),
        measure(4, note("C4", 3.5)),
        measure(5, note("C4", 3)),
    ]
    found, index = bars_of_score(parse_score(score([("Tune", "", bars)]).encode()))
    assert [str(bar.meter) for bar in found] == ["3/4", "3/4", "3/4", "7/8", "3/4"]
    assert index == [0, 1, 1, 2, 3, 4]


def test_a_bar_that_no_metre_has_is_a_value_error() -> None:
    bars = [measure(1, attributes(0, "3/4"), note("C4", 3)), measure(2, note("C4", 37 / 12))]
    with pytest.raises(ValueError, match="no metre"):
        bars_of_score(parse_score(score([("Tune", "", bars)]).encode()))


def sheet(folder: Path, *bars: str, author: str = "Traditional", title: str = "A_Tune_(2)") -> Piece:
    """A lead sheet that is signed C major; a bar is a chord's root, its kind and four notes."""
    measures = []
    for number, bar in enumerate(bars, start=1):
        root, kind, *names = bar.split()
        head = attributes(0, "4/4", "major") if number == 1 else ""
        measures.append(measure(number, head, symbol(root, kind), *[note(name, 1) for name in names]))
    path = folder / "openewld_pd" / "dataset" / author / title / f"{title}.mxl"
    write_mxl(path, score([("", "", measures)]))
    return only(list(read_openewld(folder / "openewld_pd")))


IN_C = ("C major C5 E5 G5 E5", "F major F5 A5 G5 F5", "G dominant D5 B4 G4 B4", "C major C5 D5 C5 C5")
IN_F = ("F major F5 A5 C5 A4", "Bb major D5 F5 D5 Bb4", "C dominant E5 G5 Bb4 G4", "F major F5 G5 F5 F5")
IN_A_MINOR = ("A minor A4 C5 E5 C5", "D minor D5 F5 A4 F5", "E dominant E5 G#4 B4 D5", "A minor A4 B4 A4 A4")


def test_a_lead_sheet(tmp_path: Path) -> None:
    piece = sheet(tmp_path, *IN_C)
    assert (piece.source, piece.licence, piece.style, piece.song) == ("openewld_pd", "MIT", "folk", "a tune")
    assert set(piece.notes) == {Part.MELODY}
    assert piece.count(Part.MELODY) == 16
    assert [[str(c) for c in pair] for pair in piece.chords] == [["C", "C"], ["F", "F"], ["G7", "G7"], ["C", "C"]]


@pytest.mark.parametrize(("bars", "tonic", "minor"), [(IN_C, 0, False), (IN_F, 5, False), (IN_A_MINOR, 9, True)])
def test_a_sheet_has_the_key_that_it_sounds_in_whatever_is_signed(
    tmp_path: Path, bars: tuple[str, ...], tonic: int, minor: bool
) -> None:
    piece = sheet(tmp_path, *bars * 2, author="Somebody")
    assert {(key.tonic, "minor" in key.mode) for key in piece.keys} == {(tonic, minor)}
    assert piece.style == "song"


@pytest.mark.parametrize(
    ("kind", "text", "degrees", "chord"),
    [
        ("dominant", "7b9", (("add", 9, -1),), "G7b9"),
        ("suspended-fourth", "7sus", (), "G7sus4"),
        ("half-diminished", "", (), "Gm7b5"),
        ("dominant", "7b5", (("alter", 5, -1),), "G7b5"),
        ("minor", "m", (("add", 9, 0),), "Gmadd9"),
    ],
)
def test_symbols(kind: str, text: str, degrees: tuple[tuple[str, int, int], ...], chord: str) -> None:
    assert str(chord_of(Symbol(0, 7, kind, text, None, degrees))) == chord


def test_a_symbol_of_no_kind_is_no_chord() -> None:
    assert chord_of(Symbol(0, 7, "Neapolitan", "", None, ())) is None
