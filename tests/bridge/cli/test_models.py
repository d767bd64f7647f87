"""`starbridge models`: what is here and what it may be used for; what can't be fetched is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bridge.cli.conftest import Command
from tests.models.compose.evaluate.small import weights


def test_what_is_here_is_listed_with_its_licence(starbridge: Command, tmp_path: Path) -> None:
    folder = weights(tmp_path / "weights")
    done = starbridge("models", "list", "--weights", folder)
    assert done.exit_code == 0, done.output
    for word in ("composer", "CC0-1.0", "may be sold", "soundfont", "GPL-2.0", "sha256", "MB", "musicgen"):
        assert word in done.stdout


def test_json_says_the_same(starbridge: Command, tmp_path: Path) -> None:
    folder = weights(tmp_path / "weights")
    said = json.loads(starbridge("models", "list", "--weights", folder, "--json").stdout)
    composer, soundfont = said["here"]
    assert (composer["name"], composer["licence"], composer["commercial"]) == ("composer", "CC0-1.0", True)
    assert composer["size_bytes"] == (folder / "model.safetensors").stat().st_size
    assert len(composer["sha256"]) == len(soundfont["sha256"]) == 64
    assert "musicgen" in said["not_here"]


@pytest.mark.parametrize("spoil", ["model.safetensors", "config.json", "card.json"])
def test_broken_weights_are_listed_with_what_is_wrong(starbridge: Command, tmp_path: Path, spoil: str) -> None:
    folder = weights(tmp_path / "weights")
    (folder / spoil).write_bytes(b"{}")
    done = starbridge("models", "list", "--weights", folder)
    assert done.exit_code == 0
    assert str(folder) in done.stdout
    assert done.stdout.count("may be sold") == 1, "of the soundfont alone"


def test_what_can_t_be_fetched_is_said(starbridge: Command) -> None:
    done = starbridge("models", "fetch", "musicgen")
    assert done.exit_code == 1
    assert "can't be fetched" in done.stderr
    done = starbridge("models", "fetch", "soundfont")
    assert done.exit_code == 0
    done = starbridge("models", "fetch", "nonsense")
    assert done.exit_code == 1
    assert "musicgen" in done.stderr
