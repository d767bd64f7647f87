"""Opening what was left behind: tails are set aside, contradictions refused with nothing touched, snapshots checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bridge.ports.disk import Record
from bridge.ports.disk.folder import Folder
from sessions.checkpoint import make_checkpoint, verify_checkpoint
from sessions.errors import Code, Refused
from sessions.heads import Head, make_head
from sessions.keys import SigningKey, log_key
from sessions.log import Chain
from tests.bridge.ports.disk.simulated import SimulatedDisk

PATH = Path("/data/sessions/jam")
FOLDER = Folder(PATH)
SNAPSHOT, LEAVES, STATE = PATH / "snapshot.json", PATH / "leaves.bin", PATH / "state.jsonl"
NOW_US = 1_769_860_800_000_000
COVERED, SIZE = 8, 12


class CountingDisk(SimulatedDisk):
    """Counts the bytes that are read of the log."""

    log_bytes = 0

    def read(self, handle: int, size: int, at: int) -> bytes:
        data = super().read(handle, size, at)
        if self.handles[handle] is self.names_now.get(FOLDER.log):
            self.log_bytes += len(data)
        return data


def written(*, state: object = None) -> SimulatedDisk:
    """A session whose checkpoint covers eight entries of twelve, as a hard stop leaves it."""
    disk = SimulatedDisk()
    record = Record.create(PATH, "jam", software="test", now_us=NOW_US, seed=bytes(32), files=disk)
    say(record, COVERED - 1)
    record.close_now(state)
    record = Record.open(PATH, files=disk)
    for _ in range(SIZE - COVERED):
        say(record, 1)
        record.flush_now()
    return disk.after_kill()


def say(record: Record, count: int) -> None:
    for _ in range(count):
        record.stage("", {"type": "chat.said", "text": f"line {record.size}"}, now_us=NOW_US)


def whole(disk: SimulatedDisk) -> dict[Path, bytes]:
    return {path: bytes(content.data) for path, content in disk.names_now.items() if path != FOLDER.lock}


def lines_of(disk: SimulatedDisk) -> list[bytes]:
    return disk.bytes_of(FOLDER.log).splitlines(keepends=True)


def check(disk: SimulatedDisk, size: int) -> Record:
    """What is kept is right, signed, and can be written to."""
    record = Record.open(PATH, files=disk)
    assert record.durable == record.recovery.entries == size
    assert [entry.event["text"] for entry in record.entries(1)] == [f"line {number}" for number in range(1, size)]
    assert verify_checkpoint(disk.bytes_of(FOLDER.checkpoint).decode(), record.key.verifier).size == size
    say(record, 1)
    record.flush_now()
    assert record.durable == size + 1
    record.close_now()
    return record


def refused(disk: SimulatedDisk) -> str:
    """The folder is refused with advice, and every file is as it was."""
    before = whole(disk)
    with pytest.raises(Refused) as found:
        Record.open(PATH, files=disk)
    assert whole(disk) == before
    assert found.value.code is Code.FAILED
    assert "nothing was changed" in found.value.advice.lower()
    assert not disk.locked
    return found.value.advice


# -- tails -----------------------------------------------------------------------------------------------------------


def test_after_a_hard_stop_everything_whole_is_kept_and_signed() -> None:
    recovery = check(written(), SIZE).recovery
    assert (recovery.clean, recovery.lost_bytes, recovery.lost_lines, recovery.torn) == (False, 0, 0, None)


def test_after_an_orderly_stop_there_is_nothing_to_recover() -> None:
    disk = written()
    Record.open(PATH, files=disk).close_now()
    again = Record.open(PATH, files=disk)
    assert again.recovery.clean
    again.close_now()


def test_every_torn_tail_is_set_aside() -> None:
    last = lines_of(written())[-1]
    for left in range(1, len(last)):
        disk = written()
        log = disk.names_now[FOLDER.log].data
        del log[len(log) - len(last) + left :]
        offset = len(log) - left
        recovery = check(disk, SIZE - 1).recovery
        assert (recovery.lost_bytes, recovery.lost_lines) == (left, 1)
        assert recovery.torn == PATH / f"torn-{offset}"
        assert disk.bytes_of(recovery.torn) == last[:left]


@pytest.mark.parametrize(
    ("tail", "lines"),
    [(b"\0" * 190, 1), (b"{}\n", 1), (b"\n", 1), (b"x" * 190, 1), (b'{"index":12}\n{"index":13}\nxyz', 3)],
)
def test_where_a_line_was_announced_anything_may_stand(tail: bytes, lines: int) -> None:
    disk = written()
    offset = sum(map(len, lines_of(disk)[:-1]))
    disk.names_now[FOLDER.log].data[offset:] = tail
    recovery = check(disk, SIZE - 1).recovery
    assert (recovery.lost_bytes, recovery.lost_lines) == (len(tail), lines)
    assert recovery.torn is not None
    assert disk.bytes_of(recovery.torn) == tail


@pytest.mark.parametrize("tail", [b"\n", b"{}\n", b"\0" * 5000, b"x" * (3 << 20)])
def test_beyond_what_was_announced_nothing_may_stand(tail: bytes) -> None:
    disk = written()
    disk.names_now[FOLDER.log].data += tail
    advice = refused(disk)
    assert f"nobody signed entry {SIZE}" in advice
    assert "never announced it" in advice
    assert f"move line {SIZE + 1} and all after it" in advice


@pytest.mark.parametrize("index", range(COVERED, SIZE - 1))
def test_a_damaged_line_that_was_acknowledged_before_a_hard_stop(index: int) -> None:
    """It still reads as an entry here: only the line after it tells."""
    disk = written()
    disk.names_now[FOLDER.log].data[sum(map(len, lines_of(disk)[:index])) + 40] ^= 1
    advice = refused(disk)
    assert f"must hold {SIZE - 1} entries" in advice
    assert f"entry {index}" in advice


def test_a_damaged_line_that_perhaps_was_not_acknowledged_is_set_aside() -> None:
    disk = written()
    lines = lines_of(disk)
    disk.names_now[FOLDER.log].data[sum(map(len, lines[:-1])) + 40] ^= 1
    recovery = check(disk, SIZE - 1).recovery
    assert (recovery.lost_lines, recovery.lost_bytes) == (1, len(lines[-1]))


def test_tails_cut_off_at_the_same_place_are_all_kept() -> None:
    disk = SimulatedDisk()
    Record.create(PATH, "jam", software="test", now_us=NOW_US, files=disk).close_now()
    offset = len(disk.bytes_of(FOLDER.log))
    tails = []
    for text in ("one", "two", "two", "three"):
        record = Record.open(PATH, files=disk)
        record.stage("", {"type": "chat.said", "text": text}, now_us=NOW_US)
        record.flush_now()
        disk = disk.after_kill()
        del disk.names_now[FOLDER.log].data[-1:]
        tails.append(disk.bytes_of(FOLDER.log)[offset:])
        Record.open(PATH, files=disk).close_now()
    kept = {path.name: bytes(content.data) for path, content in disk.names_now.items() if "torn" in path.name}
    assert kept == {f"torn-{offset}": tails[0], f"torn-{offset}-2": tails[1], f"torn-{offset}-3": tails[3]}


def test_a_session_that_was_never_finished_making_is_made_again() -> None:
    for left in (b"", b"{", b'{"event":{"log_key":"'):
        disk = SimulatedDisk()
        record = Record.create(PATH, "jam", software="test", now_us=NOW_US, files=disk)
        record.close_now()
        del disk.names_now[FOLDER.checkpoint]
        disk.put(FOLDER.log, left)
        again = Record.ensure(PATH, "jam", software="test", now_us=NOW_US, files=disk)
        assert again.key == record.key
        assert again.durable == 1
        again.close_now()


def test_a_session_that_only_lacks_its_first_checkpoint_is_opened() -> None:
    disk = SimulatedDisk()
    Record.create(PATH, "jam", software="test", now_us=NOW_US, files=disk).close_now()
    del disk.names_now[FOLDER.checkpoint]
    check(disk, 1)


# -- contradictions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(COVERED))
def test_a_log_shorter_than_its_checkpoint(size: int) -> None:
    disk = written()
    disk.put(FOLDER.log, b"".join(lines_of(disk)[:size]))
    advice = refused(disk)
    assert f"{COVERED}" in advice


@pytest.mark.parametrize("index", range(COVERED))
def test_a_damaged_line_that_is_signed(index: int) -> None:
    disk = written()
    lines = lines_of(disk)
    at = sum(map(len, lines[:index])) + 40
    disk.names_now[FOLDER.log].data[at] ^= 1
    assert f"entry {index}" in refused(disk)


def test_a_log_that_was_written_anew() -> None:
    disk, other = written(), SimulatedDisk()
    record = Record.create(PATH, "jam", software="other", now_us=NOW_US, seed=bytes(32), files=other)
    say(record, SIZE - 1)
    record.close_now()
    disk.put(FOLDER.log, other.bytes_of(FOLDER.log))
    assert "does not hold" in refused(disk)


def test_a_copy_under_another_name_is_not_opened_as_that_session() -> None:
    disk = written()
    with pytest.raises(Refused, match="'jam', not 'gig'"):
        Record.ensure(PATH, "gig", software="test", now_us=NOW_US, files=disk)
    assert not disk.locked
    Record.ensure(PATH, "jam", software="test", now_us=NOW_US, files=disk).close_now()


def test_a_log_that_is_gone() -> None:
    disk = written()
    del disk.names_now[FOLDER.log]
    assert "missing" in refused(disk)


def test_a_checkpoint_that_is_gone() -> None:
    disk = written()
    del disk.names_now[FOLDER.checkpoint]
    assert "missing" in refused(disk)


def test_a_checkpoint_that_was_changed() -> None:
    disk = written()
    data = disk.bytes_of(FOLDER.checkpoint)
    disk.put(FOLDER.checkpoint, data.replace(b"\n8\n", b"\n7\n"))
    assert "not to be trusted" in refused(disk)
    disk.put(FOLDER.checkpoint, b"\xff\xfe")
    assert "no checkpoint" in refused(disk)


def test_a_checkpoint_by_another_key() -> None:
    disk = written()
    key = SigningKey.parse(disk.bytes_of(FOLDER.key).decode().strip())
    other = SigningKey(key.name, bytes([9] * 32))
    disk.put(FOLDER.checkpoint, make_checkpoint(other, 1, bytes(32)).encode())
    refused(disk)


def test_another_key() -> None:
    disk = written()
    other = log_key("jam", bytes([9] * 32))
    disk.put(FOLDER.key, other.to_text().encode())
    refused(disk)
    del disk.names_now[FOLDER.checkpoint]
    disk.put(FOLDER.log, lines_of(disk)[0])
    assert "not the key" in refused(disk)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff", b"x" * 5000])
def test_a_key_that_is_none(data: bytes) -> None:
    disk = written()
    disk.put(FOLDER.key, data)
    assert "no key" in refused(disk)


def test_a_key_that_is_gone() -> None:
    disk = written()
    del disk.names_now[FOLDER.key]
    assert "key is missing" in refused(disk)


def test_a_log_that_begins_with_something_else() -> None:
    disk = written()
    del disk.names_now[FOLDER.checkpoint]
    disk.put(FOLDER.log, lines_of(disk)[0].replace(b"session.created", b"session.creates"))
    assert "begin" in refused(disk)


# -- snapshots -------------------------------------------------------------------------------------------------------


def with_snapshot(lines: int = 200) -> CountingDisk:
    disk = CountingDisk()
    record = Record.create(PATH, "jam", software="test", now_us=NOW_US, seed=bytes(32), files=disk)
    say(record, lines - 1)
    record.close_now({"lines": lines})
    disk.log_bytes = 0
    return disk


def test_a_snapshot_spares_parsing_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = with_snapshot()
    parsed: list[bytes] = []
    monkeypatch.setattr(Chain, "extend", lambda _, line: parsed.append(line))
    record = Record.open(PATH, files=disk)
    assert record.recovery.from_snapshot == record.durable == 200
    assert parsed == []
    assert record.durable_bytes < disk.log_bytes < 1.1 * record.durable_bytes, "but for its hashes, once"
    assert record.load_state() == (200, b'{"lines":200}')
    assert record.load_state() == (200, b'{"lines":200}')
    record.close_now()


def test_what_follows_a_snapshot_is_read() -> None:
    disk = with_snapshot()
    record = Record.open(PATH, files=disk)
    say(record, 5)
    record.flush_now()
    disk = disk.after_kill()  # type: ignore[assignment]
    again = Record.open(PATH, files=disk)
    assert (again.recovery.from_snapshot, again.durable) == (200, 205)
    size, _ = again.load_state()
    assert [entry.event["text"] for entry in again.entries(size)] == [f"line {number}" for number in range(200, 205)]
    assert again.root() == Record.open(PATH, full=True, files=disk.after_kill()).root()
    again.close_now()


def test_snapshot_after_snapshot() -> None:
    disk = SimulatedDisk()
    Record.create(PATH, "jam", software="test", now_us=NOW_US, files=disk).close_now({"lines": 1})
    for size in range(2, 40):
        record = Record.open(PATH, files=disk)
        assert record.recovery.from_snapshot == size - 1
        say(record, 1)
        record.close_now({"lines": size})
    assert len(disk.bytes_of(LEAVES)) == 39 * 40


def test_a_record_closed_without_a_state_keeps_the_last_snapshot() -> None:
    disk = with_snapshot()
    record = Record.open(PATH, files=disk)
    say(record, 3)
    record.close_now()
    again = Record.open(PATH, files=disk)
    assert (again.recovery.clean, again.load_state()) == (True, (200, b'{"lines":200}'))
    again.close_now()


def test_all_of_it_is_read_if_asked_for() -> None:
    disk = with_snapshot()
    record = Record.open(PATH, full=True, files=disk)
    assert record.recovery.from_snapshot == 0
    assert disk.log_bytes > record.durable_bytes
    record.close_now({"lines": 200})
    again = Record.open(PATH, files=disk)
    assert again.recovery.from_snapshot == 200
    again.close_now()


def opened_all_the_same(disk: SimulatedDisk) -> int:
    """The session opens rightly, whatever the snapshot is worth; returns how much of it was believed."""
    record = Record.open(PATH, files=disk.after_kill())
    size, state = record.load_state()
    assert record.durable == 40
    assert (size, state) in ((0, b""), (40, b'{"lines":40}'))
    assert [entry.index for entry in record.entries()] == list(range(40))
    return record.recovery.from_snapshot


@pytest.mark.parametrize("path", [SNAPSHOT, LEAVES, STATE], ids=lambda path: path.name)
def test_no_flipped_byte_of_a_snapshot_is_believed(path: Path) -> None:
    disk = with_snapshot(40)
    data = disk.bytes_of(path)
    assert opened_all_the_same(disk) == 40
    for at in range(0, len(data), 3):
        disk.put(path, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert opened_all_the_same(disk) == 0, at
    for left in (0, 1, len(data) // 2, len(data) - 1):
        disk.put(path, data[:left])
        assert opened_all_the_same(disk) == 0
    del disk.names_now[path]
    assert opened_all_the_same(disk) == 0


def test_what_follows_the_leaves_that_count_does_not_matter() -> None:
    disk = with_snapshot(40)
    disk.put(LEAVES, disk.bytes_of(LEAVES) + b"left behind by a hard stop")
    assert opened_all_the_same(disk) == 40


OWN, OTHER = bytes(32), bytes([1]) * 32
"""Seeds of the log's key and of another."""


