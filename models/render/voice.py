"""Voice: one region of a soundfont, played as one held note.

The synthesis model of SoundFont 2.04 (chapter 9): a looped sample at the note's pitch, two envelopes, two slow
oscillators, a resonant low-pass and a place between left and right. Pure arrays: no state outlives a call. Gain by
velocity and the release belong to whoever knows when a note ends (`gain_of`, `release_curve`).

    sound = hold(font, region, key=60, velocity=100, frames=44_100, rate=44_100)     # (frames, 2), no release yet
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from models.render.generators import Gen
from models.render.soundfont import Floats, Region, Soundfont

__all__ = ["gain_of", "hold", "release_curve"]

Doubles = NDArray[np.floating[Any]]

SILENT_CB = 800  # 80 dB down, where a decay or a release ends
ATTENUATION_SCALE = 0.4  # what the EMU chips make of it; files are tuned for that, and FluidSynth plays it so
VELOCITY_CURVE = 1.4  # exponent: velocity 64 is 8 dB below 127
VELOCITY_TO_CUTOFF_CENTS = -1200  # half of the specification's: softer is darker, but cheap samples are dark already
MAX_RELEASE_S = 6.0
MIN_RELEASE_S = 0.02  # shorter clicks
MAX_Q_CB = 960  # of resonance, the specification's limit
FILTER_BLOCK = 128  # frames between two settings of a moving filter: 2.9 ms
OPEN_CUTOFF = 0.45  # of the rate: from here on the low-pass lets everything through


def gain_of(velocity: int) -> float:
    """Amplitude of a velocity. The specification's curve is 2.0; this one keeps what is played softly in the mix."""
    return float((velocity / 127) ** VELOCITY_CURVE)


def release_curve(region: Region, rate: int) -> Floats:
    """Gains from the note's end on: 100 dB a release time, down to silence."""
    seconds = min(max(_seconds(region[Gen.ENV_RELEASE]), MIN_RELEASE_S), MAX_RELEASE_S)
    frames = max(2, int(seconds * rate * SILENT_CB / 1000))
    curve = 10.0 ** (-5.0 * np.arange(frames) / (seconds * rate))
    curve[-64:] *= np.linspace(1, 0, min(64, frames))
    return curve.astype(np.float32)


def hold(font: Soundfont, region: Region, *, key: int, velocity: int, frames: int, rate: int) -> Floats:
    """The note held for `frames` frames as (frames or fewer, 2): it ends earlier where its sample or its decay does."""
    if region[Gen.FIXED_KEY] >= 0:
        key = region[Gen.FIXED_KEY]
    if region[Gen.FIXED_VELOCITY] >= 0:
        velocity = region[Gen.FIXED_VELOCITY]
    level = _volume_envelope(region, key, frames, rate)
    sound = _oscillator(font, region, key, len(level), rate)
    sound = _filtered(region, sound, velocity, rate)
    attenuation_db = max(0.0, region[Gen.ATTENUATION] * ATTENUATION_SCALE / 10)
    mono = sound * level[: len(sound)] * 10 ** (-attenuation_db / 20)
    angle = (min(max(region[Gen.PAN], -500), 500) + 500) / 1000 * math.pi / 2
    out = np.empty((len(mono), 2), np.float32)
    out[:, 0] = mono * math.cos(angle)
    out[:, 1] = mono * math.sin(angle)
    return out


def _seconds(timecents: float) -> float:
    return 0.0 if timecents <= -12000 else float(2 ** (min(timecents, 8000) / 1200))


def _hertz(cents: float) -> float:
    return float(8.175798915643707 * 2 ** (cents / 1200))


def _scaled(region: Region, time: Gen, by_key: Gen, key: int) -> float:
    return _seconds(region[time] + region[by_key] * (60 - key))


def _volume_envelope(region: Region, key: int, frames: int, rate: int) -> Doubles:
    delay = round(_seconds(region[Gen.ENV_DELAY]) * rate)
    attack = max(1, round(max(_seconds(region[Gen.ENV_ATTACK]), 0.0005) * rate))
    held = round(_scaled(region, Gen.ENV_HOLD, Gen.KEY_TO_HOLD, key) * rate)
    decay_s = max(_scaled(region, Gen.ENV_DECAY, Gen.KEY_TO_DECAY, key), 0.001)
    sustain_cb = min(max(region[Gen.ENV_SUSTAIN], 0), 1000)
    if sustain_cb >= SILENT_CB:
        frames = min(frames, delay + attack + held + int(decay_s * rate * SILENT_CB / 1000))
    level = np.ones(frames)
    level[:delay] = 0.0
    rise = level[delay : delay + attack]
    rise[:] = (np.arange(1, attack + 1) / attack)[: len(rise)]
    falling = level[delay + attack + held :]
    down_cb = np.arange(len(falling)) * (1000 / (decay_s * rate))
    falling[:] = 10.0 ** (np.minimum(down_cb, sustain_cb) / -200)
    return level


def _modulation_envelope(region: Region, frames: int, rate: int) -> Doubles:
    """0 to 1, linear in each stage, to its sustain."""
    times = [_seconds(region[g]) for g in (Gen.MOD_ENV_DELAY, Gen.MOD_ENV_ATTACK, Gen.MOD_ENV_HOLD, Gen.MOD_ENV_DECAY)]
    sustain = 1 - min(max(region[Gen.MOD_ENV_SUSTAIN], 0), 1000) / 1000
    ends = np.cumsum(np.maximum(times, 1 / rate)) * rate
    fall = ends[2] + (ends[3] - ends[2]) * (1 - sustain)  # the decay time is the time of a full fall
    return np.interp(np.arange(frames), [0, ends[0], ends[1], ends[2], max(fall, ends[2] + 1)], [0, 0, 1, 1, sustain])


