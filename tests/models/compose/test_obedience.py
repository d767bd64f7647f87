"""What was asked is what comes: bars, metre, key, chords, ranges, parts; for random requests and for the edges."""

from __future__ import annotations

import random

import pytest

from models.compose.arranger import Arranger
from sessions.music.chords import Chords
from sessions.music.keys import MODES
from sessions.music.kinds import Kind
from sessions.music.parts import Part
from sessions.music.styles import STYLES
from tests.models.compose.sections import METERS, TONICS, assert_lawful, played, random_fields, request, section

ALL = "drums,bass,harmony,melody"


@pytest.mark.parametrize("seed", range(8))
def test_random_sections_are_lawful(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(40):
        asked = request(**random_fields(dice))
        assert_lawful(asked, list(Arranger().stream(asked)))


@pytest.mark.parametrize("bars", [1, 5])
@pytest.mark.parametrize("meter", METERS)
def test_every_metre(meter: str, bars: int) -> None:
    dice = random.Random(f"{meter} {bars}")
    for _ in range(3):
        asked = request(**random_fields(dice, meter=meter, bars=bars, parts=ALL))
        assert_lawful(asked, list(Arranger().stream(asked)))


@pytest.mark.parametrize("mode", list(MODES))
def test_every_key_and_mode(mode: str) -> None:
    for i, tonic in enumerate(TONICS):
        asked = request(
            key=f"{tonic} {mode}",
            style=STYLES[i],
            kind=list(Kind)[i % 9].value,
            bars=6,
            parts="bass,harmony,melody",
            seed=i,
        )
        assert_lawful(asked, list(Arranger().stream(asked)))
        text = Arranger().chords(asked)
        for span in Chords.parse(text).over(6, asked.meter):
            assert set(span.chord.pitch_classes) <= set(asked.key.scale), text


@pytest.mark.parametrize("style", STYLES)
def test_a_part_alone_in_the_smallest_section_says_something(style: str) -> None:
    for part in ALL.split(","):
        for kind in Kind:
            asked = request(style=style, kind=kind.value, meter="1/16", bars=1, parts=part, density=0, energy=0)
            assert_lawful(asked, list(Arranger().stream(asked)))


@pytest.mark.parametrize("bpm", [40, 63, 87, 126, 175, 240])
def test_every_tempo(bpm: float) -> None:
    for style in STYLES:
        asked = request(style=style, bpm=bpm, bars=4, density=1, energy=1, parts=ALL, seed=5)
        assert_lawful(asked, list(Arranger().stream(asked)))


def test_sixty_four_bars_of_the_longest_metre() -> None:
    asked = request(style="funk", meter="16/2", bars=64, parts="drums,bass", seed=3)
    assert_lawful(asked, list(Arranger().stream(asked)))
    Chords.parse(Arranger().chords(asked))


@pytest.mark.parametrize(
    "chords", ["Am F C G", "Am/2 F/2", "Dm7/1.5 Db9/0.5 Cmaj7/3", "F#m7b5/C B7#9", "Eb/0.25 A/0.25"]
)
@pytest.mark.parametrize("meter", ["4/4", "7/8", "3/4", "6/8"])
def test_given_chords_are_heard_where_they_stand(chords: str, meter: str) -> None:
    for style in STYLES:
        asked = request(
            style=style, kind="verse", chords=chords, meter=meter, bars=8, parts="bass,harmony", key="Am", seed=2
        )
        bars = list(Arranger().stream(asked))
        assert_lawful(asked, bars)
        assert asked.chords is not None
        assert Arranger().chords(asked) == chords
        spans = asked.chords.over(8, asked.meter)
        harmony, bass = played(bars, Part.HARMONY), played(bars, Part.BASS)
        for span in spans:
            struck = {note.pitch % 12 for note in harmony if span.start <= note.start < span.end}
            assert struck, (style, span)
            assert struck <= set(span.chord.pitch_classes), (style, span)
            if span.end - span.start >= 960:
                lows = [note for note in bass if span.start <= note.start < span.end]
                assert lows, (style, span)
                assert span.chord.lowest in {note.pitch % 12 for note in lows}, (style, span)


def test_the_texture_has_no_notes() -> None:
    assert section(parts="texture", bars=2) == [{}, {}]
