"""Rates and ends: exact lengths, a clean conversion, fades where a sound is cut, tails that ring or loop."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.grid.ends import Ending, finished, resampled
from tests.models.render.grid.sounds import RATE, tone


@pytest.mark.parametrize("out_rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("hertz", [50.0, 1000.0, 12_000.0])
def test_a_tone_is_the_same_tone_at_another_rate(hertz: float, out_rate: int) -> None:
    """To 80 dB, with no shift in time."""
    out = resampled(tone(hertz, 1), RATE, out_rate)[:, 0]
    middle = slice(out_rate // 10, -out_rate // 10)
    exact = tone(hertz, 1, out_rate)[: len(out), 0]
    assert np.max(np.abs(out[middle] - exact[middle])) < 0.5e-4


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    assert np.max(np.abs(resampled(tone(20_000.0, 1, 48_000), 48_000, RATE)[2000:-2000])) < 1e-4


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("frames", [1, 500, 44_100, 60_000])
def test_there_are_exactly_as_many_frames_as_asked_for(ending: Ending, frames: int) -> None:
    audio, _ = finished(tone(440.0, 1.2), RATE, 44_100, frames=frames, ending=ending)
    assert audio.shape == (frames, 2)


def test_what_rings_joins_what_was_before_and_dies_away() -> None:
    audio, tail = finished(tone(440.0, 1.5), RATE, 48_000, frames=48_000, ending=Ending.RING)
    assert len(tail) == 24_000
    assert np.max(np.abs(np.diff(np.concatenate((audio[-100:, 0], tail[:100, 0]))))) < 0.03
    assert abs(tail[-1, 0]) < 1e-3


def test_a_loop_goes_on_where_it_ended() -> None:
    """The tail lies under the start: from the last frame to the first there is no step."""
    sound = tone(441.0, 1.5)
    sound[:3200] = 0
    audio, tail = finished(sound, RATE, 48_000, frames=48_000, ending=Ending.LOOP)
    assert not len(tail)
    around = np.concatenate((audio[-200:, 0], audio[:200, 0]))
    assert np.max(np.abs(np.diff(around))) < 0.04
    assert np.max(np.abs(audio[:4000])) > 0.4


def test_an_end_that_is_cut_fades() -> None:
    audio, tail = finished(tone(440.0, 1.0), RATE, 44_100, frames=44_100, ending=Ending.CUT)
    assert not len(tail)
    assert abs(audio[-1, 0]) < 1e-3
    assert np.max(np.abs(audio[-1000:-500])) > 0.45
