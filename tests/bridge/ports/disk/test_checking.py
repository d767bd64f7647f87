"""The audit of a folder: of a session at rest, of one that is running, of a log file alone."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from bridge.ports.disk import Record, audit_path, checking
from bridge.ports.disk.checking import Checkers, check_together
from sessions.audit import Problem
from sessions.errors import Refused
from sessions.keys import Claim, MemberKey, claim_of, log_key
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


WRONG = {0, 31, 32, 99}


def hundred() -> list[Claim]:
    """A hundred claims, of which those at `WRONG` don't hold."""
    key, message = MemberKey(bytes(32)), {"type": "chat.say", "text": "hello", "nonce": "1"}
    signature = key.signed("origin", message)["signature"]
    claims = [claim_of(key.public, "other" if at in WRONG else "origin", message, signature) for at in range(100)]
    return [claim for claim in claims if claim is not None]


def test_signatures_looked_at_by_several_threads_are_told_in_order() -> None:
    held = check_together(hundred())
    assert {at for at, holds in enumerate(held) if not holds} == WRONG
    assert check_together([]) == []


@pytest.mark.may_leak("Python's own tracker of what processes share ends with the last of them")
def test_signatures_of_a_long_log_are_looked_at_by_processes_and_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LONG", 10)
    claims = hundred()
    with Checkers() as check:
        answers = [check(claims[at : at + 10]) for at in range(0, 100, 10)]
        held = [holds for answer in answers for holds in answer()]
        assert {at for at, holds in enumerate(held) if not holds} == WRONG
        assert check._processes is not None
        lost = check._processes.submit(os._exit, 1)
        answers = [check(claims[:50]), check(claims[50:])]
        assert isinstance(lost.exception(), BrokenExecutor)
        held = [holds for answer in [*answers, check(claims[:1])] for holds in answer()]
        assert {at for at, holds in enumerate(held) if not holds} == {*WRONG, 100}, (
            "a process that is lost loses nothing"
        )


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
    with (folder / "log.jsonl").open("ab") as file:
        file.truncate(record.durable_bytes)
    record.close_now()


def stopped_hard(folder: Path, copy: Path) -> Path:
    """A copy of the session as it would lie there if the server had been stopped hard after five more lines."""
    record = Record.open(folder)
    say(record, 5)
    shutil.copytree(folder, copy)
    record.close_now()
    return copy


def test_a_session_that_was_stopped_hard_is_to_be_started_once(folder: Path, tmp_path: Path) -> None:
    left = stopped_hard(folder, tmp_path / "copy")
    report = audit_path(left)
    assert (report.problem, report.index) == (Problem.UNSIGNED, 20)
    assert "start it once" in report.why
    Record.open(left).close_now()
    assert audit_path(left).ok


def test_lines_that_no_mark_vouches_for_are_never_to_be_signed_by_a_start(folder: Path, tmp_path: Path) -> None:
    left = stopped_hard(folder, tmp_path / "copy")
    mark = (left / "running").read_text()
    for kept, index in (("", 20), (mark.splitlines(keepends=True)[0], 20)):
        (left / "running").write_text(kept)
        report = audit_path(left)
        assert (report.problem, report.index) == (Problem.UNSIGNED, index)
        assert "a start signs none of it" in report.why
    (left / "running").unlink()
    report = audit_path(left)
    assert (report.problem, report.index) == (Problem.UNSIGNED, 20)
    assert "another hand added it" in report.why
    assert "start it" not in report.why
    with pytest.raises(Refused, match="nobody signed entry 20"):
        Record.open(left)


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
