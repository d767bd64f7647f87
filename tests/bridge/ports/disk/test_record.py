"""A record live: staging, flushing, checkpoints, snapshots, one owner at a time."""

from __future__ import annotations

import asyncio
import stat
import sys
from array import array
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bridge.ports.disk import DiskFailed, Record, is_session, read_key, session_folder
from bridge.ports.disk import record as record_module
from bridge.ports.disk.cache import encoded
from bridge.ports.disk.folder import Folder, read_checkpoint
from bridge.ports.disk.journal import MAX_PENDING_BYTES, Journal
from bridge.ports.disk.running import Running
from sessions.certificate import statement_hash, verify_certificate
from sessions.checkpoint import verify_checkpoint
from sessions.errors import Code, Refused
from sessions.keys import log_key
from sessions.log import MAX_LINE, Chain, line_of, time_text
from sessions.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.bridge.ports.disk.simulated import Fault, SimulatedDisk

NOW_US = 1_769_860_800_000_000
SIMULATED = Path("/data/sessions/jam")


def create(folder: Path, **options: Any) -> Record:
    return Record.create(folder, "jam", software="test", now_us=NOW_US, **options)


def say(record: Record, count: int = 1) -> None:
    for _ in range(count):
        record.stage("", {"type": "chat.said", "text": f"line {record.size}"}, now_us=NOW_US)


def texts(record: Record) -> list[str]:
    return [str(entry.event["text"]) for entry in record.entries(1)]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


# -- making and opening ----------------------------------------------------------------------------------------------


def test_a_session_begins_with_the_entry_that_names_its_key(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    (entry,) = record.entries()
    assert entry.event == {
        "type": "session.created",
        "session": "jam",
        "origin": record.origin,
        "log_key": str(record.key.verifier),
        "software": "test",
    }
    assert (entry.member, entry.time, record.session) == ("", time_text(NOW_US), "jam")
    assert verify_checkpoint(record.checkpoint(), record.key.verifier).size == record.size == record.durable == 1
    record.close_now()
    assert sorted(path.name for path in record.path.iterdir()) == ["blobs", "checkpoint", "key", "lock", "log.jsonl"]
    assert record.log_path.read_bytes() == line_of(entry) + b"\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    assert stat.S_IMODE((record.path / "key").stat().st_mode) == 0o600
    assert read_key(record.path) == record.key
    record.close_now()


def test_a_seed_gives_the_same_key(tmp_path: Path) -> None:
    one, two = (create(tmp_path / name, seed=bytes(32)) for name in ("one", "two"))
    assert one.key == two.key
    one.close_now()
    two.close_now()


def test_there_is_one_session_in_a_folder(tmp_path: Path) -> None:
    assert not is_session(tmp_path / "jam")
    create(tmp_path / "jam").close_now()
    assert is_session(tmp_path / "jam")
    with pytest.raises(Refused, match="already") as found:
        create(tmp_path / "jam")
    assert found.value.code is Code.CONFLICT


def test_there_is_no_session_where_none_was_made(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "jam"):
        with pytest.raises(Refused, match="no session"):
            Record.open(path)
        with pytest.raises(Refused, match="no session"):
            read_key(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "x" * 33, "ä", "a b", ".hidden", "a\0b"])
def test_a_name_stays_inside_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="session"):
        session_folder(tmp_path, name)
    with pytest.raises(Refused, match="session"):
        Record.create(tmp_path / "jam", name, software="test", now_us=NOW_US)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_belongs_to_one_record_at_a_time(tmp_path: Path) -> None:
    folder = session_folder(tmp_path, "jam")
    record = create(folder)
    say(record)
    record.flush_now()
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(Refused, match="another server") as found:
        Record.open(folder)
    assert found.value.code is Code.CONFLICT
    with pytest.raises(Refused, match="another server"):
        Record.ensure(folder, "jam", software="test", now_us=NOW_US)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    record.close_now()
    Record.open(folder).close_now()


def test_a_key_that_belongs_to_somebody_else_is_not_taken(tmp_path: Path) -> None:
    other = create(tmp_path / "jam")
    other.close_now()
    left = tmp_path / "gig"
    left.mkdir()
    (left / "key").write_bytes((other.path / "key").read_bytes())
    with pytest.raises(Refused, match="another's"):
        Record.create(left, "gig", software="test", now_us=NOW_US)
    with pytest.raises(Refused, match="another's"):
        Record.create(left, "jam", software="test", now_us=NOW_US, seed=bytes(32))


