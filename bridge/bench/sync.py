"""`bench sync`: how far from their time MIDI messages leave, through JACK's dummy driver (where jackd is here) and by the sender
thread that serves where there is no JACK.

measure(Setting())
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.bench.figures import Figure, Figures, Setting
from bridge.midi.choice import MidiChoice
from bridge.midi.plan import LATE_US, Plan, Tone
from bridge.midi.score import AHEAD_US
from bridge.ports.clock import SystemClock
from bridge.ports.midi.cable import Setup
from bridge.ports.midi.link import Link
from bridge.ports.midi.rtmidi import RtMidiCable

__all__ = ["measure"]

GOAL = "under 1 ms"
EVERY_US = 5_000
"""Two hundred notes a second: more than two dense takes at once."""
SERVER_S = 5.0
"""Until jackd and the port are up."""
PERIOD = 256


def measure(setting: Setting) -> Figures:
    """A port each, for as long as a measurement may last."""
    found = _figures("the sender thread", _by_thread(setting.seconds))
    if shutil.which("jackd"):
        with _jack():
            told = asyncio.run(_by_jack(setting.seconds))
        found += _figures(f"JACK, {PERIOD} frames of 48 kHz", told) if told else []
    return found


def _figures(name: str, told: dict[str, Any]) -> list[Figure]:
    more = {"p50": told["p50_us"] / 1000, "max": told["max_us"] / 1000, "sent": told["sent"], "late": told["late"]}
    return [Figure(f"MIDI out through {name}, off its time at p99", told["p99_us"] / 1000, "ms", GOAL, more)]


def _plans(clock: SystemClock, seconds: float) -> Iterator[Plan]:
    """What a door plans, ten times a second."""
    begin_us = clock.now_us() + AHEAD_US
    count = int(seconds * 1e6 / EVERY_US)
    tones = [
        Tone(
            number + 1,
            begin_us + number * EVERY_US,
            begin_us + (number + 1) * EVERY_US - 1000,
            number % 4,
            36 + number % 48,
            90,
        )
        for number in range(count)
    ]
    while (now_us := clock.now_us()) < begin_us + count * EVERY_US:
        near = tuple(tone for tone in tones if now_us - LATE_US < tone.on_us < now_us + AHEAD_US)
        yield Plan(now_us, near)


def _by_thread(seconds: float) -> dict[str, Any]:
    """The thread alone, into a port that takes everything at once: what a system adds is not in it."""
    clock = SystemClock()
    cable = RtMidiCable(Setup("StarBridge bench"), clock, lambda told: None, library=_Library())
    cable.open()
    for plan in _plans(clock, seconds):
        cable.play(plan)
        time.sleep(0.1)
    told = cable.statistics()
    cable.close()
    return told


async def _by_jack(seconds: float) -> dict[str, Any]:
    """The whole way: plans to the sender's process, frames into JACK's cycles."""
    clock = SystemClock()
    told: dict[str, Any] = {}
    link = Link(
        MidiChoice("StarBridge bench", system="jack"), clock, lambda said: told.update(said.get("statistics", {}))
    )
    deadline = time.monotonic() + SERVER_S
    while not await link.start():
        if time.monotonic() > deadline:
            return {}
        await asyncio.sleep(0.2)
        link = Link(
            MidiChoice("StarBridge bench", system="jack"), clock, lambda said: told.update(said.get("statistics", {}))
        )
    for plan in _plans(clock, seconds):
        link.play(plan)
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)  # it tells once a second
    await link.close()
    return told


@contextlib.contextmanager
def _jack() -> Iterator[None]:
    """A server of our own, with its dummy driver; in real time where that is allowed."""
    name = f"starbridge-{secrets.token_hex(4)}"
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    command = ["jackd", "-n", name, "-R", "-P", "20", "-d", "dummy", "-r", "48000", "-p", str(PERIOD)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
        del os.environ["JACK_DEFAULT_SERVER"]
        if before is not None:
            os.environ["JACK_DEFAULT_SERVER"] = before


@dataclass
class _Port:
    sent: list[bytes] = field(default_factory=list)

    def open_virtual_port(self, name: str) -> None: ...

    def set_callback(self, heard: object) -> None: ...

    def get_ports(self) -> list[str]:
        return []

    def get_current_api(self) -> int:
        return 0

    def send_message(self, data: bytes) -> None:
        self.sent.append(data)

    def close_port(self) -> None: ...

    def delete(self) -> None: ...


class _Library:
    """As much of python-rtmidi as a port needs that is nowhere."""

    API_UNSPECIFIED = 0
    RtMidiError = UnsupportedOperationError = OSError

    @staticmethod
    def get_api_name(api: int) -> str:
        return "nowhere"

    @staticmethod
    def get_compiled_api_by_name(name: str) -> int:
        return 0

    @staticmethod
    def MidiOut(api: int, name: str = "") -> _Port:
        return _Port()

    MidiIn = MidiOut
