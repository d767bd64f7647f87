"""The arranger's music in the corpus: reproducible, all of it, and true to what was asked."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pytest

from models.compose.corpus.arranged import arranged, read_under_billboard
from models.compose.corpus.charts import ChartBar, ChartSection, Song, parse_billboard
from models.compose.corpus.piece import Origin, Piece, held_out
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.styles import STYLES

SONGS = [
    Song(
        "mcgill_billboard", str(number), f"song {number}", "CC0-1.0", Key(number % 12, mode), 110.0,
        tuple(
            ChartSection(kind, tuple(ChartBar(Meter(4, 4), ((Chord((number + step) % 12), 1.0),)) for step in steps))
            for kind, steps in (("verse", (0, 5, 7, 0) * 2), ("chorus", (5, 7, 0, 9) * 3), ("", (0, 7)))
        ),
    )
    for number, mode in enumerate(("major", "minor", "mixolydian") * 15)
]  # fmt: skip


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return list(arranged(SONGS, sections=30, seed=3))


def test_the_same_songs_and_seed_give_the_same_music(pieces: list[Piece]) -> None:
    assert list(islice(arranged(SONGS, sections=30, seed=3), 5)) == pieces[:5]
    assert list(islice(arranged(SONGS, sections=30, seed=4), 5)) != pieces[:5]


def test_as_many_sections_as_asked_in_all_styles(pieces: list[Piece]) -> None:
    assert [piece.style for piece in pieces] == [*STYLES, *STYLES][: len(pieces)]
    assert len({piece.name for piece in pieces}) == len(pieces)
    assert {piece.origin for piece in pieces} == {Origin.RULES}
    assert len(pieces) < 30 <= sum(len(piece.bars) for piece in pieces) / 8


def test_bars_kinds_and_parts(pieces: list[Piece]) -> None:
    for piece in pieces:
        assert 8 <= len(piece.bars) <= 32
        assert all(bar.kind for bar in piece.bars)
        assert set(piece.notes) == set(NOTE_PARTS)
        assert all(note.end <= piece.end for row in piece.notes.values() for note in row)
        assert piece.energy is not None
        assert 0 <= piece.energy <= 1
    assert len({bar.meter for piece in pieces for bar in piece.bars}) > 3


def test_notes_are_on_the_chords_that_they_are_said_to_be_on(pieces: list[Piece]) -> None:
    inside = outside = 0
    for piece in pieces:
        for note in piece.notes[Part.HARMONY]:
            [pair] = [
                pair for bar, pair in zip(piece.bars, piece.chords, strict=True) if bar.start <= note.start < bar.end
            ]
            assert pair[0] is not None
            assert pair[1] is not None
            tones = pair[0].pitch_classes + pair[1].pitch_classes
            inside, outside = inside + (note.pitch % 12 in tones), outside + (note.pitch % 12 not in tones)
    assert inside > 20 * outside


def test_songs_that_are_held_out_stay_so(pieces: list[Piece]) -> None:
    for piece in pieces:
        if piece.song:
            source, _, song = piece.song.rstrip("~").partition("/")
            assert piece.held_out == held_out(source, song)
    name = next(f"song {number}" for number in count() if held_out("mcgill_billboard", f"song {number}"))
    under = [piece for piece in arranged([replace(SONGS[0], song=name)], sections=10, seed=1) if piece.song]
    assert under
    assert all(piece.held_out for piece in under)


def test_silence_and_short_sections_are_played_through(tmp_path: Path) -> None:
    head = "# artist: A\n# title: T\n# metre: 3/4\n# tonic: D\n"
    text = f"{head}0.0\tA, verse, | N | D:min A:7 |\n4.0\tB, chorus, | N | N |\n8.0\tend"
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "salami_chords.txt").write_text(text, encoding="utf-8")
    song = parse_billboard(text)
    assert song is not None
    made = next(read_under_billboard(tmp_path))
    assert isinstance(made, Piece)
    under = [piece for piece in arranged([song], sections=9, seed=0) if piece.song]
    assert not under  # half of the verse is silent, and all of the chorus
    louder = parse_billboard(text.replace("| N | D:min A:7 |", "| D:min | G:maj | D:min A:7 | N |"))
    assert louder is not None
    assert any(piece.song for piece in arranged([louder], sections=9, seed=0))
