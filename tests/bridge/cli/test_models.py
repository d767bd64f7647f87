"""`starbridge models`: what is here and what it may be used for; fetching asks first, and says what went wrong in a line."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.fetched import RECORD
from tests.bridge.cli.conftest import Command
from tests.models.compose.evaluate.small import weights
from tests.support.hub import COMMIT, TestHub, hub

WAIT_S = 45.0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestHub]:
    pytest.importorskip("huggingface_hub")
    with hub() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found
    from huggingface_hub.utils._http import close_session

    close_session()


def test_what_is_here_is_listed_with_its_licence(starbridge: Command, tmp_path: Path) -> None:
    folder = weights(tmp_path / "weights")
    done = starbridge("models", "list", "--weights", folder, "--in", tmp_path / "none")
    assert done.exit_code == 0, done.output
    for word in ("composer", "CC0-1.0", "may be sold", "soundfont", "GPL-2.0", "sha256", "MB"):
        assert word in done.stdout
    for word in ("musicgen-small", "2.36 GB", "CC-BY-NC-4.0", "nothing that is sold", "musicgen-stereo-melody"):
        assert word in done.stdout


def test_json_says_the_same(starbridge: Command, tmp_path: Path) -> None:
    folder = weights(tmp_path / "weights")
    said = json.loads(starbridge("models", "list", "--weights", folder, "--in", tmp_path / "none", "--json").stdout)
    composer, soundfont = said["here"]
    assert (composer["name"], composer["licence"], composer["commercial"]) == ("composer", "CC0-1.0", True)
    assert composer["size_bytes"] == (folder / "model.safetensors").stat().st_size
    assert len(composer["sha256"]) == len(soundfont["sha256"]) == 64
    small = next(one for one in said["to_fetch"] if one["name"] == "musicgen-small")
    assert (small["repo"], small["licence"], small["commercial"]) == ("facebook/musicgen-small", "CC-BY-NC-4.0", False)


@pytest.mark.parametrize("spoil", ["model.safetensors", "config.json", "card.json"])
def test_broken_weights_are_listed_with_what_is_wrong(starbridge: Command, tmp_path: Path, spoil: str) -> None:
    folder = weights(tmp_path / "weights")
    (folder / spoil).write_bytes(b"{}")
    done = starbridge("models", "list", "--weights", folder, "--in", tmp_path / "none")
    assert done.exit_code == 0
    assert str(folder) in done.stdout
    assert done.stdout.count("may be sold") == 1, "of the soundfont alone"


def test_what_ships_needs_no_fetching_and_the_rest_is_known_by_name(starbridge: Command, tmp_path: Path) -> None:
    done = starbridge("models", "fetch", "soundfont")
    assert (done.exit_code, done.stdout) == (0, "")
    done = starbridge("models", "fetch", "nonsense", "--to", tmp_path)
    assert done.exit_code == 1
    assert "'nonsense' is not known; what can be fetched is musicgen-small, musicgen-medium" in done.stderr


def test_without_a_person_nothing_is_accepted_and_nothing_asked_for(
    starbridge: Command, server: TestHub, tmp_path: Path
) -> None:
    done = starbridge("models", "fetch", "musicgen-small", "--to", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    for word in ("CC-BY-NC-4.0", "commercial use", "creativecommons.org/licenses/by-nc/4.0", "--accept-licence"):
        assert word in done.stderr
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


def test_fetched_listed_checked_and_removed(starbridge: Command, server: TestHub, tmp_path: Path) -> None:
    done = starbridge("models", "fetch", "facebook/musicgen-small", "--to", tmp_path, "--accept-licence")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "musicgen-small"
    assert done.stdout == f"{folder}\n"
    assert "Licence CC-BY-NC-4.0, which keeps it and what you make with it from commercial use" in done.stderr
    listed = starbridge("models", "list", "--in", tmp_path, "--check")
    for word in (str(folder), COMMIT, "nothing that is sold", "facebook/musicgen-small, fetched 20"):
        assert word in listed.stdout
    here = json.loads(starbridge("models", "list", "--in", tmp_path, "--json").stdout)["here"][-1]
    assert (here["name"], here["commercial"], here["problem"]) == ("musicgen-small", False, "")
    server.asked.clear()
    done = starbridge("models", "fetch", "musicgen-small", "--to", tmp_path)
    assert (done.exit_code, server.asked) == (0, [])
    assert "is here and as it came" in done.stderr
    done = starbridge("models", "remove", "musicgen-small", "--in", tmp_path, "--yes")
    assert (done.exit_code, folder.exists()) == (0, False)
    done = starbridge("models", "remove", "musicgen-small", "--in", tmp_path, "--yes")
    assert (done.exit_code, done.stderr) == (1, f"musicgen-small is not in {tmp_path}\n")


def test_damage_is_listed_and_fetching_again_repairs_it(starbridge: Command, server: TestHub, tmp_path: Path) -> None:
    fetch = ("models", "fetch", "musicgen-small", "--to", tmp_path, "--accept-licence")
    assert starbridge(*fetch).exit_code == 0
    path = tmp_path / "musicgen-small" / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    listed = starbridge("models", "list", "--in", tmp_path)
    assert (
        f"model.safetensors has 1000 of {len(whole)} bytes; `starbridge models fetch musicgen-small`" in listed.stdout
    )
    assert starbridge(*fetch).exit_code == 0
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-1] + b"?")
    assert "were changed" not in starbridge("models", "list", "--in", tmp_path).stdout
    assert (
        "the bytes of model.safetensors were changed"
        in starbridge("models", "list", "--in", tmp_path, "--check").stdout
    )
    assert starbridge(*fetch).exit_code == 0
    assert path.read_bytes() == whole


def test_a_record_that_is_none_is_a_line(starbridge: Command, tmp_path: Path) -> None:
    folder = tmp_path / "musicgen-small"
    folder.mkdir()
    (folder / RECORD).write_text("{")
    listed = starbridge("models", "list", "--in", tmp_path)
    assert listed.exit_code == 0
    assert "fetch the weights again, or take the file away" in listed.stdout
    done = starbridge("models", "remove", "musicgen-small", "--in", tmp_path, "--yes")
    assert done.exit_code == 1
    assert "Nothing was taken away" in done.stderr


@pytest.mark.parametrize(
    ("end", "status", "advice"), [("/main", 404, "(404)"), ("/main", 401, "(401)"), ("/config.json", 503, "(503")]
)
def test_what_the_hub_refuses_is_a_line(
    starbridge: Command, server: TestHub, tmp_path: Path, end: str, status: int, advice: str
) -> None:
    server.statuses[end] = status
    done = starbridge("models", "fetch", "musicgen-small", "--to", tmp_path, "--accept-licence")
    assert (done.exit_code, done.stdout) == (1, "")
    assert advice in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_place_that_can_t_be_written_is_a_line(starbridge: Command, server: TestHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = starbridge("models", "fetch", "musicgen-small", "--to", tmp_path / "file", "--accept-licence")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Not a directory" in done.stderr


# -- at a real terminal -----------------------------------------------------------------------------------------------


class Terminal:
    """The command at a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = os.environ | {"COLUMNS": "200", "TERM": "xterm"}
        command = [sys.executable, "-m", "bridge", *words]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self.text = ""

    def hears(self, words: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self._ours, 65536).decode(errors="replace")
                except OSError as error:  # the other end is closed
                    raise AssertionError(self.text) from error

    def says(self, words: str) -> None:
        os.write(self._ours, words.encode())

    def ends(self) -> int:
        return self.process.wait(WAIT_S)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def test_a_person_reads_the_licence_and_says_no(server: TestHub, tmp_path: Path) -> None:
    with Terminal("models", "fetch", "musicgen-small", "--to", str(tmp_path)) as terminal:
        terminal.hears("CC-BY-NC-4.0")
        terminal.hears("[y/N]")
        terminal.says("n\n")
        terminal.hears("Aborted")
        assert terminal.ends() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_person_says_yes_stops_it_and_goes_on(server: TestHub, tmp_path: Path) -> None:
    words = ("models", "fetch", "musicgen-small", "--to", str(tmp_path))
    server.stall_after = 2_500_000
    with Terminal(*words) as terminal:
        terminal.hears("[y/N]")
        terminal.says("y\n")
        terminal.hears("2.4/3.5 MB")  # whole pieces
        terminal.process.send_signal(signal.SIGINT)
        terminal.hears("Stopped. ")
        terminal.hears("goes on from there")
        assert terminal.ends() == 130
        assert "Traceback" not in terminal.text
    server.go_on.set()
    server.stall_after = 0
    with Terminal(*words) as terminal:
        terminal.hears("1.1 MB of 3.5 MB")
        terminal.says("y\n")
        terminal.hears("is here")
        assert terminal.ends() == 0
    assert server.gets("/cdn/model.safetensors")[-1] == "bytes=2359296-"
    assert (tmp_path / "musicgen-small" / "model.safetensors").read_bytes() == server.files["model.safetensors"]
