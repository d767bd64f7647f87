"""`starbridge session export`: one zip with everything but the key, whole or not at all."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.bridge.cli.conftest import Command
from tests.support.server import running_server


def test_the_zip_holds_the_log_and_never_the_key(starbridge: Command, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "jam.zip"
    done = starbridge("session", "export", "jam", "--data", data, "--out", target)
    assert (done.exit_code, done.stdout.strip()) == (0, str(target))
    secret = (data / "sessions" / "jam" / "key").read_bytes().strip().split(b"+", 4)[4]  # PRIVATE+KEY+name+id+base64
    assert len(secret) == 44
    with zipfile.ZipFile(target) as archive:
        assert {"jam/log.jsonl", "jam/checkpoint"} <= set(archive.namelist())
        assert all(secret not in archive.read(name) for name in archive.namelist())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "jam.zip"]


def test_packing_changes_nothing_and_needs_no_key(starbridge: Command, data: Path, tmp_path: Path) -> None:
    folder = data / "sessions" / "jam"
    (folder / "key").unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert starbridge("session", "export", "jam", "--data", data, "--out", tmp_path / "jam.zip").exit_code == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    with zipfile.ZipFile(tmp_path / "jam.zip") as archive:
        assert archive.read("jam/log.jsonl") == (folder / "log.jsonl").read_bytes()


@pytest.mark.parametrize(("old", "new", "advice"), [(b"from the", b"from a", "entry 4"), (b"\n", b"", "entry 0")])
def test_a_log_that_was_altered_is_not_packed(
    starbridge: Command, data: Path, tmp_path: Path, old: bytes, new: bytes, advice: str
) -> None:
    log = data / "sessions" / "jam" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(old, new))
    done = starbridge("session", "export", "jam", "--data", data, "--out", tmp_path / "jam.zip")
    assert done.exit_code == 1
    assert advice in done.stderr
    assert not (tmp_path / "jam.zip").exists()


def test_without_a_name_it_lies_here(
    starbridge: Command, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert starbridge("session", "export", "jam", "--data", data).exit_code == 0
    assert (tmp_path / "jam.zip").is_file()


@pytest.mark.parametrize(
    ("words", "advice"),
    [(["nowhere"], "no session"), (["../jam"], "session"), (["jam", "--out", "/proc/x"], "/proc/x")],
)
def test_refusals_are_one_line(starbridge: Command, data: Path, words: list[str], advice: str) -> None:
    done = starbridge("session", "export", *words, "--data", data)
    assert (done.exit_code, done.stdout) == (1, "")
    assert advice in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (data / "sessions" / "nowhere").exists()


def test_takes_that_were_unpacked_verify_and_a_session_in_use_is_packed_as_well(
    starbridge: Command, tmp_path: Path
) -> None:
    target = tmp_path / "jam.zip"
    with running_server(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.invites['leader']}"}
        with httpx.Client(base_url=server.http, headers=headers) as client:
            ask = {"id": "one", "bars": 1, "parts": "drums"}
            assert client.post("/api/sessions/jam/sections", json=ask).status_code == 202
            while not client.get("/api/sessions/jam/takes").json():
                time.sleep(0.05)
        done = starbridge("session", "export", "jam", "--data", server.data, "--out", target)
        assert done.exit_code == 0, done.output
        for path in (target, server.folder):
            done = starbridge("log", "verify", path)
            assert done.exit_code == 0, done.output
    assert starbridge("session", "export", "jam", "--data", server.data, "--out", target).exit_code == 0
    assert starbridge("log", "verify", target).exit_code == 0
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "unpacked")
    take = tmp_path / "unpacked" / "jam" / "takes" / "take-1"
    for name in ("section.mid", "mix.wav", "stems/drums.wav", "certificate.json"):
        done = starbridge("verify", take / name)
        assert done.exit_code == 0, done.output
    assert starbridge("log", "verify", tmp_path / "unpacked" / "jam").exit_code == 0
