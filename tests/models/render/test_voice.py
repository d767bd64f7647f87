"""One note: its pitch, its envelope, its place, its end."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from models.render import voice
from models.render.generators import Gen
from models.render.kernels import laid
from models.render.soundfont import Floats, Region, Soundfont, bundled_path
from tests.models.render.fonts import CLICK_FRAMES, SINE_HZ, Zone, looped, soundfont, struck

RATE = 44_100


def played(
    folder: Path, zone: Zone, *, key: int = 69, velocity: int = 127, frames: int = RATE, rate: int = RATE
) -> Floats:
    path = folder / "one.sf2"
    path.write_bytes(soundfont({(0, 0): [zone]}))
    font = Soundfont.load(path)
    (region,) = font.preset(0, 0)
    return on_its_place(region, voice.hold(font, region, key=key, velocity=velocity, frames=frames, rate=rate))


def on_its_place(region: Region, sound: Floats) -> Floats:
    return np.stack([sound * np.float32(side) for side in voice.sides_of(region)], axis=1)


def pitch_hz(sound: Floats, rate: int = RATE) -> float:
    """The strongest frequency, by a padded spectrum."""
    mono = sound.sum(axis=1) * np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(mono, 1 << 20))
    return float(np.argmax(spectrum)) * rate / (1 << 20)


def cents(hertz: float, reference: float) -> float:
    return 1200 * math.log2(hertz / reference)


def level_db(sound: Floats, second: float, rate: int = RATE) -> float:
    around = sound[int(second * rate) : int(second * rate) + 1000]
    return float(20 * np.log10(np.sqrt(np.mean(np.square(around, dtype=np.float64))) + 1e-12))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("key", [45, 60, 69, 81, 93])
def test_a_key_sounds_at_its_pitch_at_every_rate(tmp_path: Path, key: int, rate: int) -> None:
    sound = played(tmp_path, looped(), key=key, frames=rate, rate=rate)
    assert abs(cents(pitch_hz(sound, rate), SINE_HZ * 2 ** ((key - 69) / 12))) < 1


def test_root_key_and_tunings_move_the_pitch(tmp_path: Path) -> None:
    sound = played(tmp_path, looped(root_key=81, coarse_tune=2, fine_tune=-25), key=69)
    assert abs(cents(pitch_hz(sound), SINE_HZ) - (-1200 + 200 - 25)) < 1
    assert abs(cents(pitch_hz(played(tmp_path, looped(fixed_key=57), key=90)), SINE_HZ / 2)) < 1


def test_a_loop_has_no_seam(tmp_path: Path) -> None:
    sound = played(tmp_path, looped(filter_cutoff=20_000), frames=3 * RATE)[200:, 0].astype(np.float64)
    assert np.max(np.abs(np.diff(sound, 2))) < 1.1 * np.max(np.abs(sound)) * (2 * np.pi * SINE_HZ / RATE) ** 2


def test_a_struck_sample_ends_where_it_ends(tmp_path: Path) -> None:
    assert len(played(tmp_path, struck(), frames=5 * CLICK_FRAMES)) == CLICK_FRAMES - 1


def test_the_envelope_waits_rises_holds_and_falls_to_its_sustain(tmp_path: Path) -> None:
    zone = looped(env_delay=-4800, env_attack=-3600, env_hold=-2400, env_decay=0, env_sustain=200)
    sound = played(
        tmp_path, zone, frames=2 * RATE
    )  # delay 1/16 s, attack 1/8 s, hold 1/4 s, 100 dB a second, to -20 dB
    full = level_db(sound, 0.3)
    assert not np.any(sound[: int(0.0624 * RATE)])
    assert level_db(sound, 0.11) == pytest.approx(full + 20 * math.log10(0.46), abs=1.0)
    assert level_db(sound, 0.40) == pytest.approx(full, abs=0.3)
    assert level_db(sound, 0.525) == pytest.approx(full - 10, abs=1.3)
    assert level_db(sound, 1.0) == pytest.approx(full - 20, abs=0.3)


def test_a_decay_to_silence_ends_the_note(tmp_path: Path) -> None:
    sound = played(tmp_path, looped(env_decay=-2400, env_sustain=1000), frames=5 * RATE)
    assert 0.19 * RATE < len(sound) < 0.21 * RATE


def test_pan_keeps_the_power(tmp_path: Path) -> None:
    left, middle, right = (played(tmp_path, looped(pan=pan)).astype(np.float64) for pan in (-500, 0, 500))
    assert np.max(np.abs(left[:, 1])) < 1e-9
    assert np.max(np.abs(right[:, 0])) < 1e-9
    power = [float(np.sum(sound**2)) for sound in (left, middle, right)]
    assert power == pytest.approx([power[0]] * 3, rel=1e-5)


def test_attenuation_and_filter_make_it_quieter(tmp_path: Path) -> None:
    plain = level_db(played(tmp_path, looped()), 0.5)
    assert level_db(played(tmp_path, looped(attenuation=100)), 0.5) == pytest.approx(plain - 4, abs=0.05)
    # 24 semitones below the tone, two poles take 24 dB, and the sweep opens it again.
    closed = looped(filter_cutoff=4500, scale_tuning=0)
    assert level_db(played(tmp_path, closed), 0.5) < plain - 18
    swept = looped(filter_cutoff=4500, scale_tuning=0, mod_env_to_cutoff=8000)
    assert level_db(played(tmp_path, swept), 0.5) == pytest.approx(plain, abs=1.0)


def test_softer_is_quieter_and_darker(tmp_path: Path) -> None:
    gains = [voice.gain_of(velocity) for velocity in range(1, 128)]
    assert gains == sorted(gains)
    assert gains[-1] == 1
    assert 20 * math.log10(voice.gain_of(64)) == pytest.approx(-8.3, abs=0.1)
    bright = looped(filter_cutoff=6900)
    soft, hard = (level_db(played(tmp_path, bright, key=81, velocity=v), 0.5) for v in (1, 127))
    assert soft < hard - 2


def test_vibrato_and_envelope_bend_the_pitch(tmp_path: Path) -> None:
    bent = played(tmp_path, looped(mod_env_to_pitch=1200))
    assert abs(cents(pitch_hz(bent), 2 * SINE_HZ)) < 1
    zone = looped(vib_lfo_to_pitch=200, vib_lfo_frequency=-851)  # 5 Hz
    sound = played(tmp_path, zone, frames=RATE)[:, 0]
    crossings = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    periods = np.diff(crossings)
    assert cents(float(periods.max()), float(periods.min())) == pytest.approx(400, abs=60)


def test_a_release_falls_by_100_db_a_release_time_and_ends_silent() -> None:
    def region(release: int) -> Region:
        font = Soundfont.load(bundled_path())
        some = font.preset(0, 0)[0]
        return Region(some.keys, some.velocities, some.sample, {Gen.ENV_RELEASE: release})

    factor, frames = voice.release_of(region(0), RATE)
    assert frames == pytest.approx(0.8 * RATE, abs=2)
    stem, sound = np.zeros((2 * RATE, 2), np.float32), np.ones(2 * RATE, np.float32)
    laid(stem, sound, 0, 100, 1000, 0, factor, frames, -1, 0, 1.0, 0.5, False)
    curve = stem[1100:, 0]
    assert np.all(stem[100:1100, 0] == 1)
    assert curve[0] == 1
    assert 20 * math.log10(curve[RATE // 2]) == pytest.approx(-50, abs=0.1)
    assert np.max(curve[frames - 1 :]) < 2e-6
    assert not np.any(curve[frames:])
    assert np.allclose(stem[:, 1], stem[:, 0] / 2)
    assert voice.release_of(region(-12000), RATE)[1] >= int(0.015 * RATE)  # none is shorter: that would click
    assert voice.release_of(region(8000), RATE)[1] <= voice.MAX_RELEASE_S * RATE


def test_every_preset_of_the_bundled_one_sounds_in_its_middle() -> None:
    font = Soundfont.load(bundled_path())
    for bank, program in font.presets:
        for key in (38, 46) if bank else (48, 60):
            regions = font.regions(bank=bank, program=program, key=key, velocity=100)
            sounds = [voice.hold(font, one, key=key, velocity=100, frames=8000, rate=RATE) for one in regions]
            assert all(np.isfinite(sound).all() for sound in sounds)
            assert 1e-4 < max(float(np.max(np.abs(sound))) for sound in sounds) < 2.5, (bank, program, key)


def test_the_bundled_piano_and_bass_are_in_tune() -> None:
    """The notes that another synthesizer played 20 semitones off: these samples name their pitch in their zones alone."""
    font = Soundfont.load(bundled_path())
    for program, key in ((0, 60), (0, 72), (24, 64), (33, 40), (38, 45), (73, 72)):
        sound = np.zeros((RATE, 2), np.float32)
        for region in font.regions(bank=0, program=program, key=key, velocity=100):
            held = voice.hold(font, region, key=key, velocity=100, frames=RATE, rate=RATE)
            sound[: len(held)] += on_its_place(region, held)
        wanted = 440 * 2 ** ((key - 69) / 12)
        mono = sound[2000:].sum(axis=1) * np.hanning(RATE - 2000)
        spectrum = np.abs(np.fft.rfft(mono, 1 << 20))
        hertz = np.arange(len(spectrum)) * RATE / (1 << 20)
        near = (hertz > wanted * 2 ** (-1 / 12)) & (hertz < wanted * 2 ** (1 / 12))
        found = float(hertz[near][np.argmax(spectrum[near])])
        assert abs(cents(found, wanted)) < 12, (program, key)
        strong = spectrum[near].max() / spectrum[hertz < 2000].max()
        assert strong > 0.03, (program, key)
