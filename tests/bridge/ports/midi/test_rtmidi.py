"""Ports by RtMidi, with a library of our own in its place: virtual or by name, devices that come and go, notes sent on time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.midi.plan import FOREVER_US, Plan, Tone
from bridge.ports.clock import SystemClock
from bridge.ports.midi.cable import CHANNELS, NoMidi, Setup, all_silent
from bridge.ports.midi.rtmidi import RtMidiCable
from bridge.wire import midi

PATIENCE_S = 45.0
SILENT = list(all_silent())


class FakeError(OSError):
    """As RtMidi's."""


class Port:
    """One end, as python-rtmidi has it; each direction has numbers of its own, as on Windows."""

    def __init__(self, system: Library, kind: str) -> None:
        self.system, self.kind, self.name, self.is_open = system, kind, "", False
        self.sent: list[bytes] = []
        self.heard: Callable[..., None] = lambda event, data=None: None
        system.ports.append(self)

    def get_current_api(self) -> int:
        return 1

    def get_ports(self) -> list[str]:
        return [f"{name} {number + 7 * (self.kind == 'in')}" for number, name in enumerate(self.system.devices)]

    def open_virtual_port(self, name: str) -> None:
        if not self.system.virtual:
            raise NotImplementedError
        self.name, self.is_open = f"virtual {name}", True

    def open_port(self, number: int, name: str) -> None:
        self.name = self.get_ports()[number]
        if self.kind in self.system.taken:
            raise FakeError("another program has it")
        self.is_open = True

    def set_callback(self, heard: Callable[..., None]) -> None:
        self.heard = heard

    def send_message(self, data: bytes) -> None:
        if self.name.startswith("gone"):
            raise FakeError("unplugged")
        self.sent.append(bytes(data))

    def close_port(self) -> None:
        self.is_open = False

    def delete(self) -> None:
        """Nothing is left of it."""
        self.system.ports.remove(self)


class Library:
    """A system with or without virtual ports, and with devices by name."""

    API_UNSPECIFIED = 0
    RtMidiError = UnsupportedOperationError = FakeError

    def __init__(self, *, virtual: bool = True, devices: list[str] | None = None) -> None:
        self.virtual, self.devices = virtual, devices or []
        self.ports: list[Port] = []
        self.taken = ""
        """The direction that another program keeps for itself, as on Windows."""

    def get_api_name(self, api: int) -> str:
        return "fake"

    def get_compiled_api_by_name(self, name: str) -> int:
        return 1 if name == "fake" else 0

    def MidiOut(self, api: int, name: str = "") -> Port:
        return Port(self, "out")

    def MidiIn(self, api: int, name: str = "") -> Port:
        return Port(self, "in")

    def opened(self, kind: str) -> list[Port]:
        return [port for port in self.ports if port.kind == kind and port.is_open]


class Stage:
    def __init__(self, library: Library, setup: Setup) -> None:
        self.library, self.told, self.clock = library, list[dict[str, Any]](), SystemClock()
        self.cable = RtMidiCable(setup, self.clock, self.told.append, library=library)
        self.cable.open()

    def devices(self) -> list[str]:
        """What was told of devices."""
        return [told["device"] for told in self.told if "device" in told]

    def tone(self, id_: int, ahead_us: int, length_us: int, pitch: int = 60) -> Tone:
        begin_us = self.clock.now_us() + ahead_us
        return Tone(id_, begin_us, begin_us + length_us, 0, pitch, 90)

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.005)


@pytest.fixture
def stages() -> Iterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def stage(library: Library, setup: Setup = Setup("Star")) -> Stage:  # noqa: B008 - it is frozen
        opened.append(Stage(library, setup))
        return opened[-1]

    yield stage
    for one in opened:
        one.cable.close()


