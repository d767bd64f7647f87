"""`starbridge evaluate`: music from files and folders, what is broken told and skipped, clear words where nothing can be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.compose.evaluate.human import Human
from tests.bridge.cli.conftest import Command
from tests.models.compose.corpus.midiwriting import band, write_midi
from tests.models.compose.evaluate.small import piece, weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small weights with all that ships beside them."""
    made = weights(tmp_path_factory.mktemp("weights"))
    Human.of(piece(seed, 16) for seed in range(4)).save(made / "human.json")
    (made / "figures.json").write_text(json.dumps({"held_out": {"all by people": {"bits_per_note": 4.25}}}))
    return made


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Two folders of songs, one broken file among them."""
    for name in ("rock/one.mid", "rock/two.mid", "hymns/three.mid"):
        write_midi(tmp_path / "songs" / name, *band(len(name)))
    (tmp_path / "songs" / "rock" / "broken.mid").write_bytes(b"MThd no more")
    return tmp_path / "songs"


def test_folders_are_told_apart_and_what_is_broken_is_skipped(starbridge: Command, songs: Path, folder: Path) -> None:
    done = starbridge("evaluate", songs, "--weights", folder, "--sections", 0)
    assert done.exit_code == 0, done.output
    assert "songs/rock" in done.stdout
    assert "songs/hymns" in done.stdout
    assert "4.250" in done.stdout
    assert "broken.mid: no MIDI file" in done.stderr


def test_json_has_every_figure(starbridge: Command, songs: Path, folder: Path) -> None:
    done = starbridge("evaluate", songs, "--weights", folder, "--sections", 1, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert {Path(name).name: one["files"] for name, one in said["sets"].items()} == {"rock": 2, "hymns": 1}
    assert said["all"]["notes"] == sum(one["notes"] for one in said["sets"].values()) > 0
    assert said["all"]["bits_per_note"] > 0
    assert next(iter(said["skipped"].values())).startswith("no MIDI file")
    assert set(said["music"]) == {"transformer", "arranger", "given", "people"}
    assert said["music"]["arranger"]["sections exactly as asked"] == 1
    assert said["failures"]["arranger"] == []
    assert len(said["weights"]) == 64


def test_the_table_sets_composer_arranger_and_people_side_by_side(
    starbridge: Command, songs: Path, folder: Path
) -> None:
    done = starbridge("evaluate", songs / "rock" / "one.mid", "--weights", folder, "--sections", 1)
    assert done.exit_code == 0, done.output
    for word in (
        "transformer",
        "arranger",
        "given",
        "people",
        "in key or chord",
        "empty or collapsed",
        "groove",
        "longest run",
    ):
        assert word in done.stdout


def test_weights_without_a_card_judge_but_do_not_compose(starbridge: Command, songs: Path, tmp_path: Path) -> None:
    bare = weights(tmp_path / "bare", card=False)
    done = starbridge("evaluate", songs / "hymns", "--weights", bare, "--sections", 1)
    assert done.exit_code == 0, done.output
    assert "own music was not measured" in done.stderr
    assert "bits a note" in done.stdout


@pytest.mark.parametrize("name", ["none.mid", "empty", "silent.mid", "notes.txt"])
def test_nothing_to_evaluate_is_said_with_advice(starbridge: Command, tmp_path: Path, folder: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "silent.mid").write_bytes(b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0")
    (tmp_path / "notes.txt").write_text("C D E")
    done = starbridge("evaluate", tmp_path / name, "--weights", folder)
    assert done.exit_code == 1
    assert name in done.stderr
    assert "MIDI" in done.stderr or "music" in done.stderr
    assert "Traceback" not in done.output


def test_without_weights_there_is_advice(starbridge: Command, songs: Path, tmp_path: Path) -> None:
    done = starbridge("evaluate", songs, "--weights", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "--weights" in done.stderr
    assert "Traceback" not in done.output
