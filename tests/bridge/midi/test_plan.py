"""A plan that is overtaken before anybody took it."""

from __future__ import annotations

from bridge.midi.plan import Plan, Tone, Word
from bridge.wire import midi

TONE = Tone(1, 0, 10, 0, 60, 90)


def test_nothing_that_was_set_is_lost_and_only_the_newest_is_said() -> None:
    said = [
        midi.control(0, 64, 127),
        midi.control(0, 7, 90),
        midi.program(0, 5),
        midi.bend(0, 9),
        midi.control(0, 64, 0),
    ]
    untaken = Plan(0, (TONE,), said=tuple(Word(id_, 0, data) for id_, data in enumerate(said, 1)))
    plan = Plan(1000, said=(Word(9, 1000, midi.control(1, 1, 1)), Word(2, 0, said[1]))).after(untaken)
    assert [word.id for word in plan.said] == [5, 3, 4, 9, 2]
    assert plan.notes == (), "notes are as the newest has them"


def test_what_was_still_to_come_is_what_the_newest_says() -> None:
    untaken = Plan(0, said=(Word(1, 2000, midi.program(0, 5)), Word(2, 0, bytes([midi.CLOCK]))))
    assert Plan(1000).after(untaken).is_empty
