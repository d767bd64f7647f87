"""`starbridge engine`: joins from elsewhere, goes when asked, and is refused in a line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from bridge.ports.disk import read_key
from sessions.invites import make_invite
from sessions.keys import log_key
from tests.bridge.ports.http.tls import write_certificate
from tests.support.server import Server, running_server

WAIT_S = 45


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


def engines_of(server: Server) -> set[str]:
    return set(httpx.get(f"{server.http}/api/health", verify=False).json()["engines"])


def wait_for_engines(server: Server, names: set[str]) -> None:
    deadline = time.monotonic() + WAIT_S
    while engines_of(server) != names:
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


@contextmanager
def started(*words: str, token: str) -> Iterator[subprocess.Popen[str]]:
    """An engine that goes on trying; taken away at the end, without a traceback."""
    process = start(*words, token=token)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WAIT_S)
    assert "Traceback" not in err
    assert process.returncode == 130


def refused(status: int, *words: str, token: str) -> str:
    """What an engine says that goes at once."""
    process = start(*words, token=token)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err
    assert "follows in" not in err
    return err


def line_with(process: subprocess.Popen[str], what: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if what in line:
            return line
    raise AssertionError(f"it ended without a word of {what}")


def test_the_whole_link_is_a_token_as_well(server: Server) -> None:
    link = f"{server.http}/#token={server.invites['engine']}"
    with started("--join", link, "--name", "linked", token=link):
        wait_for_engines(server, {"engine", "linked"})
        assert engines_of(server) == {"engine", "linked"}
    wait_for_engines(server, {"engine"})


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        ("nonsense", "token: this is no invite"),
        ("listener", "token: this invite is for the role listener; ask the leader for one for an engine"),
        ("expired", "token: this invite has run out; ask the leader for a new one"),
        ("revoked", "token: this invite was revoked; ask the leader for another"),
        ("other session", "token: this is no invite to a session here; ask the leader for one"),
        ("other key", "token: this is no invite to this session"),
    ],
)
def test_who_can_not_be_let_in_is_told_why_and_goes_at_once(server: Server, token: str, advice: str) -> None:
    key, later_s = read_key(server.folder), 4_000_000_000
    tokens = {
        "listener": server.invites["listener"],
        "expired": make_invite(key, "jam", "engine", "", expires_s=1_000_000_000, id="00112233445566aa"),
        "revoked": make_invite(key, "jam", "engine", "", expires_s=later_s, id="00112233445566bb"),
        "other session": make_invite(key, "friday", "engine", "", expires_s=later_s, id="00112233445566cc"),
        "other key": make_invite(log_key("jam"), "jam", "engine", "", expires_s=later_s, id="00112233445566dd"),
    }
    if token == "revoked":
        address = server.http.replace("http", "ws", 1)
        with connect(f"{address}/ws?session=jam&token={server.invites['leader']}") as socket:
            socket.send(json.dumps({"type": "session.revoke", "invite": "00112233445566bb"}))
            while json.loads(socket.recv(WAIT_S))["type"] != "session.revoked":
                pass
    assert advice in refused(1, "--join", server.http, token=tokens.get(token, token))


@pytest.mark.parametrize("url", ["", "ftp://somewhere", "http://", "127.0.0.1:many", "http:/127.0.0.1:8765"])
def test_an_address_that_is_none_was_mistyped(url: str) -> None:
    said = refused(2, "--join", url, token="any")
    assert "--join" in said
    assert "http" in said


def test_it_tries_again_where_nobody_listens_yet_and_says_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    token = make_invite(log_key("jam"), "jam", "engine", "", expires_s=4_000_000_000, id="00112233445566aa")
    with started("--join", f"127.0.0.1:{port}", token=token) as process:
        said = line_with(process, "follows in")
        assert f"nobody listens at 127.0.0.1:{port}: start `starbridge serve` there" in said
        assert "try 2 follows in 0.2 s" in said
        line_with(process, "try 3 follows in 0.5 s")


def test_over_tls_a_certificate_of_the_servers_own_is_given_along(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)
    with running_server(tmp_path / "tls", "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        token, authority = server.invites["engine"], server.http.removeprefix("https://")
        assert authority.startswith("127.0.0.1:")
        said = refused(1, "--join", server.http, token=token)
        assert f"the certificate of {authority} is not trusted here (self" in said
        assert "copy the server's certificate here and give it with --ca FILE" in said
        with started("--join", authority, "--ca", str(cert), token=token) as process:  # what is trusted speaks TLS
            line_with(process, "joined as engine")
        with started("--join", f"http://{authority}", token=token) as process:
            assert f"write https://{authority}" in line_with(process, "follows in")
        other = tmp_path / "other"
        other.mkdir()
        write_certificate(other, seed=bytes(31) + b"\x01")
        said = refused(1, "--join", server.http, "--ca", str(other / "cert.pem"), token=token)
        assert f"ca: the certificate of {authority} is not the one in --ca" in said
        for wrong, why in ((key, "no certificate in PEM form is in it"), (tmp_path / "none.pem", "No such file")):
            assert f"ca: {wrong}: {why}" in refused(1, "--join", server.http, "--ca", str(wrong), token=token)
        said = refused(2, "--join", f"http://{authority}", "--ca", str(cert), token=token)
        assert "--ca" in said


def test_tls_where_none_is_spoken_is_told(server: Server) -> None:
    authority = server.http.removeprefix("http://")
    said = refused(1, "--join", f"wss://{authority}", token=server.invites["engine"])
    assert f"{authority} speaks no TLS; write http://{authority}" in said