def rewrite(change: Callable[[dict[str, Any]], object], seed: bytes = OWN) -> SimulatedDisk:
    """A snapshot that is right by itself, signed by the key of that seed, and says something else."""
    return rewritten(with_snapshot(40), change, seed)


def rewritten(disk: SimulatedDisk, change: Callable[[dict[str, Any]], object], seed: bytes) -> SimulatedDisk:
    fields = json.loads(disk.bytes_of(SNAPSHOT))["snapshot"]
    change(fields)
    body = json.dumps(fields, separators=(",", ":"))
    signature = log_key("jam", seed).sign(f"starbridge-snapshot-v1\n{body}".encode()).hex()
    disk.put(SNAPSHOT, f'{{"signature":"{signature}","snapshot":{body}}}'.encode())
    return disk


def test_the_key_alone_makes_a_snapshot() -> None:
    assert opened_all_the_same(rewrite(lambda fields: None)) == 40
    assert opened_all_the_same(rewrite(lambda fields: None, OTHER)) == 0


def test_a_line_that_is_altered_together_with_the_snapshot_is_found() -> None:
    """Whoever can write to the folder can make them fit each other, but has not the key."""
    disk = with_snapshot(40)
    at = sum(map(len, lines_of(disk)[:20])) + 60
    disk.names_now[FOLDER.log].data[at] ^= 1
    altered = sha256(disk.bytes_of(FOLDER.log)).hexdigest()
    assert "entry 20" in refused(rewritten(disk, lambda fields: fields["log"].update(sha256=altered), OTHER))


