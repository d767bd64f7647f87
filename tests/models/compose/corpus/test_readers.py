"""Each MIDI set is read as it lies in its folder; what is no music is told and skipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.compose.corpus.piece import Piece, Skipped
from models.compose.corpus.readers import READERS
from sessions.music.parts import NOTE_PARTS, Part
from tests.models.compose.corpus.midiwriting import Line, band, tune, write_midi

READ = {reader.folder: reader.read for reader in READERS}
DRUMS = [(i * 240, 60, (36, 42, 38, 42)[i % 4]) for i in range(32)]


def pieces(folder: Path) -> list[Piece]:
    made = list(READ[folder.name](folder))
    assert all(isinstance(one, Piece) for one in made), made
    return [one for one in made if isinstance(one, Piece)]


def test_every_set_has_one_reader() -> None:
    assert len(READ) == len(READERS)


@pytest.mark.parametrize("name", [reader.folder for reader in READERS if reader.files == "**/*.mid"])
def test_an_empty_folder_is_no_music(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    made: Iterator[Piece | Skipped] = READ[name](tmp_path / name)
    assert [one for one in made if isinstance(one, Piece)] == []


def test_a_bad_file_is_told_and_the_others_read(tmp_path: Path) -> None:
    folder = tmp_path / "freedoom"
    write_midi(folder / "current" / "d_b.mid", *band(1))
    (folder / "current" / "d_a.mid").write_bytes(b"no midi")
    told, piece = READ["freedoom"](folder)
    assert isinstance(told, Skipped)
    assert (told.source, told.name) == ("freedoom", "current/d_a")
    assert isinstance(piece, Piece)


def test_a_song_has_its_parts_style_and_bars(tmp_path: Path) -> None:
    folder = tmp_path / "freedoom"
    write_midi(folder / "history" / "2023-07-12_d_dm18_36b44011.mid", *band(1), bpm=150)
    drums, bass, pad, lead = band(2)
    write_midi(folder / "current" / "d_e1m1.mid", drums, bass, pad, Line(lead.rows, "gtr", 30, 3), bpm=150)
    metal, game = pieces(folder)
    assert (game.name, game.song, game.style) == ("history/2023-07-12_d_dm18_36b44011", "d_dm18", "game")
    assert (metal.style, metal.licence, metal.human) == ("metal", "BSD-3-Clause", False)
    assert tuple(game.notes) == NOTE_PARTS
    assert (len(game.bars), game.bars[0].bpm, str(game.keys[0])) == (8, 150.0, "C")
    assert game.count(Part.MELODY) == 64


def test_groove_is_played_by_people_in_our_styles(tmp_path: Path) -> None:
    folder = tmp_path / "groove"
    write_midi(folder / "drummer1" / "s" / "1_jazz-swing_95_fill_3-4.mid", Line([(0, 60, 22), (7, 60, 40)], channel=9))
    (folder / "info.csv").write_text(
        "drummer,id,style,bpm,beat_type,time_signature,midi_filename\n"
        "drummer1,drummer1/s/1,jazz/swing,95,fill,3-4,drummer1/s/1_jazz-swing_95_fill_3-4.mid\n"
    )
    [piece] = pieces(folder)
    assert (piece.name, piece.style, piece.human) == ("drummer1/s/1_fill", "swing", True)
    assert (str(piece.bars[0].meter), piece.bars[0].bpm) == ("3/4", 95.0)
    assert [note.pitch for note in piece.notes[Part.DRUMS]] == [42, 38]


def test_clips_carry_genre_and_energy(tmp_path: Path) -> None:
    folder = tmp_path / "drum_clips_cc0"
    write_midi(folder / "assembled" / "dnb_K001-S002.mid", Line(DRUMS, channel=9))
    (folder / "assembled" / "index.tsv").write_text("file\tgenre\nD\tx\ndnb_K001-S002.mid\tdnb\n")
    lines = [json.dumps({"id": name, "energy": energy}) for name, energy in (("K001", 4), ("S002", 3))]
    (folder / "clips.jsonl").write_text("\n".join(lines))
    [piece] = pieces(folder)
    assert (piece.style, piece.energy, piece.bars[0].kind) == ("dnb", 0.625, "loop")


def test_presets_and_bass_lines_are_loops(tmp_path: Path) -> None:
    write_midi(tmp_path / "drum_presets_mit" / "hiphop_1_90bpm.mid", Line(DRUMS, channel=9))
    write_midi(tmp_path / "basslines_mit" / "urban_trapBoom.mid", Line(band(1)[1].rows, "bass: Boom", 38))
    [preset], [bass] = pieces(tmp_path / "drum_presets_mit"), pieces(tmp_path / "basslines_mit")
    assert (preset.style, list(preset.notes), preset.bars[0].kind) == ("hip-hop", [Part.DRUMS], "loop")
    assert (bass.style, list(bass.notes), bass.bars[0].kind) == ("trap", [Part.BASS], "loop")


def test_hymns_are_four_voices_and_a_tune_has_versions(tmp_path: Path) -> None:
    folder = tmp_path / "openhymnal"
    voices = [Line([(i * 480, 470, high + i % 3) for i in range(16)]) for high in (72, 65, 60, 48)]
    write_midi(folder / "A_Text-Tune_Isorhythmic.mid", *voices)
    [piece] = pieces(folder)
    assert (piece.song, piece.style) == ("Tune", "hymn")
    assert [piece.count(part) for part in (Part.MELODY, Part.HARMONY, Part.BASS)] == [16, 32, 16]


def test_scores_without_a_tempo_get_their_styles(tmp_path: Path) -> None:
    folder = tmp_path / "mutopia_pd"
    left = [
        (i * 240, 200, pitch) for i in range(64) for pitch in ((40, 43)[i // 2 % 2 :][:1] if i % 2 == 0 else (55, 59))
    ]
    hands = Line(tune(3, shift=12), "upper:"), Line(left, "lower:", channel=1)
    write_midi(folder / "rag.mid", *hands, bpm=60, meter=(2, 4))
    write_midi(folder / "slow.mid", *hands, bpm=50, meter=(2, 4))
    header = "file\ttitle\tcomposer\tstyle\tinstrument\tlicence"
    (folder / "index.tsv").write_text(f'{header}\nrag.mid\tA "Rag\tJ\tJazz\tPiano\tPublic Domain\n')
    rag, slow = pieces(folder)
    assert (rag.style, rag.bars[0].bpm, rag.licence) == ("ragtime", 84.0, "Public-Domain")
    assert (slow.style, slow.bars[0].bpm) == ("classical", 50.0)
    assert set(rag.notes) == {Part.BASS, Part.HARMONY, Part.MELODY}
    assert {note.pitch for note in rag.notes[Part.BASS]} == {40, 43}


def test_quartets_read_from_the_top(tmp_path: Path) -> None:
    lines = [
        Line([(i * 480, 470, high + i % 5) for i in range(32)], "", 40, c) for c, high in enumerate((74, 66, 60, 45))
    ]
    write_midi(tmp_path / "openscore_quartets" / "q.mid", *lines)
    [piece] = pieces(tmp_path / "openscore_quartets")
    assert [piece.count(part) for part in (Part.MELODY, Part.HARMONY, Part.BASS)] == [32, 64, 32]
