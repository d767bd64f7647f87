"""Sections that follow a take: going on from it, playing with it, varying it, repairing some of its bars."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from models.compose.arranger import Arranger
from models.compose.arranger.data.kit import KICKS
from models.compose.composer import Parent
from sessions.errors import Code, Refused
from sessions.music.chords import Chords
from sessions.music.parts import Part
from sessions.music.section import parse_request
from sessions.music.styles import STYLES
from tests.models.compose.sections import (
    METERS,
    assert_lawful,
    bars_of,
    child,
    following,
    likeness,
    most_at_once,
    parent_of,
    places,
    played,
    random_fields,
    request,
    section,
)


@pytest.fixture(params=["house", "pop", "jazz", "trap", "ballad"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def take(style: str) -> Parent:
    return parent_of(request(style=style, bars=8, seed=11))


def test_continuing_keeps_the_chords_and_the_groove(take: Parent) -> None:
    asked = child(take, context="continue", seed=99)
    assert Arranger().chords(asked, take) == take.chords
    went_on = following(take, context="continue", seed=99)
    fresh = section(style=take.request.style, bars=8, seed=99)
    for part in (Part.DRUMS, Part.BASS, Part.MELODY):
        old = places(bars_of(take), part, 3840)
        assert likeness(old, places(went_on, part, 3840)) > likeness(old, places(fresh, part, 3840)), part
    assert likeness(places(bars_of(take), Part.DRUMS, 3840), places(went_on, Part.DRUMS, 3840)) > 0.55


def test_continuing_as_another_kind_stays_in_key() -> None:
    take = parent_of(request(style="pop", kind="verse", bars=8, key="Eb lydian", seed=11))
    asked = child(take, context="continue", kind="chorus", seed=99)
    assert asked.key == take.request.key
    assert_lawful(asked, list(Arranger().stream(asked, take)))


def test_continuing_in_another_key_moves_the_chords() -> None:
    take = parent_of(request(style="house", bars=4, key="Am", seed=11))
    moved = Chords.parse(Arranger().chords(child(take, context="continue", key="Bm"), take))
    assert [chord.root for chord, _ in moved.steps] == [
        (chord.root + 2) % 12 for chord, _ in Chords.parse(take.chords).steps
    ]


def test_continuing_chords_from_outside_the_key_takes_their_relatives() -> None:
    played_freely = parent_of(request(style="house", bars=4, key="Am", seed=11, chords="Am E7 F G#dim"))
    take = replace(played_freely, request=replace(played_freely.request, chords=None))
    asked = child(take, context="continue", seed=2)
    assert asked.chords is None
    assert_lawful(asked, list(Arranger().stream(asked, take)))
    assert Arranger().chords(asked, take).startswith("Am Em7 F ")


def test_accompanying_follows_chords_that_were_only_played() -> None:
    take = parent_of(request(style="pop", bars=4, key="C", chords="C Am F G", parts="harmony,melody", seed=3))
    heard = Parent(replace(take.request, chords=None), take.bars, "")
    asked = child(heard, context="accompany", parts="bass")
    chords = Chords.parse(Arranger().chords(asked, heard)).over(4, asked.meter)
    assert [span.chord.root for span in chords] == [0, 9, 5, 7]
    bass = played(list(Arranger().stream(asked, heard)), Part.BASS)
    assert [next(note.pitch % 12 for note in bass if note.start >= span.start) for span in chords] == [0, 9, 5, 7]


def test_accompanying_drums_the_bass_meets_their_kick() -> None:
    shares = []
    for style in ("trap", "hip-hop", "pop", "lo-fi"):
        for seed in range(4):
            take = parent_of(request(style=style, bars=8, seed=seed, parts="drums"))
            kicks = [note.start for note in played(bars_of(take), Part.DRUMS) if note.pitch in KICKS]
            meets = []
            for bars in (
                following(take, context="accompany", parts="bass", seed=50),
                section(style=style, bars=8, seed=50, parts="bass"),
            ):
                line = played(bars, Part.BASS)
                meets.append(sum(any(abs(note.start - kick) <= 50 for kick in kicks) for note in line) / len(line))
            shares.append(meets)
    accompanied, alone = (sum(meets[i] for meets in shares) / len(shares) for i in (0, 1))
    assert accompanied > alone + 0.08
    assert accompanied > 0.6


def test_accompanying_a_bass_the_kick_meets_it() -> None:
    met = {True: 0.0, False: 0.0}
    for seed in range(6):
        take = parent_of(request(style="rock", bars=4, seed=seed, parts="bass"))
        onsets = [note.start for note in played(bars_of(take), Part.BASS)]
        for follows in met:
            fields = {"context": "accompany", "parts": "drums", "seed": 60 + seed, "density": 0.7}
            bars = (
                following(take, **fields)
                if follows
                else section(style="rock", bars=4, parts="drums", seed=60 + seed, density=0.7)
            )
            kicks = [note.start for note in played(bars, Part.DRUMS) if note.pitch in KICKS]
            met[follows] += sum(any(abs(onset - kick) <= 60 for kick in kicks) for onset in onsets) / len(onsets)
    assert met[True] > met[False] + 0.5


def test_varying_changes_as_much_as_the_strength_says(take: Parent) -> None:
    kept = []
    for strength in (0, 0.25, 0.5, 1):
        bars = following(take, context="vary", strength=strength, seed=70)
        old = bars_of(take)
        same = sum(
            len(set(bar[part]) & set(before[part])) for bar, before in zip(bars, old, strict=True) for part in bar
        )
        kept.append(same / sum(len(bar[part]) for bar in old for part in bar))
    assert kept[0] == 1
    assert kept[0] > kept[1] > kept[2] > kept[3]
    assert Arranger().chords(child(take, context="vary"), take) == take.chords


def test_bars_are_written_anew_and_the_others_stay(take: Parent) -> None:
    for first, last in ((3, 4), (1, 1), (8, 8), (1, 8)):
        bars = following(take, context=f"bars {first}-{last}", seed=take.request.seed)
        for number, (bar, before) in enumerate(zip(bars, bars_of(take), strict=True), 1):
            assert (bar == before) is not (first <= number <= last)
        for part in (Part.BASS, Part.MELODY):
            assert most_at_once(played(bars, part)) == 1


def test_a_part_that_the_take_has_not_is_written_in_the_bars_alone() -> None:
    take = parent_of(request(style="pop", bars=8, parts="drums,bass", seed=4))
    bars = following(take, context="bars 3-4", parts="melody,bass", seed=5)
    assert [bool(bar[Part.MELODY]) for bar in bars] == [number in (3, 4) for number in range(1, 9)]
    assert bars[0][Part.BASS] == take.bars[Part.BASS, 1]


def test_a_longer_section_goes_on_where_the_take_ends(take: Parent) -> None:
    bars = following(take, context="bars 3-4", bars=12, seed=5)
    assert bars[7] == bars_of(take)[7]
    assert all(bar[Part.DRUMS] for bar in bars[8:])


@pytest.mark.parametrize("seed", range(4))
def test_random_contexts_are_lawful(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(15):
        take = parent_of(request(**random_fields(dice)))
        mode = dice.choice(("continue", "accompany", "vary"))
        fields: dict[str, object] = {
            "context": mode,
            "seed": dice.randrange(2**32),
            "temperature": dice.choice((0, 1, 2)),
        }
        fields["parts"] = dice.choice(("drums", "bass,melody", "drums,bass,harmony,melody"))
        if dice.random() < 0.3:
            fields["style"] = dice.choice(STYLES)
        if dice.random() < 0.3:
            fields["bars"] = dice.choice((1, 3, 9))
        if mode != "vary" and dice.random() < 0.3:
            fields["meter"] = dice.choice(METERS)
        parent = take if dice.random() < 0.7 else Parent(take.request, take.bars)
        asked = child(parent, **fields)
        kept = take.request.chords is not None and mode != "continue"
        assert_lawful(
            asked, list(Arranger().stream(asked, parent)), foreign=Arranger().chords(asked, parent) if kept else ""
        )


def test_a_take_that_is_not_at_hand_is_refused() -> None:
    asked = parse_request({"context": "take-9 vary"})
    with pytest.raises(Refused) as refusal:
        Arranger().stream(asked)
    assert refusal.value.code is Code.BAD_VALUE
    assert refusal.value.advice.startswith("context:")


@pytest.mark.parametrize("mode", ["vary", "bars 1-2"])
def test_a_take_in_another_metre_is_refused_where_its_bars_must_fit(mode: str) -> None:
    take = parent_of(request(meter="7/8", bars=4))
    with pytest.raises(Refused, match="7/8"):
        Arranger().stream(child(take, context=mode, meter="4/4"), take)
