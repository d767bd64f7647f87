"""Help: every command has one that teaches by example, is there quickly, and knows every field of a request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import ask
from sessions.music.fields import FIELDS
from tests.bridge.cli.conftest import Command

COMMANDS = [
    ("serve",),
    ("ask",),
    ("invite",),
    ("verify",),
    ("engine",),
    ("bench",),
    ("log", "verify"),
    ("log", "show"),
    ("evaluate",),
    ("models", "list"),
    ("models", "fetch"),
    ("session", "export"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself_with_an_example(starbridge: Command, command: tuple[str, ...]) -> None:
    done = starbridge(*command, "--help")
    assert done.exit_code == 0
    assert "Usage: starbridge " + " ".join(command) in done.stdout
    assert "Examples" in done.stdout
    assert "starbridge " + " ".join(command) in done.stdout.partition("Examples")[2]


def test_the_list_of_commands_is_whole(starbridge: Command) -> None:
    done = starbridge("--help")
    assert done.exit_code == 0
    for command in COMMANDS:
        assert command[0] in done.stdout


def test_every_field_of_a_request_can_be_said(starbridge: Command) -> None:
    done = starbridge("ask", "--help")
    missing = [field.name for field in FIELDS if f"--{field.name} " not in done.stdout]
    assert missing == ["prompt", *ask.NOT_OFFLINE]


@pytest.mark.parametrize(
    "words",
    [["ask"], ["serve", "--what"], ["nothing"], ["invite", "jam"], ["log", "verify"], ["serve", "--osc-reply", "0"]],
)
def test_a_mistyped_command_is_exit_2(starbridge: Command, words: list[str]) -> None:
    done = starbridge(*words)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_help_and_what_reads_a_log_load_no_server_and_no_music_libraries() -> None:
    code = (
        "import sys; from bridge.cli import app\n"
        "heavy = {'numpy', 'fastapi', 'starlette', 'uvicorn', 'symusic', 'websockets', 'models', 'bridge.host'}\n"
        "commands = ((['ask', '--help'], {'nacl'}), (['log', 'verify', 'nothing'], set()), (['log', 'show', 'nothing'], set()))\n"
        "for words, more in commands:\n"
        "    try: app(words)\n"
        "    except SystemExit: pass\n"
        "    assert not (found := (heavy | more) & set(sys.modules)), (words, found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.returncode == 0, done.stderr


def test_the_module_and_the_script_are_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "bridge", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Usage: starbridge [OPTIONS] COMMAND" in done.stdout
