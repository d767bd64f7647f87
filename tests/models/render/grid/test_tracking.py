"""The path through a sound: from the right start, past what is missing or added, at the tempo asked for and no other."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.grid.expected import Expected, expected
from models.render.grid.novelty import Novelty, novelty
from models.render.grid.timing import timed
from models.render.grid.tracking import fitting_tempo, track
from sessions.music.notes import Note
from tests.models.render.grid.sounds import RATE, burst, drifting, laid_at

KICK, SNARE = burst(1, 0.08), burst(2, 0.08)


def beat(bars: int) -> list[Note]:
    """Kick and snare, with a pick-up in every second bar so that bars differ."""
    notes = []
    for bar in range(bars):
        steps = [(0, 36), (960, 38), (1920, 36), (2880, 38)] + ([(3360, 36), (3600, 36)] if bar % 2 else [])
        notes += [Note(bar * 3840 + at, 120, pitch, 100) for at, pitch in steps]
    return notes


def heard_and_wanted(times: np.ndarray, notes: list[Note], bpm: float = 120.0) -> tuple[Novelty, Expected]:
    sound = laid_at(times, KICK, round((times[-1] + 0.6) * RATE))
    return novelty(sound, RATE), expected(notes, bpm, drums=True)


@pytest.mark.parametrize("start", [0.0, 0.5, 2.0, 3.7])
def test_a_late_start_is_found_to_the_beat(start: float) -> None:
    notes = beat(6)
    wanted = expected(notes, 120.0, drums=True)
    there = drifting(2, 0.02, 12, start=start)(wanted.times_s)
    heard, _ = heard_and_wanted(there, notes)
    timing = timed(wanted, heard, track(wanted, heard))
    assert timing.found.mean() > 0.95
    assert np.max(np.abs(timing.heard_s - there)) < 0.004


@pytest.mark.parametrize("kept", [slice(0, None, 2), slice(1, None, 2)])
def test_half_of_the_hits_are_enough(kept: slice) -> None:
    """What sounds like half the tempo is the tempo asked for with notes missing; the sound begins where the section does."""
    notes = [Note(480 * step, 120, 38, 100) for step in range(32)]
    wanted = expected(notes, 120.0, drums=True)
    there = drifting(4, 0.02, 8)(wanted.times_s)
    heard, _ = heard_and_wanted(there[kept], notes)
    path = track(wanted, heard)
    assert np.max(np.abs(path.times_s[2:-2] - there[2:-2])) < 0.03


def test_twice_as_many_hits_change_nothing() -> None:
    notes = [Note(960 * step, 120, 38, 100) for step in range(16)]
    wanted = expected(notes, 120.0, drums=True)
    warp = drifting(5, 0.02, 8)
    heard, _ = heard_and_wanted(warp(np.linspace(0, 7.75, 32)), notes)
    timing = timed(wanted, heard, track(wanted, heard))
    assert np.max(np.abs(timing.heard_s - warp(wanted.times_s))) < 0.004


@pytest.mark.parametrize("ratio", [0.7, 0.8, 1.0, 1.25, 1.5])
def test_the_tempo_that_fits_is_named(ratio: float) -> None:
    notes = beat(6)
    wanted = expected(notes, 120.0, drums=True)
    heard, _ = heard_and_wanted(wanted.times_s * ratio, notes)
    assert fitting_tempo(wanted, heard) == pytest.approx(ratio, rel=0.011)


def test_a_sound_that_ends_early_leaves_the_rest_at_the_tempo_it_had() -> None:
    notes = beat(6)
    wanted = expected(notes, 120.0, drums=True)
    there = wanted.times_s * 1.02
    heard, _ = heard_and_wanted(there[: len(there) // 2], notes)
    timing = timed(wanted, heard, track(wanted, heard))
    assert not timing.found[len(there) // 2 + 2 :].any()
    assert np.max(np.abs(timing.heard_s - there)) < 0.15


def test_strums_and_flams_are_one_onset() -> None:
    notes = [Note(0, 960, 60, 80), Note(20, 940, 64, 80), Note(40, 920, 67, 100), Note(960, 960, 60, 90)]
    found = expected(notes, 120.0, drums=False)
    assert found.times_s.tolist() == [0.0, 0.5]
    assert found.bands[0].sum() == pytest.approx(1)
    assert found.weights.tolist() == [1.0, pytest.approx(0.9)]


@pytest.mark.parametrize("hertz", [41.2, 110.0, 880.0])
def test_a_held_tone_begins_once(hertz: float) -> None:
    at = np.arange(3 * RATE) / RATE
    sound = (0.3 * np.sin(2 * np.pi * hertz * at) * (at > 1.0) * np.minimum((3 - at) / 0.5, 1)).astype(np.float32)
    heard = novelty(sound, RATE)
    strong = heard.onsets_s[heard.strengths > 0.4]
    assert len(strong) == 1
    assert strong[0] == pytest.approx(1.0, abs=0.015)
