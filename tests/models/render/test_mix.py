"""The mix: exact sums, loudness, peaks, and the bytes of the files."""

from __future__ import annotations

import hashlib
import math
import wave
from io import BytesIO

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.render.loudness import integrated_lufs, true_peak
from models.render.mix import CEILING_DBTP, TARGET_LUFS, Mix, Stopped
from models.render.soundfont import Floats
from models.render.wav import read_wav, wav_bytes

RATE = 44_100


def tone(hertz: float, seconds: float, level: float, rate: int = RATE) -> Floats:
    one = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.stack((one, one), axis=1).astype(np.float32)


def noise(frames: int, level: float, seed: int) -> Floats:
    return np.asarray(level * np.random.default_rng(seed).standard_normal((frames, 2)), np.float32)


def peak_db(sound: Floats) -> float:
    return 20 * math.log10(true_peak(lambda a, b: sound[a:b], len(sound)))


def as_floats(data: bytes) -> Floats:
    return (read_wav(data)[0] / 2**23).astype(np.float32)


@settings(max_examples=25)
@given(frames=st.integers(1, 3000), parts=st.integers(1, 5), level=st.floats(1e-6, 4.0), seed=st.integers(0, 99))
def test_stems_sum_to_the_mix_to_the_last_bit_and_nothing_clips(
    frames: int, parts: int, level: float, seed: int
) -> None:
    mix = Mix({f"part{i}": noise(frames, level, seed + i) for i in range(parts)}, RATE)
    stems = [read_wav(mix.wav(name))[0].astype(np.int64) for name in mix.stems]
    total = read_wav(mix.wav("mix"))[0].astype(np.int64)
    assert np.array_equal(np.sum(stems, axis=0), total)
    for sound in (*stems, total):
        assert np.max(np.abs(sound)) <= 2**23 * 10 ** (CEILING_DBTP / 20) + len(stems)


def test_a_mix_that_can_be_is_as_loud_as_the_target() -> None:
    mix = Mix({"a": tone(500, 5, 0.01), "b": tone(750, 5, 0.02)}, RATE)
    mixed = as_floats(mix.wav("mix"))
    assert integrated_lufs(mixed, RATE) == pytest.approx(TARGET_LUFS, abs=0.05)
    assert peak_db(mixed) < CEILING_DBTP


