"""CoreMIDI, ALSA, JACK and Windows' MIDI, by python-rtmidi: notes sent by a thread of their own, on time.

A virtual port where the system has them; on Windows, which hasn't, the port of that name, such as loopMIDI makes. Beside it a
device that is asked for by a part of its name, whenever it is there. RtMidi sends at once and no later, so the thread sleeps
until shortly before a note's time and then watches the clock; how far off it is, is measured.

    cable = RtMidiCable(Setup("StarBridge", device="Launchkey"), SystemClock(), print)
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bridge.midi.plan import Plan
from bridge.midi.wires import IN, OUT
from bridge.ports.clock import Clock
from bridge.ports.midi.cable import CHANNELS, Cable, NoMidi, Setup, all_silent

__all__ = ["RtMidiCable", "be_punctual"]

CORE = "core"
SPIN_US = 200
"""So long before its time the clock is watched instead of slept by: a sleep ends 50 to 100 us late."""
COARSE_US = 25_000 if sys.platform == "win32" else 2_000
"""So long before it no event is waited for: on Windows such a wait may end 16 ms late, a short sleep doesn't."""
STEP_S = 0.001
"""And then it is slept in such steps, in each of which a new plan may come."""
IDLE_S = 1.0
REALTIME_PRIORITY = 20
"""Where the system allows it, as it does for who makes music."""
END_S = 2.0

_log = logging.getLogger(__name__)


