"""The command reads what is there, tells what it did and writes one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.compose.corpus.__main__ import main
from models.compose.corpus.store import load
from tests.models.compose.corpus.midiwriting import band, write_midi


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "freedoom"
    write_midi(folder / "a.mid", *band(1))
    write_midi(folder / "b.mid", *band(1, shift=3))
    write_midi(folder / "c.mid", *band(2))
    (folder / "broken.mid").write_bytes(b"MThd")
    return tmp_path / "data"


def test_all_is_built_and_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    out = tmp_path / "corpus.npz"
    assert main(["--data", str(data), "--out", str(out), "--verbose"]) == 0
    assert [piece.name for piece in load(out)] in (["a", "c"], ["b", "c"])
    told = capsys.readouterr().out
    assert "BSD-3-Clause" in told
    assert "freedoom/broken: no MIDI file" in told.replace("\n", " ")
    first = out.read_bytes()
    assert main(["--data", str(data), "--out", str(out), "--only", "freedoom"]) == 0
    assert out.read_bytes() == first


def test_nothing_to_read_says_so(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "x.npz")]) == 1
    assert main(["--data", str(data), "--out", str(tmp_path / "x.npz"), "--only", "groov"]) == 2
    assert "groove" in capsys.readouterr().out
    assert not (tmp_path / "x.npz").exists()
