"""Keys: the right one is told from each other, by notes or by scale; drums and silence say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.grid.harmony import agreement
from models.render.soundfont import Floats
from sessions.music.keys import Key
from sessions.music.notes import Note
from tests.models.render.grid.sounds import RATE, plucked

CHORDS = [(57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62)]  # Am F C G, a bar each
NOTES = [Note(3840 * bar, 3600, pitch, 90) for bar, chord in enumerate(CHORDS) for pitch in chord]


def played(moved: int, cents: float = 0.0) -> Floats:
    times = np.array([note.start / 1920 for note in NOTES])
    return plucked(times, [note.pitch + moved + cents / 100 for note in NOTES], 8.0, hold=1.8)


@pytest.mark.parametrize("moved", range(-5, 7))
def test_how_far_it_is_off_is_told_to_the_semitone(moved: int) -> None:
    found = agreement(played(moved), RATE, NOTES, bpm=120.0, total_ticks=15360)
    assert found is not None
    assert found.moved == moved
    assert found.best > 0.75
    assert (found.agreement > 0.75) == (moved == 0)


@pytest.mark.parametrize("cents", [-20.0, 20.0])
def test_a_tuning_that_is_a_little_off_is_the_same_key(cents: float) -> None:
    found = agreement(played(0, cents), RATE, NOTES, bpm=120.0, total_ticks=15360)
    assert found is not None
    assert found.moved == 0
    assert found.agreement > 0.7


@pytest.mark.parametrize(("key", "better"), [("Am", "Abm"), ("C", "C#"), ("C", "B")])
def test_without_notes_the_scale_is_compared(key: str, better: str) -> None:
    right, wrong = (
        agreement(played(0), RATE, [], bpm=120.0, total_ticks=15360, scale=Key.parse(name).scale)
        for name in (key, better)
    )
    assert right is not None
    assert wrong is not None
    assert right.agreement > wrong.agreement + 0.4


def test_bass_is_heard_by_its_overtones() -> None:
    notes = [Note(960 * step, 900, pitch, 90) for step, pitch in enumerate((28, 33, 31, 36, 28, 35, 31, 33))]
    sound = plucked(np.linspace(0, 3.5, 8), [note.pitch for note in notes], 4.0)
    found = agreement(sound, RATE, notes, bpm=120.0, total_ticks=7680)
    assert found is not None
    assert found.moved == 0


def test_silence_is_in_no_key() -> None:
    assert agreement(np.zeros(4 * RATE, np.float32), RATE, NOTES, bpm=120.0, total_ticks=15360) is None
    assert agreement(played(0), RATE, [], bpm=120.0, total_ticks=15360) is None