def test_notes_go_out_in_order_each_with_its_end_and_how_late_is_known(stages: Callable[..., Stage]) -> None:
    stage = stages(Library())
    (out,) = stage.library.opened("out")
    assert out.sent == SILENT, "whatever hung from before"
    now = stage.clock.now_us()
    tones = [
        Tone(number, now + number * 5000, now + number * 5000 + 4000, 0, 40 + number, 90) for number in range(1, 41)
    ]
    stage.cable.play(Plan(now, tuple(tones)))
    stage.until(lambda: len(out.sent) == len(SILENT) + 80)
    sent = out.sent[len(SILENT) :]
    begun, ended = (
        [midi.note_on(0, tone.pitch, 90) for tone in tones],
        [midi.note_off(0, tone.pitch) for tone in tones],
    )
    assert [data for data in sent if data in begun] == begun
    assert [data for data in sent if data in ended] == ended
    # A note that begins late ends as much later, perhaps in the next one: where the machine stalls that is right.
    assert all(sent.index(begins) < sent.index(ends) for begins, ends in zip(begun, ended, strict=True))
    figures = stage.cable.statistics()
    assert (figures["notes"], figures["sent"], figures["left_out"], figures["sounding"]) == (40, 80, 0, 0)
    assert figures["max_us"] >= figures["p99_us"] >= figures["p50_us"] > 0


def test_nothing_is_sent_before_its_time(stages: Callable[..., Stage]) -> None:
    stage = stages(Library())
    (out,) = stage.library.opened("out")
    sent_at: list[int] = []
    send = out.send_message

    def noted(data: bytes) -> None:
        sent_at.append(stage.clock.now_us())
        send(data)

    out.send_message = noted  # type: ignore[method-assign]
    tones = [stage.tone(number, 30_000 + number * 7000, 3000) for number in range(20)]
    stage.cable.play(Plan(stage.clock.now_us(), tuple(tones)))
    stage.until(lambda: len(sent_at) == 40)
    times = sorted(time_us for tone in tones for time_us in (tone.on_us, tone.off_us))
    assert all(sent >= time_us for sent, time_us in zip(sent_at, times, strict=True))


def test_a_change_of_mind_ends_what_sounds(stages: Callable[..., Stage]) -> None:
    stage = stages(Library())
    (out,) = stage.library.opened("out")
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(1, 0, FOREVER_US), stage.tone(2, 60_000_000, 1000))))
    stage.until(lambda: midi.note_on(0, 60, 90) in out.sent)
    stage.cable.play(Plan(stage.clock.now_us()))
    stage.until(lambda: out.sent[-1] == midi.note_off(0, 60))


def test_closing_ends_everything(stages: Callable[..., Stage]) -> None:
    stage = stages(Library())
    (out,) = stage.library.opened("out")
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(1, 0, FOREVER_US),)))
    stage.until(lambda: midi.note_on(0, 60, 90) in out.sent)
    stage.cable.close()
    assert out.sent[-1 - len(SILENT) :] == [midi.note_off(0, 60), *SILENT]
    assert not stage.library.opened("out")


def test_a_device_comes_and_goes_and_comes_back(stages: Callable[..., Stage]) -> None:
    stage = stages(Library(), Setup("Star", device="launchkey"))
    assert len(stage.library.opened("out")) == 1, "the virtual one alone"
    stage.library.devices = ["Midi Through", "Launchkey Mini"]
    stage.cable.look()
    stage.cable.look()
    assert [port.name for port in stage.library.opened("out")] == ["virtual out", "Launchkey Mini 1"]
    assert stage.devices() == ["Launchkey Mini 1, Launchkey Mini 8"]
    assert stage.told.count({"calmed": CHANNELS}) == 2, "each is new, and has to hear who plays"
    keyboard = stage.library.opened("in")[-1]
    assert keyboard.name == "Launchkey Mini 8"
    keyboard.heard(([0x90, 60, 100], 0.0), None)
    assert stage.told[-1]["in"][0][1] == bytes.fromhex("903c64")
    stage.library.devices = ["Midi Through"]
    stage.cable.look()
    assert stage.told[-2:] == [{"unplugged": True}, {"device": ""}]
    assert [port.name for port in stage.library.opened("out")] == ["virtual out"]
    stage.library.devices = ["Launchkey Mini"]  # at another place
    stage.cable.look()
    assert stage.devices()[-1] == "Launchkey Mini 0, Launchkey Mini 7"
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(1, 0, 1000),)))
    synth = stage.library.opened("out")[-1]
    stage.until(lambda: midi.note_off(0, 60) in synth.sent)
    assert synth.sent[: len(SILENT)] == SILENT


