"""What the sender's process tells, in order, and what becomes of it where nobody listens or a system fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge.ports.clock import SystemClock
from bridge.ports.midi import __main__ as sender
from bridge.ports.midi.cable import Cable, NoMidi, Setup
from bridge.wire import midi

PATIENCE_S = 20.0
ON, OFF = midi.note_on(0, 60, 90), midi.note_off(0, 60)


class Wire(Cable):
    """One that is looked at in vain."""

    looked = 0

    def look(self) -> None:
        self.looked += 1
        if self.looked < 3:
            raise RuntimeError("the system is ending")


class Told:
    """All lines so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self.lines = capsys, list[dict[str, Any]]()

    def until(self, true: Callable[[list[dict[str, Any]]], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true(self.lines):
            assert time.monotonic() < deadline, self.lines
            self.lines += map(json.loads, self._capsys.readouterr().out.splitlines())
            time.sleep(0.005)


def test_what_is_told_comes_in_order_and_outlives_a_look_that_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOK_S", 0.01)
    teller, told = sender.Teller(), Told(capsys)
    for what in ({"in": [(1, ON)]}, {"in": [(2, OFF)]}, {"gone": "JACK ended"}, {"in": [(3, ON)]}, {"back": "jack"}):
        teller.report(what)
    teller.start(Wire(Setup("Star"), SystemClock(), teller.report))
    told.until(lambda lines: "statistics" in lines[-1] if lines else False)
    assert told.lines[:4] == [
        {"in": [[1, ON.hex()], [2, OFF.hex()]]},
        {"gone": "JACK ended"},
        {"in": [[3, ON.hex()]]},
        {"back": "jack"},
    ]
    teller.end()


def test_where_nobody_reads_for_long_not_all_is_kept_and_all_is_let_go(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_UNTOLD", 5)
    teller, told = sender.Teller(), Told(capsys)
    for number in range(100):
        teller.report({"in": [(number, midi.control(0, 7, number))]})
    teller.start(Wire(Setup("Star"), SystemClock(), teller.report))
    told.until(lambda lines: {"unplugged": True} in lines)
    assert sum(len(line.get("in", ())) for line in told.lines) == 5
    teller.end()


def test_who_asked_for_the_end_while_a_port_was_being_opened_is_heard() -> None:
    ending = sender._Ending()
    ending.asked(15, None)  # not now: a port that is half open can't be made silent
    with pytest.raises(sender._Terminated):
        ending.now_or_later()
    ending = sender._Ending()
    ending.now_or_later()
    with pytest.raises(sender._Terminated):
        ending.asked(15, None)
    ending.asked(15, None)  # a second time it only hinders


def test_systems_that_say_the_same_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere(Wire):
        def open(self) -> None:
            raise NoMidi("python-rtmidi is not here")

    setup, clock = Setup("Star"), SystemClock()
    monkeypatch.setattr(sender, "cables", lambda *_: [Nowhere(setup, clock, print), Nowhere(setup, clock, print)])
    with pytest.raises(NoMidi) as why:
        sender.opened("", setup, clock, print)
    assert str(why.value).count("python-rtmidi") == 1
