"""Lines that somebody adds to a stopped server's log: a start refuses them, and takes what a hard stop left for its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785

from tests.doors.clients import WebSocket
from tests.support.server import Server, running_server, start_server

pytestmark = pytest.mark.timeout(240)


def forge(log: Path) -> int:
    """Add a line that follows rightly in every way, by the contract alone; its index."""
    last = log.read_bytes().splitlines()[-1]
    entry = json.loads(last)
    entry |= {
        "index": entry["index"] + 1,
        "member": "mallory",
        "event": {"type": "chat.said", "text": "all of this is mine"},
        "previous": hashlib.sha256(b"\0" + last).hexdigest(),
        "signature": "",
    }
    with log.open("ab") as file:
        file.write(rfc8785.dumps(entry) + b"\n")
    return int(entry["index"])


def files_of(server: Server) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in server.folder.iterdir() if path.is_file()}


def starbridge(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def say_something(server: Server) -> None:
    with WebSocket(server, server.invites["leader"]) as client:
        client.say("chat.say", text="hello")
        client.hear("chat.said", text="hello")


def refused(server: Server, index: int) -> str:
    """A start on this folder says which entry nobody signed, and changes nothing."""
    before = files_of(server)
    doors = ["--http", "127.0.0.1:0", "--osc", "127.0.0.1:0", "--session", server.session]
    done = starbridge("serve", *doors, "--data", server.data)
    assert done.returncode == 1
    assert files_of(server) == before
    said = " ".join(done.stderr.split())
    assert f"nobody signed entry {index} and what follows it" in said
    assert f"starbridge log verify {server.folder}" in said
    assert "Traceback" not in said
    checked = starbridge("log", "verify", server.folder)
    assert checked.returncode == 1
    assert checked.stdout.startswith(f"entry {index}: ")
    assert "start it once" not in checked.stdout
    return said


def test_after_a_clean_stop(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        say_something(server)
        assert (server.folder / "running").is_file()
    assert not (server.folder / "running").exists()
    log = server.folder / "log.jsonl"
    whole = log.read_bytes()
    index = forge(log)
    assert "no server was stopped hard here" in refused(server, index)
    log.write_bytes(whole)
    with running_server(tmp_path):
        pass
    assert starbridge("log", "verify", server.folder).returncode == 0


def test_after_a_hard_stop(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    try:
        say_something(server)
    finally:
        server.kill()
    log = server.folder / "log.jsonl"
    whole = log.read_bytes()
    index = forge(log)
    assert "never announced it" in refused(server, index)
    log.write_bytes(whole)
    with running_server(tmp_path):
        pass
    assert log.read_bytes().startswith(whole), "what was written is taken over, to the last line"
    assert b'"session.recovered"' in log.read_bytes()[len(whole) :]
    assert starbridge("log", "verify", server.folder).returncode == 0
