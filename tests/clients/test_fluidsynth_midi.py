"""FluidSynth, a synth by somebody else, hears us through JACK: connected by its name whenever it is there, silent at our end."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from bridge.wire.osc import pack
from tests.support.jack import jack_server
from tests.support.programs import program
from tests.support.server import running_server
from tests.support.talk import Talk


@pytest.mark.timeout(240)
def test_a_synth_comes_goes_and_comes_back_and_hears_every_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fluidsynth = program("fluidsynth")
    monkeypatch.setenv("STARBRIDGE_NO_MIDI", "0")
    with ExitStack() as stack:
        stack.enter_context(jack_server(tmp_path, monkeypatch))
        server = stack.enter_context(running_server(tmp_path, "--osc-as", "leader", "--midi-device", "Synth"))
        osc = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

        def play(pitch: int, velocity: int) -> None:
            osc.sendto(pack("/live/note", "sii", ("bass", pitch, velocity)), server.osc_address)

        jack = [
            f"midi.jack.server={os.environ['JACK_DEFAULT_SERVER']}",
            "midi.jack.id=synth",
            "audio.file.name=/dev/null",
        ]
        options = [word for option in jack for word in ("-o", option)]
        synth = [fluidsynth, "-s", "-i", "-v", "-m", "jack", "-a", "file", *options]
        with Talk(synth, tmp_path) as first:
            first.until(r"cc\s2\s123\s0")  # it is connected, and whatever hung there has ended
            play(40, 90)
            first.until(r"noteon\s0\s40\s90")
            play(40, 0)
            first.until(r"noteoff\s0\s40")
            osc.sendto(pack("/live/control", "sii", ("bass", 7, 99)), server.osc_address)
            first.until(r"cc\s0\s7\s99")
        with Talk(synth, tmp_path) as second:
            second.until(r"cc\s2\s123\s0")
            second.until(r"cc\s0\s7\s99")  # where the first one's fader was left
            play(41, 90)
            second.until(r"noteon\s0\s41\s90")
            server.kill()
            second.until(r"noteoff\s0\s41")
            second.until(r"cc\s0\s64\s0", 2)
