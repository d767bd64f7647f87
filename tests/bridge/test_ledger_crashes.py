"""A ledger on a disk that fails, dies or loses its power at every single one of its calls: state and log stay one.

`tests/bridge/ports/disk/test_crashes.py` does so for the record alone, in all ways. Here each run has the state beside it, with
snapshots made while it goes on: after the fault the state is what the log adds up to, at once and after the next start, from the
snapshot as from the first entry; and nothing acknowledged is missing from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from bridge import ledger as ledger_module
from bridge.ledger import Ledger, fold, open_ledger
from bridge.ports.clock import SystemClock
from bridge.ports.disk import DiskFailed
from sessions.events import RoleDefined
from sessions.state import State
from tests.bridge.ports.disk.simulated import Fault, Killed, Loss, SimulatedDisk

PATH = Path("/data/sessions/jam")
CLOCK = SystemClock()
ROUNDS = 2


class Inline(asyncio.SelectorEventLoop):
    """Does at once what would go to a thread: the disk is in memory, and a thread takes longer to start than it has to do."""

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except (Exception, Killed) as error:
            done.set_exception(error)
        return done


def run_inline(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Inline) as runner:
        runner.run(main)


class Run:
    """Two lives of a session; each entry defines a role, so that what is acknowledged is seen in the state."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.acknowledged: set[str] = set()
        self.refused: set[str] = set()

    async def script(self) -> None:
        for _ in range(2):
            try:
                ledger = open_ledger(PATH, "jam", CLOCK, self.disk)
            except DiskFailed:
                ledger = open_ledger(PATH, "jam", CLOCK, self.disk)
            try:
                for _ in range(ROUNDS):
                    await self.batch(ledger)
                await ledger.close()
            except DiskFailed:
                assert ledger.record.closed

    async def batch(self, ledger: Ledger) -> None:
        names = {f"role-{len(self.acknowledged | self.refused) + more}" for more in range(2)}
        for name in sorted(names):
            ledger.write("", RoleDefined(name, "chat.say"))
        try:
            await ledger.flush()
        except DiskFailed:
            self.refused |= names
            assert ledger.state == fold(State(), ledger.record.entries()), "it went back to what the disk has"
        else:
            self.acknowledged |= names
        while ledger.refusing:
            await asyncio.sleep(0)
        ledger.save_when_due()
        if ledger._saving is not None:
            await ledger._saving


def check(run: Run, disk: SimulatedDisk, where: str, *, whole: bool) -> None:
    """The next start's state, from a snapshot where there is one, is what all its lines add up to."""
    ledger = open_ledger(PATH, "jam", CLOCK, files=disk)
    ledger.record.flush_now()
    assert ledger.state == fold(State(), ledger.record.entries()), where
    roles = {name for name in ledger.state.roles if name.startswith("role-")}
    assert run.acknowledged <= roles, where
    assert not whole or roles == run.acknowledged, where
    ledger.record.close_now()


def good_calls() -> int:
    run = Run()
    run_inline(run.script())
    assert len(run.acknowledged) == 4 * ROUNDS
    return run.disk.calls


def runs(fault: Fault) -> Iterator[tuple[str, Run, bool]]:
    for at in range(1, good_calls() + 1):
        run = Run()
        run.disk.plan(at, fault)
        killed = False
        try:
            run_inline(run.script())
        except Killed:
            killed = True
        yield f"{fault} at call {at}, {run.disk.trace[at - 1]}", run, killed


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "SNAPSHOT_EVERY", 2)


def test_an_error_at_any_call() -> None:
    for where, run, killed in runs(Fault.HALF):
        assert not killed
        check(run, run.disk.after_kill(), where, whole=True)


def test_a_kill_and_a_loss_of_power_at_any_call() -> None:
    for where, run, killed in runs(Fault.KILL_HALF):
        assert killed, where
        check(run, run.disk.after_kill(), where, whole=False)
        check(run, run.disk.after_power_loss(Loss.HALF), where, whole=False)
