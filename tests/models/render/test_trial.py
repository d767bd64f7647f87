"""Random sections, measured by their files: the promises that every stem keeps."""

from __future__ import annotations

import numpy as np
import pytest

from models.render.renderer import SampledStems
from models.render.soundfont import Soundfont, bundled_path
from models.render.trial import attacks_ms, requests, trial
from sessions.music import Note


def test_random_sections_keep_what_is_promised() -> None:
    found = trial(SampledStems(Soundfont.load(bundled_path())), requests(9, longest_bars=2))
    assert (found.sections, found.wrong_frames, found.silent) == (9, [], [])
    assert found.sum_error == 0
    assert found.true_peak_db < -1
    late = [late for part in found.late_ms.values() for late in part]
    assert len(late) > 50
    assert np.percentile(late, 95) < 20
    assert max(found.lufs) < -13.9
    assert np.median(found.lufs) > -15
    assert list(found.lines())


def test_attacks_are_found_where_they_are() -> None:
    rate, late = 48_000, 0.015
    sound = np.zeros((rate, 2))
    for beat in range(2):
        at = round((beat / 2 + late) * rate)
        sound[at : at + 9600] = 0.3
    found = attacks_ms(sound, [Note(0, 400, 60, 100), Note(960, 400, 60, 100)], 120.0, rate)
    assert found == pytest.approx([late * 1e3] * 2, abs=0.5)
    assert attacks_ms(np.full((rate, 2), 0.3), [Note(960, 400, 60, 100)], 120.0, rate) == []
