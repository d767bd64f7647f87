"""Leaning: what is wished for is worth more, and pressing it changes nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from models.compose.tokens.vocabulary import DRUMS, FRAME_STEPS, LEVELS
from models.compose.writer.gauge import Gauge
from models.compose.writer.leaning import Place, evenly, held_beats, hits, moves, over_beats, press


def played(*steps: int, beat: int = 24, bar: int = 96, top: int = 60) -> Gauge:
    gauge = Gauge(beat)
    for step in steps:
        gauge.begin(step, step % bar)
        gauge.sound(top)
    return gauge


def place(bar: int = 0, frame: int = 0, **more: tuple[int, ...]) -> Place:
    return Place(bar, frame, steps=96, beat=24, **more)


def test_a_rhythm_that_is_even_goes_on_or_breaks() -> None:
    gauge = played(0, 12, 24, 36)
    on, off = (evenly(gauge, place(), up=up) for up in (False, True))
    assert on is not None
    assert off is not None
    assert on.positions[48] > on.positions[42] == on.positions[60]
    assert off.positions[48] < off.positions[42]
    assert on.leave < on.positions[48]
    end = evenly(played(0, 24, 48, 72), place(), up=False)
    assert end is not None
    assert end.leave > end.positions[84]  # the next one is due in the next bar


def test_nothing_is_even_before_there_is_a_distance() -> None:
    assert evenly(played(0), place(), up=True) is None
    assert over_beats(Gauge(24), place(), up=True) is None
    assert moves(played(0), up=True) is None


@pytest.mark.parametrize("up", [True, False])
def test_who_is_off_the_beat_hangs_over_the_next_or_lands_on_it(up: bool) -> None:
    sign = 1 if up else -1
    onward = over_beats(played(0, 36), place(), up=up)
    assert onward is not None
    assert [sign * float(onward.positions[step]) for step in (42, 48, 54, 72)] == [0, -1, 1, 1]
    assert (sign * onward.leave, sign * onward.hop) == (1, 1)
    late = over_beats(played(0, 84), place(), up=up)
    assert late is not None
    assert late.leave == 0  # the beat is the next bar's first
    next_bar = over_beats(played(0, 84), place(bar=96), up=up)
    assert next_bar is not None
    assert [sign * float(next_bar.positions[step]) for step in (0, 12)] == [-1, 1]


def test_drums_keep_the_beats_that_are_held() -> None:
    assert [held_beats(steps, beat) for steps, beat in ((96, 24), (72, 36), (72, 24), (84, 12), (30, 6))] == [
        (1, 3), (1,), (0,), (0,), (0,),
    ]  # fmt: skip
    for gauge in (played(0), played(0, 12)):
        onward = over_beats(gauge, place(held=(1, 3)), up=True)
        assert onward is not None
        assert onward.positions.argmax() == 24
        assert onward.positions[36] == onward.leave == -1
    down, unheld = (over_beats(played(12), place(held=held), up=False) for held in ((1, 3), ()))
    assert down is not None
    assert unheld is not None
    assert down.positions.tolist() == unheld.positions.tolist()
    onward = over_beats(played(24, 84), place(held=(1, 3)), up=True)
    assert onward is not None
    assert onward.leave == 0  # the bar's first beat is not held


def test_what_is_held_has_a_backbeat() -> None:
    where = place(held=(1, 3))
    row = hits(played(0, 24), where)
    assert row is not None
    assert [DRUMS[kind // LEVELS][0] for kind in np.flatnonzero(row)[::LEVELS]] == ["stick", "snare", "clap"]
    assert hits(played(0, 12), where) is None
    assert hits(played(0), where) is None


def test_leaps_are_those_that_can_be_sung() -> None:
    up, down = moves(played(0, 24), up=True), moves(played(0, 24), up=False)
    assert up is not None
    assert down is not None
    assert up[64] > up[60] > up[62]
    assert up[53] > up[59]
    assert up[64] > up[80]
    assert down[62] > down[60] > down[64]


def test_the_lower_notes_of_chords_are_no_line() -> None:
    gauge = Gauge(24)
    for step in (0, 24):
        gauge.begin(step, step)
        for pitch in (48, 55, 64):
            gauge.sound(pitch)
    gauge.begin(48, 48)
    row = moves(gauge, up=False)
    assert row is not None
    assert (row[48], row[55]) == (0, 0)
    assert row[65] > 0 > row[70]


def test_what_is_pressed_keeps_its_share() -> None:
    dice = np.random.default_rng(1)
    logits = dice.normal(0, 1, 20)
    leant, among = logits.copy(), np.arange(20) < 12
    press(leant, among, dice.normal(0, 2, 20))
    assert leant[12:].tolist() == logits[12:].tolist()
    assert np.exp(leant[:12]).sum() == pytest.approx(np.exp(logits[:12]).sum())
    assert leant[:12].tolist() != logits[:12].tolist()


def test_what_is_out_of_place_is_not_chosen_for_it() -> None:
    logits, bias = np.zeros(FRAME_STEPS), np.zeros(FRAME_STEPS)
    logits[5], bias[5] = -7.0, 50.0
    press(logits, np.ones(FRAME_STEPS, bool), bias)
    assert logits[5] < -40
    assert (np.delete(logits, 5) == logits[0]).all()
