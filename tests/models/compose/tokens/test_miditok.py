"""The tokens as miditok's users meet them: the same ids, files in and out."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.compose.tokens.decode import decode
from models.compose.tokens.vocabulary import VOCABULARY
from sessions.music.parts import PITCHED_PARTS, Part
from tests.models.compose.tokens.music import arranged

pytest.importorskip("miditok")
symusic = pytest.importorskip("symusic")

from models.compose.tokens.miditok_adapter import StarBridge, miditok_name  # noqa: E402  # after the skips

pytestmark = pytest.mark.filterwarnings("default")  # what miditok warns of is its own business


@pytest.fixture
def song(tmp_path: Path) -> Path:
    piece = arranged(style="pop", bars=8, seed=2)
    score = symusic.Score(960)
    score.tempos.append(symusic.Tempo(0, piece.bars[0].bpm))
    score.time_signatures.append(symusic.TimeSignature(0, 4, 4))
    programs = {Part.DRUMS: 0, Part.BASS: 33, Part.HARMONY: 4, Part.MELODY: 73}
    for part, notes in piece.notes.items():
        track = symusic.Track(name=part.value, program=programs[part], is_drum=part is Part.DRUMS)
        for note in notes:
            track.notes.append(symusic.Note(note.start, note.length, note.pitch, note.velocity))
        score.tracks.append(track)
    path = tmp_path / "song.mid"
    score.dump_midi(str(path))
    return path


def test_ids_are_those_of_the_table() -> None:
    tokenizer = StarBridge()
    assert len(tokenizer) == len(VOCABULARY)
    assert tokenizer.pad_token_id == VOCABULARY.id("pad")
    assert [tokenizer[miditok_name(name)] for name in VOCABULARY.names] == list(range(len(VOCABULARY)))


def test_a_file_goes_in_and_comes_out(song: Path) -> None:
    tokenizer = StarBridge()
    sequence = tokenizer.encode(song)
    sections = decode(sequence.ids)
    assert sum(len(section.write.sheet) for section in sections) == 8
    score = tokenizer.decode(sequence)
    told = {
        part: sum(len(s.write.sheet.parts.get(part, ())) for s in sections) for part in (Part.DRUMS, *PITCHED_PARTS)
    }
    assert {track.name: len(track.notes) for track in score.tracks} == {p.value: n for p, n in told.items() if n}
    assert tokenizer.tokens_errors(sequence) < 0.5


def test_it_is_saved_and_loaded_as_miditok_does(tmp_path: Path) -> None:
    StarBridge().save(tmp_path / "tokenizer.json")
    assert StarBridge(params=tmp_path / "tokenizer.json").vocab == StarBridge().vocab