def test_where_there_are_no_virtual_ports_the_one_of_that_name_is_used(stages: Callable[..., Stage]) -> None:
    """As on Windows, with loopMIDI: started before us or after."""
    stage = stages(Library(virtual=False), Setup("loopMIDI Port"))
    assert stage.library.opened("out") == []
    stage.library.devices = ["Microsoft GS Wavetable Synth", "loopMIDI Port"]
    stage.cable.look()
    assert [port.name for port in stage.library.opened("out")] == ["loopMIDI Port 1"]
    assert stage.cable.statistics()["device"] == "loopMIDI Port 1, loopMIDI Port 8"
    told = len(stage.told)
    stage.cable.look()
    assert len(stage.told) == told, "nothing is new"


def test_a_port_that_fails_keeps_no_other_one_from_sounding(stages: Callable[..., Stage]) -> None:
    stage = stages(Library(devices=["Launchkey"]), Setup("Star", device="launchkey"))
    first, second = stage.library.opened("out")
    second.name = "gone"
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(1, 0, 1000),)))
    stage.until(lambda: midi.note_off(0, 60) in first.sent)


def test_clocks_that_come_in_are_nobodys_business(stages: Callable[..., Stage]) -> None:
    stage = stages(Library())
    stage.library.opened("in")[0].heard(([0xF8], 0.0), None)
    assert stage.told == [{"calmed": CHANNELS}], "that it was opened, and nothing else"


def test_one_way_that_another_program_has_keeps_nobody_from_the_other(stages: Callable[..., Stage]) -> None:
    """A DAW has the keyboard's way in; it is taken as soon as that is free, and nothing is left of the tries."""
    stage = stages(Library(virtual=False), Setup("loopMIDI Port", device="Launchkey"))
    stage.library.devices, stage.library.taken = ["loopMIDI Port", "Launchkey"], "in"
    for _ in range(5):
        stage.cable.look()
    assert [port.name for port in stage.library.opened("out")] == ["loopMIDI Port 0", "Launchkey 1"]
    assert len([port for port in stage.library.ports if port.kind == "in"]) <= 2, "those that look and are virtual"
    assert stage.devices() == ["loopMIDI Port 0, Launchkey 1"]
    stage.library.taken = ""
    stage.cable.look()
    assert [port.name for port in stage.library.opened("in")] == ["loopMIDI Port 7", "Launchkey 8"]
    stage.library.devices = ["loopMIDI Port"]
    for _ in range(3):
        stage.cable.look()
    assert stage.told.count({"unplugged": True}) == 1, "what is held by the other is not let go again and again"


def test_a_fault_of_ours_is_silence_and_then_it_goes_on(
    stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages(Library())
    (out,) = stage.library.opened("out")
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(1, 0, FOREVER_US),)))
    stage.until(lambda: midi.note_on(0, 60, 90) in out.sent)
    with monkeypatch.context() as broken:
        broken.setattr("bridge.midi.voices.Voices.take", lambda *_: 1 / 0)
        stage.cable.play(Plan(stage.clock.now_us()))
        stage.until(lambda: midi.note_off(0, 60) in out.sent)
    stage.cable.play(Plan(stage.clock.now_us(), (stage.tone(2, 0, FOREVER_US, pitch=62),)))
    stage.until(lambda: midi.note_on(0, 62, 90) in out.sent)


def test_a_system_that_the_library_was_built_without_is_no_midi() -> None:
    cable = RtMidiCable(Setup("Star"), SystemClock(), lambda told: None, api="core", library=Library())
    with pytest.raises(NoMidi, match="core"):
        cable.open()


def test_where_a_port_is_shown_without_its_client_it_has_the_name(
    stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with CoreMIDI."""
    monkeypatch.setattr(Library, "get_api_name", lambda self, api: "core")
    stage = stages(Library())
    assert [port.name for port in stage.library.ports if port.is_open] == ["virtual Star", "virtual Star"]


def test_a_device_is_never_our_own_port(stages: Callable[..., Stage]) -> None:
    stage = stages(Library(devices=["Star out"]), Setup("Star", device="st"))
    assert [port.name for port in stage.library.opened("out")] == ["virtual out"]
