"""Audio by its hash: whole or not at all, within limits."""

from __future__ import annotations

import errno
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.ports.disk import Blobs, DiskFailed
from bridge.ports.disk import blobs as blobs_module
from sessions.errors import Code, Refused
from tests.bridge.ports.disk.simulated import Fault, SimulatedDisk

FOLDER = Path("/data/sessions/jam/blobs")
DATA = b"RIFF and so on"
NAME = sha256(DATA).hexdigest()


def test_a_blob_is_kept_under_its_hash() -> None:
    disk = SimulatedDisk()
    blobs = Blobs(disk, FOLDER)
    assert blobs.path(NAME) is None
    assert blobs.put(NAME, DATA)
    assert not blobs.put(NAME, DATA)
    assert blobs.path(NAME) == FOLDER / f"{NAME}.wav"
    assert blobs.read(NAME) == DATA
    assert (blobs.digests, blobs.total_bytes) == ([NAME], len(DATA))
    again = Blobs(disk, FOLDER)
    assert (again.digests, again.total_bytes) == ([NAME], len(DATA))


@pytest.mark.parametrize("name", ["", NAME[:-1], NAME.upper(), "../" + NAME[3:], NAME + "0", "0" * 64])
def test_another_name_is_refused(name: str) -> None:
    disk = SimulatedDisk()
    with pytest.raises(Refused, match="sha256") as found:
        Blobs(disk, FOLDER).put(name, DATA)
    assert found.value.code is Code.BAD_VALUE
    assert disk.names_now == {}
    assert Blobs(disk, FOLDER).path(name) is None


def test_sizes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs_module, "MAX_BLOB_BYTES", 20)
    blobs = Blobs(SimulatedDisk(), FOLDER, max_total_bytes=50)
    with pytest.raises(Refused) as found:
        blobs.put(sha256(bytes(21)).hexdigest(), bytes(21))
    assert found.value.code is Code.TOO_LARGE
    for value in (1, 2):
        assert blobs.put(sha256(bytes([value] * 20)).hexdigest(), bytes([value] * 20))
    with pytest.raises(Refused) as found:
        blobs.put(sha256(bytes([3] * 20)).hexdigest(), bytes([3] * 20))
    assert found.value.code is Code.TOO_MANY
    assert blobs.put(sha256(bytes(10)).hexdigest(), bytes(10))
    assert blobs.total_bytes == 50


def test_a_blob_that_does_not_fit_the_disk_leaves_nothing_behind() -> None:
    disk = SimulatedDisk()
    blobs = Blobs(disk, FOLDER)
    for at in range(1, 7):
        disk.plan(at, Fault.HALF, errno.ENOSPC)
        with pytest.raises(DiskFailed, match="make room"):
            blobs.put(NAME, DATA)
        assert blobs.path(NAME) is None
        assert [path for path in disk.names_now if path.name.endswith(".tmp")] == []
    disk.fail_at = 0
    assert blobs.put(NAME, DATA)


def test_a_blob_that_was_changed_is_not_handed_out() -> None:
    disk = SimulatedDisk()
    blobs = Blobs(disk, FOLDER)
    blobs.put(NAME, DATA)
    disk.put(FOLDER / f"{NAME}.wav", b"changed")
    with pytest.raises(Refused, match="changed"):
        blobs.read(NAME)
    del disk.names_now[FOLDER / f"{NAME}.wav"]
    with pytest.raises(Refused, match="no blob"):
        blobs.read(NAME)
    with pytest.raises(Refused, match="no blob"):
        blobs.read("0" * 64)


def test_other_files_are_left_alone() -> None:
    disk = SimulatedDisk()
    disk.put(FOLDER / "notes.txt", b"mine")
    disk.put(FOLDER / "short.wav", b"mine")
    assert Blobs(disk, FOLDER).digests == []
    assert sorted(disk.names(FOLDER)) == ["notes.txt", "short.wav"]
