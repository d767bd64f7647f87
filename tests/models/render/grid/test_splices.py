"""Cuts that nobody hears: tones stay clean and in tune, attacks stay sharp, levels stay, nothing is heard twice."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.grid.laying import laid
from models.render.grid.splices import Anchor, Cut, planned
from models.render.soundfont import Floats
from tests.models.render.grid.sounds import RATE, burst, laid_at, tone

NONE = np.zeros(0)


def stretched(
    sound: Floats, pace: float, *, seconds: float, step: float, onsets: np.ndarray = NONE
) -> tuple[Floats, list[Cut]]:
    heard = bool(len(onsets))
    anchors = [Anchor(float(at), float(at * pace), heard=heard) for at in np.arange(0, seconds + step / 2, step)]
    offset, cuts = planned(sound, RATE, anchors, onsets, np.ones(len(onsets)))
    return laid(sound, offset, cuts, round(seconds * RATE)), cuts


@pytest.mark.parametrize("pace", [0.96, 1.03])
@pytest.mark.parametrize("hertz", [45.0, 110.0, 440.0, 1000.0, 3000.0, 7001.3])
def test_a_tone_stays_clean_in_tune_and_as_loud(hertz: float, pace: float) -> None:
    """All that is not the tone lies 70 dB below it; a cent is 0.06 %."""
    out, cuts = stretched(tone(hertz, 9), pace, seconds=8, step=0.5)
    assert len(cuts) > 8
    middle = out[RATE // 4 : -RATE // 4, 0].astype(np.float64)
    power = np.abs(np.fft.rfft(middle * np.blackman(len(middle)))) ** 2
    top = int(np.argmax(power))
    at = np.arange(len(power)) * RATE / len(middle)
    assert abs(1200 * np.log2(at[top] / hertz)) < 5
    beside = np.abs(at - at[top]) > 3
    assert 10 * np.log10(power[beside].sum() / power[~beside].sum()) < -70
    assert abs(20 * np.log10(np.std(middle) / (0.5 / np.sqrt(2)))) < 0.05


@pytest.mark.parametrize("pace", [0.97, 1.03])
def test_noise_stays_as_loud_throughout(pace: float) -> None:
    dice = np.random.default_rng(3)
    noise = dice.normal(0, 0.1, (9 * RATE, 2)).astype(np.float32)
    out, _ = stretched(noise, pace, seconds=8, step=0.5)
    levels = 20 * np.log10(out[: 8 * RATE].reshape(-1, 640, 2).std(axis=(1, 2)) / 0.1)
    assert np.max(np.abs(levels)) < 1.5  # 20 ms of noise differ by half of that by themselves
    assert abs(levels.mean()) < 0.1


@pytest.mark.parametrize("pace", [0.96, 1.04])
def test_attacks_are_untouched_and_where_the_anchors_want_them(pace: float) -> None:
    """Each hit is the same to the sample for 15 ms, and rises as fast as before."""
    hit = burst(1, 0.3)
    times = np.arange(0, 8, 0.25)
    sound = laid_at(times * pace, hit, round(9 * RATE))
    out, cuts = stretched(np.stack((sound, sound), axis=1), pace, seconds=8, step=0.25, onsets=times * pace)
    assert cuts
    late = []
    for at in times[1:]:
        first = round(at * RATE) - 200
        window = out[first : first + 800, 0]
        start = int(np.argmax(np.abs(window) > 0.25 * np.max(np.abs(hit))))
        reference = int(np.argmax(np.abs(hit) > 0.25 * np.max(np.abs(hit))))
        late.append(1000 * (start - 200 - reference) / RATE)
    assert np.max(np.abs(late)) < 2.5
    assert np.percentile(np.abs(late), 50) < 1.5


def test_no_hit_is_heard_twice_and_none_is_lost() -> None:
    """Hits that no anchor knows, while everything around them is cut."""
    times = np.array([0.31, 0.9, 1.37, 2.2, 2.61, 3.05])
    sound = laid_at(times, burst(2, 0.1), 5 * RATE) + 0.01 * tone(220.0, 5)[:, 0]
    stereo = np.stack((sound, sound), axis=1).astype(np.float32)
    for pace in (0.95, 1.05):
        anchors = [Anchor(at, at * pace) for at in (0.0, 1.0, 2.0, 3.0, 4.0)]
        offset, cuts = planned(stereo, RATE, anchors, times, np.ones(len(times)))
        out = laid(stereo, offset, cuts, 4 * RATE)[:, 0]
        loud = np.abs(out).reshape(-1, 160).max(axis=1) > 0.15
        assert (
            int(np.sum(loud & ~np.concatenate(([False] * 6, loud[:-6])) & ~np.concatenate(([False], loud[:-1])))) == 6
        )


def test_without_drift_nothing_is_touched() -> None:
    sound = tone(313.0, 3)
    anchors = [Anchor(at, at) for at in (0.0, 1.0, 2.0)]
    offset, cuts = planned(sound, RATE, anchors, NONE, NONE)
    assert (offset, cuts) == (0.0, [])
    assert np.array_equal(laid(sound, offset, cuts, 2 * RATE), sound[: 2 * RATE])


def test_a_fraction_of_a_frame_is_read_as_exactly() -> None:
    sound = tone(5000.0, 1)
    out = laid(sound, 100.25, [], 8000)[:, 0]
    exact = 0.5 * np.sin(2 * np.pi * 5000 * (np.arange(8000) + 100.25) / RATE)
    assert np.max(np.abs(out - exact)) < 2e-5


def test_beyond_the_sound_there_is_silence() -> None:
    out = laid(tone(440.0, 0.1), -400.0, [Cut(2000, 96, 5000.5)], 4000)
    assert not np.any(out[:400])
    assert not np.any(out[2200:])
