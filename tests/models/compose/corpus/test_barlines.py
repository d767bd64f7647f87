"""Upbeats that a file does not tell are heard."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from models.compose.corpus.barlines import with_upbeats
from models.compose.corpus.midi import grid
from sessions.music.parts import Part


def waltz(upbeat: int) -> dict[Part, np.ndarray]:
    """Oom-pah-pah under a tune, after an upbeat of so many quarters."""
    bass, chords, tune = [], [], [[beat * 960, 900, 67, 90] for beat in range(upbeat)]
    for bar in range(16):
        at = (upbeat + 3 * bar) * 960
        bass.append([at, 900, 36, 90])
        chords += [[at + beat * 960, 800, pitch, 70] for beat in (1, 2) for pitch in (55, 60)]
        tune += [[at, 1800, 72, 90], [at + 1920, 900, 71, 90]]
    return {Part.BASS: np.array(bass), Part.HARMONY: np.array(chords), Part.MELODY: np.array(tune)}


def test_upbeats_are_found() -> None:
    for upbeat in (0, 1, 2):
        bars = with_upbeats(grid([(0, 3, 4)], [], (upbeat + 48) * 960), waltz(upbeat))
        expected = [f"{upbeat}/4"] * (upbeat > 0) + ["3/4"] * 16
        assert [str(bar.meter) for bar in bars][: len(expected)] == expected
        assert all(bar.end == after.start for bar, after in pairwise(bars))


def test_nothing_to_hear_changes_nothing() -> None:
    bars = grid([(0, 4, 4)], [], 8 * 3840)
    assert with_upbeats(bars, {}) == bars
