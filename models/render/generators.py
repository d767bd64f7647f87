"""Generators: the numbered parameters of a SoundFont 2.04 zone, as far as `voice` plays them (specification, 8.1).

The numbers are the file's own; times are in timecents, pitches in cents, attenuations in centibels.

>>> DEFAULTS[Gen.FILTER_CUTOFF]
13500
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

__all__ = ["DEFAULTS", "ONLY_IN_INSTRUMENTS", "Gen"]


class Gen(IntEnum):
    """By name; the number is the one in the file."""

    START_OFFSET = 0
    END_OFFSET = 1
    LOOP_START_OFFSET = 2
    LOOP_END_OFFSET = 3
    START_COARSE = 4
    MOD_LFO_TO_PITCH = 5
    VIB_LFO_TO_PITCH = 6
    MOD_ENV_TO_PITCH = 7
    FILTER_CUTOFF = 8
    FILTER_Q = 9
    MOD_ENV_TO_CUTOFF = 11
    END_COARSE = 12
    PAN = 17
    MOD_LFO_DELAY = 21
    MOD_LFO_FREQUENCY = 22
    VIB_LFO_DELAY = 23
    VIB_LFO_FREQUENCY = 24
    MOD_ENV_DELAY = 25
    MOD_ENV_ATTACK = 26
    MOD_ENV_HOLD = 27
    MOD_ENV_DECAY = 28
    MOD_ENV_SUSTAIN = 29
    ENV_DELAY = 33
    ENV_ATTACK = 34
    ENV_HOLD = 35
    ENV_DECAY = 36
    ENV_SUSTAIN = 37
    ENV_RELEASE = 38
    KEY_TO_HOLD = 39
    KEY_TO_DECAY = 40
    INSTRUMENT = 41
    KEY_RANGE = 43
    VELOCITY_RANGE = 44
    LOOP_START_COARSE = 45
    FIXED_KEY = 46
    FIXED_VELOCITY = 47
    ATTENUATION = 48
    LOOP_END_COARSE = 50
    COARSE_TUNE = 51
    FINE_TUNE = 52
    SAMPLE = 53
    SAMPLE_MODES = 54
    SCALE_TUNING = 56
    EXCLUSIVE_CLASS = 57
    ROOT_KEY = 58


DEFAULTS: Mapping[int, int] = {  # 8.1.3; every other generator starts at 0
    Gen.FILTER_CUTOFF: 13500,
    **dict.fromkeys((Gen.MOD_LFO_DELAY, Gen.VIB_LFO_DELAY), -12000),
    **dict.fromkeys((Gen.MOD_ENV_DELAY, Gen.MOD_ENV_ATTACK, Gen.MOD_ENV_HOLD, Gen.MOD_ENV_DECAY), -12000),
    **dict.fromkeys((Gen.ENV_DELAY, Gen.ENV_ATTACK, Gen.ENV_HOLD, Gen.ENV_DECAY, Gen.ENV_RELEASE), -12000),
    Gen.SCALE_TUNING: 100,
    Gen.FIXED_KEY: -1,
    Gen.FIXED_VELOCITY: -1,
    Gen.ROOT_KEY: -1,
}
ONLY_IN_INSTRUMENTS = frozenset(  # ignored where a preset sets them (8.5)
    (0, 1, 2, 3, 4, 12, 45, 46, 47, 50, Gen.SAMPLE_MODES, Gen.EXCLUSIVE_CLASS, Gen.ROOT_KEY)
)
