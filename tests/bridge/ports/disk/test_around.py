"""Nothing is written around `bridge.ports.disk.files`: so a disk that fails at each of its calls has failed at all there are.

Once by the source, which no rare branch hides from; and once by what Python itself reports while a server runs.
"""

from __future__ import annotations

import ast
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bridge.config import Address, Config
from bridge.ports.own_certificate import own_certificate
from bridge.ports.secret import secret_of
from bridge.server import Server, write_ready
from tests.support.virtual_time import run_real

ROOT = Path(__file__).parents[4]
BLOB = b"RIFF" + bytes(100)
BLOB_NAME = sha256(BLOB).hexdigest()
FILES = "bridge/ports/disk/files.py"

ELSEWHERE = {
    "bridge/addresses.py": "makes a page of this repository",
    "bridge/fetching.py": "weights, which can be fetched again; each is held against its hash before it counts",
    "bridge/export.py": "places in a zip that is open",
    "bridge/cli/session.py": "a zip that a person asked for, wherever they want it: synced and moved to its place whole",
    "bridge/ports/http/invites.py": "a zip on its way to a browser, which has no name",
}
"""Who else in the bridge writes files, and why that is no part of the record."""

WRITERS = {
    "write_text", "write_bytes", "touch", "mkdir", "makedirs", "unlink", "rmdir", "rename", "rmtree", "ftruncate", "pwrite",
    "symlink_to", "hardlink_to", "chmod", "copyfile", "copytree",
}  # fmt: skip
CALLS = {"os.open", "os.write", "os.replace", "os.remove", "os.truncate"}


def writes(tree: ast.AST) -> Iterator[str]:
    """Calls that can change a file system, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("tempfile."):
            yield ast.unparse(node)  # a thread may be told to call it
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        name = called.rpartition(".")[2]
        given = [one.value for one in (*node.args, *(k.value for k in node.keywords)) if isinstance(one, ast.Constant)]
        opens = name == "open" and any(
            isinstance(one, str) and set(one) & set("wax+") and len(one) < 4 for one in given
        )
        moves = name == "replace" and called != "replace" and len(node.args) == 1 and not node.keywords
        moves = moves and not called.startswith(("dataclasses.", "copy.", "files.", "self._files.", "SYSTEM."))
        if name in WRITERS or opens or moves or called in CALLS:
            yield called


def test_no_other_file_of_the_bridge_writes_files() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "bridge").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("bridge/bench/") or not (calls := list(writes(ast.parse(path.read_text(encoding="utf-8"))))):
            continue
        found[name] = calls
    assert found.keys() - ELSEWHERE.keys() == {FILES}, found
    assert ELSEWHERE.keys() <= found.keys(), "who no longer writes needs no exception"


@pytest.mark.parametrize(
    "text",
    [
        "p.write_text(x)",
        "open(p, 'wb')",
        "p.open('a')",
        "os.open(p, 3)",
        "half.replace(p)",
        "p.unlink()",
        "shutil.rmtree(p)",
    ],
)
def test_the_rule_sees_what_it_forbids(text: str) -> None:
    assert list(writes(ast.parse(text)))


@pytest.mark.parametrize("text", ["text.replace('a', 'b')", "dataclasses.replace(a, b=1)", "open(p, 'rb')", "p.open()"])
def test_the_rule_lets_the_rest_be(text: str) -> None:
    assert not list(writes(ast.parse(text)))


_CHANGES = {
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "os.symlink",
    "os.chmod",
    "shutil.move",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """What changes files under a folder, and whether by `Files`. An audit hook stays for ever: so there is one, and it rests."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.seen: set[Path] = set()
        self.around: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.folder is None or not (event in _CHANGES or (event == "open" and args[2] & _WRITING)):
            return
        named = args[1] if event == "os.rename" else args[0]
        if not isinstance(named, str | bytes | os.PathLike):
            return  # a number: whoever opened it was asked then
        path = Path(os.fsdecode(named))
        if path.is_relative_to(self.folder):
            self.seen.add(path)
            if not _through_files():
                self.around.append(f"{event} {path}")


def _through_files() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename != str(ROOT / FILES):
        frame = frame.f_back
    return frame is not None


WATCH = Watch()
_hooked: list[bool] = []


@contextmanager
def watched(folder: Path) -> Iterator[Watch]:
    """All that happens to files under a folder meanwhile."""
    if not _hooked:
        sys.addaudithook(WATCH)
        _hooked.append(True)
    WATCH.folder, WATCH.seen, WATCH.around = folder, set(), []
    try:
        yield WATCH
    finally:
        WATCH.folder = None


def test_a_server_writes_all_it_keeps_by_files(tmp_path: Path) -> None:
    """Two lives of one: made, and opened again; over TLS of its own, with a secret, a ready file, a stem and a snapshot."""
    data = tmp_path / "data"
    anywhere = Address("127.0.0.1", 0)

    async def live(server: Server) -> None:
        ready = await server.start()
        try:
            await asyncio.to_thread(write_ready, data / "ready.json", ready)
            await asyncio.to_thread(server.house.hosts["jam"].put_blob, BLOB_NAME, BLOB)
        finally:
            await server.close()

    with watched(data) as watch:
        own_certificate(data / "tls", ("localhost",), datetime.now(UTC))
        secret_of(data / "engine.key")
        for _ in range(2):
            run_real(live(Server(Config(data, anywhere, anywhere, engine=False))))
    assert not watch.around
    kept = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    assert kept == {path.relative_to(data).as_posix() for path in watch.seen if path.is_file()}
    session = {
        "log.jsonl",
        "checkpoint",
        "key",
        "lock",
        "snapshot.json",
        "leaves.bin",
        "state.jsonl",
        f"blobs/{BLOB_NAME}.wav",
    }
    assert kept >= {"engine.key", "tls/cert.pem", "tls/key.pem", "ready.json"} | {
        f"sessions/jam/{name}" for name in session
    }


def test_the_watch_sees_who_writes_around(tmp_path: Path) -> None:
    with watched(tmp_path) as watch:
        (tmp_path / "a").write_text("x")
        (tmp_path / "a").rename(tmp_path / "b")
    assert [line.partition(" ")[0] for line in watch.around] == ["open", "os.rename"]
