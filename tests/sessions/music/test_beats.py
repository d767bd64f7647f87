from __future__ import annotations

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Refused
from sessions.music import TICKS_PER_BEAT, Meter, beats_of, exact_bpm, frames_of, seconds_of, ticks_of
from tests.sessions.music.strategies import bpms, meters


@given(meters)
def test_a_bar_is_exact_in_every_metre(meter: Meter) -> None:
    assert meter.ticks_per_bar == Fraction(meter.n * 4, meter.d) * TICKS_PER_BEAT
    assert meter.beats_per_bar * TICKS_PER_BEAT == meter.ticks_per_bar
    assert Meter.parse(str(meter)) == meter


@pytest.mark.parametrize(
    "text", ["", "4", "0/4", "17/4", "4/3", "4/1", "4/32", "-4/4", "4/4/4", "four/4", "٤/4", "4 4", "1e1/4"]
)
def test_no_metre(text: str) -> None:
    with pytest.raises(Refused, match="meter: .*ask for n/d"):
        Meter.parse(text)


@pytest.mark.parametrize(("n", "d"), [(0, 4), (17, 4), (4, 3), (4, 32)])
def test_a_wrong_metre_cannot_be_made(n: int, d: int) -> None:
    with pytest.raises(ValueError):
        Meter(n, d)


@given(bpms)
def test_a_tempo_survives_a_32_bit_float(bpm: float) -> None:
    narrow: float = struct.unpack("f", struct.pack("f", bpm))[0]
    assert exact_bpm(narrow) == exact_bpm(bpm) == Fraction(str(bpm))


@given(st.integers(1, 64), meters, bpms, st.sampled_from([22050, 32000, 44100, 48000]))
def test_frames_are_the_contract_s(bars: int, meter: Meter, bpm: float, rate: int) -> None:
    exact = bars * meter.n * Fraction(4, meter.d) * 60 / Fraction(str(bpm)) * rate
    assert abs(frames_of(bars * meter.ticks_per_bar, bpm, rate) - exact) <= Fraction(1, 2)
    assert seconds_of(bars * meter.ticks_per_bar, bpm) * rate == exact


@given(st.integers(0, 10**9))
def test_beats_on_the_wire_come_back(ticks: int) -> None:
    assert ticks_of(beats_of(ticks)) == ticks


@pytest.mark.parametrize("beats", [math.nan, math.inf])
def test_no_tick_without_a_number(beats: float) -> None:
    with pytest.raises(ValueError):
        ticks_of(beats)
