"""`starbridge engine`: joins from elsewhere, goes when asked, and is refused in a line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.server import Server, running_server

WAIT_S = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("engine")) as server:
        yield server


def start(*words: str, token: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "engine", *words],
        env=os.environ | {"STARBRIDGE_TOKEN": token},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_engines(server: Server, names: set[str]) -> None:
    deadline = time.monotonic() + WAIT_S
    with httpx.Client(base_url=server.http) as client:
        while set(client.get("/api/health").json()["engines"]) != names:
            assert time.monotonic() < deadline, f"waited for {names} in vain"
            time.sleep(0.05)


def test_it_joins_and_goes_when_asked(server: Server) -> None:
    wait_for_engines(server, {"engine"})
    process = start("--join", server.http, "--name", "big-box", token=server.invites["engine"])
    try:
        wait_for_engines(server, {"engine", "big-box"})
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    assert out == ""
    assert "jam: joined as big-box" in err
    assert "Traceback" not in err
    assert process.returncode == 130
    wait_for_engines(server, {"engine"})


@pytest.mark.parametrize(
    ("url", "token", "advice"),
    [
        ("", "nonsense", "token"),
        ("", "listener", "engine"),
        ("ftp://somewhere", "engine", "http"),
    ],
)
def test_it_is_refused_in_a_line(server: Server, url: str, token: str, advice: str) -> None:
    process = start("--join", url or server.http, token=server.invites.get(token, token))
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out) == (1, "")
    assert advice in err
    assert "Traceback" not in err