def test_the_true_peak_stays_under_the_ceiling_where_the_frames_do_not_show_it() -> None:
    # A quarter of the rate, an eighth of a turn late: no frame sees more than 0.707 of it.
    late = np.sin(np.pi / 4 + np.pi / 2 * np.arange(RATE)).astype(np.float32)
    sound = np.stack((late, late), axis=1) * np.float32(0.9)
    assert peak_db(sound) == pytest.approx(20 * math.log10(0.9), abs=0.15)
    spiked = sound * np.float32(0.01)
    spiked[RATE // 2 : RATE // 2 + 200] *= 100
    mixed = as_floats(Mix({"a": spiked}, RATE).wav("mix"))
    assert CEILING_DBTP - 0.2 < peak_db(mixed) < CEILING_DBTP + 0.05


@pytest.mark.parametrize("loops", [False, True])
def test_single_strokes_are_turned_down_in_all_stems_alike_so_that_the_rest_is_as_loud_as_the_target(
    loops: bool,
) -> None:
    bed, strokes = tone(400, 6, 0.05), np.zeros((6 * RATE, 2), np.float32)
    for second in range(6):
        strokes[second * RATE + 20_000 : second * RATE + 20_300] = tone(1000, 300 / RATE, 0.3)[:300]
    mix = Mix({"bed": bed, "strokes": strokes}, RATE, loops=loops)
    mixed = as_floats(mix.wav("mix"))
    assert integrated_lufs(mixed, RATE) == pytest.approx(TARGET_LUFS, abs=0.3)
    assert CEILING_DBTP - 0.5 < peak_db(mixed) < CEILING_DBTP + 0.03
    gain = as_floats(mix.wav("bed"))[:, 0] / np.where(np.abs(bed[:, 0]) > 0.01, bed[:, 0], np.nan)
    far, near = np.nanmedian(gain[:10_000]), np.nanmin(gain[20_000:20_300])
    assert 1 < 20 * math.log10(far / near) < 6.5


def test_what_is_all_strokes_is_limited_only_so_far() -> None:
    strokes = np.zeros((6 * RATE, 2), np.float32)
    strokes[:: RATE // 2] = 0.5
    mixed = as_floats(Mix({"a": strokes}, RATE).wav("mix"))
    assert integrated_lufs(mixed, RATE) < TARGET_LUFS - 3
    assert peak_db(mixed) < CEILING_DBTP + 0.03


def test_stems_that_cancel_each_other_do_not_clip_either() -> None:
    loud = tone(200, 1, 0.5)
    mix = Mix({"a": loud, "b": -loud, "c": tone(300, 1, 0.01)}, RATE)
    assert peak_db(as_floats(mix.wav("a"))) < CEILING_DBTP + 0.05


def test_cancelled_it_stops_where_it_is() -> None:
    stems = {"a": noise(200_000, 0.1, 1), "b": noise(200_000, 0.1, 2)}
    for steps in (1, 4):
        asked = iter([False] * steps + [True])
        with pytest.raises(Stopped):
            Mix(stems, RATE, cancelled=lambda asked=asked: next(asked))  # type: ignore[misc]
    said = [False]
    mix = Mix(stems, RATE, cancelled=lambda: said[0])
    said[0] = True
    with pytest.raises(Stopped):
        mix.wav("mix")


def test_silence_stays_silent_and_a_whisper_is_not_raised_to_a_shout() -> None:
    silent = Mix({"a": np.zeros((1000, 2), np.float32)}, RATE)
    assert not np.any(read_wav(silent.wav("mix"))[0])
    assert Mix({"a": tone(500, 2, 1e-3)}, RATE).gain == pytest.approx(10 ** (24 / 20))


@pytest.mark.parametrize("seconds", [0.01, 0.0625, 0.39, 0.4, 0.41, 3.0])
def test_a_short_sound_is_as_loud_as_a_long_one(seconds: float) -> None:
    assert integrated_lufs(tone(1000, seconds, 0.1), RATE) == pytest.approx(-20.0, abs=0.4)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_loudness_is_pyloudnorms(rate: int) -> None:
    swelling = noise(7 * rate, 0.05, 1) * np.linspace(0.01, 3, 7 * rate, dtype=np.float32)[:, None]
    theirs = float(pyloudnorm.Meter(rate).integrated_loudness(swelling.astype(np.float64)))
    assert integrated_lufs(swelling, rate) == pytest.approx(theirs, abs=0.01)


def test_silence_and_nothing_have_no_loudness() -> None:
    assert integrated_lufs(np.zeros((RATE, 2), np.float32), RATE) == -math.inf
    assert integrated_lufs(np.zeros((0, 2), np.float32), RATE) == -math.inf


def test_blocks_do_not_show_in_the_true_peak() -> None:
    sound = noise(200_000, 0.1, 3)
    whole = max(peak_db(sound[start : start + 66_000]) for start in range(0, 200_000, 60_000))
    assert peak_db(sound) == pytest.approx(whole, abs=1e-4)


def test_a_wav_is_what_the_standard_library_reads_and_always_the_same() -> None:
    numbers = np.array([[0, 1], [-(2**23), 2**23 - 1], [255, -256]], np.int32)
    data = wav_bytes([numbers[:1], numbers[1:]], 3, 48_000)
    with wave.open(BytesIO(data)) as file:
        assert file.getparams()[:4] == (2, 3, 48_000, 3)
    assert np.array_equal(read_wav(data)[0], numbers)
    assert hashlib.sha256(data).hexdigest() == "01a03c80d00a58aac4aa1dd59b08e55b1ce6cec861a63762317dc3c59f939aec"
    mono = wav_bytes([numbers[:, :1]], 3, 44_100)
    assert read_wav(mono)[0].shape == (3, 1)


def test_numbers_that_do_not_fit_are_a_bug_and_raise() -> None:
    with pytest.raises(ValueError, match="24 bits"):
        wav_bytes([np.array([[2**23, 0]], np.int32)], 1, RATE)


def test_other_files_are_not_read() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
    with pytest.raises(ValueError, match="16 bits"):
        read_wav(file.getvalue())
