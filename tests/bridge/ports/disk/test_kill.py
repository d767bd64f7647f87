"""A real process, killed hard again and again while it writes to a real disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.ports.disk import Record, audit_path

ROUNDS = 20
ROOT = Path(__file__).parents[4]


def killed_writer(folder: Path, acknowledgements: int) -> int:
    """Let a writer acknowledge a few times, kill it, and say how many entries it ever acknowledged."""
    command = [sys.executable, "-m", "tests.bridge.ports.disk.writer", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            said = [process.stdout.readline() for _ in range(acknowledgements)]
        finally:
            process.kill()
        said += process.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    assert len(whole) >= acknowledgements, "the writer ended by itself"
    return int(whole[-1])


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "jam"
    random_ = random.Random(20)
    before = 0
    for _ in range(ROUNDS):
        acknowledged = killed_writer(folder, random_.randint(1, 60))
        record = Record.open(folder, full=bool(random_.getrandbits(1)))
        assert record.durable >= acknowledged > before
        assert [entry.event["number"] for entry in record.entries(1)] == list(range(1, record.durable))
        size, state = record.load_state()
        assert not state or json.loads(state) == {"size": size}
        before = record.durable
        record.close_now()
        report = audit_path(folder)
        assert report.ok, str(report)
        assert report.covered == before
