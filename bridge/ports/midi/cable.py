"""A cable: what every MIDI system's port in the sender has to do, and what they all do alike.

Plans come in from the main thread by a deque; they are taken, and what is due is sent, in the one thread that the system calls
or that sends on time. What comes in, and whatever is to be told, goes to `report`, which never blocks.

    cable = JackCable(setup, clock, report)
    cable.open()            # raises NoMidi
    cable.play(plan)
    cable.look()            # once a second: devices that come and go
    cable.close()           # all silent first
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bridge.midi.lateness import Lateness
from bridge.midi.plan import Plan
from bridge.midi.voices import Due, Voices
from bridge.midi.wires import Wire
from bridge.ports.clock import Clock
from bridge.wire import midi
from sessions.music import Part

__all__ = ["CHANNELS", "Cable", "NoMidi", "Setup", "all_silent"]

REALTIME = 0xF8
CHANNELS = tuple(part.channel for part in Part)


class NoMidi(Exception):
    """This system is not here; its sentence says so."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the owner chose: the port's name, a device to be connected when it is there, and what was wired before."""

    name: str
    device: str = ""
    wired: tuple[Wire, ...] = ()


class Cable:
    """One system's port. `report` takes what is to be told to the server, as JSON's values."""

    system = ""

    def __init__(self, setup: Setup, clock: Clock, report: Callable[[dict[str, Any]], None]) -> None:
        self._setup, self._clock, self._report = setup, clock, report
        self._plans: deque[Plan] = deque(maxlen=1)
        """The newest alone counts; while the system is away nobody takes them."""
        self._voices = Voices()
        self._lateness = Lateness()
        self._device = ""
        self.name = setup.name
        """As others see it."""

    def open(self) -> None:
        """Open the port, silent; raises `NoMidi`."""
        raise NotImplementedError

    def play(self, plan: Plan) -> None:
        """From now on this plan holds."""
        with contextlib.suppress(IndexError):
            plan = plan.after(self._plans.pop())
        self._plans.append(plan)

    def now_us(self) -> int:
        """By the clock that the times of what comes in are told by."""
        return self._clock.now_us()

    def look(self) -> None:
        """Connect what has come, forget what is gone, come back where the system itself was away."""

    def close(self) -> None:
        """End every note and close the port."""
        raise NotImplementedError

    def statistics(self) -> dict[str, Any]:
        """What was sent, and how far from its time."""
        counts = {"notes": self._voices.begun, "left_out": self._voices.left_out, "sounding": self._voices.sounding}
        return {"system": self.system, "device": self._device, **self._lateness.statistics(), **counts}

    # -- for the sending thread ----------------------------------------------------------------------------------------

    def _due(self, until_us: int) -> list[Due]:
        """All that is to be sent before a time."""
        self._take()
        return self._voices.due(until_us, self._clock.now_us())

    def _take(self) -> None:
        """The newest plan, where there is one; `play` may take it back any moment."""
        with contextlib.suppress(IndexError):
            self._voices.take(self._plans.popleft())

    def _silence(self) -> Iterator[bytes]:
        """The end of everything, known or not: what hung on our channels when a sender before us was killed ends as well."""
        self._plans.clear()
        yield from self._voices.silence()
        yield from all_silent()

    def _heard(self, came: list[tuple[int, bytes]]) -> None:
        """Something came in: times and bytes."""
        came = [one for one in came if one[1] and one[1][0] < REALTIME]
        if came:
            self._report({"in": came})

    def _device_is(self, name: str) -> None:
        """The device that was asked for is here by this name, or not."""
        if name != self._device:
            self._device = name
            self._report({"device": name})


def all_silent() -> Iterator[bytes]:
    """What lets go of all that can hang on our channels."""
    for channel in CHANNELS:
        yield from midi.silence(channel)