def test_a_log_whose_hash_differs_is_looked_at_line_by_line() -> None:
    disk = rewrite(lambda fields: fields["log"].update(sha256="00" * 32))
    assert opened_all_the_same(disk) == 40


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"size": 39},
        {"size": 41},
        {"size": -1},
        {"size": "many"},
        {"root": "00" * 32},
        {"root": "zz"},
        {"leaves": "00" * 32},
        {"leaves": {"bytes": 1600, "sha256": "00" * 32}},
        {"leaves": {"bytes": 1560, "sha256": sha256(b"").hexdigest()}},
        {"state": {"bytes": -1, "sha256": sha256(b"").hexdigest()}},
        {"state": {"bytes": 5}},
        {"nodes": {"bytes": 32, "sha256": sha256(b"").hexdigest()}},
        {"nodes": {"bytes": 0, "sha256": sha256(b"").hexdigest()}},
        {"log": {"bytes": 5}},
        {"time_ms": None},
    ],
)
def test_a_snapshot_that_does_not_fit_is_left_aside(change: dict[str, object]) -> None:
    assert opened_all_the_same(rewrite(lambda fields: fields.update(change))) == 0


def test_a_snapshot_that_lacks_something_is_left_aside() -> None:
    for name in ("version", "size", "root", "log", "leaves", "nodes", "time_ms", "state"):
        assert opened_all_the_same(rewrite(lambda fields, name=name: fields.pop(name))) == 0  # type: ignore[misc]


