"""What a server keeps beside its sessions, on a disk that fails, dies or loses its power at every single one of its calls.

Its secret, its certificate and key, and the file that says where it is: each is there whole or not at all, what was used once is
what the next start finds, and no fault keeps that start from going well.
"""

from __future__ import annotations

import dataclasses
import errno
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from bridge.config import Ready
from bridge.ports.disk import DiskFailed
from bridge.ports.own_certificate import OwnCertificate, own_certificate
from bridge.ports.secret import secret_of
from bridge.server import write_ready
from sessions.errors import Refused
from tests.bridge.ports.disk.simulated import Fault, Killed, Loss, SimulatedDisk

DATA = Path("/data")
SECRET, TLS, READY = DATA / "engine.key", DATA / "tls", DATA / "ready.json"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHERE = Ready("http://127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:2", "http://127.0.0.1:3", "jam", {"leader": "token"})


class Start:
    """What one start has in hand, as far as it came."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.disk = disk
        self.secret = b""
        self.own: OwnCertificate | None = None
        self.ready = False

    def run(self) -> None:
        self.own = own_certificate(TLS, ("localhost",), NOW, self.disk)
        self.secret = secret_of(SECRET, self.disk)
        write_ready(READY, WHERE, self.disk)
        self.ready = True

    def check_next(self, disk: SimulatedDisk, where: str) -> None:
        """The next start on what is left of the disk."""
        if READY in disk.names_now:
            assert json.loads(disk.bytes_of(READY))["invites"] == {"leader": "token"}, where
        else:
            assert not self.ready, where
        after = Start(disk)
        after.run()
        assert not self.secret or after.secret == self.secret, where
        assert self.own is None or after.own == self.own, where
        cert = load_pem_x509_certificate(disk.bytes_of(TLS / "cert.pem"))
        assert load_pem_private_key(disk.bytes_of(TLS / "key.pem"), None).public_key() == cert.public_key(), where
        again = Start(disk)
        again.run()
        assert (again.secret, again.own) == (after.secret, after.own)
        assert {path.name for path in disk.names_now if path.suffix == ".tmp"} == set(), where


def calls_of_a_good_start() -> int:
    start = Start(SimulatedDisk())
    start.run()
    return start.disk.calls


CALLS = calls_of_a_good_start()


def starts(fault: Fault, number: int = errno.EIO) -> Iterator[tuple[str, Start, BaseException | None]]:
    """A start for each call that can go wrong, and how it ended."""
    for at in range(1, CALLS + 1):
        start = Start(SimulatedDisk())
        start.disk.plan(at, fault, number)
        ended: BaseException | None = None
        try:
            start.run()
        except (Killed, Refused, OSError) as error:
            ended = error
        yield f"{fault} at call {at}, {start.disk.trace[at - 1]}", start, ended


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.AFTER, Fault.HALF])
def test_an_error_at_any_call_is_told_with_advice_and_the_next_start_goes_well(fault: Fault) -> None:
    for where, start, ended in starts(fault, errno.ENOSPC):
        assert ended is not None, where
        assert isinstance(ended, Refused | OSError), where
        start.check_next(start.disk.after_kill(), where)


def test_a_write_that_writes_less_than_asked() -> None:
    for where, start, ended in starts(Fault.SHORT):
        assert ended is None, where
        start.check_next(start.disk.after_kill(), where)


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.KILL_AFTER, Fault.KILL_HALF])
def test_a_kill_at_any_call(fault: Fault) -> None:
    for where, start, ended in starts(fault):
        assert isinstance(ended, Killed), where
        start.check_next(start.disk.after_kill(), where)


@pytest.mark.parametrize("loss", [Loss.ALL, Loss.HALF, Loss.ZEROS])
def test_a_loss_of_power_after_any_call(loss: Loss) -> None:
    for where, start, ended in starts(Fault.KILL_AFTER):
        assert isinstance(ended, Killed), where
        start.check_next(start.disk.after_power_loss(loss), where)


def test_what_the_disk_says_is_told() -> None:
    disk = SimulatedDisk()
    disk.plan(1, Fault.ERROR, errno.ENOSPC)
    with pytest.raises(DiskFailed, match="make room"):
        secret_of(SECRET, disk)


def test_a_ready_file_says_nothing_that_is_for_people_only() -> None:
    disk = SimulatedDisk()
    write_ready(READY, dataclasses.replace(WHERE, midi="a port"), disk)
    assert json.loads(disk.bytes_of(READY)).keys() == {"http", "osc", "osc_tcp", "oscquery", "session", "invites"}
