"""MIDI clock as a receiver hears it: twenty-four a quarter, from the right place, through changes and jumps."""

from __future__ import annotations

from itertools import pairwise

from bridge.wire.midi import CLOCK, CONTINUE, START, STOP, Message, Position, System
from sessions.decide.takes import LEAD_US
from tests.support.midi_stage import Stage


def beat(stage: Stage) -> list[tuple[int, Message]]:
    return [(at, one) for at, one in stage.messages() if isinstance(one, System | Position)]


def clocks(stage: Stage) -> list[int]:
    return [at for at, one in beat(stage) if one == System(CLOCK)]


def test_from_the_beginning_it_is_a_start_and_twenty_four_clocks_a_quarter() -> None:
    stage = Stage(clock=True)
    begins = stage.now_us + LEAD_US
    stage.do("transport.play")
    stage.run(10 + LEAD_US / 1e6)
    assert beat(stage)[:2] == [(begins, System(START)), (begins, System(CLOCK))]
    assert abs(len(clocks(stage)) - 20 * 24) <= 1
    assert all(abs(at - begins - number * 500_000 / 24) < 2 for number, at in enumerate(clocks(stage)))


def test_elsewhere_it_goes_on_from_the_next_sixteenth() -> None:
    stage = Stage(clock=True)
    stage.band.do("ana", "transport.locate", beat=2.1)
    stage.do("transport.play")
    begins = stage.now_us + LEAD_US
    stage.run(1)
    told = beat(stage)
    sixteenth = begins + round(0.15 * 500_000)  # 2.1 lies between 2.0 and 2.25
    position, goes_on, first = told[:3]
    assert position[1] == Position(9)
    assert position[0] < goes_on[0]
    assert goes_on[1] == System(CONTINUE)
    assert abs(goes_on[0] - sixteenth) < 2
    assert first == (goes_on[0], System(CLOCK))


def test_a_stop_stops_and_a_jump_goes_on_elsewhere() -> None:
    stage = Stage(clock=True)
    stage.do("transport.play")
    stage.run(1)
    jumps = stage.now_us + LEAD_US
    stage.do("transport.locate", beat=8)
    stage.run(1)
    stops = stage.now_us
    stage.do("transport.stop")
    stage.run(1)
    told = [(at, one) for at, one in beat(stage) if one != System(CLOCK)]
    assert [one for _, one in told] == [System(START), System(STOP), Position(32), System(CONTINUE), System(STOP)]
    assert told[1][0] == told[3][0] == jumps
    assert abs(told[4][0] - stops) < 10_000
    assert clocks(stage)[-1] <= told[4][0]


def test_clocks_follow_a_ramp_and_none_is_lost() -> None:
    stage = Stage(clock=True)
    stage.do("transport.play")
    for bpm in range(120, 180, 2):
        stage.run(0.11)
        stage.do("transport.tempo", bpm=bpm)
    stage.run(1)
    transport = stage.band.state.transport
    expected = transport.tick_at(clocks(stage)[-1]) // 40 + 1
    assert abs(len(clocks(stage)) - expected) <= 1
    assert all(60e6 / 180 / 24 - 2 <= b - a <= 60e6 / 120 / 24 + 2 for a, b in pairwise(clocks(stage)))


def test_nobody_is_told_who_did_not_ask() -> None:
    stage = Stage()
    stage.do("transport.play")
    stage.run(1)
    assert beat(stage) == []
