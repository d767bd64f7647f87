"""The server killed hard under load, again and again: what was acknowledged is there, once; what was not is finished or failed."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from sessions.audit import audit
from sessions.log import unpack_event
from tests.doors.clients import Udp, WebSocket
from tests.support.server import Server, start_server

ROUNDS = 4


def entries(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (server.folder / "log.jsonl").read_bytes().splitlines()]


def asked_in(log: list[dict[str, Any]]) -> list[str]:
    return [entry["event"]["id"] for entry in log if entry["event"]["type"] == "section.requested"]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_killed_again_and_again(tmp_path: Path) -> None:
    dice = random.Random(11)
    acknowledged: list[str] = []
    asked: list[str] = []
    for turn in range(ROUNDS):
        server = start_server(tmp_path)
        try:
            with (WebSocket if turn % 2 else Udp)(server) as client:
                client.join(server.invites["leader"])
                for number in range(6):
                    id_ = f"{turn}-{number}"
                    asked.append(id_)
                    client.say(
                        "section.request", id=id_, bars=dice.choice([1, 8]), parts="drums,bass", stems=number % 2
                    )
                deadline = time.monotonic() + dice.uniform(0.02, 1.2)
                while time.monotonic() < deadline:
                    client.listen(0.01)
                server.kill()
                while client.listen(0.05):
                    pass
                acknowledged += [message["id"] for message in client.heard if message["type"] == "section.accepted"]
                done = [message["id"] for message in client.heard if message["type"] == "section.done"]
        finally:
            server.kill()
        log = asked_in(entries_after_recovery(tmp_path, server))
        assert len(log) == len(set(log)), "nothing is there twice"
        assert set(acknowledged) <= set(log), "what was acknowledged is there"
        assert set(log) <= set(asked)
        assert set(done) <= set(log)
    finish(tmp_path, acknowledged)


def entries_after_recovery(folder: Path, server: Server) -> list[dict[str, Any]]:
    """What the log holds up to its last whole line; whatever a kill tore off is no line."""
    data = (server.folder / "log.jsonl").read_bytes()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def finish(folder: Path, acknowledged: list[str]) -> None:
    """One more start, left alone: every section ends, and the log is right."""
    server = start_server(folder)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ends = {
                unpack_event(entry["event"])["section"]
                for entry in entries_after_recovery(folder, server)
                if entry["event"]["type"] in ("section.done", "section.failed")
            }
            waiting = [id_ for id_ in acknowledged if not any(end.endswith(f"/{id_}") for end in ends)]
            if not waiting:
                break
            time.sleep(0.2)
        assert not waiting, "what was acknowledged is finished, or failed with a reason"
    finally:
        assert server.stop() == 0
    with open(server.folder / "log.jsonl", "rb") as lines:
        report = audit(lines, (server.folder / "checkpoint").read_text())
    assert report.ok, str(report)
    assert report.covered == report.entries
    assert any(entry["event"]["type"] == "session.recovered" for entry in entries(server)), "the hard stop is said"


@pytest.mark.timeout(240)
def test_no_engine_is_left_behind(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    try:
        with WebSocket(server) as client:
            client.join(server.invites["leader"])
            client.say("section.request", id="a", bars=1, parts="drums")
            client.hear("section.done", id="a")
        children = children_of(server.process.pid)
        assert children
    finally:
        server.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in children):
        time.sleep(0.05)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
