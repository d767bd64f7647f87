"""The same request is the same music: twice, part by part, bar by bar, and on every platform."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256

import pytest

from models import compose
from models.compose.arranger import Arranger
from models.compose.arranger.drums import Drums
from models.compose.arranger.plan import Bar
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.styles import STYLES
from tests.models.compose.sections import random_fields, request, section

# Notes must not change by platform or by accident; who changes the music on purpose writes the new hash here.
GOLDEN = {
    "house": "c7fb54dfa0c786fa",
    "jazz": "574281fd3e231893",
    "latin": "de422b5aef950677",
}


def digest(style: str) -> str:
    bars = section(style=style, kind="verse", bars=8, meter="7/8", key="F# dorian", seed=20, temperature=1.3)
    return sha256(repr([sorted(bar.items()) for bar in bars]).encode()).hexdigest()[:16]


@pytest.mark.parametrize("style", GOLDEN)
def test_the_notes_are_the_same_everywhere(style: str) -> None:
    assert digest(style) == GOLDEN[style]


def test_twice_the_same() -> None:
    dice = random.Random(5)
    for _ in range(30):
        asked = request(**random_fields(dice))
        assert list(Arranger().stream(asked)) == list(Arranger().stream(asked))


@pytest.mark.parametrize("style", STYLES)
def test_another_seed_is_other_music(style: str) -> None:
    one, other = (section(style=style, bars=8, seed=seed, temperature=0) for seed in (1, 2))
    for part in NOTE_PARTS:
        assert [bar[part] for bar in one] != [bar[part] for bar in other]


@pytest.mark.parametrize("style", STYLES)
def test_a_part_is_the_same_whoever_else_plays(style: str) -> None:
    for kind in ("intro", "chorus", "breakdown"):
        band = section(style=style, kind=kind, bars=6, seed=9)
        for part in NOTE_PARTS:
            alone = section(style=style, kind=kind, bars=6, seed=9, parts=part.value)
            assert [bar[part] for bar in alone] == [bar[part] for bar in band]


def test_a_seed_beside_the_request_goes_first() -> None:
    asked = request(bars=2, seed=1)
    by_argument = list(Arranger().stream(asked, seed=8))
    assert by_argument == section(bars=2, seed=8)
    assert Arranger().chords(asked, seed=8) == Arranger().chords(request(bars=2, seed=8))


def test_bars_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    write = Drums.write

    def counted(self: Drums, bar: Bar) -> list[Note]:
        written.append(bar.index)
        return write(self, bar)

    monkeypatch.setattr(Drums, "write", counted)
    bars = Arranger().stream(request(bars=64, seed=1))
    assert isinstance(bars, Iterator)
    assert set(next(bars)) == set(NOTE_PARTS)
    assert written == [0]
    next(bars)
    assert written == [0, 1]


def test_the_composer_that_ships_says_what_it_is() -> None:
    provenance = compose.load().provenance
    assert (provenance.name, provenance.licence) == ("transformer", "Apache-2.0")
    assert len(provenance.sha256) == 64
    assert provenance.commercial


def test_load_gives_a_composer() -> None:
    composer = compose.load()
    bars = list(composer.stream(request(bars=2, parts="bass"), seed=7))
    assert [set(bar) for bar in bars] == [{Part.BASS}] * 2