# -- writing ---------------------------------------------------------------------------------------------------------


def test_what_is_flushed_is_on_disk_and_reads_back(tmp_path: Path) -> None:
    async def work() -> None:
        record = await asyncio.to_thread(create, tmp_path / "jam")
        say(record, 3)
        assert (record.size, record.durable, len(list(record.entries()))) == (4, 1, 1)
        assert await record.flush() == 4
        assert texts(record) == ["line 1", "line 2", "line 3"]
        assert record.log_path.stat().st_size == record.durable_bytes
        assert b"".join(line + b"\n" for line in record.lines()) == record.log_path.read_bytes()
        assert [entry.index for entry in record.entries(1, 3)] == [1, 2]
        assert await record.flush() == 4
        await record.close()

    run(work)


def test_a_signed_command_is_kept_as_it_was_signed(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    command = {"type": "chat.say", "text": "hello", "nonce": "n", "signature": "A" * 86 + "=="}
    event = {"type": "chat.said", "text": "hello"}
    staged = record.stage("ana", event, command, command["signature"], NOW_US)
    record.flush_now()
    (entry,) = record.entries(1)
    assert entry == staged
    assert entry.event == {"type": "chat.said", "command": {"type": "chat.say", "text": "hello", "nonce": "n"}}
    record.close_now()


def test_all_that_waits_goes_out_in_one_write(tmp_path: Path) -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record)
        await record.flush()
        disk.trace.clear()
        say(record, 500)
        await asyncio.gather(*(record.flush() for _ in range(50)))
        assert disk.trace == ["length", *["write", "sync"] * 2]  # a look at the file, a head, then the lines
        await record.close()

    run(work)


def test_who_flushes_waits_for_what_was_staged_before(tmp_path: Path) -> None:
    async def work() -> None:
        record = await asyncio.to_thread(create, tmp_path / "jam")

        async def speak() -> None:
            for _ in range(20):
                say(record)
                size = record.size
                assert await record.flush() >= size
                await asyncio.sleep(0)

        await asyncio.gather(*(speak() for _ in range(10)))
        assert record.durable == 201
        await record.close()

    run(work)


def test_what_is_too_large_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    with pytest.raises(Refused) as found:
        record.stage("", {"type": "chat.said", "text": "x" * MAX_LINE}, now_us=NOW_US)
    assert found.value.code is Code.TOO_LARGE
    assert record.size == 1
    say(record)
    assert record.flush_now() == 2
    record.close_now()


def test_a_disk_that_is_far_behind_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.ports.disk.journal.MAX_PENDING_BYTES", 2000)
    assert MAX_PENDING_BYTES > 2000
    record = create(SIMULATED, files=SimulatedDisk())
    with pytest.raises(Refused) as found:
        say(record, 100)
    assert found.value.code is Code.TOO_MANY
    assert 5 < record.size < 20
    record.flush_now()
    say(record)
    record.close_now()


def test_a_batch_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.ports.disk.journal.MAX_BATCH_BYTES", 1000)
    disk = SimulatedDisk()
    record = create(SIMULATED, files=disk)
    disk.trace.clear()
    say(record, 20)
    assert record.flush_now() == 21
    assert disk.trace.count("write") > 3
    assert texts(record) == [f"line {number}" for number in range(1, 21)]
    record.close_now()


def test_a_closed_record_takes_nothing(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    record.close_now()
    record.close_now()
    with pytest.raises(Refused, match="closed"):
        say(record)


def test_who_is_cancelled_while_waiting_stops_nobody(tmp_path: Path) -> None:
    async def work() -> None:
        record = await asyncio.to_thread(create, tmp_path / "jam")
        say(record)
        waiting = asyncio.create_task(record.flush())
        await asyncio.sleep(0)
        waiting.cancel()
        assert await record.flush() == 2
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await record.close()

    run(work)


# -- a disk that says no ---------------------------------------------------------------------------------------------


def test_everybody_who_waits_hears_of_a_failure_and_the_record_goes_on() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record, 2)
        await record.flush()
        root = record.root()
        say(record, 3)
        disk.plan(5, Fault.ERROR)  # the sync after the write of the lines
        waiting = [asyncio.create_task(record.flush()) for _ in range(3)]
        await asyncio.sleep(0)
        say(record)  # staged while the others are on their way
        waiting.append(asyncio.create_task(record.flush()))
        for task in waiting:
            with pytest.raises(DiskFailed) as found:
                await task
            assert [entry.index for entry in found.value.lost] == [3, 4, 5, 6]
        assert record.size == record.durable == 3
        assert record.root() == root
        say(record)
        assert await record.flush() == 4
        assert texts(record) == ["line 1", "line 2", "line 3"]
        await record.close()

    run(work)


