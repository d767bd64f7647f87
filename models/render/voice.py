"""Voice: one region of a soundfont, played as one held note.

The synthesis model of SoundFont 2.04 (chapter 9): a looped sample at the note's pitch, two envelopes, two slow
oscillators, a resonant low-pass and a place between left and right. Pure arrays: no state outlives a call. Gain by
velocity and the release belong to whoever knows when a note ends (`gain_of`, `release_of`, `sides_of`).

    sound = hold(font, region, key=60, velocity=100, frames=44_100, rate=44_100)     # one channel, no release yet
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.render.generators import Gen
from models.render.kernels import BLOCK, sounded
from models.render.soundfont import Floats, Region, Soundfont

__all__ = ["gain_of", "hold", "release_of", "sides_of"]

Doubles = NDArray[np.floating[Any]]

SILENT_CB = 800  # 80 dB down, where a decay or a release ends
ATTENUATION_SCALE = 0.4  # what the EMU chips make of it; files are tuned for that, and FluidSynth plays it so
VELOCITY_CURVE = 1.4  # exponent: velocity 64 is 8 dB below 127
VELOCITY_TO_CUTOFF_CENTS = -1200  # half of the specification's: softer is darker, but cheap samples are dark already
MAX_RELEASE_S = 6.0
MIN_RELEASE_S = 0.02  # shorter clicks
MIN_ATTACK_S = 0.0005
MAX_Q_CB = 960  # of resonance, the specification's limit
OPEN_CUTOFF = 0.45  # of the rate: from here on the low-pass lets everything through


def gain_of(velocity: int) -> float:
    """Amplitude of a velocity. The specification's curve is 2.0; this one keeps what is played softly in the mix."""
    return float((velocity / 127) ** VELOCITY_CURVE)


def release_of(region: Region, rate: int) -> tuple[float, int]:
    """What a frame after the note's end is to the one before it, 100 dB in a release time, and frames until silence."""
    seconds = min(max(_seconds(region[Gen.ENV_RELEASE]), MIN_RELEASE_S), MAX_RELEASE_S)
    return 10 ** (-5 / (seconds * rate)), max(2, int(seconds * rate * SILENT_CB / 1000))


def sides_of(region: Region) -> tuple[float, float]:
    """Gains of left and right, of equal power in sum."""
    angle = (min(max(region[Gen.PAN], -500), 500) + 500) / 1000 * math.pi / 2
    return math.cos(angle), math.sin(angle)


def hold(
    font: Soundfont,
    region: Region,
    *,
    key: int,
    velocity: int,
    frames: int,
    rate: int,
    attack_s: float = math.inf,
) -> Floats:
    """The note held for `frames` frames or fewer, one channel: it ends earlier where its sample or its decay does.

    Its attack lasts `attack_s` at most.
    """
    if region[Gen.FIXED_KEY] >= 0:
        key = region[Gen.FIXED_KEY]
    if region[Gen.FIXED_VELOCITY] >= 0:
        velocity = region[Gen.FIXED_VELOCITY]
    frames, envelope = _envelope(region, key, frames, rate, attack_s)
    out = np.empty(frames, np.float32)
    sample, data = region.sample, font.frames(region.sample)
    root = region[Gen.ROOT_KEY] if 0 <= region[Gen.ROOT_KEY] <= 127 else sample.root
    tuning = 100 * region[Gen.COARSE_TUNE] + region[Gen.FINE_TUNE] + sample.correction
    cents = (key - root) * region[Gen.SCALE_TUNING] + tuning
    step = sample.rate / rate * 2 ** (min(max(cents, -9600), 9600) / 1200)
    begin, end = sample.loop_start, min(sample.loop_end, len(data))
    looped = bool(region[Gen.SAMPLE_MODES] & 1 and 0 <= begin < end - 1)
    count = sounded(
        data,
        begin,
        end,
        looped,
        step,
        _bends(region, frames, rate),
        _filters(region, frames, velocity, rate),
        envelope,
        out,
    )
    return out[:count]


def _seconds(timecents: float) -> float:
    return 0.0 if timecents <= -12000 else float(2 ** (min(timecents, 8000) / 1200))


def _hertz(cents: Any) -> Any:
    return 8.175798915643707 * 2 ** (cents / 1200)


def _scaled(region: Region, time: Gen, by_key: Gen, key: int) -> float:
    return _seconds(region[time] + region[by_key] * (60 - key))


