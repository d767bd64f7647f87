"""One session on a disk that fails, dies or loses its power at every single one of its calls: nothing acknowledged is lost.

The script makes a session, acknowledges entries in batches, keeps a blob, closes it with a snapshot, opens it again and goes on.
Each run has one fault at one call. What was acknowledged before must be there afterwards, once and in order, in a log that the
audit finds right; what was refused must not be there; and a record must go on after an error.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.ports.disk import DiskFailed, Record
from bridge.ports.disk.folder import Folder, read_checkpoint
from sessions.audit import audit
from sessions.checkpoint import read_note
from sessions.errors import Code, Refused
from sessions.log import Chain
from tests.bridge.ports.disk.simulated import Fault, Killed, Loss, SimulatedDisk

FOLDER = Path("/data/sessions/jam")
NOW_US = 1_769_860_800_000_000
BLOB = b"RIFF" + bytes(100)
BLOB_NAME = sha256(BLOB).hexdigest()


class Run:
    """What the outside world has seen of one run of the script."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.disk = disk
        self.acknowledged: list[str] = []
        self.in_flight: list[str] = []
        self.refused: list[str] = []
        self.blob_acknowledged = False
        self._next = 0

    def script(self) -> None:
        for _ in range(2):
            record = self.open()
            for size in (1, 3, 2):
                self.batch(record, size)
            try:
                record.put_blob(BLOB_NAME, BLOB)
                self.blob_acknowledged = True
            except DiskFailed:
                pass
            try:
                record.close_now({"said": len(self.acknowledged)})
            except DiskFailed:
                assert record.closed

    def open(self) -> Record:
        try:
            return Record.ensure(FOLDER, "jam", software="test", now_us=NOW_US, files=self.disk)
        except DiskFailed:
            return Record.ensure(FOLDER, "jam", software="test", now_us=NOW_US, files=self.disk)

    def batch(self, record: Record, size: int) -> None:
        self.in_flight = []
        for _ in range(size):
            self._next += 1
            self.in_flight.append(f"line {self._next}")
            record.stage("", {"type": "chat.said", "text": self.in_flight[-1]}, now_us=NOW_US)
        try:
            assert record.flush_now() == record.size
        except DiskFailed as failed:
            assert [entry.event["text"] for entry in failed.lost] == self.in_flight
            assert record.size == record.durable
            self.refused += self.in_flight
        else:
            self.acknowledged += self.in_flight
        self.in_flight = []


def said(disk: SimulatedDisk) -> list[str]:
    """What the log says after opening the session again; it is checked in every way on the way there."""
    record = Record.ensure(FOLDER, "jam", software="test", now_us=NOW_US, files=disk)
    texts = [str(entry.event["text"]) for entry in record.entries(1)]
    size, state = record.load_state()
    assert not state or size <= record.durable
    path = record.blob_path(BLOB_NAME)
    assert path is None or record.blobs.read(BLOB_NAME) == BLOB
    record.close_now()
    lines = disk.bytes_of(Folder(FOLDER).log).splitlines(keepends=True)
    report = audit(lines, read_checkpoint(FOLDER, disk), record.key.verifier)
    assert report.ok, str(report)
    assert report.covered == report.entries == 1 + len(texts)
    again = Record.open(FOLDER, full=True, files=disk)
    assert again.recovery.clean
    assert again.recovery.lost_bytes == 0
    assert again.root() == report.root
    again.close_now()
    return texts


def calls_of_a_good_run() -> int:
    run = Run(SimulatedDisk())
    run.script()
    calls = run.disk.calls
    assert said(run.disk) == run.acknowledged
    assert len(run.acknowledged) == 12
    return calls


CALLS = calls_of_a_good_run()


def runs(fault: Fault, number: int = errno.EIO) -> Iterator[tuple[int, Run, bool]]:
    """A run for each call that can go wrong; whether it was killed."""
    for at in range(1, CALLS + 1):
        run = Run(SimulatedDisk())
        run.disk.plan(at, fault, number)
        killed = False
        try:
            run.script()
        except Killed:
            killed = True
        yield at, run, killed


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.AFTER, Fault.HALF])
def test_an_error_at_any_call(fault: Fault, number: int) -> None:
    for at, run, killed in runs(fault, number):
        assert not killed
        assert said(run.disk.after_kill()) == run.acknowledged, f"{fault} at call {at}, {run.disk.trace[at - 1]}"
        assert set(run.acknowledged).isdisjoint(run.refused)
        assert len(run.acknowledged) + len(run.refused) == 12


