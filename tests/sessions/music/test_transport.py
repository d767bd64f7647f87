from __future__ import annotations

import json
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Code, Refused
from sessions.music import At, Meter, Transport
from sessions.music.transport import MOST_CHANGES, SLACK_TICKS, SLACK_US
from tests.sessions.music.strategies import bpms, meters

START_US = 1_769_860_800_000_000
WEEK_US = 7 * 24 * 3600 * 10**6


def us_per_tick(bpm: float) -> Fraction:
    return 60_000_000 / Fraction(str(bpm)) / 960


def test_a_new_transport_stands_still() -> None:
    line = Transport()
    assert (line.playing, line.tick_at(START_US), line.bpm_at(0), line.meter_at(0)) == (False, 0, 120.0, Meter(4, 4))
    with pytest.raises(ValueError, match="stopped"):
        line.time_us_at(0)


@given(bpms, st.integers(0, 10**9), st.integers(0, WEEK_US))
def test_one_tempo_is_exact(bpm: float, tick: int, after_us: int) -> None:
    line = Transport().tempo(0, bpm).play(START_US)
    assert line.time_us_at(tick) == START_US + ceil(tick * us_per_tick(bpm))
    assert line.tick_at(START_US + after_us) == floor(after_us / us_per_tick(bpm))
    assert line.tick_at(line.time_us_at(tick)) == tick
    assert line.tick_at(line.time_us_at(tick) - 1) == (tick - 1 if tick else 0)


@given(st.lists(st.tuples(st.integers(1, 10**9), bpms), max_size=30), st.integers(0, 10**7))
def test_changes_made_while_it_plays_never_drift(changes: list[tuple[int, float]], ahead: int) -> None:
    """Against the sum of exact fractions, through any number of changes: equal to the microsecond."""
    line, now_us, position, bpm = Transport().play(START_US), START_US, Fraction(0), 120.0
    for wait_us, next_bpm in changes:
        now_us += wait_us
        position += wait_us / us_per_tick(bpm)
        line, bpm = line.tempo(now_us, next_bpm), next_bpm
    tick = floor(position) + ahead
    assert line.tick_at(now_us) == floor(position)
    assert line.time_us_at(tick) == now_us + ceil((tick - position) * us_per_tick(bpm))
    assert len(line.tempos) == 1


@given(st.lists(st.tuples(st.integers(1, 10**6), bpms), min_size=1, max_size=20), st.data())
def test_scheduled_changes_are_exact_and_fold_without_a_trace(
    changes: list[tuple[int, float]], data: st.DataObject
) -> None:
    line, tick, time_us, bpm = Transport().play(START_US), 0, Fraction(START_US), 120.0
    for gap, next_bpm in changes:
        tick, time_us = tick + gap, time_us + gap * us_per_tick(bpm)
        line, bpm = line.tempo(START_US, next_bpm, tick), next_bpm
    assert line.time_us_at(tick + 777) == ceil(time_us + 777 * us_per_tick(bpm) - SLACK_US)
    end_us = line.time_us_at(tick + 777)
    moments = sorted(data.draw(st.lists(st.integers(START_US, end_us), max_size=8)))
    folded = line
    for now_us in moments:
        folded = folded.folded(now_us)
        assert folded.tick_at(now_us) == line.tick_at(now_us)
    assert folded.time_us_at(tick + 777) == end_us
    assert folded.tick_at(end_us + 10**6) == line.tick_at(end_us + 10**6)


def test_a_week_of_changes_stays_small_and_exact() -> None:
    line, position, bpm, now_us = Transport().play(START_US), Fraction(0), 120.0, START_US
    for step in range(20_000):
        wait_us = 30_000_000 + step * 7919 % 1_000_003
        next_bpm = (40_000 + step * 104_729 % 200_001) / 1000
        now_us, position = now_us + wait_us, position + wait_us / us_per_tick(bpm)
        line, bpm = line.tempo(now_us, next_bpm), next_bpm
        if step % 3 == 0:
            line = line.meter(now_us, Meter(3 + step % 5, 8))
    assert now_us - START_US > WEEK_US
    assert line.tick_at(now_us) == floor(position)
    assert line.time_us_at(line.tick + 10**6) == now_us + ceil((line.tick + 10**6 - position) * us_per_tick(bpm))
    assert len(json.dumps([line.tempos, line.meters])) < 200


def test_thousands_of_scheduled_changes_do_not_drift() -> None:
    line, exact_us, bpm, tick = Transport().play(START_US), Fraction(START_US), 120.0, 0
    for step in range(5_000):
        next_bpm = (40_000 + step * 104_729 % 200_001) / 1000
        line = line.tempo(floor(exact_us) + 1, next_bpm, tick + 7919)
        tick, exact_us, bpm = tick + 7919, exact_us + 7919 * us_per_tick(bpm), next_bpm
        assert len(line.tempos) <= 3
    expected = exact_us + 10**6 * us_per_tick(bpm)
    assert abs(line.time_us_at(tick + 10**6) - expected) <= 1
    position = line.folded(ceil(expected))
    drift = (
        position.tick
        + Fraction(position.grains, 1000 * 62_500 << 26)
        - (tick + 10**6 + (ceil(expected) - expected) / us_per_tick(bpm))
    )
    assert abs(drift) < SLACK_TICKS / 1000


@given(st.lists(st.tuples(st.integers(1, 10**9), bpms), max_size=5))
def test_all_its_numbers_survive_json(changes: list[tuple[int, float]]) -> None:
    line, now_us = Transport().play(START_US), START_US
    for wait_us, bpm in changes:
        now_us += wait_us
        line = line.tempo(now_us, bpm)
    assert all(abs(number) < 2**53 for number in (line.tick, line.grains, line.time_us))
    assert Transport(line.playing, line.tick, line.grains, line.time_us, line.tempos, line.meters) == line