def test_the_snapshot_of_another_log_is_left_aside() -> None:
    disk, other = with_snapshot(40), SimulatedDisk()
    record = Record.create(PATH, "jam", software="another", now_us=NOW_US, files=other)
    say(record, 39)
    record.close_now({"lines": 41})
    for path in (SNAPSHOT, LEAVES, STATE):
        disk.put(path, other.bytes_of(path))
    assert opened_all_the_same(disk) == 0


def test_a_snapshot_that_goes_beyond_what_is_signed_is_left_aside() -> None:
    disk = with_snapshot(40)
    record = Record.open(PATH, files=disk.after_kill())
    older = make_checkpoint(record.key, 30, record.root(30))
    disk.put(FOLDER.checkpoint, older.encode())
    disk.put(FOLDER.running, make_head(record.key, Head(40, 40, record.durable_bytes, record.root())).encode())
    assert opened_all_the_same(disk) == 0


def test_a_snapshot_does_not_hide_that_the_log_was_cut() -> None:
    disk = with_snapshot(40)
    for size in (0, 1, 20, 39):
        cut = disk.after_kill()
        cut.put(FOLDER.log, b"".join(lines_of(disk)[:size]))
        refused(cut)


@pytest.mark.parametrize("index", [0, 1, 20, 38, 39])
@pytest.mark.parametrize("full", [False, True])
def test_a_snapshot_hides_no_damage(index: int, full: bool) -> None:
    disk = with_snapshot(40)
    at = sum(map(len, lines_of(disk)[:index])) + 60
    disk.names_now[FOLDER.log].data[at] ^= 1
    if full:
        del disk.names_now[SNAPSHOT]
    advice = refused(disk)
    assert index in (0, 39) or f"entry {index}" in advice


