"""A player with a python-osc program is accompanied by a real server's engine: bundles dated ahead, and no note without an end."""

from __future__ import annotations

import select
import socket
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.support.server import Server, running_server

PATIENCE_S = 45.0
BPM = 100.0
BEAT_S = 60 / BPM
TUNE = (64, 67, 72, 71, 69, 72, 77, 76, 74, 71, 67, 69)


@dataclass(frozen=True)
class Heard:
    """A message that came: when it is dated, and when it was here, in seconds of Unix time."""

    address: str
    values: tuple[Any, ...]
    dated_s: float | None
    came_s: float


class Player:
    """A program of one UDP port."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(server.osc_address)
        self.heard: list[Heard] = []

    def say(self, address: str, *values: Any) -> None:
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._socket.send(builder.build().dgram)

    def listen(self, seconds: float) -> None:
        """Take in what comes in this time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                packet, now_s = self._socket.recv(65536), time.time()
                bundle = OscBundle(packet) if OscBundle.dgram_is_bundle(packet) else None
                dated_s = float(bundle.timestamp) if bundle and packet[8:16] != b"\0" * 7 + b"\1" else None
                for one in bundle or [OscMessage(packet)]:
                    self.heard.append(Heard(one.address, tuple(one.params), dated_s, now_s))

    def hear(self, *addresses: str) -> Heard:
        """The next message to one of these addresses, taken."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for heard in self.heard:
                if heard.address in addresses:
                    self.heard.remove(heard)
                    return heard
            self.listen(0.02)
        raise AssertionError(f"none of {addresses} came; what came is {self.heard[-12:]}")

    def close(self) -> None:
        self._socket.close()


def begin(player: Player, **fields: Any) -> Heard:
    """Asks to be accompanied until the server's engine has come up."""
    while True:
        player.say("/live/accompany", "solo", *(item for field in fields.items() for item in field))
        heard = player.hear("/live/accompanied", "/refused")
        if heard.address == "/live/accompanied":
            return heard
        assert heard.values[1] == "no-engine", heard
        time.sleep(0.2)


@pytest.mark.timeout(240)
def test_a_melody_is_accompanied_in_time_and_ends_with_a_word(tmp_path: Path, record_property: Any) -> None:
    with running_server(tmp_path) as server:
        player = Player(server)
        player.say("/session/join", server.invites["leader"])
        player.hear("/session/joined")
        begun = begin(player, parts="drums,bass", style="pop", bpm=BPM, key="C", seed=7)
        assert begun.dated_s is not None
        for pitch in TUNE:
            player.say("/live/note", "melody", pitch, 90)
            player.listen(0.9 * BEAT_S)
            player.say("/live/note", "melody", pitch, 0)
            player.listen(0.1 * BEAT_S)
        player.say("/live/rest", "solo")
        player.hear("/live/rested")
        player.listen(2 * BEAT_S)
        player.close()
    coming = [heard for heard in player.heard if heard.address == "/live/coming"]
    ends = {heard.values[:2] for heard in player.heard if heard.address == "/live/note" and heard.values[2] == 0}

    assert {heard.values[0] for heard in coming} == {"drums", "bass"}
    lines: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for heard in coming:
        part, start, length, pitch, velocity = heard.values
        assert heard.dated_s is not None
        assert heard.dated_s == pytest.approx(begun.dated_s + (start - begun.values[2]) * BEAT_S, abs=0.001)
        assert length > 0
        assert 1 <= velocity <= 127
        lines[part, pitch].append((start, start + length))
    for line in lines.values():
        assert all(end <= start + 1e-6 for (_, end), (start, _) in zip(sorted(line), sorted(line)[1:], strict=False))
    # Whatever was still to end when it was over was ended by name.
    over = max(heard.values[1] for heard in coming)
    assert {place for place, line in lines.items() if max(end for _, end in line) > over} <= ends

    leads = sorted(heard.dated_s - heard.came_s for heard in coming if heard.dated_s is not None)
    record_property("lead_s", {"least": leads[0], "median": leads[len(leads) // 2]})
    print(f"notes {len(leads)}, ahead by {leads[0]:.3f} s at least, {leads[len(leads) // 2]:.3f} s in the middle")
    assert leads[len(leads) // 2] > 0, "said before it sounds"
