"""A full disk at the HTTP door: the same words by every way in, a status of its own, and nobody sent away for good."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from bridge.ports.disk import System
from bridge.ports.http import ws
from tests.bridge.ports.http.jam import Jam, play
from tests.bridge.ports.http.test_ws import closed

SECTIONS, TAKES = "/api/sessions/jam/sections", "/api/sessions/jam/takes"
ADVICE = "the server's disk did not take it, and nothing was changed: the disk is full; make room and ask again"


def full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "no space left on device")


def test_a_full_disk_says_so_and_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(jam: Jam) -> None:
        async with jam.client("leader", "ana") as ana, jam.http("leader") as http:
            assert (await http.post(SECTIONS, json={"id": "kept"})).status_code == 202
            with monkeypatch.context() as patch:
                patch.setattr(System, "write", full)
                async with jam.socket(jam.ws_url(jam.invite("guest"))) as early:  # the first to meet it
                    await early.say("session.join")
                    refused = await early.until("refused")
                    assert (refused["code"], refused["advice"]) == ("failed", ADVICE)
                    assert await closed(early) == ws.LATER
                async with jam.socket(jam.ws_url(jam.invite("guest"))) as late:
                    await late.say("session.join")
                    assert (await late.until("refused"))["advice"] == ADVICE
                    assert await closed(late) == ws.LATER
                refused = await ana.ask("section.request", id="a")
                assert (refused["what"], refused["code"], refused["advice"]) == ("a", "failed", ADVICE)
                for answer in (
                    await http.post(SECTIONS, json={"id": "a"}),
                    await http.delete(f"{SECTIONS}/leader/kept"),
                ):
                    assert (answer.status_code, answer.json()) == (507, {"code": "failed", "advice": ADVICE})
                assert (await http.get(TAKES)).status_code == 200, "what is there can be read"
                health = (await http.get("/api/health")).json()
                assert health["status"] == "failing"
                assert health["failing"] == {"jam": "the disk is full; make room and ask again"}
                assert 'starbridge_session_refusing{session="jam"} 1' in (await http.get("/metrics")).text
            while (await http.get("/api/health")).json()["status"] != "ok":
                await asyncio.sleep(0.05)
            assert (await http.post(SECTIONS, json={"id": "a"})).status_code == 202
            assert (await ana.ask("chat.say", text="on we go"))["type"] == "session.pong"

    play(tmp_path, scene)
