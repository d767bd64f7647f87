"""Scores are read as they are written, and as music21 reads them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from models.compose.corpus.musicxml import parse_score, read_score
from tests.models.compose.corpus.scorewriting import attributes, backup, measure, note, score, symbol, tempo, write_mxl

STACCATO = "<notations><articulations><staccato/></articulations></notations>"
LOUD = '<direction><direction-type><dynamics><f/></dynamics></direction-type><sound dynamics="100"/></direction>'

SONG = score(
    [
        ("Voice", "voice.vocals", [
            measure(0, attributes(-1, "3/4"), tempo(84), note("A4", 1)),
            measure(1, note("Bb4", 1 / 3), note("A4", 1 / 3), note("G4", 1 / 3), note("F4", 2, ties="start")),
            measure(2, note("F4", 1, ties="stop"), note("-", 1), tempo(60), note("C5", 1, extra=STACCATO)),
        ]),
        ("Piano", "keyboard.piano", [
            measure(0, attributes(-1, "3/4"), note("-", 1, staff=1)),
            measure(1, LOUD, note("F4", 3, staff=1), note("A4", 3, chord=True, staff=1), backup(3),
                    note("F2", 1.5, staff=2), note("C3", 1.5, staff=2)),
            measure(2, note("C4", 3, staff=1), "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>",
                    backup(3), note("E2", 3, staff=2)),
        ]),
    ]
)  # fmt: skip


def test_notes_ties_chords_and_staves() -> None:
    voice, piano = parse_score(SONG.encode()).parts
    assert [(n.start, n.length, n.pitch) for n in voice.notes] == [
        (0, 960, 69), (960, 320, 70), (1280, 320, 69), (1600, 320, 67), (1920, 2880, 65), (5760, 480, 72),
    ]  # fmt: skip
    assert [(n.start, n.length, n.pitch, n.staff) for n in piano.notes] == [
        (960, 1440, 41, 2), (960, 2880, 65, 1), (960, 2880, 69, 1), (2400, 1440, 48, 2), (3840, 2880, 40, 2),
        (3840, 2880, 60, 1),
    ]  # fmt: skip
    assert (voice.name, voice.sound) == ("Voice", "voice.vocals")


def test_loudness_holds_until_the_next_sign_and_for_parts_without_any() -> None:
    voice, piano = parse_score(SONG.encode()).parts
    assert {n.velocity for n in piano.notes} == {90}
    assert voice.notes[0].velocity == 71
    assert voice.notes[-1].velocity == 90


def test_measures_tempi_and_signatures() -> None:
    found = parse_score(SONG.encode())
    assert [(m.number, m.start, m.ticks, m.nominal_ticks, m.fifths) for m in found.measures] == [
        ("0", 0, 960, 2880, -1), ("1", 960, 2880, 2880, -1), ("2", 3840, 2880, 2880, -1),
    ]  # fmt: skip
    assert found.tempi == ((0, 84.0), (5760, 60.0))


def test_chord_symbols() -> None:
    bass = "<bass><bass-step>E</bass-step></bass>"
    ninth = (
        "<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter><degree-type>add</degree-type></degree>"
    )
    bar = measure(
        1, attributes(), symbol("C", "major", bass), note("C4", 2), symbol("Bb", "dominant", ninth), note("D4", 2)
    )
    first, second = parse_score(score([("Tune", "", [bar])]).encode()).symbols
    assert (first.start, first.root, first.kind, first.bass) == (0, 0, "major", 4)
    assert (second.start, second.root, second.kind, second.degrees) == (1920, 10, "dominant", (("add", 9, -1),))


def test_divisions_may_change_and_what_says_no_length_is_as_long_as_its_time() -> None:
    finer = "<attributes><divisions>480</divisions></attributes>"
    note_of_480 = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>480</duration></note>"
    text = score(
        [("Tune", "", [measure(1, attributes()), measure(2, finer, note_of_480 * 4), measure(3, note_of_480)])]
    )
    found = parse_score(text.encode())
    assert [m.ticks for m in found.measures] == [3840, 3840, 960]
    assert [n.start for n in found.parts[0].notes] == [3840, 4800, 5760, 6720, 7680]


def test_files_plain_and_zipped(tmp_path: Path) -> None:
    write_mxl(tmp_path / "a.mxl", SONG)
    (tmp_path / "a.xml").write_text(SONG, encoding="utf-8")
    assert read_score(tmp_path / "a.mxl") == read_score(tmp_path / "a.xml") == parse_score(SONG.encode())


@pytest.mark.parametrize(
    "text", ["", "<a", "<html/>", SONG.replace("<step>A", "<step>H"), SONG.replace("<beats>3", "<beats>x")]
)
def test_what_is_no_score_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_score(text.encode())


def test_broken_archives_are_value_errors(tmp_path: Path) -> None:
    (tmp_path / "a.mxl").write_bytes(b"PK\3\4 and no more")
    with zipfile.ZipFile(tmp_path / "b.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
    for name in ("a.mxl", "b.mxl"):
        with pytest.raises(ValueError, match=name):
            read_score(tmp_path / name)


@pytest.mark.filterwarnings("ignore")
def test_music21_reads_the_same(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    path = tmp_path / "song.musicxml"
    path.write_text(SONG.replace(STACCATO, ""), encoding="utf-8")
    theirs = music21.converter.parse(str(path)).stripTies()
    found = sorted(
        (round(float(event.getOffsetInHierarchy(theirs)) * 960), round(float(event.quarterLength) * 960), pitch.midi)
        for event in theirs.recurse().notes
        if not event.duration.isGrace
        for pitch in event.pitches
    )
    ours = read_score(path)
    assert found == sorted((n.start, n.length, n.pitch) for part in ours.parts for n in part.notes)
