"""Files of other people: their parts found, as the corpus finds them; whatever is wrong is told and nothing else is raised."""

from __future__ import annotations

import random
from pathlib import Path

import mido
import numpy as np
import pytest

from models.compose.corpus.midi import read_midi as read_for_corpus
from models.compose.evaluate.reading import Unreadable, music_below, read_midi, read_music
from sessions.music.parts import Part
from tests.models.compose.corpus.midiwriting import Line, band, write_midi


def test_a_band_has_its_four_parts(tmp_path: Path) -> None:
    piece = read_music(write_midi(tmp_path / "song.mid", *band(1), bpm=90))
    assert set(piece.notes) == {Part.DRUMS, Part.BASS, Part.HARMONY, Part.MELODY}
    assert len(piece.bars) == 8
    assert piece.bars[0].bpm == 90


def test_tracks_named_as_parts_are_these_parts(tmp_path: Path) -> None:
    high = [(i * 480, 240, 80 + i) for i in range(8)]
    low = [(i * 480, 240, 40 + i) for i in range(8)]
    piece = read_music(write_midi(tmp_path / "ours.mid", Line(high, "bass"), Line(low, "melody", channel=2)))
    assert [note.pitch for note in piece.notes[Part.BASS]] == [80 + i for i in range(8)]
    assert [note.pitch for note in piece.notes[Part.MELODY]] == [40 + i for i in range(8)]


def test_staves_of_a_score_are_read_as_voices(tmp_path: Path) -> None:
    voices = [
        Line([(i * 480, 480, pitch) for i in range(16)], name) for name, pitch in (("S", 72), ("A", 65), ("B", 48))
    ]
    piece = read_music(write_midi(tmp_path / "hymn.mid", *voices))
    assert {part: notes[0].pitch for part, notes in piece.notes.items()} == {
        Part.BASS: 48,
        Part.HARMONY: 65,
        Part.MELODY: 72,
    }


@pytest.mark.parametrize("seed", range(4))
def test_what_mido_reads_is_what_the_corpus_reads(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    lines = [
        Line(
            [(dice.randrange(0, 9600), dice.randrange(1, 900), dice.randrange(30, 90)) for _ in range(60)],
            name=f"line {number}",
            program=dice.randrange(128),
            channel=dice.choice((0, 1, 9)),
        )
        for number in range(3)
    ]
    path = write_midi(tmp_path / "any.mid", *lines, bpm=dice.uniform(60, 180), meter=(dice.choice((3, 4, 7)), 4))
    ours, theirs = read_midi(path), read_for_corpus(path)
    assert (ours.meters, ours.signatures) == (theirs.meters, theirs.signatures)
    assert [bpm for _, bpm in ours.tempos] == pytest.approx([bpm for _, bpm in theirs.tempos], abs=1e-3)
    assert [(t.name, t.program, t.is_drum) for t in ours.tracks] == [
        (t.name, t.program, t.is_drum) for t in theirs.tracks
    ]
    for one, other in zip(ours.tracks, theirs.tracks, strict=True):
        assert np.array_equal(one.notes[:, [0, 2]], other.notes[:, [0, 2]])


def test_one_track_of_many_channels_is_many_lines(tmp_path: Path) -> None:
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    for channel, pitch in ((0, 40), (9, 36), (3, 72)):
        track.append(mido.Message("note_on", note=pitch, velocity=90, channel=channel))
    track.append(mido.Message("note_off", note=40, velocity=0, channel=0, time=480))
    file.tracks.append(track)
    file.save(tmp_path / "zero.mid")
    song = read_midi(tmp_path / "zero.mid")
    assert [(t.is_drum, t.notes.tolist()) for t in song.tracks] == [
        (False, [[0, 960, 40, 90]]),
        (False, [[0, 960, 72, 90]]),
        (True, [[0, 960, 36, 90]]),
    ]


SCORE = """<score-partwise><part-list><score-part id='P1'><part-name>Voice</part-name></score-part></part-list><part id='P1'>
<measure number='1'><attributes><divisions>1</divisions><key><fifths>0</fifths></key><time><beats>4</beats>
<beat-type>4</beat-type></time></attributes>{notes}</measure></part></score-partwise>"""
NOTE = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>1</duration></note>"


def test_a_score_is_read(tmp_path: Path) -> None:
    path = tmp_path / "song.musicxml"
    path.write_text(SCORE.format(notes="".join(NOTE.format(step) for step in "CDEF")))
    piece = read_music(path)
    assert [note.pitch for note in piece.notes[Part.MELODY]] == [60, 62, 64, 65]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("none.mid", None),
        ("empty.mid", b""),
        ("junk.mid", bytes(range(256)) * 4),
        ("head.mid", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x10\0"),
        ("frames.mid", b"MThd\0\0\0\6\0\0\0\1\xe7\x28MTrk\0\0\0\4\0\xff\x2f\0"),
        ("silent.mid", b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0"),
        ("key.mid", b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x0a\0\xff\x59\2\x40\0\0\xff\x2f\0"),
        ("junk.xml", b"<html>"),
        ("bomb.mxl", b"PK\3\4 and no more"),
        ("rest.musicxml", SCORE.format(notes="").encode()),
    ],
)
def test_what_is_no_music_is_told(tmp_path: Path, name: str, data: bytes | None) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(Unreadable) as told:
        read_music(path)
    assert str(told.value)


@pytest.mark.parametrize("seed", range(3))
def test_broken_bytes_raise_one_type(tmp_path: Path, seed: int) -> None:
    whole = bytearray(write_midi(tmp_path / "song.mid", *band(1)).read_bytes())
    dice = random.Random(seed)
    for _ in range(20):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        (tmp_path / "broken.mid").write_bytes(data[: dice.randint(10, len(data))])
        try:
            read_music(tmp_path / "broken.mid")
        except Unreadable as error:
            assert str(error)


def test_music_below_a_folder(tmp_path: Path) -> None:
    for name in ("b.mid", "a/c.MID", "a/d.mxl", "a/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in music_below(tmp_path)] == ["c.MID", "d.mxl", "b.mid"]
    assert list(music_below(tmp_path / "b.mid")) == [tmp_path / "b.mid"]