def test_a_write_that_writes_less_than_asked() -> None:
    for _, run, _ in runs(Fault.SHORT):
        assert len(run.acknowledged) == 12
        assert said(run.disk.after_kill()) == run.acknowledged


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.KILL_AFTER, Fault.KILL_HALF])
def test_a_kill_at_any_call(fault: Fault) -> None:
    for at, run, killed in runs(fault):
        assert killed
        texts = said(run.disk.after_kill())
        where = f"{fault} at call {at}, {run.disk.trace[at - 1]}"
        assert texts[: len(run.acknowledged)] == run.acknowledged, where
        assert texts[len(run.acknowledged) :] == run.in_flight[: len(texts) - len(run.acknowledged)], where


@pytest.mark.parametrize("loss", list(Loss))
@pytest.mark.parametrize("fault", [Fault.KILL, Fault.KILL_AFTER, Fault.KILL_HALF])
def test_a_loss_of_power_at_any_call(fault: Fault, loss: Loss) -> None:
    for at, run, killed in runs(fault):
        assert killed
        disk = run.disk.after_power_loss(loss)
        texts = said(disk)
        where = f"{fault} at call {at}, {run.disk.trace[at - 1]}"
        assert texts[: len(run.acknowledged)] == run.acknowledged, where
        assert texts[len(run.acknowledged) :] == run.in_flight[: len(texts) - len(run.acknowledged)], where
        if run.blob_acknowledged:
            assert disk.bytes_of(Folder(FOLDER).blobs / f"{BLOB_NAME}.wav") == BLOB, where


@pytest.mark.parametrize("fault", [Fault.KILL_AFTER, Fault.KILL_HALF])
def test_what_a_recovery_keeps_survives_a_loss_of_power_right_after_it(fault: Fault) -> None:
    """A killed process leaves lines that only the system has; whoever signs them must have put them on the medium first."""
    for _, run, _ in runs(fault):
        disk = run.disk.after_kill()
        kept = said(disk)
        assert said(disk.after_power_loss(Loss.ALL)) == kept


def test_a_kill_while_recovering_from_a_kill() -> None:
    """The second process dies at every call of its own while it opens what the first one left behind."""
    for at in range(1, CALLS + 1, 7):
        run = Run(SimulatedDisk())
        run.disk.plan(at, Fault.KILL_HALF)
        with pytest.raises(Killed):
            run.script()
        step = 1
        while True:
            disk = run.disk.after_power_loss(Loss.HALF)
            disk.plan(step, Fault.KILL_HALF)
            try:
                Record.ensure(FOLDER, "jam", software="test", now_us=NOW_US, files=disk)
            except Killed:
                texts = said(disk.after_power_loss(Loss.HALF))
                assert texts[: len(run.acknowledged)] == run.acknowledged
                step += 1
            else:
                break
        assert step > 5


def add_forged(disk: SimulatedDisk) -> bool:
    """Somebody without the key adds a line that follows rightly in every way; False where there is nothing to follow."""
    content = disk.names_now.get(Folder(FOLDER).log)
    lines = [] if content is None else bytes(content.data).splitlines(keepends=True)
    chain = Chain()
    for line in lines:
        if line.endswith(b"\n"):
            chain.extend(line[:-1])
    if content is None or not chain.size:
        return False
    _, forged = chain.append("mallory", {"type": "chat.said", "text": "forged"}, now_us=NOW_US)
    if not lines[-1].endswith(b"\n"):
        del content.data[-len(lines[-1]) :]
    content.data += forged + b"\n"
    return True


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.KILL_AFTER, Fault.KILL_HALF])
def test_what_somebody_adds_after_a_kill_at_any_call_is_never_signed(fault: Fault) -> None:
    """Opening, announcing, writing, signing, closing: there is no moment whose traces would let a foreign line pass."""
    refused = kept = 0
    for at, run, _ in runs(fault):
        disk = run.disk.after_kill()
        if not add_forged(disk):
            continue
        where = f"{fault} at call {at}, {run.disk.trace[at - 1]}"
        before = {path: bytes(content.data) for path, content in disk.names_now.items() if path.name != "lock"}
        try:
            record = Record.ensure(FOLDER, "jam", software="test", now_us=NOW_US, files=disk)
        except Refused as error:
            refused += 1
            assert "nobody signed" in error.advice or "is missing beside" in error.advice, where
            after = {path: bytes(content.data) for path, content in disk.names_now.items() if path.name != "lock"}
            assert after == before, where
            continue
        kept += 1  # it stands where a line was announced that never came
        texts = [str(entry.event["text"]) for entry in record.entries(1)]
        assert "forged" not in texts, where
        assert texts[: len(run.acknowledged)] == run.acknowledged, where
        record.close_now()
    assert refused > 20
    assert kept >= 1


