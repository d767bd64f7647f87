"""The desk: stems that are final one after another, and what all of them come to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.compose.arranger import Arranger
from models.render.desk import Desk
from models.render.loudness import integrated_lufs, true_peak
from models.render.mix import CEILING_DBTP, TARGET_LUFS, Stopped
from models.render.renderer import sounding
from models.render.soundfont import Floats
from models.render.trial import requests
from models.render.wav import read_wav
from tests.models.render.generated.voices import SAMPLED

RATE = 44_100
FULL = 2**23


def noise(frames: int, level: float, seed: int) -> Floats:
    return np.asarray(level * np.random.default_rng(seed).standard_normal((frames, 2)), np.float32)


def numbers(wav: bytes) -> NDArray[np.int64]:
    return read_wav(wav)[0].astype(np.int64)


def peak_db(whole: NDArray[np.int64]) -> float:
    sound = (whole / FULL).astype(np.float32)
    return 20 * math.log10(max(true_peak(lambda a, b: sound[a:b], len(sound)), 1e-9))


@settings(max_examples=25)
@given(
    frames=st.integers(1, 3000), parts=st.integers(1, 5), level=st.floats(1e-6, 4.0), off=st.floats(0.1, 20.0),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_whatever_takes_the_places_the_sum_is_exact_and_nothing_clips(
    frames: int, parts: int, level: float, off: float, seed: int
) -> None:
    desk = Desk({f"part{i}": noise(frames, level, seed + i) for i in range(parts)}, RATE)
    total = np.zeros((frames, 2), np.int64)
    for i in range(parts):
        stem = numbers(desk.settle(f"part{i}", noise(frames, level * off, seed + 100 + i)))
        total += stem
        assert peak_db(stem) < CEILING_DBTP + 0.02
        assert peak_db(total) < CEILING_DBTP + 0.02
    assert np.array_equal(numbers(desk.mix()), total)


@pytest.mark.parametrize("number", [0, 4, 12, 16, 26])
def test_real_parts_as_others_play_them_come_to_the_target(number: int) -> None:
    request = list(requests(number + 1, longest_bars=4))[number]
    stream = Arranger().stream(request)
    bars = {(part, at): bar[part] for at, bar in enumerate(stream, 1) for part in request.note_parts}
    own = {
        part.value: SAMPLED.stem(request, part, sounding(request, part, bars, stream.chords)) for part in request.parts
    }
    desk = Desk(own, request.rate)
    total = np.zeros((desk.frames, 2), np.int64)
    for shift, (name, sound) in enumerate(own.items(), 1):
        total += numbers(desk.settle(name, np.ascontiguousarray(-np.roll(sound, 9_999 * shift, axis=0)[::-1])))
        assert peak_db(total) < CEILING_DBTP + 0.02
    whole = (numbers(desk.mix()) / FULL).astype(np.float32)
    assert np.array_equal(numbers(desk.mix()), total)
    assert integrated_lufs(whole, request.rate) == pytest.approx(TARGET_LUFS, abs=0.4)


def test_in_any_order_and_each_at_its_place() -> None:
    planned = {"loud": noise(3 * RATE, 0.1, 1), "soft": noise(3 * RATE, 0.01, 2)}
    desk = Desk(planned, RATE)
    soft = numbers(desk.settle("soft", noise(3 * RATE, 0.01, 3)))
    loud = numbers(desk.settle("loud", noise(3 * RATE, 0.1, 4)))
    assert 20 * math.log10(loud.std() / soft.std()) == pytest.approx(20, abs=0.5)
    assert np.array_equal(numbers(desk.mix()), soft + loud)


def test_a_stroke_that_falls_on_one_that_is_final_gives_way() -> None:
    bed, stroke = noise(4 * RATE, 0.02, 5), np.zeros((4 * RATE, 2), np.float32)
    for second in range(4):
        stroke[second * RATE + 20_000 : second * RATE + 20_200] = 0.2
    desk = Desk({"a": stroke, "b": stroke, "bed": bed}, RATE)
    stems = [numbers(desk.settle(name, sound)) for name, sound in (("a", stroke), ("b", stroke), ("bed", bed))]
    assert peak_db(sum(stems)) < CEILING_DBTP + 0.02  # type: ignore[arg-type]
    a, b, bed_now = (np.abs(stem[20_050:20_150]).max() for stem in stems)
    assert a > 0
    assert b > 0
    assert bed_now > 0


def test_silence_stays_silent() -> None:
    desk = Desk({"a": np.zeros((1000, 2), np.float32), "b": noise(1000, 0.1, 1)}, RATE)
    assert not numbers(desk.settle("a", np.zeros((1000, 2), np.float32))).any()
    assert not numbers(desk.settle("b", np.zeros((1000, 2), np.float32))).any()
    assert not numbers(desk.mix()).any()


def test_cancelled_it_stops_where_it_is() -> None:
    said = [False]
    desk = Desk({"a": noise(200_000, 0.1, 1)}, RATE, cancelled=lambda: said[0])
    said[0] = True
    with pytest.raises(Stopped):
        desk.settle("a", noise(200_000, 0.1, 2))
