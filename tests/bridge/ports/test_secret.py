"""The server's own secret: the same at each start, nobody else's to read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bridge.ports.secret import SECRET_BYTES, secret_of
from sessions.errors import Refused


def test_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "data" / "engine.key"
    first = secret_of(path)
    assert len(first) == SECRET_BYTES
    assert secret_of(path) == first
    assert secret_of(tmp_path / "other") != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "engine.key").write_bytes(b"short")
    with pytest.raises(Refused, match="remove it"):
        secret_of(tmp_path / "engine.key")
