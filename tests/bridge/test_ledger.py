"""The ledger: what a log says must apply to the state before any of it is signed anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import ledger as ledger_module
from bridge.host import Host
from bridge.ledger import open_ledger
from bridge.ports.clock import SystemClock
from bridge.ports.disk import Record, recovery
from sessions.errors import Code, Refused
from sessions.events import Left, LeftWhy, RoleDefined, Said, to_fields
from sessions.state import State
from tests.bridge.ports.disk.simulated import Fault, SimulatedDisk
from tests.support.virtual_time import run_real

PATH = Path("/data/sessions/jam")
CLOCK = SystemClock()


def disk_with(*events: dict[str, Any], close: Callable[[Record], None]) -> SimulatedDisk:
    """A session whose record took these events: it knows nothing of what they mean."""
    disk = SimulatedDisk()
    record = Record.create(PATH, "jam", software="test", now_us=CLOCK.now_us(), files=disk)
    record.stage("", to_fields(Said("hello")), now_us=CLOCK.now_us())
    for event in events:
        record.stage("", event, now_us=CLOCK.now_us())
    record.flush_now()
    close(record)
    return disk.after_kill()


def hard(record: Record) -> None:
    """Stopped hard: nothing more happens."""


def orderly(record: Record) -> None:
    record.close_now()


@pytest.mark.parametrize("stop", [hard, orderly])
@pytest.mark.parametrize(
    ("event", "why"),
    [
        (to_fields(Said("hello")) | {"colour": "red"}, "colour: there is no such field"),
        ({"type": "chat.sung"}, "chat.sung"),
        (to_fields(Left("nobody", LeftWhy.AWAY)), "it speaks of what is not there ('nobody')"),
        ({"type": "session.created", "session": "jam", "origin": "o", "log_key": "k"}, "made a second time"),
    ],
)
def test_what_does_not_apply_is_named_and_nothing_is_signed(
    event: dict[str, Any], why: str, stop: Callable[[Record], None]
) -> None:
    if event["type"] == "session.created":
        event = {**event, "software": "test"}
    disk = disk_with(event, to_fields(Said("bye")), close=stop)
    before = {path: bytes(content.data) for path, content in disk.names_now.items()}
    with pytest.raises(Refused) as found:
        open_ledger(PATH, "jam", CLOCK, files=disk)
    assert found.value.code is Code.FAILED
    assert found.value.advice.startswith(f"{PATH / 'log.jsonl'}: entry 2 ({event['type']}) can't have happened: ")
    assert why in found.value.advice
    assert "nothing was changed" in found.value.advice
    assert {path: bytes(content.data) for path, content in disk.names_now.items()} == before
    assert (disk.locked, disk.handles) == (set(), {})


def test_what_applies_is_signed_after_a_hard_stop() -> None:
    disk = disk_with(to_fields(Said("bye")), close=hard)
    ledger = open_ledger(PATH, "jam", CLOCK, files=disk)
    assert ledger.record.statistics()["covered"] == 3
    assert [entry.event["type"] for entry in ledger.record.entries()] == ["session.created", "chat.said", "chat.said"]
    ledger.record.flush_now()
    assert [entry.event["type"] for entry in ledger.record.entries(3)] == ["session.recovered"]
    assert ledger.state.size == 4


def test_a_snapshot_is_made_beside_the_session_and_is_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "SNAPSHOT_EVERY", 10)
    monkeypatch.setattr(ledger_module, "SNAPSHOT_PAUSE_S", 0.0)
    disk = SimulatedDisk()

    async def play() -> None:
        ledger = open_ledger(PATH, "jam", CLOCK, files=disk)
        seen = set()
        for number in range(60):
            ledger.write("", RoleDefined(f"role-{number}", "chat.say"))
            await ledger.flush()
            ledger.save_when_due()
            seen |= {bytes(content.data) for path, content in disk.names_now.items() if path.name == "snapshot.json"}
            for more in range(3):  # it goes on while the snapshot is being made
                ledger.write("", RoleDefined(f"role-{number}-{more}", "chat.say"))
        await ledger.flush()
        assert len(seen) > 2
        crashed = disk.after_kill()
        again = open_ledger(PATH, "jam", CLOCK, files=crashed)
        assert 0 < again.record.recovery.from_snapshot < ledger.state.size
        assert {**again.state.roles} == ledger.state.roles
        assert len(again.state.roles) == 240
        await ledger.close()
        after = open_ledger(PATH, "jam", CLOCK, files=disk)
        assert after.record.recovery.from_snapshot == ledger.state.size
        assert after.state == ledger.state

    run_real(play())


def test_a_log_without_a_snapshot_has_one_as_soon_as_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "SNAPSHOT_EVERY", 10)
    roles = [to_fields(RoleDefined(f"role-{number}", "chat.say")) for number in range(20)]
    disk = disk_with(*roles, close=orderly)
    size = 2 + len(roles)

    async def play() -> None:
        host = Host(open_ledger(PATH, "jam", CLOCK, files=disk), CLOCK)
        assert host.record.recovery.from_snapshot == 0
        host.start()
        async with asyncio.timeout(45):
            while not any(path.name == "snapshot.json" for path in disk.names_now):
                await asyncio.sleep(0.005)
        assert host.record.durable == size, "nobody has asked for anything yet"
        again = open_ledger(PATH, "jam", CLOCK, files=disk.after_kill())
        assert (again.record.recovery.from_snapshot, len(again.state.roles)) == (size, len(roles))
        await host.stop()

    run_real(play())


def test_a_long_log_says_how_far_it_is_read(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class SlowClock:
        """Every look at it takes a second."""

        def __init__(self) -> None:
            self.us = CLOCK.now_us()

        def now_us(self) -> int:
            self.us += 1_000_000
            return self.us

    for module in (recovery, ledger_module):
        monkeypatch.setattr(module, "PROGRESS_LINES", 5)
    disk = disk_with(*[to_fields(RoleDefined(f"role-{number}", "chat.say")) for number in range(40)], close=orderly)
    open_ledger(PATH, "jam", SlowClock(), files=disk)
    said = [record.getMessage() for record in caplog.records]
    assert any("session jam: its log is read, " in text for text in said)
    assert any("session jam: its log is played through, " in text for text in said)
    assert said[-1].startswith("session jam: 42 entries read")


def test_a_state_that_could_not_go_back_any_more_is_in_no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk took nothing, and the server is stopped before the state is what the disk has."""
    disk = SimulatedDisk()

    async def play() -> None:
        ledger = open_ledger(PATH, "jam", CLOCK, files=disk)
        ledger.write("", RoleDefined("kept", "chat.say"))
        await ledger.flush()
        ledger.write("", RoleDefined("lost", "chat.say"))

        def stopped(*_: object) -> State:
            raise asyncio.CancelledError

        disk.plan(1, Fault.ERROR)
        with monkeypatch.context() as patched:
            patched.setattr(ledger_module, "fold", stopped)
            with pytest.raises(asyncio.CancelledError):
                await ledger.flush()
        with pytest.raises(Refused, match="did not take it"):
            ledger.write("", RoleDefined("more", "chat.say"))
        await ledger.close()

    run_real(play())
    again = open_ledger(PATH, "jam", CLOCK, files=disk)
    assert again.record.recovery.from_snapshot == 0
    assert "kept" in again.state.roles
    assert "lost" not in again.state.roles
    again.record.close_now()
