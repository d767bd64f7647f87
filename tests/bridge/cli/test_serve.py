"""`starbridge serve` as a process: what it prints, what it writes, how it stops, what it refuses."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.invites import peek
from sessions.roles import ROLES
from tests.support.server import running_server, start_server


def test_it_prints_addresses_and_an_invite_for_each_role_and_stops_when_asked(tmp_path: Path) -> None:
    server = start_server(tmp_path, session="friday")
    assert set(server.invites) == set(ROLES)
    assert {peek(token).session for token in server.invites.values()} == {"friday"}
    assert stat.S_IMODE((tmp_path / "ready.json").stat().st_mode) == 0o600
    assert server.stop() == 0
    said = server.output()
    for what in (server.http, server.osc, server.osc_tcp, server.oscquery, "session friday"):
        assert what in said
    for role, token in server.invites.items():
        assert f"{role:<9}{server.http}/#token={token}" in said
    assert "Stopped." in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_checkpoint_covers_every_line_after_a_stop(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path) as server:
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        lines = (server.folder / "log.jsonl").read_bytes().count(b"\n")
        assert (server.folder / "checkpoint").read_text().split("\n")[1] == str(lines)


def test_one_folder_has_one_server(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        done = serve("--data", server.data)
        assert done.returncode == 1
        assert "open" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve("--data", tmp_path / "data", "--http", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--http", "localhost"], "port"),
        (["--osc", "127.0.0.1:99999"], "port"),
        (["--session", "no/slash"], "session"),
        (["--osc-as", "queen"], "role"),
        (["--osc-reply", "9000"], "--osc-as"),
        (["--tls-cert", "cert.pem"], "--tls-key"),
        (["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem"], "nowhere.pem"),
        (["--data", "/proc/nowhere"], "data"),
    ],
)
def test_bad_choices_are_one_line_with_advice(tmp_path: Path, words: list[str], advice: str) -> None:
    done = serve("--data", tmp_path / "data", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert advice in done.stderr
    assert "Traceback" not in done.stderr


def test_the_ready_file_is_whole_or_not_there(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        ready = json.loads((tmp_path / "ready.json").read_text())
        assert list(ready) == ["http", "osc", "osc_tcp", "oscquery", "session", "invites"]
        assert server.process.poll() is None


def serve(*words: object) -> subprocess.CompletedProcess[str]:
    """A server that is expected not to come up."""
    doors = [] if "--http" in words else ["--http", "127.0.0.1:0"]
    doors += [] if "--osc" in words else ["--osc", "127.0.0.1:0"]
    command = [sys.executable, "-m", "bridge", "serve", *doors, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
