"""The examples are short, and do what they say against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server, running_server

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RUN_S = 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("examples")) as server:
        yield server


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_are_short_and_say_how_to_run_them(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") < 41
    assert f"python examples/{path.name}" in text


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_without_words_they_say_how_to_run_them(path: Path) -> None:
    done = run(path.name)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"python examples/{path.name}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["hello_osc.py", "hello_websocket.py", "play_along.py"])
def test_who_is_not_let_in_is_told_why(server: Server, name: str) -> None:
    where = [server.osc] if name == "hello_osc.py" else [server.http, server.session]
    done = run(name, *where, "nonsense")
    assert (done.returncode, done.stderr) == (0, "")
    assert "bad-token" in done.stdout
    assert "ask a leader for one" in done.stdout


def test_hello_osc_gets_every_bar_and_a_take(server: Server) -> None:
    done = run("hello_osc.py", server.osc, server.invites["leader"])
    assert (done.returncode, done.stderr) == (0, "")
    said = [line.split(" ") for line in done.stdout.splitlines()]
    assert said[-1][0] == "/section/done"
    bars = {(words[2], int(words[3])) for words in said if words[0] == "/section/bar"}
    assert bars == {(part, bar) for part in ("drums", "bass") for bar in (1, 2, 3, 4)}
    assert sum(words[0] == "/section/note" for words in said) == sum(
        int(words[4]) for words in said if words[0] == "/section/bar"
    )


def test_hello_websocket_gets_every_bar_and_a_take(server: Server) -> None:
    done = run("hello_websocket.py", server.http, server.session, server.invites["rhythm"])
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["type"] in ("refused", "section.done")
    done = run("hello_websocket.py", server.http, server.session, server.invites["leader"])
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said[-1]["type"] == "section.done"
    assert {message["bar"] for message in said if message["type"] == "section.bar"} == {1, 2, 3, 4}


def test_play_along_hears_drums_and_bass_ahead_of_time(server: Server) -> None:
    done = run("play_along.py", server.http, server.session, server.invites["leader"])
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    (first,) = [message for message in said if message["type"] == "live.accompanied"]
    coming, last = [message for message in said if message["type"] == "live.coming"], said[-1]
    assert (first["parts"], last["type"], last["code"]) == ("drums,bass", "live.rested", "")
    assert {message["part"] for message in coming} == {"drums", "bass"}
    assert all(message["start"] >= first["beat"] for message in coming)
    bars = {int(message["start"] - first["beat"]) // 4 for message in coming}
    assert bars >= {1, 2, 3}, "and the first, unless the machine was too busy to have it in time"


def test_verify_a_log_agrees_until_a_byte_is_changed(server: Server, tmp_path: Path) -> None:
    for name in ("checkpoint", "log.jsonl"):
        (tmp_path / name).write_bytes((server.folder / name).read_bytes())
    done = run("verify_a_log.py", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "signed by the log's key" in done.stdout
    log = bytearray((tmp_path / "log.jsonl").read_bytes())
    log[log.index(b"session.created")] ^= 1
    (tmp_path / "log.jsonl").write_bytes(log)
    assert run("verify_a_log.py", tmp_path).returncode == 1
