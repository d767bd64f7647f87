"""A real server under real attack, each from a process of its own: the others play on, are answered, and lose nothing.

How long they wait is nothing for a test; that no callback of the server's takes long is held in `tests/bridge/test_crowd.py`, and
`bench bridge` measures delays.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.bench.attacks import ATTACKS
from bridge.bench.server import running_server
from bridge.ports.disk import audit_path
from tests.doors.clients import PATIENCE_S, Client, SlipTcp, Udp, WebSocket
from tests.support.server import Server

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

SECONDS = 1.0
NOTES = 24
SAID = 100
"""Characters that the server may have added to its output: no stranger's mistake is worth a line."""
GROWTH_KIB = 200 * 1024
"""What all attacks together may make the server grow by."""

SEEN: dict[str, set[str]] = {
    "notes-udp": {"/session/joined"},
    "notes-osc-tcp": {"/session/joined"},
    "notes-ws": {"session.joined"},
    "chats-ws": {"session.joined"},
    "asks-ws": {"session.joined", "session.pong", "capabilities"},
    "asks-osc-tcp": {"/session/joined"},
    "future": {"bad-value"},
    "train": {"bad-value", "/session/joined"},
    "tokens-udp": {"bad-token"},
    "bad-joins": {"bad-token"},
    "joins": {"/session/joined"},
    "leave-join": {"/session/joined", "/session/left"},
    "downloads": {"200"},
    "pings-ws": {"101"},
    "bundles": {"/session/joined"},
    "tokens-osc-tcp": {"bad-token"},
    "tokens-http": {"401"},
    "tokens-ws": {"bad-token"},
    "oscquery": {"200"},
    "bodies": {"413"},
}
"""What the attacker must have been told, among other things."""
LET_GO = {"half-open-http", "half-open-tls", "silent-http", "half-open-osc-tcp", "half-open-oscquery", "bodies"}
"""Where it must have lost connections."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server"), engine=False) as server:
        said = len(server.output())
        yield server
        assert len(server.output()) - said < SAID
        assert server.stop() == 0
        report = audit_path(server.folder)
        assert report.ok, str(report)


@pytest.fixture(scope="module")
def at_first_kib(server: Server) -> int:
    """The server's memory before any attack."""
    with WebSocket(server) as one:
        one.join(server.invites["listener"])
    return memory_kib(server)


def memory_kib(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        return 0  # not on Linux
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def let_in(client: Client, token: str) -> None:
    """Join; a datagram may be lost among strangers' of the attack before, and is sent again."""
    for _ in range(120):
        client.say("session.join", token=token)
        with contextlib.suppress(AssertionError):
            client.hear("session.joined", patience_s=0.5 if isinstance(client, Udp) else PATIENCE_S)
            return
        if not isinstance(client, Udp):
            break
    raise AssertionError("not let in")


def play(player: Client, ear: Client, number: int) -> None:
    """A note from one to the other, and an answer to the player."""
    player.say("live.note", part="harmony", pitch=40 + number % 80, velocity=101 + number % 20)
    ear.hear("live.note", part="harmony", pitch=40 + number % 80, velocity=101 + number % 20)
    player.say("live.note", part="harmony", pitch=40 + number % 80, velocity=0)
    ear.hear("live.note", part="harmony", pitch=40 + number % 80, velocity=0)
    player.say("log.head")
    player.hear("log.head")
    for client in (player, ear):
        client.heard.clear()  # what the attacker says


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_the_others_play_on(attack: str, server: Server, at_first_kib: int) -> None:
    with Udp(server) as player, SlipTcp(server) as second, WebSocket(server) as ear:
        for client, role in ((player, "harmony"), (second, "harmony"), (ear, "listener")):
            let_in(client, server.invites[role])
        play(player, ear, 0)
        command = [sys.executable, "-m", "bridge.bench.attacks", attack, str(server.log.parent / "ready.json")]
        attacker = subprocess.Popen([*command, "--seconds", str(SECONDS)], stdout=subprocess.PIPE, text=True)
        try:
            number = 0
            while attacker.poll() is None or number < NOTES:
                number += 1
                play(player if number % 2 else second, ear, number)
        finally:
            attacker.kill()
            said, _ = attacker.communicate()
        came: dict[str, Any] = json.loads(said)
        assert came["sent"] > 0
        assert SEEN.get(attack, set()) <= came["answers"].keys(), came
        assert came["dropped"] > 0 or attack not in LET_GO, came
        with WebSocket(server) as late:
            late.join(server.invites["listener"])  # and whoever comes now gets in
    assert server.health()["status"] == "ok"
    assert memory_kib(server) - at_first_kib < GROWTH_KIB