def test_a_failure_at_the_end_is_said_and_the_folder_is_let_go() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record)
        disk.plan(1, Fault.ERROR)
        with pytest.raises(DiskFailed):
            await record.close({"size": 2})
        again = Record.open(SIMULATED, files=disk)
        assert (again.durable, again.load_state()) == (1, (0, b""))
        await again.close()

    run(work)


# -- snapshots -------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_of_what_was_staged_when_it_was_asked_for() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record, 5)
        asked = asyncio.create_task(record.snapshot({"lines": 6}))
        await asyncio.sleep(0)
        say(record, 3)
        await record.flush()
        assert await asked
        assert on_disk(disk, record) >= 6
        assert record.load_state() == (6, b'{"lines":6}')
        assert await record.snapshot({"lines": 9})
        again = Record.open(SIMULATED, files=disk.after_kill())
        assert (again.recovery.from_snapshot, again.load_state()) == (9, (9, b'{"lines":9}'))
        await again.close()
        await record.close()

    run(work)


def test_a_snapshot_can_come_onto_the_one_before() -> None:
    async def scene() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        assert not await record.snapshot("nothing there", onto=True)
        say(record, 5)
        assert await record.snapshot("a", lambda text: text.encode() + b"\n")
        first = disk.bytes_of(SIMULATED / "state.jsonl")
        say(record, 5)
        assert await record.snapshot("b", lambda text: text.encode() + b"\n", onto=True)
        assert disk.bytes_of(SIMULATED / "state.jsonl") == first + b"b\n"
        again = Record.open(SIMULATED, files=disk.after_kill())
        assert (again.recovery.from_snapshot, again.load_state()) == (11, (11, b"a\nb\n"))
        await again.close("c", lambda text: text.encode() + b"\n", onto=True)
        await record.close("d", lambda text: text.encode() + b"\n")
        assert disk.bytes_of(SIMULATED / "state.jsonl") == b"d\n"

    asyncio.run(scene())


def test_a_snapshot_that_cannot_be_written_costs_nothing_but_time() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        for at in range(1, 40):
            say(record)
            await record.flush()
            disk.plan(at, Fault.ERROR)
            kept = await record.snapshot({"lines": record.size})
            assert kept == (disk.calls < disk.fail_at)
            if kept:
                break
            again = Record.open(SIMULATED, files=disk.after_kill())
            assert again.durable == record.durable
            again.close_now()
        assert at > 10
        disk.fail_at = 0
        assert record.load_state() == (record.size, encoded({"lines": record.size}))
        await record.close()

    run(work)


def test_what_cannot_be_flushed_is_in_no_snapshot() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record)
        disk.plan(1, Fault.ERROR)
        with pytest.raises(DiskFailed):
            await record.snapshot({"lines": 2})
        assert record.load_state() == (0, b"")
        await record.close()

    run(work)


def test_a_checkpoint_that_fails_at_the_end_is_said() -> None:
    for close_now in (True, False):
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record)
        record.flush_now()
        disk.plan(2, Fault.ERROR)  # a look at the log goes before
        with pytest.raises(DiskFailed):
            record.close_now() if close_now else asyncio.run(record.close())
        again = Record.open(SIMULATED, files=disk)
        assert (again.durable, again.recovery.clean) == (2, False)
        again.close_now()


# -- checkpoints and proofs ------------------------------------------------------------------------------------------


def on_disk(disk: SimulatedDisk, record: Record) -> int:
    text = read_checkpoint(SIMULATED, disk)
    assert text is not None
    return verify_checkpoint(text, record.key.verifier).size


def test_the_checkpoint_follows_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "CHECKPOINT_EVERY_S", 0.001)

    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record, 5)
        await record.flush()
        while on_disk(disk, record) < 6:
            await asyncio.sleep(0.001)
        await record.close()

    run(work)


