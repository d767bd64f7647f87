"""`starbridge serve` as a process: what it prints, what it writes, how it stops, what it refuses."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sessions.invites import peek
from sessions.roles import ROLES
from tests.bridge.cli.conftest import Command
from tests.bridge.ports.http.tls import write_certificate
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
        assert server.process.wait(45) == 0
        lines = (server.folder / "log.jsonl").read_bytes().count(b"\n")
        assert (server.folder / "checkpoint").read_text().split("\n")[1] == str(lines)


def test_one_folder_has_one_server(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        done = serve("--data", server.data)
        assert done.returncode == 1
        assert "open" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "kind", "door"),
    [
        ("--http", socket.SOCK_STREAM, "HTTP"),
        ("--osc", socket.SOCK_DGRAM, "OSC over UDP"),
        ("--osc", socket.SOCK_STREAM, "OSC over TCP"),
    ],
)
def test_a_port_that_is_taken_is_named_with_its_door(
    tmp_path: Path, option: str, kind: socket.SocketKind, door: str
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        done = serve("--data", tmp_path / "data", option, f"127.0.0.1:{port}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{option}: {door} at 127.0.0.1:{port}: another program has that port" in done.stderr
    assert f"{option} 127.0.0.1:0 picks a free one" in done.stderr


@pytest.mark.parametrize("option", ["--http", "--osc"])
@pytest.mark.parametrize("host", ["203.0.113.77", "nowhere.invalid"])
def test_an_address_of_another_machine_is_no_door_here(tmp_path: Path, option: str, host: str) -> None:
    done = serve("--data", tmp_path / "data", option, f"{host}:0")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{host} is no address of this machine" in done.stderr
    assert done.stderr.startswith(f"{option}: ")


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    done = serve("--data", tmp_path / "data", "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "cert.pem")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "are no PEM certificate and its key" in done.stderr


def test_a_certificate_that_has_run_out_is_refused_at_the_start(tmp_path: Path) -> None:
    """Otherwise the server would be up, and its own engine could never come."""
    cert, key = write_certificate(tmp_path, until="240131120000Z")
    done = serve("--data", tmp_path / "data", "--tls-cert", cert, "--tls-key", key)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"--tls-cert: {cert} has run out; make or fetch a new one" in done.stderr


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


@pytest.mark.parametrize("beneath", ["", "deeper/still"])
def test_a_file_is_no_data_folder(tmp_path: Path, beneath: str) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = serve("--data", tmp_path / "notes.txt" / beneath)
    assert (done.returncode, done.stdout) == (1, "")
    said = " ".join(done.stderr.split())
    assert said == f"{tmp_path / 'notes.txt'} is a file where a folder belongs; name a folder with --data"


def test_a_key_that_was_deleted_is_missed(data: Path) -> None:
    folder = data / "sessions" / "jam"
    (folder / "key").unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = serve("--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    said = " ".join(done.stderr.split())
    assert f"{folder / 'key'} is missing" in said
    assert "put that file back from a copy, or start another session" in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


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
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def test_no_midi_here_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARBRIDGE_NO_MIDI", "0")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this-one")
    with running_server(tmp_path, "--midi-system", "jack") as server:
        assert httpx.get(f"{server.http}/api/health").json()["midi"]["system"] == ""
        assert server.stop() == 0
        assert "MIDI     none: " in server.output()


def test_midi_is_refused_where_it_makes_no_sense(
    starbridge: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARBRIDGE_NO_MIDI", "0")
    done = starbridge("serve", "--midi-system", "flute", "--data", str(tmp_path))
    assert done.exit_code != 0
    assert "midi-system" in done.output


def test_beyond_this_machine_it_makes_a_certificate_of_its_own(tmp_path: Path) -> None:
    with running_server(tmp_path, "--http", "0.0.0.0:0") as server:
        assert server.http.startswith("https://127.0.0.1:")
        cert = server.data / "tls" / "cert.pem"
        context = ssl.create_default_context(cafile=str(cert))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        port = int(server.http.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as line,
            context.wrap_socket(line, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: secured.recv(65_536), b""))
            shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest().upper()
        assert b'"status":"ok"' in answer
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            line.settimeout(45)
            assert b"200 OK" not in line.recv(4096), "nothing in the clear"
        assert server.stop() == 0  # it may come up before it says all of it
        output = server.output().replace("\n", "")
        assert ":".join(shown[at : at + 2] for at in range(0, 64, 2)) in output
        assert str(cert) in output
