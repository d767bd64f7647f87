"""The golden datagrams of other people's programs are what these programs send, today and on this machine."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.wire.osc import unbundle
from osc_schemas import vectors
from tests.support.patches import pd_patch, sclang_env
from tests.support.programs import program
from tests.support.talk import Talk, datagrams_of


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """A UDP socket that hears them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        yield ear


@pytest.mark.parametrize("row", vectors("oscsend"), ids=lambda row: row["name"])
def test_oscsend_sends_it(ear: socket.socket, row: dict[str, str]) -> None:
    program("oscsend")
    port = str(ear.getsockname()[1])
    utf8 = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(shlex.split(row["source"].replace("PORT", port)), check=True, timeout=20, env=utf8)
    assert datagrams_of(ear, 1) == [bytes.fromhex(row["hex"])]


def test_sclang_sends_it(ear: socket.socket, tmp_path: Path) -> None:
    rows = vectors("sclang")
    sent = ";\n".join(row["source"] for row in rows)
    script = tmp_path / "say.scd"
    script.write_text(f'fork {{ var n = NetAddr("127.0.0.1", {ear.getsockname()[1]});\n{sent};\n0.exit }}', "utf-8")
    with Talk([program("sclang"), "-D", str(script)], tmp_path, sclang_env(tmp_path)):
        got = datagrams_of(ear, len(rows))
    assert [undated(data) for data in got] == [undated(bytes.fromhex(row["hex"])) for row in rows]
    ahead, now, ago = (unbundle(got[index])[0].at_us for index in (7, 9, 10))
    assert ahead is not None
    assert now is not None
    assert ago is not None
    assert abs(ahead - now - 1_000_000) < 100_000
    assert abs(now - ago - 1_000_000) < 100_000


def undated(data: bytes) -> bytes:
    """A bundle without its time tag, unless it is the one for at once."""
    dated = data.startswith(b"#bundle\0") and data[8:16] != b"\0\0\0\0\0\0\0\1"
    return data[:8] + data[16:] if dated else data


def test_pd_sends_it(ear: socket.socket, tmp_path: Path) -> None:
    rows = vectors("pd")
    patch = tmp_path / "say.pd"
    says = [
        ("session ping", "list"),
        ("section request", "list a1 bars 8 bpm 128 key Am kind chorus stems 1 energy 0.7"),
        ("live note", "list bass 36 100"),
        ("section request", "list 7 seed 16777217 chords Am\\, F\\, C7 meter 7/8"),
        ("session join", "list TOKEN 9000"),
    ]
    patch.write_text(pd_patch(ear.getsockname()[1], says), "utf-8")
    with Talk([program("pd"), "-nogui", "-batch", "-nrt", str(patch)], tmp_path):
        got = datagrams_of(ear, len(rows))
    assert got == [bytes.fromhex(row["hex"]) for row in rows]