class RtMidiCable(Cable):
    """One virtual port, or one by its name, and one device. `api` is one of RtMidi's names for systems."""

    def __init__(
        self, setup: Setup, clock: Clock, report: Callable[[dict[str, Any]], None], api: str = "", library: Any = None
    ) -> None:
        super().__init__(setup, clock, report)
        self.system = api
        self._library = library
        self._woken, self._ended = threading.Event(), False
        self._lock = threading.Lock()
        """For the list of outs: the sending thread reads it, `look` changes it."""
        self._wanted: list[str] = []
        """Ports of others that are connected by name."""
        self._outs: list[Any] = []
        self._ins: list[Any] = []
        self._places: dict[tuple[str, str], tuple[str, Any]] = {}
        """By what was wanted and its direction: the name of the port that is it, and our end of it."""
        self._thread = threading.Thread(target=self._send_on_time, name="midi sender", daemon=True)

    def open(self) -> None:
        rtmidi = self._library = self._library or _library()
        self._api = rtmidi.get_compiled_api_by_name(self.system) if self.system else rtmidi.API_UNSPECIFIED
        if self._api == rtmidi.API_UNSPECIFIED and self.system:
            raise NoMidi(f"{self.system}: python-rtmidi was built without it")
        try:
            self._virtual()
            if self._wanted:
                self._probe = rtmidi.MidiOut(self._api), rtmidi.MidiIn(self._api)
        except rtmidi.RtMidiError as error:
            why = str(error).rpartition("::initialize: ")[2].rstrip(".?")  # not where in RtMidi it was noticed
            raise NoMidi(f"{self.system or 'RtMidi'}: {why}") from None
        self.look()
        self._thread.start()

    def _virtual(self) -> None:
        """A port of our own, where the system has such."""
        out, into = self._new_out(), self._new_in()
        self.system = self._library.get_api_name(out.get_current_api())
        try:
            alone = self.system == CORE  # there a port is shown by its own name, and nobody's client
            out.open_virtual_port(self._setup.name if alone else OUT)
            into.open_virtual_port(self._setup.name if alone else IN)
        except (NotImplementedError, self._library.UnsupportedOperationError):
            self._wanted = [self._setup.name, *filter(None, [self._setup.device])]
            return
        self._wanted = list(filter(None, [self._setup.device]))
        self._add(OUT, out)
        self._add(IN, into)

    def _new_out(self) -> Any:
        return self._library.MidiOut(self._api, name=self._setup.name)

    def _new_in(self) -> Any:
        into = self._library.MidiIn(self._api, name=self._setup.name)
        into.set_callback(self._came)
        return into

    def _add(self, way: str, port: Any) -> None:
        if way == IN:
            self._ins.append(port)
            return
        with self._lock:
            self._outs.append(port)
            for data in all_silent():  # it may hang from before; what sounds elsewhere goes on
                self._send_to(port, data)
        self._report({"calmed": CHANNELS})

    def play(self, plan: Plan) -> None:
        super().play(plan)
        self._woken.set()

    def look(self) -> None:
        """Devices by name: opened when they have come, closed when they are gone; each way by itself, for others may have one."""
        for wanted in self._wanted:
            for way, probe in zip((OUT, IN), self._probe, strict=True):
                self._look_for(wanted, way, self._find(wanted, probe))
        self._device_is(", ".join(dict.fromkeys(name for name, _ in self._places.values())))

    def _look_for(self, wanted: str, way: str, name: str) -> None:
        was, port = self._places.get((wanted, way), ("", None))
        if name == was:
            return
        if was:
            del self._places[wanted, way]
            self._remove(way, port)
        if name and (opened := self._connected(way, name)) is not None:
            self._places[wanted, way] = name, opened
            self._add(way, opened)

    def _find(self, wanted: str, probe: Any) -> str:
        """The port of one direction whose name has this in it; systems number the two differently."""
        names = [name for name in probe.get_ports() if wanted.lower() in name.lower()]
        return next((name for name in names if wanted == self._setup.name or self._setup.name not in name), "")

    def _connected(self, way: str, name: str) -> Any:
        """Our end, connected; None where another program keeps the port for itself, or it is gone already."""
        port = None
        try:
            port = self._new_out() if way == OUT else self._new_in()
            port.open_port(self._probe[way == IN].get_ports().index(name), way)
        except (self._library.RtMidiError, OSError, ValueError) as error:
            _log.debug("%s: %s", name, error)
            self._shut(port)
            return None
        return port

    def _remove(self, way: str, port: Any) -> None:
        with self._lock:
            (self._outs if way == OUT else self._ins).remove(port)
        self._shut(port)
        if way == IN:
            self._report({"unplugged": True})

    def _shut(self, port: Any) -> None:
        if port is not None:
            with contextlib.suppress(self._library.RtMidiError):
                port.close_port()
                port.delete()

    def close(self) -> None:
        if self._library is None:
            return
        self._ended = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(END_S)
        with self._lock:
            silence = list(self._silence())
            for out in self._outs:
                for data in silence:
                    self._send_to(out, data)
            for port in (*self._outs, *self._ins):
                self._shut(port)
            self._outs.clear()
            self._ins.clear()

    def _came(self, event: tuple[list[int], float], _: object = None) -> None:
        self._heard([(self._clock.now_us(), bytes(event[0]))])

    # -- the sending thread --------------------------------------------------------------------------------------------

    def _send_on_time(self) -> None:
        be_punctual()
        while not self._ended:
            try:
                self._step()
            except Exception:  # a fault of ours is heard as silence, never as a note that hangs
                _log.exception("sending over MIDI failed")
                with self._lock:
                    for data in self._silence():
                        for out in self._outs:
                            self._send_to(out, data)
                time.sleep(STEP_S)

    def _step(self) -> None:
        self._woken.clear()
        self._take()
        left_us = self._voices.next_us() - self._clock.now_us()
        if left_us > COARSE_US:
            self._woken.wait(min(IDLE_S, (left_us - COARSE_US) / 1e6))
        elif left_us > SPIN_US:
            time.sleep(min(STEP_S, (left_us - SPIN_US) / 1e6))
        else:
            self._send(self._voices.next_us())

    def _send(self, at_us: int) -> None:
        """What is due at a time, which has come or is about to."""
        while self._clock.now_us() < at_us:
            pass
        for due_us, data, ahead in self._due(self._clock.now_us() + 1):
            with self._lock:
                for out in self._outs:
                    self._send_to(out, data)
            if ahead:
                self._lateness.add(self._clock.now_us() - due_us)

    def _send_to(self, out: Any, data: bytes) -> None:
        with contextlib.suppress(self._library.RtMidiError, OSError):  # unplugged: `look` will notice
            out.send_message(data)


def _library() -> Any:
    try:
        import rtmidi
    except ImportError as error:
        raise NoMidi(f"python-rtmidi is not here ({error}); pip install 'starbridge[midi]' brings it") from None
    return rtmidi


def be_punctual() -> None:
    """This thread, and those that it starts, come before others, where the user may ask for that."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
