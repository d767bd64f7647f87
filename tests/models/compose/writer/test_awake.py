"""No part falls asleep or stays on one pitch, however much the model would like it to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from models.compose.composer import BarNotes, Parent, Provenance
from models.compose.evaluate.excerpt import of_section
from models.compose.evaluate.measures import Fault, faults
from models.compose.tokens.vocabulary import VOCABULARY
from models.compose.writer import Transformer
from sessions.music.parts import Part
from sessions.music.section import Request
from tests.models.compose.sections import assert_lawful, child, parent_of, random_fields, request
from tests.models.compose.writer.dreamer import Dream, Dreamer

ASLEEP = {Fault.EMPTY, Fault.FEW, Fault.ONE_PITCH, Fault.HELD}
BARS = (1, 3, 4, 5, 7, 8, 16, 24)


class Taste(NamedTuple):
    """What is liked beside the pitch: long notes, many notes, silence."""

    long: float = 0.0
    many: float = 0.0
    silent: float = 0.0


class Sleeper(Dreamer):
    """Likes one pitch above all."""

    def __init__(self, seed: int, taste: Taste, *, context: int) -> None:
        super().__init__(seed=seed, context=context, wild=1.0)
        self._taste = np.zeros(len(VOCABULARY), np.float32)
        pitches = VOCABULARY.base["Pitch"]
        liked = np.random.default_rng(seed).permutation(12)
        self._taste[pitches : pitches + 128] = 12.0 - liked[np.arange(128) % 12] - np.arange(128) % 31
        self._taste[VOCABULARY.mask("Dur")] += taste.long * np.arange(VOCABULARY.size["Dur"])
        self._taste[VOCABULARY.mask("Position", "Hop")] += taste.many
        self._taste[VOCABULARY.mask("Part", "Left", "end")] += taste.silent

    def feed(self, state: Dream, ids: Sequence[int]) -> NDArray[np.float32]:
        return super().feed(state, ids) * 0.1 + self._taste


TASTES = {
    "long": Taste(long=2.0, silent=4.0),
    "many": Taste(many=3.0),
    "silent": Taste(silent=30.0),
    "slow": Taste(long=1.0),
}


def written(
    asked: Request, seed: int, taste: str, *, context: int = 1024, parent: Parent | None = None
) -> list[BarNotes]:
    by = Sleeper(seed, TASTES[taste], context=context)
    return list(Transformer(by, Provenance("sleeper", "0", "ab" * 32, "CC0-1.0")).stream(asked, parent))


def asleep(asked: Request, bars: Sequence[BarNotes]) -> list[tuple[Part, Fault]]:
    return [(part, fault) for part, fault in faults(of_section(asked, bars, "")) if fault in ASLEEP]


@pytest.mark.parametrize("taste", TASTES)
@pytest.mark.parametrize("seed", range(4))
def test_random_sections_stay_awake(taste: str, seed: int) -> None:
    dice = random.Random(f"{taste} {seed}")
    for _ in range(8):
        asked = request(**random_fields(dice, bars=dice.choice(BARS)))
        bars = written(asked, seed, taste)
        assert_lawful(asked, bars)
        assert asleep(asked, bars) == [], asked


@pytest.mark.parametrize("taste", TASTES)
@pytest.mark.parametrize("meter", ["1/16", "2/8", "16/2", "7/8"])
def test_bars_of_every_length(taste: str, meter: str) -> None:
    for count in (4, 16):
        asked = request(meter=meter, bars=count, seed=3, style="ballad")
        bars = written(asked, 5, taste)
        assert asleep(asked, bars) == []


@pytest.mark.parametrize("taste", ["many", "long"])
def test_sixty_four_bars_in_many_windows(taste: str) -> None:
    asked = request(style="house", bars=64, seed=1)
    bars = written(asked, 2, taste, context=512)
    assert asleep(asked, bars) == []
    for part, most in ((Part.BASS, 8), (Part.MELODY, 4)):
        notes = [{note.pitch for note in bar[part]} for bar in bars]
        stuck = [first for first in range(64 - most) if len(set().union(*notes[first : first + most + 1])) == 1]
        many = [first for first in stuck if sum(len(bar[part]) for bar in bars[first : first + most + 1]) >= 12]
        assert many == [], part


@pytest.mark.parametrize("chords", ["C5", "E5", "C/2 Db/2", "Cdim7"])
def test_few_tones_are_enough(chords: str) -> None:
    for seed in range(3):
        asked = request(style="techno", bars=8, seed=seed, key="F# locrian", chords=chords, melody__range="C4-G4")
        assert asleep(asked, written(asked, seed, "many")) == []


@pytest.mark.parametrize("context", ["continue", "vary", "bars 3-8"])
def test_in_every_context(context: str) -> None:
    take = parent_of(request(style="pop", bars=8, seed=5))
    asked = child(take, context=context, seed=8)
    assert asleep(asked, written(asked, 3, "many", parent=take)) == []