def _slow_oscillator(region: Region, delay: Gen, frequency: Gen, frames: int, rate: int) -> Doubles:
    """A triangle of -1 to 1 that starts upwards from 0."""
    start = _seconds(region[delay]) * rate
    phase = np.maximum(np.arange(frames) - start, 0) * (_hertz(region[frequency]) / rate) + 0.25
    return np.asarray(1 - 4 * np.abs(phase % 1.0 - 0.5))


def _oscillator(font: Soundfont, region: Region, key: int, frames: int, rate: int) -> Doubles:
    sample = region.sample
    data = font.frames(sample)
    root = region[Gen.ROOT_KEY] if 0 <= region[Gen.ROOT_KEY] <= 127 else sample.root
    tuning = 100 * region[Gen.COARSE_TUNE] + region[Gen.FINE_TUNE] + sample.correction
    cents = (key - root) * region[Gen.SCALE_TUNING] + tuning
    step = sample.rate / rate * 2 ** (min(max(cents, -9600), 9600) / 1200)
    bend = _bend(region, frames, rate)
    if bend is None:
        place: Doubles = np.arange(frames) * step
    else:
        place = np.cumsum(step * 2 ** (bend / 1200))
        place -= place[:1]
    begin, end = sample.loop_start, min(sample.loop_end, len(data))
    if region[Gen.SAMPLE_MODES] & 1 and 0 <= begin < end - 1:
        place = np.where(place < end, place, begin + (place - begin) % (end - begin))
        data = np.concatenate((data[:1], data[:end], np.resize(data[begin:end], 3)))
    else:
        place = place[: int(np.searchsorted(place, len(data) - 1))]
        data = np.concatenate((data[:1], data, np.zeros(3, np.float32)))
    return _read(data, place)


def _bend(region: Region, frames: int, rate: int) -> Doubles | None:
    """Cents by which envelope and slow oscillators move the pitch; None where they don't."""
    moving: list[Doubles] = []
    if amount := region[Gen.MOD_ENV_TO_PITCH]:
        moving.append(amount * _modulation_envelope(region, frames, rate))
    if amount := region[Gen.VIB_LFO_TO_PITCH]:
        moving.append(amount * _slow_oscillator(region, Gen.VIB_LFO_DELAY, Gen.VIB_LFO_FREQUENCY, frames, rate))
    if amount := region[Gen.MOD_LFO_TO_PITCH]:
        moving.append(amount * _slow_oscillator(region, Gen.MOD_LFO_DELAY, Gen.MOD_LFO_FREQUENCY, frames, rate))
    return np.sum(moving, axis=0) if moving else None


def _read(data: Floats, place: Doubles) -> Doubles:
    """Values between frames, by a cubic through four of them (Catmull-Rom); one guard frame before, three after."""
    whole = place.astype(np.int64)
    t = place - whole
    a, b, c, d = (data[whole + tap] for tap in range(4))
    return np.asarray(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))


def _filtered(region: Region, sound: Doubles, velocity: int, rate: int) -> Doubles:
    cents = region[Gen.FILTER_CUTOFF] + VELOCITY_TO_CUTOFF_CENTS * (1 - velocity / 127)
    sweep = region[Gen.MOD_ENV_TO_CUTOFF]
    q_db = min(max(region[Gen.FILTER_Q], 0), MAX_Q_CB) / 10 - 3.01
    if not sweep:
        return _low_pass(sound, _hertz(cents), q_db, rate, None)[0]
    shape = _modulation_envelope(region, len(sound), rate)[::FILTER_BLOCK]
    moves = np.flatnonzero(np.diff(shape))
    steady = FILTER_BLOCK * (int(moves[-1]) + 1 if len(moves) else 0)  # nothing moves any more from here on
    out = np.empty_like(sound)
    state: Doubles | None = np.zeros(2)
    for block in range(0, steady, FILTER_BLOCK):
        span = slice(block, block + FILTER_BLOCK)
        cutoff_hz = _hertz(cents + sweep * shape[block // FILTER_BLOCK])
        out[span], state = _low_pass(sound[span], cutoff_hz, q_db, rate, state)
    if steady < len(sound):
        out[steady:], _ = _low_pass(sound[steady:], _hertz(cents + sweep * shape[-1]), q_db, rate, state)
    return out


def _low_pass(
    sound: Doubles, cutoff_hz: float, q_db: float, rate: int, state: Doubles | None
) -> tuple[Doubles, Doubles | None]:
    """A two-pole low-pass; without a state, an open one is left out."""
    if state is None and (cutoff_hz >= OPEN_CUTOFF * rate or not len(sound)):
        return sound, None
    resonance = 10 ** (q_db / 20)
    w = 2 * math.pi * min(max(cutoff_hz, 20.0), OPEN_CUTOFF * rate) / rate
    alpha = math.sin(w) / (2 * resonance)
    gain = 1 / math.sqrt(resonance) if q_db > 0 else 1.0
    b = np.array([0.5, 1.0, 0.5]) * (1 - math.cos(w)) * gain / (1 + alpha)
    a = np.array([1.0, -2 * math.cos(w) / (1 + alpha), (1 - alpha) / (1 + alpha)])
    out, after = lfilter(b, a, sound, zi=np.zeros(2) if state is None else state)
    return np.asarray(out), np.asarray(after)
