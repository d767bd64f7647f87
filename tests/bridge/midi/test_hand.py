"""What a keyboard means: parts by channel, floods thinned with the last value kept, and everything let go with the cable."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi.hand import EACH_US, MOVES_PER_S, Hand
from bridge.wire.midi import ALL_NOTES_OFF, RESET_CONTROLLERS, SUSTAIN, Bend, Control, NoteOff, NoteOn, Program, System
from sessions.music import Part


def control(part: str, controller: int, value: int) -> dict[str, Any]:
    return {"type": "live.control", "part": part, "controller": controller, "value": value}


def test_each_channel_is_a_part_and_others_play_the_melody() -> None:
    heard = [Hand().hear(NoteOn(channel, 60, 90), 0)[0]["part"] for channel in (9, 0, 1, 2, 3, 4, 15)]
    assert heard == ["drums", "bass", "harmony", "melody", "texture", "melody", "melody"]
    assert Hand(Part.HARMONY).hear(NoteOn(9, 60, 90), 0)[0]["part"] == "harmony"


def test_a_note_ends_once_and_only_if_it_began() -> None:
    hand = Hand()
    assert hand.hear(NoteOff(0, 60), 0) == []
    hand.hear(NoteOn(0, 60, 90), 0)
    assert [said["velocity"] for said in hand.hear(NoteOff(0, 60), 0)] == [0]
    assert hand.hear(NoteOff(0, 60), 0) == []


def test_a_flood_of_a_wheel_is_thinned_and_comes_to_rest_where_it_is() -> None:
    hand, told = Hand(), []
    for step in range(2000):  # two seconds, a step each millisecond
        told += hand.hear(Control(1, 7, step % 128), step * 1000)
        told += hand.due(step * 1000)
    told += hand.due(3_000_000)
    assert len(told) <= 2_000_000 / EACH_US + 2
    assert told[-1] == control("harmony", 7, 1999 % 128)
    assert not hand.waits


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 5), st.integers(0, 127)), min_size=1, max_size=300))
def test_the_last_value_of_every_controller_is_told(moves: list[tuple[int, int, int]]) -> None:
    hand, told, now, last = Hand(), list[dict[str, Any]](), 0, dict[int, int]()
    for passed, number, value in moves:
        now += passed
        controller = (1, 7, 10, 64, 67, 74)[number]
        last[controller] = value
        told += hand.hear(Control(2, controller, value), now)
    for _ in range(1000):
        now += EACH_US
        told += hand.due(now)
    heard = {said["controller"]: said["value"] for said in told}
    assert {c: heard.get(c, 0) for c in last} == last
    assert not hand.waits
    assert len(told) <= MOVES_PER_S * (now / 1e6 + 1) + 4 * len(moves)


def test_the_pedal_is_never_late() -> None:
    hand = Hand()
    told = [said for value in (127, 0, 127, 0) for said in hand.hear(Control(0, SUSTAIN, value), 0)]
    assert [said["value"] for said in told] == [127, 0, 127, 0]


def test_a_pedal_that_rattles_is_where_it_is_in_the_end() -> None:
    """A broken contact: the session would drop what is too much, and not know in the end."""
    hand, told = Hand(), list[dict[str, Any]]()
    for step in range(5001):
        told += hand.hear(Control(0, SUSTAIN, 0 if step % 2 else 127), step * 100)
    assert sum(said["value"] > 0 for said in told) <= 2 * MOVES_PER_S
    told += hand.due(1_000_000)
    assert told[-1] == control("bass", SUSTAIN, 127)


def test_what_sets_an_instrument_up_is_not_played() -> None:
    """A bank that a keyboard selects would turn the next program, which the style names, into another one."""
    hand = Hand()
    for controller in (0, 32, 98, 99, 100, 101, 6, 38, 96, 97):
        assert hand.hear(Control(0, controller, 3), 0) == []
    assert not hand.waits


def test_a_half_pedal_that_moves_on_one_side_is_a_fader() -> None:
    hand = Hand()
    told = [said for value in range(64, 128) for said in hand.hear(Control(0, SUSTAIN, value), 0)]
    assert [said["value"] for said in told] == [64]
    assert [said["value"] for said in hand.due(EACH_US)] == [127]


def test_what_is_told_again_is_not_told() -> None:
    hand = Hand()
    assert hand.hear(Control(0, 7, 0), 0) == [control("bass", 7, 0)], "a volume of 0 is news"
    assert hand.hear(Control(0, 7, 0), 50_000) == []
    assert hand.hear(Bend(0, 0), 50_000) == [], "it was straight"


def test_what_the_session_had_no_room_for_is_told_later_unless_newer_came() -> None:
    hand = Hand()
    (said,) = hand.hear(Control(0, 7, 40), 0)
    hand.again(said)
    assert hand.due(EACH_US) == [said]
    hand.again(said)
    hand.hear(Control(0, 7, 50), EACH_US)
    assert hand.due(2 * EACH_US + 1) == [control("bass", 7, 50)]
    hand.again({"type": "live.note", "part": "bass", "pitch": 60, "velocity": 90})
    assert not hand.waits, "a note that is late is a wrong one"


def test_the_cable_is_pulled() -> None:
    hand = Hand()
    for message in (
        NoteOn(9, 36, 90),
        NoteOn(0, 40, 90),
        NoteOff(0, 40),
        Control(0, SUSTAIN, 127),
        Control(0, 7, 99),
        Bend(2, 5),
    ):
        hand.hear(message, 0)
    assert hand.let_go() == [
        {"type": "live.note", "part": "drums", "pitch": 36, "velocity": 0},
        control("bass", 64, 0),
        {"type": "live.bend", "part": "melody", "value": 0},
    ]
    assert hand.let_go() == []


def test_orders_to_an_instrument_end_notes_and_rest_wheels() -> None:
    hand = Hand()
    hand.hear(NoteOn(0, 40, 90), 0)
    hand.hear(NoteOn(1, 50, 90), 0)
    hand.hear(Control(1, 1, 30), 0)
    assert [said["pitch"] for said in hand.hear(Control(0, ALL_NOTES_OFF, 0), 0)] == [40]
    assert hand.hear(Control(1, RESET_CONTROLLERS, 0), 0) == [control("harmony", 1, 0)]
    assert hand.hear(Program(0, 4), 0) == []
    assert hand.hear(System(0xF8), 0) == []
    assert hand.hear(Control(0, 122, 0), 0) == []
