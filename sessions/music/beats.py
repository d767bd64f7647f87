"""Musical time: ticks, beats, metres and tempi, exact.

Lives here: the units that all rooms share. A beat is a quarter note in every metre, a tick is 1/960 of it, and every
length is a whole number of ticks; seconds and frames are exact fractions, rounded once, at the end. Knows no clock.

    >>> Meter.parse("7/8").ticks_per_bar
    3360
    >>> frames_of(4 * TICKS_PER_BEAT, 140.0, 44100)
    75600
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from sessions.errors import Code, Refused
from sessions.music.values import shown

__all__ = [
    "HIGHEST_BPM", "LOWEST_BPM", "METER_UNITS", "MOST_METER_BEATS", "TICKS_PER_BEAT",
    "Meter", "beats_of", "exact_bpm", "frames_of", "seconds_of", "ticks_of",
]  # fmt: skip

TICKS_PER_BEAT = 960
"""Ticks in a quarter note: divisible by 64 for straight notes, by 3 and 5 for tuplets."""

LOWEST_BPM, HIGHEST_BPM = 40.0, 240.0
MOST_METER_BEATS = 16
METER_UNITS = (2, 4, 8, 16)

_METER = re.compile(r"(\d{1,2}) ?/ ?(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meter:
    """A metre n/d: n units of a 1/d note in a bar.

    >>> str(Meter(7, 8)), Meter(7, 8).beats_per_bar
    ('7/8', Fraction(7, 2))
    """

    n: int
    d: int

    def __post_init__(self) -> None:
        if not 1 <= self.n <= MOST_METER_BEATS or self.d not in METER_UNITS:
            raise ValueError(f"no such metre: {self.n}/{self.d}")

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Reads `7/8`. Raises Refused, naming the field `meter`."""
        match = _METER.fullmatch(text.strip())
        if match and 1 <= int(match[1]) <= MOST_METER_BEATS and int(match[2]) in METER_UNITS:
            return cls(int(match[1]), int(match[2]))
        advice = f"ask for n/d, n from 1 to {MOST_METER_BEATS} and d 2, 4, 8 or 16, such as 7/8"
        raise Refused(Code.BAD_VALUE, f"meter: {shown(text)} is no metre here; {advice}")

    def __str__(self) -> str:
        return f"{self.n}/{self.d}"

    @property
    def ticks_per_bar(self) -> int:
        """Ticks in a bar, exact for every metre."""
        return self.n * self.ticks_per_unit

    @property
    def ticks_per_unit(self) -> int:
        """Ticks in one of the metre's own units, an eighth in 7/8."""
        return 4 * TICKS_PER_BEAT // self.d

    @property
    def beats_per_bar(self) -> Fraction:
        """Quarters in a bar."""
        return Fraction(4 * self.n, self.d)


def exact_bpm(bpm: float) -> Fraction:
    """A tempo as everybody counts with it: rounded to three decimals.

    >>> exact_bpm(93.69999694824219)
    Fraction(937, 10)
    """
    return Fraction(round(Fraction(bpm) * 1000), 1000)


def seconds_of(ticks: int, bpm: float) -> Fraction:
    """Seconds that `ticks` last, exact.

    >>> seconds_of(960, 140.0)
    Fraction(3, 7)
    """
    return Fraction(ticks * 60, TICKS_PER_BEAT) / exact_bpm(bpm)


def frames_of(ticks: int, bpm: float, rate: int) -> int:
    """Audio frames that `ticks` last at `rate` frames a second, rounded to the nearest."""
    return round(seconds_of(ticks, bpm) * rate)


def beats_of(ticks: int) -> float:
    """Beats, as they go over the wire.

    >>> beats_of(480)
    0.5
    """
    return ticks / TICKS_PER_BEAT


def ticks_of(beats: float) -> int:
    """The nearest tick to a number of beats; raises ValueError where that is not finite.

    >>> ticks_of(0.3333)
    320
    """
    if not math.isfinite(beats):
        raise ValueError(f"{beats} beats")
    return round(Fraction(beats) * TICKS_PER_BEAT)