def test_the_checkpoint_is_not_written_for_every_flush() -> None:
    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        disk.trace.clear()
        for _ in range(50):
            say(record)
            await record.flush()
        assert "replace checkpoint" not in disk.trace
        assert verify_checkpoint(record.checkpoint(), record.key.verifier).size == 51
        await record.close()
        assert disk.trace.count("replace checkpoint") == 1
        assert on_disk(disk, record) == 51

    run(work)


def test_a_checkpoint_that_cannot_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "CHECKPOINT_EVERY_S", 0.001)

    async def work() -> None:
        disk = SimulatedDisk()
        record = create(SIMULATED, files=disk)
        say(record)
        await record.flush()
        disk.plan(1, Fault.ERROR)  # the checkpoint's first call
        while record.statistics()["failures"] < 1:
            await asyncio.sleep(0.001)
        while on_disk(disk, record) < 2:
            await asyncio.sleep(0.001)
        await record.close()

    run(work)


def test_only_what_is_on_disk_is_signed_and_proved(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    say(record, 5)
    record.flush_now()
    old, old_root = record.durable, record.root()
    say(record, 7)
    assert verify_checkpoint(record.checkpoint(), record.key.verifier).size == old
    with pytest.raises(IndexError):
        record.inclusion(old)
    record.flush_now()
    checkpoint = verify_checkpoint(record.checkpoint(), record.key.verifier)
    assert (checkpoint.size, checkpoint.root) == (13, record.root())
    assert verify_consistency(old, 13, old_root, record.root(), record.consistency(old))
    for index, line in enumerate(record.lines()):
        assert verify_inclusion(leaf_hash(line), index, 13, record.inclusion(index), record.root())
    assert record.root(old) == old_root
    record.close_now()


def test_a_take_is_certified(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    statement = {"origin": record.origin, "take": "take-1", "section": "ana/a", "files": {}}
    say(record, 3)
    done = {"type": "section.done", "section": "ana/a", "take": "take-1", "statement": statement_hash(statement)}
    index = record.stage("", done, now_us=NOW_US).index
    with pytest.raises(IndexError):
        record.certificate(index, statement)
    record.flush_now()
    certificate = record.certificate(index, statement)
    assert verify_certificate(certificate, record.key.verifier).entry.index == index
    with pytest.raises(Refused):
        record.certificate(index - 1, statement)
    record.close_now()


def test_an_entry_that_was_altered_on_disk_is_not_handed_out(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    say(record, 3)
    record.flush_now()
    data = record.log_path.read_bytes()
    record.log_path.write_bytes(data.replace(b"line 2", b"line 7"))
    with pytest.raises(Refused, match="entry 2"):
        list(record.entries())
    assert texts_until(record, 2) == ["line 1"]
    record.close_now()


def texts_until(record: Record, end: int) -> list[str]:
    return [str(entry.event["text"]) for entry in record.entries(1, end)]


def test_long_logs_are_read_in_pieces(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    for number in range(40):
        record.stage("", {"type": "chat.said", "text": str(number) * 50_000}, now_us=NOW_US)
    record.flush_now()
    assert [text[:2] for text in texts(record)] == [(str(number) * 2)[:2] for number in range(40)]
    assert len(list(record.lines(7, 9))) == 2
    assert list(record.lines(9, 7)) == []
    record.close_now()


def test_statistics_count(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    say(record, 2)
    before = record.statistics()
    assert (before["entries"], before["durable"], before["pending_bytes"] > 0) == (3, 1, True)
    record.flush_now()
    record.close_now()
    after = record.statistics()
    assert (after["durable"], after["pending_bytes"], after["covered"], after["failures"]) == (3, 0, 3, 0)
    assert after["bytes"] == Folder(record.path).log.stat().st_size


def test_a_clock_that_is_set_back_is_seen_through(tmp_path: Path) -> None:
    record = create(tmp_path / "jam")
    record.close_now()
    again = Record.open(record.path)
    assert again.time_for(5) == time_text(NOW_US)
    again.stage("", {"type": "chat.said", "text": "late"}, now_us=5)
    again.flush_now()
    assert [entry.time for entry in again.entries()] == [time_text(NOW_US)] * 2
    again.close_now()


def test_a_journal_that_has_nothing_to_write_writes_nothing() -> None:
    disk = SimulatedDisk()
    running = Running(disk, Folder(SIMULATED), log_key("jam", bytes(32)))
    assert Journal(disk, SIMULATED, Chain(), array("Q"), running).take() is None
    assert disk.names_now == {}
