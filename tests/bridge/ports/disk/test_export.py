"""A session in one file: it verifies by itself, and the key is not in it."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.ports.disk import DiskFailed, Record, audit_path, export_zip
from sessions.audit import audit
from sessions.errors import Refused

NOW_US = 1_769_860_800_000_000
BLOB = b"RIFF" + bytes(1000)
NAME = sha256(BLOB).hexdigest()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    record = Record.create(tmp_path / "jam", "jam", software="test", now_us=NOW_US)
    for number in range(20):
        record.stage("", {"type": "chat.said", "text": f"line {number}"}, now_us=NOW_US)
    record.flush_now()
    record.put_blob(NAME, BLOB)
    return record


def test_an_export_holds_what_is_durable_and_signed(record: Record, tmp_path: Path) -> None:
    record.stage("", {"type": "chat.said", "text": "only staged"}, now_us=NOW_US)
    export_zip(record, tmp_path / "jam.zip")
    record.close_now()
    with zipfile.ZipFile(tmp_path / "jam.zip") as archive:
        assert sorted(archive.namelist()) == [f"jam/blobs/{NAME}.wav", "jam/checkpoint", "jam/log.jsonl"]
        assert archive.read(f"jam/blobs/{NAME}.wav") == BLOB
        report = audit(
            io.BytesIO(archive.read("jam/log.jsonl")), archive.read("jam/checkpoint").decode(), record.key.verifier
        )
        assert report.ok
        assert report.covered == 21
        archive.extractall(tmp_path / "out")
    assert audit_path(tmp_path / "out" / "jam").ok
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_the_same_session_gives_the_same_file(record: Record, tmp_path: Path) -> None:
    export_zip(record, tmp_path / "one.zip")
    export_zip(record, tmp_path / "two.zip")
    record.close_now()
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_export_that_fails_leaves_nothing(record: Record, tmp_path: Path) -> None:
    path = record.blob_path(NAME)
    assert path is not None
    path.write_bytes(b"changed")
    with pytest.raises(Refused, match="changed"):
        export_zip(record, tmp_path / "jam.zip")
    with pytest.raises(DiskFailed):
        export_zip(record, tmp_path / "no such folder" / "jam.zip")
    record.close_now()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jam"]
