"""Whatever the model says, a section is what was asked: bars, metre, parts, keys, chords, ranges; in every context."""

from __future__ import annotations

import random

import pytest

from models.compose.composer import BarNotes, Parent
from models.compose.writer import Transformer
from sessions.music.keys import MODES
from sessions.music.kinds import Kind
from sessions.music.parts import Part
from sessions.music.section import Request
from tests.models.compose.sections import METERS, as_bars, assert_lawful, child, parent_of, random_fields, request
from tests.models.compose.writer.dreamer import composer

ALL = "drums,bass,harmony,melody"


def written(by: Transformer, asked: Request, parent: Parent | None = None) -> list[BarNotes]:
    return list(by.stream(asked, parent))


@pytest.mark.parametrize("seed", range(8))
def test_random_sections_are_lawful(seed: int) -> None:
    dice, by = random.Random(seed), composer(seed=seed)
    for _ in range(12):
        asked = request(**random_fields(dice))
        assert_lawful(asked, written(by, asked))


@pytest.mark.parametrize("meter", METERS)
def test_every_metre(meter: str) -> None:
    dice, by = random.Random(meter), composer(seed=len(meter))
    asked = request(**random_fields(dice, meter=meter, bars=dice.choice((1, 3)), parts=ALL))
    assert_lawful(asked, written(by, asked))


@pytest.mark.parametrize("mode", list(MODES))
def test_every_mode(mode: str) -> None:
    asked = request(key=f"F# {mode}", bars=3, parts="bass,harmony,melody", seed=4, kind=Kind.CHORUS.value)
    assert_lawful(asked, written(composer(seed=3), asked))


@pytest.mark.parametrize("context", [96, 200, 512])
def test_a_model_that_remembers_little_writes_all_the_same(context: int) -> None:
    for seed in range(3):
        asked = request(style="dnb", bars=20, seed=seed, density=1.0)
        assert_lawful(asked, written(composer(seed=seed, context=context), asked))


def test_the_longest_section() -> None:
    asked = request(style="rock", bars=64, seed=9, meter="5/4")
    assert_lawful(asked, written(composer(), asked))


@pytest.mark.parametrize("style", ["house", "jazz", "ballad"])
@pytest.mark.parametrize("context", ["continue", "accompany", "vary", "bars 3-4", "bars 1-1", "bars 8-8", "bars 1-8"])
def test_every_context_is_lawful(style: str, context: str) -> None:
    take = parent_of(request(style=style, bars=8, seed=5, parts="drums,harmony" if context == "accompany" else ALL))
    asked = child(take, context=context, seed=8)
    bars = written(composer(seed=1), asked, take)
    assert_lawful(asked, bars, foreign=take.chords)


def test_bars_that_are_not_named_stay_as_they_are() -> None:
    take = parent_of(request(style="pop", bars=8, seed=5))
    for first, last in ((3, 4), (1, 1), (8, 8), (1, 8)):
        asked = child(take, context=f"bars {first}-{last}", seed=take.request.seed)
        bars = as_bars(written(composer(seed=2), asked, take))
        for part, bar in take.bars:
            same = bars[part, bar] == take.bars[part, bar]
            assert same or first <= bar <= last, (part, bar)
        changed = [place for place in take.bars if bars[place] != take.bars[place]]
        assert changed


def test_a_variation_keeps_as_much_as_its_strength_leaves() -> None:
    take = parent_of(request(style="funk", bars=8, seed=5))
    kept = []
    for strength in (0, 0.25, 0.5, 1):
        bars = as_bars(written(composer(seed=2), child(take, context="vary", strength=strength, seed=3), take))
        kept.append(sum(bars[place] == take.bars[place] for place in take.bars) / len(take.bars))
    assert kept[0] == 1
    assert kept[0] > kept[1] > kept[2] > kept[3]


def test_accompanying_writes_the_parts_that_are_missing() -> None:
    take = parent_of(request(style="rock", bars=4, seed=5, parts="drums,melody"))
    asked = child(take, context="accompany", bars=8, seed=3)
    assert asked.note_parts == (Part.BASS, Part.HARMONY)
    assert_lawful(asked, written(composer(seed=2), asked, take), foreign=take.chords)


def test_the_same_seed_is_the_same_music_and_another_is_another() -> None:
    by = composer(seed=6)
    one, two = request(style="disco", seed=1), request(style="disco", seed=2)
    assert written(by, one) == written(by, one)
    assert written(by, one) != written(by, two)
    assert list(by.stream(one, seed=2)) == written(by, two)


def test_sections_written_in_turns_are_what_they_are_alone() -> None:
    by = composer(seed=6)
    asked = [request(style=style, seed=1, bars=4) for style in ("disco", "trap", "jazz")]
    alone = [written(by, one) for one in asked]
    streams = [by.stream(one) for one in asked]
    together = list(zip(*streams, strict=True))
    assert [[bars[i] for bars in together] for i in range(3)] == alone


def test_loose_keys_let_other_notes_pass() -> None:
    asked = request(bars=8, parts="melody", key="C major", strict=0, seed=2)
    classes = {note.pitch % 12 for bar in written(composer(seed=2), asked) for note in bar[Part.MELODY]}
    assert classes - set(asked.key.scale)
