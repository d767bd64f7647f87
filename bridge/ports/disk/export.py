"""A session in one file, to keep or to hand on: log, checkpoint and audio. The key stays at home.

export_zip(record, Path("jam.zip"))         # blocks: not on the loop
"""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.record import Record

__all__ = ["export_zip"]

PIECE_BYTES = 1 << 20
"""Bytes copied at once."""
THEN = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can carry: the same session gives the same file."""


def export_zip(record: Record, path: Path) -> None:
    """Write what is durable now, whole or not at all; raises `Refused` where a blob was changed, `DiskFailed`."""
    seal = record.seal()
    temporary = path.with_name(path.name + ".tmp")
    folder = record.session
    try:
        try:
            with zipfile.ZipFile(temporary, "w") as archive:
                archive.writestr(_item(f"{folder}/checkpoint"), seal.checkpoint)
                _copy_log(archive, record.log_path, seal.log_bytes, f"{folder}/log.jsonl")
                for digest in record.blobs.digests:
                    name = f"{folder}/blobs/{digest}.wav"
                    archive.writestr(_item(name, zipfile.ZIP_STORED), record.blobs.read(digest))
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DiskFailed(error) from error


def _copy_log(archive: zipfile.ZipFile, log: Path, size: int, name: str) -> None:
    with log.open("rb") as source, archive.open(_item(name), "w", force_zip64=True) as target:
        while size and (piece := source.read(min(PIECE_BYTES, size))):
            target.write(piece)
            size -= len(piece)


def _item(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    item = zipfile.ZipInfo(name, THEN)
    item.compress_type = compression
    item.external_attr = 0o644 << 16
    return item
