"""The README is true: its commands run as they stand there, against a real server, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.hub import hub
from tests.support.programs import program
from tests.support.server import Server, running_server

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- tested: (\w+) -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(README)
RUN_S = 50


def blocks(kind: str) -> list[str]:
    return [text for found, _, text in BLOCKS if found == kind]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("readme")) as server:
        ask = {"id": "first", "bars": 1, "parts": "drums"}
        with httpx.Client(base_url=server.http, headers=bearer(server)) as client:
            assert client.post(f"/api/sessions/{server.session}/sections", json=ask).status_code == 202
            wait_for_take(client, server.session)
        yield server


def bearer(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.invites['leader']}"}


def wait_for_take(client: httpx.Client, session: str) -> None:
    deadline = time.monotonic() + RUN_S
    while not client.get(f"/api/sessions/{session}/takes").json():
        assert time.monotonic() < deadline, "no take came"
        time.sleep(0.05)


def run(text: str, folder: Path, server: Server | None = None) -> subprocess.CompletedProcess[str]:
    """A block as it stands, but for the ports, which here are free ones."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    if server is not None:
        text = text.replace("127.0.0.1:8765", server.http.removeprefix("http://"))
        text = text.replace("127.0.0.1 9720", " ".join(map(str, server.osc_address)))
        text = re.sub(r"(starbridge invite .*)", rf"\1 --data {server.data}", text)
        environment |= {"TOKEN": server.invites["leader"], "LOG": str(server.folder)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )


def test_every_block_is_tested_by_something() -> None:
    assert {kind for kind, _, _ in BLOCKS} == {
        "alone",
        "osc",
        "http",
        "websocket",
        "invite",
        "log",
        "fetch",
        "musicgen",
        "generated",
    }
    assert README.count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize("text", blocks("alone"))
def test_one_section_without_a_server(text: str, tmp_path: Path) -> None:
    done = run(text, tmp_path)
    assert done.returncode == 0, done.stderr
    for folder in re.findall(r"--out (\w+)", text):
        assert (tmp_path / folder / "section.mid").is_file()
        assert (tmp_path / folder / "certificate.json").is_file()


def test_http(server: Server, tmp_path: Path) -> None:
    program("curl")
    (text,) = blocks("http")
    done = run(text, tmp_path, server)
    assert done.returncode == 0, done.stderr
    assert "Unchanged: mix.wav" in done.stdout


def test_websocket(server: Server, tmp_path: Path) -> None:
    (text,) = blocks("websocket")
    (tmp_path / "hello.py").write_text(text.replace("127.0.0.1:8765", server.http.removeprefix("http://")))
    done = run(f"{sys.executable} hello.py", tmp_path, server)
    assert done.returncode == 0, done.stderr
    assert "'type': 'section.done'" in done.stdout.splitlines()[-1]


def test_invite(server: Server, tmp_path: Path) -> None:
    (text,) = blocks("invite")
    done = run(text, tmp_path, server)
    assert done.returncode == 0, done.stderr
    answer = httpx.get(
        f"{server.http}/api/sessions/jam/takes", headers={"Authorization": f"Bearer {done.stdout.strip()}"}
    )
    assert answer.status_code == 200


def test_fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a hub of the tests, and with the yes said beforehand, as nobody is here to say it."""
    pytest.importorskip("huggingface_hub")
    (text,) = blocks("fetch")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        assert run(text, tmp_path).returncode == 1
        assert server.asked == []
        done = run(text.replace("fetch musicgen-small", "fetch musicgen-small --accept-licence"), tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "data" / "starbridge" / "weights" / "musicgen-small"
    assert (folder / "model.safetensors").read_bytes() == server.files["model.safetensors"]
    assert str(folder) in done.stdout


def test_musicgen_in_python(tmp_path: Path) -> None:
    """With a checkpoint of random weights, as one is published."""
    pytest.importorskip("transformers")
    from tests.models.render.musicgen.published import Kind, model, publish

    (text,) = blocks("musicgen")
    folder = publish(model(Kind()), tmp_path)
    names: dict[str, Any] = {}
    exec(text.replace("path/to/musicgen-small", str(folder)).replace("seconds=10", "seconds=1"), names)
    assert names["chunk"].shape[0] == names["engine"].channels == 1


def test_stems_by_musicgen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a checkpoint of random weights where fetched ones lie: noise, for which the sampler stands in."""
    pytest.importorskip("transformers")
    from models.fetched import RECORD, FetchedFile, Record, digests
    from tests.models.render.musicgen.published import Kind, model, publish

    (text,) = blocks("generated")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = publish(model(Kind()), tmp_path / "data" / "starbridge" / "weights" / "musicgen-small")
    weights = digests(folder / "model.safetensors")
    files = {"model.safetensors": FetchedFile(weights.size, weights.sha256)}
    (folder / RECORD).write_bytes(Record("CC-BY-NC-4.0", False, "musicgen-small", files=files).to_bytes())
    done = run(text.replace("--bars 4", "--bars 1 --bpm 240 --parts drums,bass"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Not for commercial use: its sound is by musicgen-small, under CC-BY-NC-4.0" in done.stderr
    assert "stem       bass by sampler: tries 3" in done.stdout


def test_checking_a_log(server: Server) -> None:
    (text,) = blocks("log")
    done = run(text, ROOT, server)
    assert done.returncode == 0, done.stderr
    assert "opened session jam" in done.stdout
    assert "entries are right" in done.stdout
    assert "signed by the log's key" in done.stdout


def test_osc(tmp_path: Path) -> None:
    """oscsend asks, oscdump hears all of it."""
    program("oscsend")
    program("oscdump")
    (text,) = blocks("osc")
    reply = free_port()
    with running_server(tmp_path, "--osc-as", "leader", "--osc-reply", str(reply)) as server:
        text = text.replace("oscdump 9721 &", "timeout 40 stdbuf -oL oscdump 9721 > heard & sleep 0.5")
        text = (
            text.replace("9721", str(reply))
            + "timeout 40 bash -c 'until grep -q /section/done heard; do sleep 0.1; done'\nkill %1\n"
        )
        done = run(text, tmp_path, server)
        assert done.returncode == 0, done.stderr
    heard = (tmp_path / "heard").read_text()
    for address in ("/section/accepted", "/section/note", "/section/bar", "/section/stem", "/section/done"):
        assert address in heard


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#]+)\)", text)
        missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
        assert missing == []


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"`make (\w+)", README + (ROOT / "CONTRIBUTING.md").read_text()))
    assert named >= {"run", "test", "check"}
    assert named <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