def _envelope(region: Region, key: int, frames: int, rate: int, attack_s: float) -> tuple[int, Doubles]:
    """How many frames can sound, and the volume's envelope with the gain as `sounded` reads it."""
    delay = round(_seconds(region[Gen.ENV_DELAY]) * rate)
    attack = max(1, round(min(max(_seconds(region[Gen.ENV_ATTACK]), MIN_ATTACK_S), attack_s) * rate))
    held = round(_scaled(region, Gen.ENV_HOLD, Gen.KEY_TO_HOLD, key) * rate)
    decay_s = max(_scaled(region, Gen.ENV_DECAY, Gen.KEY_TO_DECAY, key), 0.001)
    sustain_cb = min(max(region[Gen.ENV_SUSTAIN], 0), 1000)
    if sustain_cb >= SILENT_CB:
        frames = min(frames, delay + attack + held + int(decay_s * rate * SILENT_CB / 1000))
    gain = 10 ** (-max(0.0, region[Gen.ATTENUATION] * ATTENUATION_SCALE / 10) / 20)
    return frames, np.array([delay, attack, held, 10 ** (-5 / (decay_s * rate)), 10 ** (-sustain_cb / 200), gain])


def _blocks(frames: int) -> Doubles:
    """The first frame of each block, and of the one that would follow."""
    return np.arange(-(-frames // BLOCK) + 1, dtype=np.float64) * BLOCK


def _modulation_envelope(region: Region, at: Doubles, rate: int) -> Doubles:
    """0 to 1, linear in each stage, to its sustain."""
    times = [_seconds(region[g]) for g in (Gen.MOD_ENV_DELAY, Gen.MOD_ENV_ATTACK, Gen.MOD_ENV_HOLD, Gen.MOD_ENV_DECAY)]
    sustain = 1 - min(max(region[Gen.MOD_ENV_SUSTAIN], 0), 1000) / 1000
    ends = np.cumsum(np.maximum(times, 1 / rate)) * rate
    fall = ends[2] + (ends[3] - ends[2]) * (1 - sustain)  # the decay time is the time of a full fall
    return np.interp(at, [0, ends[0], ends[1], ends[2], max(fall, ends[2] + 1)], [0, 0, 1, 1, sustain])


def _slow_oscillator(region: Region, delay: Gen, frequency: Gen, at: Doubles, rate: int) -> Doubles:
    """A triangle of -1 to 1 that starts upwards from 0."""
    start = _seconds(region[delay]) * rate
    phase = np.maximum(at - start, 0) * (_hertz(region[frequency]) / rate) + 0.25
    return np.asarray(1 - 4 * np.abs(phase % 1.0 - 0.5))


def _bends(region: Region, frames: int, rate: int) -> Doubles:
    """By what envelope and slow oscillators move the pitch, at each block; empty where they don't."""
    moving: list[Doubles] = []
    at = _blocks(frames)
    if amount := region[Gen.MOD_ENV_TO_PITCH]:
        moving.append(amount * _modulation_envelope(region, at, rate))
    if amount := region[Gen.VIB_LFO_TO_PITCH]:
        moving.append(amount * _slow_oscillator(region, Gen.VIB_LFO_DELAY, Gen.VIB_LFO_FREQUENCY, at, rate))
    if amount := region[Gen.MOD_LFO_TO_PITCH]:
        moving.append(amount * _slow_oscillator(region, Gen.MOD_LFO_DELAY, Gen.MOD_LFO_FREQUENCY, at, rate))
    return np.asarray(2 ** (np.clip(np.sum(moving, axis=0), -9600, 9600) / 1200)) if moving else np.zeros(0)


def _filters(region: Region, frames: int, velocity: int, rate: int) -> Doubles:
    """b0, a1 and a2 of the low-pass of each block, or of all of them; b0 is 0 where an open one is left out."""
    cents = region[Gen.FILTER_CUTOFF] + VELOCITY_TO_CUTOFF_CENTS * (1 - velocity / 127)
    sweep = region[Gen.MOD_ENV_TO_CUTOFF]
    cutoff_hz = _hertz(
        cents + sweep * _modulation_envelope(region, _blocks(frames), rate) if sweep else np.array([cents])
    )
    if not sweep and cutoff_hz[0] >= OPEN_CUTOFF * rate:
        return np.zeros((1, 3))
    q_db = min(max(region[Gen.FILTER_Q], 0), MAX_Q_CB) / 10 - 3.01
    resonance = 10 ** (q_db / 20)
    w = 2 * math.pi * np.clip(cutoff_hz, 20.0, OPEN_CUTOFF * rate) / rate
    alpha = np.sin(w) / (2 * resonance)
    gain = 1 / math.sqrt(resonance) if q_db > 0 else 1.0
    found: Doubles = np.stack((0.5 * (1 - np.cos(w)) * gain, -2 * np.cos(w), 1 - alpha), axis=1) / (1 + alpha)[:, None]
    return found
