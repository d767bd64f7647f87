"""`bench log` on a log of minutes: every part works and says all that it is to say. No figure is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.bench import long_log
from bridge.bench.week import write_week
from bridge.ledger import open_ledger
from bridge.ports.clock import SystemClock
from bridge.ports.disk import audit_path

pytestmark = [pytest.mark.timeout(240), pytest.mark.may_block("it measures")]

ENTRIES = 400


def test_a_log_is_measured_from_its_start_to_its_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_log, "SNAPSHOT_EVERY", 50)
    figures = {figure.name: figure for figure in long_log.long_log(tmp_path, ENTRIES)}
    for name in (
        "400 entries, written",
        "a start, nothing there yet",
        "a start after a hard kill, 400 entries",
        "the first start of a log made elsewhere, 400 entries",
        "a start after a stop, 400 entries",
        "memory of the server, 400 entries",
        "a studio comes in, until it knows what is",
        "an entry's proof, over HTTP",
        "the whole log, over HTTP",
        "longest wait in the loop, snapshot made, 400 entries",
        "a proof made and checked",
    ):
        assert figures[name].value > 0
    for command in ("log verify", "log show", "session export"):
        assert figures[f"{command}, 400 entries"].more["peak MB"] > 1


def test_a_week_is_right_and_by_people_with_roles(tmp_path: Path) -> None:
    folder = tmp_path / "jam"
    write_week(folder, "jam", ENTRIES)
    report = audit_path(folder)
    assert report.ok, str(report)
    assert report.entries >= ENTRIES
    assert ENTRIES / 3 < report.signed < report.entries
    assert report.members == 5
    ledger = open_ledger(folder, "jam", SystemClock())
    assert ledger.record.recovery.clean
    assert ledger.record.recovery.from_snapshot == report.entries
    assert ledger.state.takes
    ledger.record.close_now()


def test_a_week_that_ends_with_a_kill_is_recovered(tmp_path: Path) -> None:
    folder = tmp_path / "jam"
    write_week(folder, "jam", ENTRIES, kill=True)
    ledger = open_ledger(folder, "jam", SystemClock())
    assert not ledger.record.recovery.clean
    assert ledger.state.size >= ENTRIES
    ledger.record.close_now()
