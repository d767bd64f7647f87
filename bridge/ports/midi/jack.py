"""JACK: notes written into its cycles ahead of their time, each at its frame.

A client with one port out and one in. Its process callback runs in JACK's own thread once a cycle; what is due within the cycle
goes to the frame that its time falls on, so it is exact to the frame however late the callback was woken, as long as it comes
within its cycle. PipeWire speaks JACK as well. `rtmidi` can't do this: it sends at the start of the next cycle.

    cable = JackCable(Setup("StarBridge"), SystemClock(), print)
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from bridge.midi.frames import FrameClock
from bridge.midi.voices import Due
from bridge.ports.clock import Clock
from bridge.ports.midi.cable import Cable, NoMidi, Setup, all_silent

__all__ = ["JackCable"]

SILENT_S = 2.0
"""For so long the last two cycles are waited for."""
MOST_WAITING = 4096
"""Messages for which a cycle's buffer had no room; more than that is a plan of nonsense."""

_log = logging.getLogger(__name__)


class JackCable(Cable):
    """One client. Where JACK goes away it comes back with it, wired as before."""

    system = "jack"

    def __init__(self, setup: Setup, clock: Clock, report: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(setup, clock, report)
        self._client: Any = None
        self._frames = FrameClock(48_000)
        self._left: list[Due] = []
        self._calm = threading.Event()
        """Somebody was connected who may hang from before."""
        self._hush = threading.Event()
        """The end."""
        self._ended, self._hushed = False, threading.Event()
        self._lost = ""
        self._wired = set(setup.wired)

    def open(self) -> None:
        try:
            import jack
        except (
            ImportError,
            OSError,
        ) as error:  # not installed; or installed without the library that it speaks through
            raise NoMidi(f"JACK: {error}") from None
        jack.set_error_function(lambda message: _log.debug("jack: %s", message))
        jack.set_info_function(lambda message: _log.debug("jack: %s", message))
        try:
            client = jack.Client(self._setup.name, no_start_server=True)
        except jack.JackOpenError:
            raise NoMidi("JACK: no server runs") from None
        self._error = jack.JackError
        self._out = client.midi_outports.register("out")
        self._in = client.midi_inports.register("in")
        self._rate = client.samplerate
        self._frames = FrameClock(self._rate)
        client.set_process_callback(self._process)
        client.set_shutdown_callback(self._shut)
        self._client, self._lost = client, ""
        client.activate()
        self._wire()
        self._calm.set()  # once it is wired: what a sender before us may have left ends

    def look(self) -> None:
        if self._lost:
            self._reopen()
            return
        if self._client is None:
            return
        with contextlib.suppress(self._error):
            self._connect_device()
            self._remember()

    def close(self) -> None:
        client = self._client
        if client is None:
            return
        if not self._lost:
            self._hush.set()
            self._hushed.wait(SILENT_S)
        with contextlib.suppress(Exception):  # whatever a server that is gone makes of it
            client.deactivate()
            client.close()
        self._client = None

    # -- JACK's thread -------------------------------------------------------------------------------------------------

    def _process(self, frames: int) -> None:
        try:
            self._cycle(frames)
        except Exception:
            _log.exception("the cycle failed")
            self._lost = "a cycle failed"
            raise

    def _cycle(self, frames: int) -> None:
        client = self._client
        began = client.last_frame_time
        now_us = self._clock.now_us() - client.frames_since_cycle_start * 1_000_000 // self._rate
        self._frames.cycle(began, frames, now_us)
        self._out.clear_buffer()
        if not self._hush.is_set():
            self._write(began, frames)
        elif not self._ended:
            self._ended = True
            for data in self._silence():
                self._out.write_midi_event(0, data)
        else:
            self._hushed.set()  # a cycle later: whoever reads after us has it
        for offset, data in self._in.incoming_midi_events():
            self._heard(bytes(data), self._frames.time_us(began + offset))

    def _write(self, began: int, frames: int) -> None:
        """What is due in this cycle, each at its frame, in order."""
        if self._calm.is_set() and not self._voices.sounding:
            self._calm.clear()
            for data in all_silent():
                self._out.write_midi_event(0, data)
        due, self._left, last = self._left + self._due(self._frames.end_us), [], 0
        for number, (at_us, data, ahead) in enumerate(due):
            last = offset = min(max(self._frames.frame_at(at_us) - began, last), frames - 1)
            try:
                self._out.write_midi_event(offset, data)
            except self._error:  # the buffer is full; the rest goes out with the next cycle
                self._left = due[number:][:MOST_WAITING]
                return
            if ahead:
                self._lateness.add(self._frames.time_us(began + offset) - at_us)

    def _shut(self, status: Any, reason: str) -> None:
        self._lost = reason or "JACK ended"
        self._report({"gone": self._lost})

    # -- wires ---------------------------------------------------------------------------------------------------------

    def _reopen(self) -> None:
        """JACK is perhaps back."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close()
            self._client = None
        with contextlib.suppress(NoMidi):
            self._voices.silence()
            self.open()
            self._report({"back": self.system})

    def _wire(self) -> None:
        """Connect what was connected before."""
        for source, target in self._wired:
            with contextlib.suppress(self._error):
                self._client.connect(source, target)

    def _remember(self) -> None:
        """What somebody has connected by now, for a next life."""
        out = {(self._out.name, port.name) for port in self._out.connections}
        wired = out | {(port.name, self._in.name) for port in self._in.connections}
        if wired != self._wired and (wired or not self._lost):
            self._wired = wired
            self._report({"wired": sorted(wired)})

    def _connect_device(self) -> None:
        """The ports of the device that was asked for, both ways."""
        wanted = self._setup.device.lower()
        if not wanted:
            return
        ports = [port for port in self._client.get_ports(is_midi=True) if not self._client.owns(port)]
        named = [port for port in ports if wanted in " ".join((port.name, *port.aliases)).lower()]
        for port in named:
            ours = self._out if port.is_input else self._in
            if not ours.is_connected_to(port):
                self._client.connect(*((ours, port) if port.is_input else (port, ours)))
                if port.is_input:
                    self._calm.set()
        self._device_is(named[0].name if named else "")
