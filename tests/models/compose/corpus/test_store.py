"""A corpus comes back from its file as it went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.compose.corpus.piece import Bar, Origin, Piece, half_of, held_out
from models.compose.corpus.store import load, save
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part


def song(name: str = "song", **changes: object) -> Piece:
    bars = (Bar(0, Meter(1, 4), 93.7), Bar(960, Meter(7, 8), 120.0, "verse"))
    fields: dict[str, object] = {
        "source": "set", "name": name, "licence": "CC0", "origin": Origin.REAL, "style": "hip-hop", "human": True,
        "bars": bars, "keys": (Key.parse("Eb minor"), Key(0, "dorian")),
        "chords": ((None, Chord.parse("F#m7b5/C")), (Chord.parse("Gbmaj7"), None)),
        "notes": {
            Part.DRUMS: (Note(0, 1, 36, 1), Note(7, 9999, 127, 127)),
            Part.BASS: (),
            Part.MELODY: (Note(961, 480, 0, 64),),
        },
        "energy": 0.3, "song": "tune",
    }  # fmt: skip
    return Piece(**(fields | changes))  # type: ignore[arg-type]


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    pieces = [song(), song("lied", energy=None, notes={}), song("übung", origin=Origin.RULES, style="", human=False)]
    save(tmp_path / "corpus.npz", pieces)
    assert load(tmp_path / "corpus.npz") == pieces
    first = (tmp_path / "corpus.npz").read_bytes()
    save(tmp_path / "corpus.npz", pieces)
    assert (tmp_path / "corpus.npz").read_bytes() == first


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, page=np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="no corpus"):
        load(path)


def test_a_piece_must_add_up() -> None:
    with pytest.raises(ValueError, match="gaps"):
        song(bars=(Bar(0, Meter(4, 4), 120.0), Bar(960, Meter(4, 4), 120.0)))
    with pytest.raises(ValueError, match="1 keys"):
        song(keys=(Key(0),))
    with pytest.raises(ValueError, match="style"):
        song(style="polka")


def test_versions_of_a_song_are_held_out_together() -> None:
    names = [f"song {number}" for number in range(2000)]
    share = sum(song(name, song="").held_out for name in names) / len(names)
    assert 0.03 < share < 0.07
    assert song("a").held_out == song("b").held_out == held_out("set", "tune")


def test_a_bar_has_a_first_half_in_whole_units() -> None:
    assert [half_of(Meter(*meter)) for meter in ((4, 4), (3, 4), (7, 8), (6, 8), (1, 4))] == [
        1920, 1920, 1920, 1440, 960,
    ]  # fmt: skip
