"""The gauge says, note by note, what the controls measure of all the notes."""

from __future__ import annotations

import random
from bisect import bisect_right

import pytest

from models.compose.tokens.controls import INTEREST_EDGES, LEAP_EDGES, STACK_EDGES, SYNC_EDGES, beat_steps, measure
from models.compose.tokens.grid import quantise
from models.compose.tokens.vocabulary import STEP_TICKS
from models.compose.writer.gauge import Gauge
from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import Part

BARS = 8


@pytest.mark.parametrize("meter", [Meter(4, 4), Meter(7, 8), Meter(6, 8), Meter(5, 16), Meter(3, 2)])
@pytest.mark.parametrize("seed", range(8))
def test_it_measures_as_the_controls_do(meter: Meter, seed: int) -> None:
    dice = random.Random(seed)
    bar, grid = meter.ticks_per_bar // STEP_TICKS, dice.choice((3, 6, 12))
    steps = sorted(dice.sample(range(0, bar * BARS, grid), min(dice.choice((6, 20)), bar * BARS // grid)))
    told = [(step, sorted(dice.sample(range(50, 70), dice.randint(1, 3)))) for step in steps]
    # Where the last onset goes counts with the one after it: here one on the bar, at the height of the one before.
    told.append((bar * BARS, told[-1][1]))
    gauge = Gauge(beat_steps(meter))
    for step, pitches in told:
        gauge.begin(step, step % bar)
        for pitch in pitches:
            gauge.sound(pitch)
    notes = [Note(step * STEP_TICKS, STEP_TICKS, pitch, 90) for step, pitches in told for pitch in pitches]
    sheet = quantise({Part.HARMONY: notes}, [number * bar for number in range(BARS + 2)], human=False)
    measured = {
        "Interest": bisect_right(INTEREST_EDGES, gauge.interest),
        "Sync": bisect_right(SYNC_EDGES, gauge.syncopation * (gauge.onsets - 1) / gauge.onsets),
        "Leap": bisect_right(LEAP_EDGES, gauge.leap),
        "Stack": bisect_right(STACK_EDGES, gauge.stack),
    }
    assert measured == measure(sheet, Part.HARMONY, meter, only=tuple(measured))


def test_a_copy_goes_its_own_way() -> None:
    gauge = Gauge(beat=24)
    gauge.begin(0, 0)
    other = gauge.copy()
    other.begin(36, 36)
    assert (gauge.last, gauge.gaps, gauge.onsets) == (0, {}, 1)
    assert (other.last, other.gaps, other.due) == (36, {36: 1}, 48)
