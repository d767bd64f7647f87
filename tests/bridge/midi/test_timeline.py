"""Stretches of time: the old transport until the new one begins, and where something ends that began before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.timeline import Timeline
from sessions.music import Transport

LEAD_US = 100_000


def test_a_new_tempo_goes_on_and_a_jump_begins_anew() -> None:
    line = Timeline()
    line.move(Transport().play(1_000_000), 900_000)
    numbers = [line.stretches[-1].number]
    line.move(line.stretches[-1].transport.tempo(3_000_000, 60), 2_900_000)
    numbers.append(line.stretches[-1].number)
    line.move(line.stretches[-1].transport.locate(4_000_000, 0), 3_900_000)
    numbers.append(line.stretches[-1].number)
    line.move(line.stretches[-1].transport.stop(5_000_000), 5_000_000)
    numbers.append(line.stretches[-1].number)
    assert numbers == [1, 1, 2, 3]
    assert [(one.begin_us, one.end_us) for one in line.stretches[1:4]] == [
        (1_000_000, 3_000_000),
        (3_000_000, 4_000_000),
        (4_000_000, 5_000_000),
    ]


def test_the_same_again_changes_nothing() -> None:
    line = Timeline()
    line.move(Transport().play(1_000_000), 900_000)
    before = list(line.stretches)
    line.move(Transport().play(1_000_000), 1_500_000)
    assert line.stretches == before


def test_a_tempo_that_is_heard_of_late_holds_from_when_it_began() -> None:
    line = Timeline()
    first = Transport().play(1_000_000)
    line.move(first, 900_000)
    line.move(first.tempo(3_000_000, 240), 3_500_000)
    before, after = line.stretches[1:]
    assert (before.end_us, after.begin_us, after.number) == (3_000_000, 3_000_000, before.number)
    line.move(after.transport.locate(4_000_000, 0), 4_500_000)
    assert (line.stretches[-1].begin_us, line.stretches[-1].number) == (4_500_000, after.number + 1), (
        "a jump is no such"
    )


def test_a_change_that_another_overtakes_never_was() -> None:
    line = Timeline()
    first = Transport().play(1_000_000)
    line.move(first, 900_000)
    line.move(first.tempo(3_000_000, 60), 2_900_000)
    line.move(first.tempo(2_950_000, 200), 2_910_000)
    assert [one.begin_us for one in line.stretches[1:]] == [1_000_000, 2_950_000]


def test_what_ended_is_forgotten() -> None:
    line = Timeline()
    line.move(Transport().play(1_000_000), 900_000)
    line.forget(1_000_001)
    assert len(line.stretches) == 1


@given(st.lists(st.tuples(st.integers(50_000, 900_000), st.integers(40, 240)), min_size=1, max_size=8), st.data())
def test_an_end_is_where_the_last_stretch_has_it(changes: list[tuple[int, int]], data: st.DataObject) -> None:
    """Of something that began in the first stretch: the times of all stretches, put together."""
    line, now = Timeline(), 900_000
    transport = Transport().play(1_000_000)
    line.move(transport, now)
    first = 1
    for passed, bpm in changes:
        now += passed
        transport = transport.tempo(now + LEAD_US, float(bpm))
        line.move(transport, now)
    stretches = line.stretches[first:]
    its = data.draw(st.sampled_from(stretches))
    tick = its.transport.tick_at(its.begin_us) + data.draw(st.integers(1, 400))
    at_us = line.end_us(stretches[0], tick)
    holds = next(one for one in stretches if one.has(at_us))
    assert abs(holds.transport.time_us_at(tick) - at_us) <= 1
