"""The link to the sender's process: what it is told, what becomes of it when it dies, hangs, or finds no MIDI."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.backoff import Backoff
from bridge.midi.choice import MidiChoice
from bridge.midi.plan import Plan, Tone
from bridge.ports.clock import SystemClock
from bridge.ports.midi.link import Link

AT_ONCE = Backoff(0.01, 0.02)
PATIENCE_S = 45.0


def sender(tmp_path: Path, text: str) -> tuple[str, ...]:
    """A sender of the test's own."""
    script = tmp_path / "sender.py"
    script.write_text(
        "import json, os, sys, time\ndef say(x): print(json.dumps(x), flush=True)\n" + textwrap.dedent(text)
    )
    return sys.executable, str(script)


async def until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


ECHO = """
    say({"setup": json.loads(sys.stdin.readline())["setup"], "pid": os.getpid()})
    say({"ready": "fake"})
    for line in sys.stdin:
        say({"heard": json.loads(line)})
    say({"end": 1})
"""


def test_it_is_told_and_tells_and_ends_with_its_input(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    plan = Plan(7, (Tone(1, 10, 20, 0, 60, 90),))

    async def scene() -> None:
        clock = SystemClock()
        link = Link(MidiChoice("Star", device="x"), clock, told.append, command=sender(tmp_path, ECHO))
        assert await link.start() == "fake"
        assert told[0]["setup"] == {
            "name": "Star",
            "device": "x",
            "system": "",
            "start_us": clock.start_us,
            "wired": [],
        }
        link.play(plan)
        await until(lambda: "heard" in told[-1])
        assert Plan.from_json(told[-1]["heard"]["plan"]) == plan
        await link.close()
        assert told[-1] == {"end": 1}
        link.play(plan)  # nobody is there any more, and that is no error

    asyncio.run(scene())


def test_one_that_dies_is_followed_by_another_that_knows_the_wires(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []

    async def scene() -> None:
        wired = ECHO.replace("for line", 'say({"wired": [["a", "b"]]})\n    for line')
        link = Link(MidiChoice(), SystemClock(), told.append, command=sender(tmp_path, wired), backoff=AT_ONCE)
        await link.start()
        await until(lambda: told[-1].get("wired"))
        os.kill(told[0]["pid"], signal.SIGKILL)
        await until(lambda: sum("setup" in one for one in told) == 2)
        assert [one["setup"] for one in told if "setup" in one][1]["wired"] == [["a", "b"]]
        assert link.crashes == 1
        await until(lambda: told[-1].get("wired"))
        link.play(Plan(8))
        await until(lambda: "heard" in told[-1])
        await link.close()

    asyncio.run(scene())


def test_what_is_not_understood_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, Any]] = []

    def hear(what: dict[str, Any]) -> None:
        told.append(what)
        if "heard" in what:
            raise RuntimeError("a fault of ours")

    async def scene() -> None:
        link = Link(MidiChoice(), SystemClock(), hear, command=sender(tmp_path, ECHO), backoff=AT_ONCE)
        await link.start()
        link.play(Plan(1))
        link.play(Plan(2))
        await until(lambda: sum("heard" in one for one in told) == 2)
        assert link.crashes == 0
        await link.close()

    asyncio.run(scene())
    assert "not understood" in caplog.text


def test_a_line_without_end_is_a_sender_that_is_lost(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    babbles = """
        say({"pid": os.getpid()})
        say({"ready": "fake"})
        sys.stdin.readline()
        sys.stdout.write("x" * 600_000)
        time.sleep(3600)
    """

    async def scene() -> None:
        link = Link(MidiChoice(), SystemClock(), told.append, command=sender(tmp_path, babbles), backoff=AT_ONCE)
        await link.start()
        await until(lambda: sum("pid" in one for one in told) >= 2)
        await link.close()

    asyncio.run(scene())


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    deaf = 'say({"pid": os.getpid()})\nsay({"ready": "fake"})\ntime.sleep(3600)\n'

    async def scene() -> None:
        link = Link(MidiChoice(), SystemClock(), told.append, command=sender(tmp_path, deaf), backoff=AT_ONCE)
        await link.start()
        many = Plan(8, tuple(Tone(number, 10, 20, 0, 60, 90) for number in range(2000)))
        for _ in range(40):
            link.play(many)
            await asyncio.sleep(0)
        await until(lambda: sum("pid" in one for one in told) == 2)
        await link.close()

    asyncio.run(scene())


def test_no_midi_is_no_error_and_leaves_no_process(tmp_path: Path) -> None:
    async def scene() -> None:
        none = 'sys.stdin.readline()\nsay({"none": "JACK: no server runs"})\n'
        link = Link(MidiChoice(), SystemClock(), lambda told: None, command=sender(tmp_path, none))
        assert await link.start() == ""
        assert link.why == "JACK: no server runs"
        await link.close()

    asyncio.run(scene())


def test_without_the_libraries_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        link = Link(MidiChoice(), SystemClock(), lambda told: None, command=("/no/such/program",))
        assert await link.start() == ""
        assert "pip install 'starbridge[midi]'" in link.why
        await link.close()

    asyncio.run(scene())


def test_the_real_sender_says_why_there_is_no_midi() -> None:
    setup = '{"setup": {"name": "Star", "device": "", "system": "nowhere", "wired": [], "start_us": 0}}\n'
    done = subprocess.run(
        [sys.executable, "-m", "bridge.ports.midi"],
        input=setup,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith('{"none": ')
