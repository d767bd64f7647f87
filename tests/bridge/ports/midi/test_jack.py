"""JACK where it fails, with one of our own in its place: it ends while we come back, and its buffer is too small for the end."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from bridge.midi.plan import FOREVER_US, Plan, Tone
from bridge.ports.clock import SystemClock
from bridge.ports.midi.cable import NoMidi, Setup
from bridge.ports.midi.jack import JackCable
from bridge.wire import midi

PERIOD, RATE = 256, 48_000


class Port:
    """Ours; it holds so many messages a cycle."""

    def __init__(self, jack: Jack, name: str) -> None:
        self.jack, self.name, self.connections = jack, f"Star:{name}", list[Any]()
        self.cycle: list[bytes] = []

    def register(self, name: str) -> Port:
        return Port(self.jack, name)

    def clear_buffer(self) -> None:
        self.jack.sent += self.cycle
        self.cycle = []

    def write_midi_event(self, offset: int, data: bytes) -> None:
        if len(self.cycle) == self.jack.room:
            raise JackError("no room")
        self.cycle.append(data)

    def incoming_midi_events(self) -> list[Any]:
        return []


class JackError(Exception):
    pass


class JackOpenError(JackError):
    pass


class Jack:
    """The library and its only client."""

    JackError, JackOpenError = JackError, JackOpenError
    name, samplerate, frames_since_cycle_start = "Star", RATE, 0

    def __init__(self) -> None:
        self.room, self.sent, self.last_frame_time = 1000, list[bytes](), 0
        self.fails = self.runs = False
        self.midi_outports = self.midi_inports = Port(self, "")

    def set_error_function(self, function: object) -> None:
        """Nothing is said."""

    set_info_function = set_shutdown_callback = set_port_registration_callback = set_error_function

    def Client(self, name: str, *, no_start_server: bool) -> Jack:
        return self

    def set_process_callback(self, process: Any) -> None:
        self.process = process

    def activate(self) -> None:
        if self.fails:
            raise JackError("it ended just now")
        self.runs = True

    def deactivate(self) -> None:
        self.runs = False

    def close(self) -> None:
        self.runs = False

    def get_ports(self, *, is_midi: bool) -> list[Any]:
        return []

    def cycles(self, count: int) -> None:
        for _ in range(count):
            self.last_frame_time += PERIOD
            self.process(PERIOD)


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Jack:
    library = Jack()
    monkeypatch.setitem(sys.modules, "jack", library)
    return library


def test_a_jack_that_ends_while_we_come_back_is_looked_for_again(jack: Jack) -> None:
    told: list[dict[str, Any]] = []
    cable = JackCable(Setup("Star"), SystemClock(), told.append)
    jack.fails = True
    with pytest.raises(NoMidi, match="it ended just now"):
        cable.open()
    jack.fails = False
    cable.open()
    cable._shut(None, "JACK ended")
    jack.fails = True
    for _ in range(3):
        cable.look()
    assert [jack.runs] == [False]
    jack.fails = False
    cable.look()
    assert [jack.runs] == [True]
    assert told == [{"gone": "JACK ended"}, {"back": "jack", "name": "Star"}]


def test_an_end_that_is_more_than_a_cycle_holds_goes_on_in_the_next(jack: Jack) -> None:
    clock = SystemClock()
    cable = JackCable(Setup("Star"), clock, lambda told: None)
    cable.open()
    now = clock.now_us()
    cable.play(Plan(now, tuple(Tone(number, now, FOREVER_US, 0, number, 90) for number in range(1, 60))))
    jack.cycles(3)
    jack.room = 10
    cable._hush.set()
    jack.cycles(12)
    assert cable._hushed.is_set()
    ends = [data for data in jack.sent if data[0] == 0x80]
    assert ends == [midi.note_off(0, number) for number in range(1, 60)]
    assert midi.bend(9, 0) in jack.sent, "and all the rest"
    cable.close()


def test_while_jack_is_away_plans_are_not_kept(jack: Jack) -> None:
    cable = JackCable(Setup("Star"), SystemClock(), lambda told: None)
    for number in range(1000):
        cable.play(Plan(number))
    assert len(cable._plans) == 1
