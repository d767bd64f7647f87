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
from collections import deque
from collections.abc import Callable
from typing import Any

from bridge.midi.frames import FrameClock
from bridge.midi.voices import Due
from bridge.midi.wires import IN, OUT, Wire, Wires
from bridge.ports.clock import Clock
from bridge.ports.midi.cable import CHANNELS, Cable, NoMidi, Setup
from bridge.wire import midi

__all__ = ["JackCable"]

SILENT_S = 2.0
"""For so long the last two cycles are waited for."""
MOST_WAITING = 4096
"""Messages for which a cycle's buffer had no room; more than that is a plan of nonsense."""
MOST_CAME = 1024
"""Ports that others open between two looks."""

_log = logging.getLogger(__name__)


class JackCable(Cable):
    """One client. Where JACK goes away it comes back with it, wired as before."""

    system = "jack"

    def __init__(self, setup: Setup, clock: Clock, report: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(setup, clock, report)
        self._client: Any = None
        self._frames = FrameClock(48_000)
        self._left: list[Due] = []
        self._calm: deque[int] = deque()
        """Channels on which somebody who was connected may hang from before."""
        self._hush = threading.Event()
        """The end."""
        self._ended, self._hushed = False, threading.Event()
        self._lost = ""
        self._wires = Wires(setup.wired)
        self._told_wires = self._wires.known
        self._came: deque[str] = deque(maxlen=MOST_CAME)

    def open(self) -> None:
        try:
            import jack
        except (ImportError, OSError) as error:  # not installed, or without the library that it speaks through
            raise NoMidi(f"JACK: {error}") from None
        jack.set_error_function(lambda message: _log.debug("jack: %s", message))
        jack.set_info_function(lambda message: _log.debug("jack: %s", message))
        try:
            client = jack.Client(self._setup.name, no_start_server=True)
        except jack.JackOpenError:
            raise NoMidi("JACK: no server runs") from None
        self._error = jack.JackError
        self._client, self._lost = client, ""
        try:
            self._begin(client)
        except jack.JackError as error:  # it ended just now
            self._abandon()
            self._lost = str(error)
            raise NoMidi(f"JACK: {error}") from None

    def _begin(self, client: Any) -> None:
        self.name = client.name  # where another has ours, JACK adds a number
        self._out = client.midi_outports.register(OUT)
        self._in = client.midi_inports.register(IN)
        self._rate = client.samplerate
        self._frames = FrameClock(self._rate)
        client.set_process_callback(self._process)
        client.set_shutdown_callback(self._shut)
        client.set_port_registration_callback(self._registered)
        self._wires = Wires(self._wires.known)
        client.activate()
        self._wire()  # so that what a sender before us may have left ends

    def look(self) -> None:
        if self._lost:
            self._reopen()
            return
        if self._client is None:
            return
        with contextlib.suppress(self._error):
            self._connect_device()
            self._wire()

    def close(self) -> None:
        client = self._client
        if client is None:
            return
        if not self._lost:
            self._hush.set()
            self._hushed.wait(SILENT_S)
        with contextlib.suppress(Exception):  # whatever a server that is gone makes of it
            client.deactivate()
        self._abandon()

    def _abandon(self) -> None:
        client, self._client = self._client, None
        with contextlib.suppress(Exception):
            client.close()

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
            self._quiet(began)
            self._write(self._due(self._frames.end_us), began, frames)
        elif not self._ended:
            self._ended = True
            self._write([Due(now_us, data, ahead=False) for data in self._silence()], began, frames)
        elif self._left:
            self._write([], began, frames)
        else:
            self._hushed.set()  # a cycle later: whoever reads after us has it
        came = self._in.incoming_midi_events()
        self._heard([(self._frames.time_us(began + offset), bytes(data)) for offset, data in came])

    def _quiet(self, began: int) -> None:
        """Channels on which somebody may hang from before, as soon as nothing sounds there; who plays is said anew after that."""
        waiting = {self._calm.popleft() for _ in range(len(self._calm))}
        quiet = waiting - self._voices.channels if waiting else waiting
        self._calm.extend(waiting - quiet)
        for channel in sorted(quiet):
            self._left += [Due(self._frames.time_us(began), data, ahead=False) for data in midi.silence(channel)]
        if said := waiting if len(waiting) == len(CHANNELS) else quiet:
            self._report({"calmed": sorted(said)})

    def _write(self, due: list[Due], began: int, frames: int) -> None:
        """What was left and what is due in this cycle, each at its frame, in order."""
        due, self._left, last = self._left + due, [], 0
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
            self._abandon()
        with contextlib.suppress(NoMidi):
            self._voices.silence()
            self._left.clear()
            self.open()
            self._report({"back": self.system, "name": self.name})

    def _registered(self, port: Any, register: bool) -> None:
        """In a thread of JACK's."""
        if register:
            self._came.append(port.name)

    def _wire(self) -> None:
        """Connect what has come back."""
        while back := self._see():
            for end, other in back:
                with contextlib.suppress(self._error):
                    self._client.connect(*((self._out, other) if end == OUT else (other, self._in)))

    def _see(self) -> tuple[Wire, ...]:
        """What somebody has connected, taken off or pulled out by now; and which wires are to be connected again."""
        came = {self._came.popleft() for _ in range(len(self._came))}
        connected = {(OUT, port.name) for port in self._out.connections}
        connected |= {(IN, port.name) for port in self._in.connections}
        here = {port.name for port in self._client.get_ports(is_midi=True) if not self._client.owns(port)}
        seen = self._wires.look(connected, here, came)
        if seen.plugged:
            self._calm.extend(CHANNELS)
        if seen.unplugged:
            self._report({"unplugged": True})
        if self._wires.known != self._told_wires:
            self._told_wires = self._wires.known
            self._report({"wired": self._told_wires})
        return seen.back

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
        self._device_is(named[0].name if named else "")
