"""What the tests of the command line share: the command itself, and a session on disk to point it at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from bridge.cli import app
from bridge.ledger import open_ledger
from bridge.ports.clock import SystemClock
from sessions.events import Joined, Left, LeftWhy, RoleDefined, Said
from tests.support.virtual_time import run_real

Command: TypeAlias = Callable[..., Result]


@pytest.fixture
def starbridge(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in this process, wide enough that no line is folded."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one session, `jam`, that was stopped cleanly: created, one joined, one role defined,
    one word said, gone."""

    async def play() -> None:
        folder = tmp_path / "data" / "sessions" / "jam"
        ledger = await asyncio.to_thread(open_ledger, folder, "jam", SystemClock())
        ledger.write("mara", Joined("mara", "leader", "00112233445566aa"))
        ledger.write("mara", RoleDefined("soloist", "live.note:melody chat.say"))
        ledger.write("mara", Said("from the top \x1b[31m"))
        ledger.write("", Left("mara", LeftWhy.AWAY))
        await ledger.flush()
        await ledger.close()

    run_real(play())
    return tmp_path / "data"