def test_what_is_damaged_while_it_runs_is_not_handed_out() -> None:
    disk = with_snapshot(40)
    record = Record.open(PATH, files=disk)
    at = sum(map(len, lines_of(disk)[:20])) + 40
    disk.names_now[FOLDER.log].data[at] ^= 1
    with pytest.raises(Refused, match="entry 20"):
        list(record.entries(20, 21))
    record.close_now()


def test_leftovers_of_writes_do_not_stay() -> None:
    disk = with_snapshot(5)
    disk.put(FOLDER.blobs / "00.wav.tmp", b"half")
    record = Record.open(PATH, files=disk)
    assert FOLDER.blobs / "00.wav.tmp" not in disk.names_now
    record.close_now()


def test_handles_are_closed() -> None:
    disk = with_snapshot(5)
    record = Record.open(PATH, files=disk)
    list(record.entries())
    say(record, 1)
    record.close_now({"lines": 6})
    assert disk.handles == {}
    assert not disk.locked


def test_a_state_that_is_not_json_is_a_bug_that_keeps_no_folder() -> None:
    disk = with_snapshot(5)
    record = Record.open(PATH, files=disk)
    with pytest.raises(TypeError):
        record.close_now({"state": object()})
    assert disk.handles == {}
    assert not disk.locked
