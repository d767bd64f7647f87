"""The audit of a folder: of a session at rest, of one that is running, of a log file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.ports.disk import Record, audit_path
from sessions.audit import Problem
from sessions.errors import Refused
from sessions.keys import log_key
from sessions.log import MAX_LINE

NOW_US = 1_769_860_800_000_000


def say(record: Record, count: int) -> None:
    for _ in range(count):
        record.stage("", {"type": "chat.said", "text": f"line {record.size}"}, now_us=NOW_US)
    record.flush_now()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record = Record.create(tmp_path / "jam", "jam", software="test", now_us=NOW_US, seed=bytes(32))
    say(record, 19)
    record.close_now({"lines": 20})
    return record.path


def test_a_session_at_rest(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for path in (folder, folder / "log.jsonl"):
        report = audit_path(path)
        assert report.ok
        assert report.covered == 20
    assert audit_path(folder, log_key("jam", bytes(32)).verifier).key_expected
    assert audit_path(folder, log_key("jam").verifier).problem is Problem.WRONG_KEY
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_an_altered_line_is_named_by_its_leaf_even_if_it_is_the_last(folder: Path) -> None:
    log = folder / "log.jsonl"
    good = log.read_bytes()
    for index in (5, 19):
        log.write_bytes(good.replace(b'"line %d"' % index, b'"lime %d"' % index))
        report = audit_path(folder)
        assert (report.problem, report.index) == (Problem.ALTERED, index)
    (folder / "leaves.bin").unlink()
    assert audit_path(folder).index == 19


def test_a_running_session_may_be_ahead_of_its_checkpoint(folder: Path) -> None:
    record = Record.open(folder)
    say(record, 5)
    with (folder / "log.jsonl").open("ab") as file:
        file.write(b'{"event":')  # a line that is just being written
    report = audit_path(folder)
    assert report.ok, str(report)
    assert (report.entries, report.covered) == (25, 20)
    record.close_now()


def test_a_session_that_was_stopped_hard_is_to_be_started_once(folder: Path) -> None:
    checkpoint = (folder / "checkpoint").read_bytes()
    record = Record.open(folder)
    say(record, 5)
    record.close_now()
    (folder / "checkpoint").write_bytes(checkpoint)
    report = audit_path(folder)
    assert (report.problem, report.index) == (Problem.UNSIGNED, 20)
    assert "start it once" in report.why
    Record.open(folder).close_now()
    assert audit_path(folder).ok


def test_a_log_without_a_checkpoint_is_not_enough(folder: Path) -> None:
    (folder / "checkpoint").unlink()
    report = audit_path(folder)
    assert (report.problem, report.index) == (Problem.CHECKPOINT, None)
    assert "no checkpoint" in report.why


def test_against_an_older_checkpoint(folder: Path) -> None:
    older = (folder / "checkpoint").read_text()
    record = Record.open(folder)
    say(record, 5)
    record.close_now()
    assert audit_path(folder, against=older).ok
    newer = (folder / "checkpoint").read_text()
    lines = (folder / "log.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "log.jsonl").write_bytes(b"".join(lines[:20]))
    (folder / "checkpoint").write_text(older)
    assert audit_path(folder).ok
    assert audit_path(folder, against=newer).problem is Problem.FORK


def test_a_line_without_end_is_not_swallowed(folder: Path) -> None:
    with (folder / "log.jsonl").open("ab") as file:
        file.write(b"x" * (3 * MAX_LINE))
    report = audit_path(folder)
    assert (report.problem, report.index) == (Problem.UNREADABLE, 20)


def test_where_there_is_no_log(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "log.jsonl"):
        with pytest.raises(Refused, match="no log"):
            audit_path(path)
