"""A server whose own engine was sent away says so, and has it back after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doors.clients import Udp, WebSocket
from tests.support.server import Server, running_server

pytestmark = pytest.mark.timeout(240)


def invite_of_the_engine(server: Server) -> str:
    lines = (server.folder / "log.jsonl").read_text().splitlines()
    joined = [event for line in lines if (event := json.loads(line)["event"]).get("role") == "engine"]
    return str(joined[-1]["invite"])


def test_no_engine_is_said_and_a_restart_brings_it_back(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, WebSocket(server) as leader, Udp(server) as guest:
        leader.join(server.invites["leader"])
        guest.join(server.invites["rhythm"])
        guest.say("section.request", id="first", bars=1, parts="drums", stems=0)
        guest.hear("section.done", id="first")
        guest.say("section.request", id="long", bars=64)
        guest.hear("section.accepted", id="long")
        leader.say("session.revoke", invite=invite_of_the_engine(server))
        assert guest.hear("section.failed", id="long")["code"] == "no-engine"
        guest.say("section.request", id="later", bars=1)
        assert "starbridge engine" in guest.refused("no-engine", what="later")["advice"]
        server.stop()
    with running_server(tmp_path) as server, WebSocket(server) as leader:
        leader.join(server.invites["leader"])
        leader.say("section.request", id="again", bars=1, parts="drums", stems=0)
        leader.hear("section.done", id="again")
