"""The weights that ship: whole, small enough, what their card says, with everybody's licence beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.compose.card.page import page
from models.compose.card.sources import SOURCES
from models.compose.evaluate.human import Human
from models.compose.writer import Transformer, shipped

LARGEST_BYTES = 20_000_000
"""Of all that ships: a clone stays quick."""


@pytest.fixture
def folder() -> Path:
    return shipped()


def test_the_card_speaks_of_these_very_weights(folder: Path) -> None:
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    composer = Transformer.load(folder)
    assert figures["model"]["sha256"] == composer.provenance.sha256
    assert figures["model"]["version"] == composer.provenance.version
    assert (folder / "README.md").read_text(encoding="utf-8") == page(figures)


def test_everybody_s_licence_is_beside_them(folder: Path) -> None:
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    for name in figures["sets"]:
        for owner in SOURCES[name].folders or (name,):
            assert list((folder / "licences" / owner).iterdir()), owner
    assert (folder / "licences" / "mutopia_ccby" / "index.tsv").exists()


def test_people_s_figures_are_beside_them(folder: Path) -> None:
    human = Human.load(folder / "human.json")
    assert human.band.excerpts > 1000
    assert human.written.excerpts > 1000


def test_a_clone_stays_quick(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < LARGEST_BYTES


def test_every_set_is_predicted_better_than_by_the_baselines(folder: Path) -> None:
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    for name, ours in figures["held_out"].items():
        for other in ("ngram", "rules"):
            theirs = figures["baselines"][other].get(name)
            if theirs is not None:
                assert ours["bits_per_note"] < theirs["bits_per_note"], (name, other)
