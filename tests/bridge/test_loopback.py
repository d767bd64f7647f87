"""What counts as this machine alone."""

from __future__ import annotations

import pytest

from bridge.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1", "::1%lo"]
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "jam.example", "localhost.evil.example", ""],
)
def test_elsewhere(host: str) -> None:
    assert not is_loopback(host)
