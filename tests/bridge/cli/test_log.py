"""`starbridge log`: verify finds the first bad entry of a folder, a file or a zip; show tells what happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bridge.ports.disk import read_key, session_folder
from sessions.keys import log_key
from tests.bridge.cli.conftest import Command


@pytest.fixture
def jam(data: Path) -> Path:
    return data / "sessions" / "jam"


def test_a_good_log_is_right_wherever_it_lies(starbridge: Command, data: Path, jam: Path, tmp_path: Path) -> None:
    assert starbridge("session", "export", "jam", "--data", data, "--out", tmp_path / "jam.zip").exit_code == 0
    loose = tmp_path / "loose"
    loose.mkdir()
    for name in ("log.jsonl", "checkpoint"):
        shutil.copy(jam / name, loose / name)
    for path in (jam, jam / "log.jsonl", tmp_path / "jam.zip", loose, loose / "log.jsonl"):
        done = starbridge("log", "verify", path)
        assert done.exit_code == 0, done.output
        assert "entries are right" in done.stdout
        assert "root" in done.stdout


def test_the_key_that_is_expected_must_be_the_logs(starbridge: Command, data: Path, jam: Path) -> None:
    own = str(read_key(session_folder(data, "jam")).verifier)
    assert starbridge("log", "verify", jam, "--key", own).exit_code == 0
    other = str(log_key("jam", seed=bytes(32)).verifier)
    done = starbridge("log", "verify", jam, "--key", other)
    assert done.exit_code == 1
    assert "entry 0" in done.stdout
    for none in ("nonsense", ""):  # the second is what a script's unset variable gives
        assert starbridge("log", "verify", jam, "--key", none).exit_code == 1


def test_an_earlier_checkpoint_is_held_against_the_log(starbridge: Command, jam: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copy(jam / "checkpoint", kept)
    assert starbridge("log", "verify", jam, "--against", kept).exit_code == 0
    assert starbridge("log", "verify", jam, "--against", tmp_path / "lost").exit_code == 1
    kept.write_text("no checkpoint at all")
    assert starbridge("log", "verify", jam, "--against", kept).exit_code == 1


@pytest.mark.parametrize("entry", [0, 1, 2, 3])
def test_a_flipped_byte_is_named_by_its_entry(starbridge: Command, jam: Path, entry: int) -> None:
    lines = (jam / "log.jsonl").read_bytes().splitlines(keepends=True)
    at = lines[entry].rindex(b'"time":"2') + len(b'"time":"')
    lines[entry] = lines[entry][:at] + b"1" + lines[entry][at + 1 :]
    (jam / "log.jsonl").write_bytes(b"".join(lines))
    done = starbridge("log", "verify", jam)
    assert done.exit_code == 1
    assert done.stdout.startswith(f"entry {entry}: ")


@pytest.mark.parametrize("damage", ["truncated", "garbage"])
def test_a_damaged_zip_is_refused(starbridge: Command, data: Path, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jam.zip"
    assert starbridge("session", "export", "jam", "--data", data, "--out", path).exit_code == 0
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] if damage == "truncated" else whole[:60] + bytes(60) + whole[120:])
    done = starbridge("log", "verify", path)
    assert done.exit_code == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["verify", "show"])
def test_where_there_is_no_log_it_says_so(starbridge: Command, tmp_path: Path, command: str) -> None:
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "log.jsonl"):
        done = starbridge("log", command, path)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "no log" in done.stderr


def test_show_tells_who_did_what_and_obeys_no_escape(starbridge: Command, jam: Path) -> None:
    done = starbridge("log", "show", jam)
    assert done.exit_code == 0
    assert "opened session jam" in done.stdout
    assert "mara (unsigned)" in done.stdout
    assert "said: from the top" in done.stdout
    assert [line.split()[-3:] for line in done.stdout.splitlines()][-1] == ["mara", "went", "away"]
    assert "\x1b" not in done.stdout


def test_show_json_is_an_object_a_line(starbridge: Command, jam: Path) -> None:
    done = starbridge("log", "show", jam, "--json")
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["index"] for entry in shown] == list(range(len(shown)))
    assert [entry["event"]["type"] for entry in shown][:4] == [
        "session.created",
        "session.joined",
        "session.defined",
        "chat.said",
    ]
