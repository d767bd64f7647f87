"""The card: made from a run, a corpus and the sets' licences in one go, whole and without anything foreign in it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from models.compose.card.__main__ import main
from models.compose.card.page import page
from models.compose.card.rolls import Roll, picture
from models.compose.card.sources import SOURCES, copy_licences, counted
from models.compose.corpus.piece import Origin
from models.compose.corpus.readers import READERS
from models.compose.corpus.store import save
from models.compose.writer import Transformer, shipped
from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import Part
from tests.models.compose.evaluate.small import piece, weights


def look(bits: float) -> dict[str, dict[str, float]]:
    return {name: {"bits_per_note": bits, "notes": 100} for name in ("freedoom", "arranged")}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A run, a corpus and the sets' folders, all small."""
    run = tmp_path / "run"
    weights(run / "weights", card=False)
    rows = [
        {"step": 20, "seconds": 6, "bits": 8.5},
        {"step": 30, "seconds": 9, "kept_back": look(7.0)},
        {"step": 40, "seconds": 12, "bits": 3.25},
        {"step": 40, "seconds": 13, "kept_back_all": look(6.5)},
    ]
    (run / "curves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = {"size": "tiny", "seed": 1, "rate": 3e-3, "rows": 8, "length": 1024, "threads": 2, "device": "cpu"}
    told |= {"steps": 40, "minutes": 0.0}
    (run / "settings.json").write_text(json.dumps(told))
    pieces = [piece(seed, 4, "freedoom") for seed in range(40)]
    pieces += [piece(seed, 4, "arranged", "house", Origin.RULES) for seed in range(40)]
    save(tmp_path / "corpus.npz", pieces)
    for name in ("freedoom", "mcgill_billboard", "chord_progressions_mit"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "LICENSE.txt").write_text(f"the licence of {name}")
    (tmp_path / "ngram.json").write_text(json.dumps({"order": 6, "sets": look(9.125)}))
    return tmp_path


@pytest.mark.timeout(240)
def test_one_command_makes_all_that_ships(made: Path) -> None:
    words = ["--run", made / "run", "--corpus", made / "corpus.npz", "--data", made / "data", "--out", made / "out"]
    words += ["--ngram", made / "ngram.json", "--sections", 1, "--seeds", 0, "--machine", "a test's machine"]
    assert main([str(word) for word in words]) == 0
    out = made / "out"
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == [
        "README.md", "card.json", "config.json", "figures.json", "human.json", "licences/chord_progressions_mit/LICENSE.txt",
        "licences/freedoom/LICENSE.txt", "licences/mcgill_billboard/LICENSE.txt", "model.safetensors", "rolls.svg",
        "runs.npz", "tokens.json",
    ]  # fmt: skip
    text = (out / "README.md").read_text()
    assert str(made) not in text + (out / "figures.json").read_text() + (out / "card.json").read_text()
    for words_there in (
        "Apache-2.0",
        "Freedoom",
        "a test's machine",
        "9.12",
        "6.50",
        "40 steps",
        "people",
        "--steps 40",
    ):
        assert words_there in text
    assert "{" not in text
    figures = json.loads((out / "figures.json").read_text())
    assert figures["sets"]["freedoom"]["pieces"] + figures["sets"]["freedoom"]["kept_back"] == 40
    assert set(figures["held_out"]) == {"freedoom", "arranged", "all by people"}
    assert set(figures["music"]["measures"]) == {"transformer", "arranger", "people"}
    assert figures["runs"]["runs"] > 0
    again = [str(word) for word in [*words, "--rules", made / "run"]]
    before = (out / "figures.json").read_text()
    assert main(again) == 0
    figures = json.loads((out / "figures.json").read_text())
    assert figures["baselines"].pop("rules")
    assert figures.pop("rules")["steps"] == 40
    assert figures == json.loads(before), "what was measured on these weights is kept"
    made_by = Transformer.load(out).provenance
    assert (made_by.licence, made_by.commercial, made_by.sha256) == ("Apache-2.0", True, figures["model"]["sha256"])


@pytest.mark.timeout(240)
def test_what_a_run_began_with_is_told_and_its_tunes_are_known(made: Path) -> None:
    save(made / "earlier.npz", [piece(seed, 4, "freedoom") for seed in range(40, 60)])
    words = ["--run", made / "run", "--corpus", made / "corpus.npz", "--data", made / "data", "--out", made / "out"]
    words += ["--sections", 0, "--judge-tokens", 200]
    assert main([str(word) for word in words]) == 0
    alone = json.loads((made / "out" / "figures.json").read_text())
    words += ["--anew", "--before", made / "earlier.npz", "--before-steps", 25]
    assert main([str(word) for word in words]) == 0
    both = json.loads((made / "out" / "figures.json").read_text())
    assert both["runs"]["runs"] > alone["runs"]["runs"]
    assert both["sets"] == alone["sets"]
    assert "The first 25 of these steps" in (made / "out" / "README.md").read_text()


def test_the_limits_say_which_controls_hardly_steer() -> None:
    figures = json.loads((shipped() / "figures.json").read_text(encoding="utf-8"))
    rows = [{"control": name, "correlation": by, "means": [1.0]} for name, by in (("energy", 0.9), ("bass.leap", 0.1))]
    figures["music"]["controls"] = rows
    assert "hardly steer, with a correlation below 0.4: bass.leap.\n" in page(figures)
    rows[1]["correlation"] = 0.5
    assert "- All of its controls steer, bass.leap least, with a correlation of +0.50.\n" in page(figures)


def test_the_baseline_of_rules_stands_beside_what_was_known_after_as_many_steps() -> None:
    figures = json.loads((shipped() / "figures.json").read_text(encoding="utf-8"))
    steps = figures["curve"][0]["step"]
    figures["rules"]["steps"] = steps
    assert f"| arranger's music alone | at step {steps} |" in page(figures)
    figures["rules"]["steps"] = steps // 2
    assert "| arranger's music alone |\n" in page(figures), "half as long is no comparison"


def test_weights_do_not_ship_without_their_music_s_licence(made: Path) -> None:
    (made / "data" / "freedoom" / "LICENSE.txt").unlink()
    with pytest.raises(ValueError, match="freedoom has no licence file"):
        copy_licences(made / "data", ["freedoom"], made / "out")


def test_every_set_that_is_read_is_credited() -> None:
    credited = set(SOURCES) | {folder for source in SOURCES.values() for folder in source.folders}
    assert {reader.folder for reader in READERS} <= credited


def test_what_is_kept_back_is_not_counted_as_learnt() -> None:
    pieces = [piece(seed, 4) for seed in range(40)]
    counts = counted(pieces)["small"]
    assert counts.kept_back == sum(one.held_out for one in pieces)
    assert counts.pieces + counts.kept_back == 40
    assert counts.bars == 4 * counts.pieces


def test_pictures_are_xml_and_show_every_note() -> None:
    notes = {
        Part.DRUMS: (Note(0, 120, 36, 90), Note(960, 120, 38, 60)),
        Part.MELODY: (Note(0, 960, 60, 100), Note(960, 960, 67, 100)),
        Part.BASS: (),
    }
    text = picture(
        [Roll("A & B <loud>", notes, Meter(4, 4), 2), Roll("drums", {Part.DRUMS: notes[Part.DRUMS]}, Meter(7, 8), 1)]
    )
    root = ET.fromstring(text)
    paths = [node.attrib["d"] for node in root.iter() if node.tag.endswith("path")]
    assert sum(path.count("h") for path in paths) == 6
    assert "A & B <loud>" in [node.text for node in root.iter()]