def test_play_and_stop() -> None:
    line = Transport().play(START_US)
    assert line.play(START_US + 5) is line
    stopped = line.stop(START_US + 1_000_300)
    assert (stopped.playing, stopped.tick_at(0)) == (False, 1920)
    assert stopped.stop(START_US + 9_000_000) == stopped
    again = stopped.play(START_US + 5_000_000)
    assert again.time_us_at(1920) == START_US + 5_000_000
    assert again.time_us_at(3840) == START_US + 6_000_000


def test_a_start_ahead_waits_for_its_moment() -> None:
    line = Transport().play(START_US)
    assert line.tick_at(START_US - 500_000) == 0
    faster = line.tempo(START_US - 500_000, 240.0)
    assert faster.time_us_at(960) == START_US + 250_000


def test_locate_keeps_the_tempo_and_metre_asked_for_last() -> None:
    line = Transport().play(START_US).tempo(START_US, 90.0, 3840).meter(START_US, Meter(7, 8), 7680)
    there = line.locate(START_US + 1_000_000, 960)
    assert there.time_us_at(960) == START_US + 1_000_000
    assert (there.bpm_at(0), there.meter_at(0), there.bar_and_beat(3360)) == (90.0, Meter(7, 8), (2, Fraction(0)))
    assert Transport().locate(0, 5).tick_at(START_US) == 5
    with pytest.raises(ValueError):
        line.locate(START_US, -1)


def test_an_earlier_tempo_drops_the_later_ones() -> None:
    line = Transport().play(START_US).tempo(START_US, 90.0, 3840).tempo(START_US, 60.0, 1920)
    assert line.tempos == ((0, 120.0), (1920, 60.0))
    assert line.tempo(START_US + 500_000, 100.0).tempos == ((960, 100.0),)
    assert line.tempo(START_US + 500_000, 100.0, 100).tempos == ((960, 100.0),)


def test_a_stopped_transport_takes_changes_too() -> None:
    line = Transport().tempo(0, 60.0).tempo(0, 120.0, 960).meter(0, Meter(3, 4))
    assert line.meter_at(0) == Meter(3, 4)
    assert line.play(START_US).time_us_at(1920) == START_US + 1_500_000


@pytest.mark.parametrize("bpm", [0.0, 39.999, 240.001, -120.0])
def test_a_tempo_out_of_range_is_a_bug(bpm: float) -> None:
    with pytest.raises(ValueError):
        Transport().tempo(0, bpm)


@given(meters, st.integers(-(10**6), 10**7), st.sampled_from([1, 4]))
def test_bar_lines_in_one_metre(meter: Meter, tick: int, count: int) -> None:
    line = Transport().meter(0, meter)
    group = count * meter.ticks_per_bar
    found = line.next_bars(tick, count)
    assert found % group == 0
    assert tick <= found < tick + group
    bar, beat = line.bar_and_beat(tick)
    assert (bar - 1) * meter.ticks_per_bar + beat * 960 == tick


@given(st.lists(st.tuples(st.integers(0, 20_000), meters), min_size=1, max_size=6), st.integers(0, 200_000))
def test_bar_lines_through_changes_of_metre(changes: list[tuple[int, Meter]], tick: int) -> None:
    """Against bars counted one by one."""
    line, change = Transport(), 0
    schedule = {0: Meter(4, 4)}
    for gap, meter in changes:
        change += gap
        line = line.meter(0, meter, change)
        schedule[change] = meter
    starts = sorted(schedule)
    bars: list[tuple[int, bool]] = []  # where each bar begins, and whether it begins a group of four
    for index, start in enumerate(starts):
        at, count = start, 0
        end = starts[index + 1] if index + 1 < len(starts) else tick + 10**6
        while at < end:
            bars.append((at, count % 4 == 0))
            at, count = at + schedule[start].ticks_per_bar, count + 1
    assert line.next_bar(tick) == min(at for at, _ in bars if at >= tick)
    assert line.next_bars(tick, 4) == min(at for at, first in bars if first and at >= tick)
    number, begin = max((number, at) for number, (at, _) in enumerate(bars, 1) if at <= tick)
    assert line.bar_and_beat(tick) == (number, Fraction(tick - begin, 960))


def test_a_metre_changes_on_the_next_bar_line_and_numbers_go_on() -> None:
    line = Transport().play(START_US).meter(START_US + 100, Meter(3, 4))
    assert line.meters == ((0, 1, 4, 4), (3840, 2, 3, 4))
    later = line.meter(START_US + 10_000_000, Meter(7, 8))
    assert later.meters == ((3840, 2, 3, 4), (3840 + 6 * 2880, 8, 7, 8))
    assert later.bar_and_beat(3840 + 6 * 2880)[0] == 8
    with pytest.raises(ValueError, match="before the last change"):
        later.meter(START_US + 10_000_000, Meter(2, 4), 0)


def test_too_many_changes_ahead() -> None:
    line = Transport()
    for step in range(MOST_CHANGES - 1):
        line = line.tempo(0, 100.0, 960 * (step + 1)).meter(0, Meter(3, 4), 3840 * (step + 1))
    with pytest.raises(Refused) as refused:
        line.tempo(0, 100.0, 10**9)
    assert refused.value.code is Code.TOO_MANY
    with pytest.raises(Refused):
        line.meter(0, Meter(2, 4), 10**9)


@pytest.mark.parametrize(
    ("text", "tick"), [("now", 5000), ("next-bar", 7680), ("next-4", 15360), ("beat 12.5", 12000), ("never", None)]
)
def test_moments(text: str, tick: int | None) -> None:
    assert Transport().tick_for(At.parse(text), 5000) == tick