def test_the_mark_is_there_just_as_long_as_lines_may_be_unsigned() -> None:
    """Killed at any call: where there is no mark, the checkpoint signs every line."""
    marked = 0
    for at, run, _ in runs(Fault.KILL_AFTER):
        disk = run.disk.after_kill()
        if Folder(FOLDER).running in disk.names_now:
            marked += 1
        elif (text := read_checkpoint(FOLDER, disk)) is not None:
            lines = disk.bytes_of(Folder(FOLDER).log).count(b"\n")
            assert read_note(text).size == lines, f"call {at}, {run.disk.trace[at - 1]}"
    assert marked > 20


def test_a_disk_that_stays_full_refuses_and_comes_back() -> None:
    disk = SimulatedDisk()
    run = Run(disk)
    record = run.open()
    run.batch(record, 2)
    for _ in range(3):
        disk.plan(1, Fault.HALF, errno.ENOSPC)
        run.batch(record, 2)
    assert len(run.refused) == 6
    run.batch(record, 2)
    assert record.durable == 5
    record.close_now()
    assert said(disk) == run.acknowledged == ["line 1", "line 2", "line 9", "line 10"]


def test_a_file_that_cannot_even_be_cut_is_cut_before_the_next_write() -> None:
    disk = SimulatedDisk()
    run = Run(disk)
    record = run.open()
    run.batch(record, 1)
    log = Folder(FOLDER).log
    whole = len(disk.bytes_of(log))

    real = disk.truncate

    def no_truncate(handle: int, size: int) -> None:
        raise OSError(errno.EIO, "no")

    disk.truncate = no_truncate  # type: ignore[method-assign]
    disk.plan(4, Fault.HALF, errno.EIO)  # a look at the file, a head and its sync go before
    run.batch(record, 2)
    assert len(disk.bytes_of(log)) > whole
    run.batch(record, 1)
    assert len(run.refused) == 3
    disk.truncate = real  # type: ignore[method-assign]
    run.batch(record, 2)
    record.close_now()
    assert said(disk) == run.acknowledged == ["line 1", "line 5", "line 6"]


def test_a_file_that_has_become_shorter_is_not_filled_up() -> None:
    disk = SimulatedDisk()
    run = Run(disk)
    record = run.open()
    run.batch(record, 3)
    log = Folder(FOLDER).log
    del disk.names_now[log].data[-1:]
    disk.plan(1, Fault.ERROR)
    run.batch(record, 1)
    run.batch(record, 1)
    assert len(run.refused) == 2
    with pytest.raises(DiskFailed, match="put it back as it was"):
        record.close_now()


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "make room"), (errno.EROFS, "writable"), (errno.EACCES, "right"), (errno.EIO, "the disk failed")],
)
def test_what_failed_is_said_with_advice(number: int, advice: str) -> None:
    disk = SimulatedDisk()
    record = Record.create(FOLDER, "jam", software="test", now_us=NOW_US, files=disk)
    record.stage("", {"type": "chat.said", "text": "hello"}, now_us=NOW_US)
    disk.plan(1, Fault.ERROR, number)
    with pytest.raises(Refused, match=advice) as found:
        record.flush_now()
    assert found.value.code is Code.FAILED
    record.close_now()
