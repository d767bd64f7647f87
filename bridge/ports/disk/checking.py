"""The audit of a session's folder, or of a log file by itself, without opening either as a record: it changes nothing.

report = audit_path(Path("data/sessions/jam"), key=None)
print(report)
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from bridge.ports.disk.cache import leaf_hashes
from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.files import SYSTEM
from bridge.ports.disk.folder import Folder, read_checkpoint
from bridge.ports.disk.running import find_mark
from sessions.audit import Problem, Report, audit
from sessions.errors import Code, Refused
from sessions.keys import Claim, VerifierKey
from sessions.log import MAX_LINE
from sessions.testimony import check_each

__all__ = ["audit_path", "check_together", "is_open_elsewhere", "raw_lines"]

FEW = 32
"""Signatures that one thread takes; libsodium looks at them while others run."""


def audit_path(path: Path, key: VerifierKey | None = None, against: str | None = None) -> Report:
    """Check the log in a session's folder, or the log file itself with the checkpoint beside it; raises `Refused`.

    While a server has the folder open, lines that are not signed yet are no fault. It blocks.
    """
    folder = Folder(path if path.is_dir() else path.parent)
    log = folder.log if path.is_dir() else path
    if not log.is_file():
        raise Refused(Code.BAD_VALUE, f"path: there is no log at {log}; give a session's folder or its log.jsonl")
    growing = is_open_elsewhere(folder)
    try:
        checkpoint = read_checkpoint(folder.path)  # before the log, which only ever grows past it
        mark = find_mark(SYSTEM, folder)
        with log.open("rb") as file:
            leaves = leaf_hashes(folder.path / "leaves.bin")
            report = audit(
                raw_lines(file),
                checkpoint,
                key,
                against,
                leaves=leaves,
                heads=mark,
                growing=growing,
                check=check_together,
            )
    except OSError as error:
        raise DiskFailed(error) from error
    if report.ok and checkpoint is None:
        why = (
            f"there is no checkpoint beside {log.name}: its entries follow each other, but nobody signed where they end"
        )
        return dataclasses.replace(report, problem=Problem.CHECKPOINT, why=why)
    return report


def check_together(claims: Sequence[Claim]) -> list[bool]:
    """Which claims hold, looked at by as many threads as there are cores."""
    parts = [claims[at : at + FEW] for at in range(0, len(claims), FEW)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1) or 1) as threads:
        return [holds for part in threads.map(check_each, parts) for holds in part]


def raw_lines(file: IO[bytes]) -> Iterator[bytes]:
    """A file's lines with their line feeds; of one that is far too long only so much as shows it."""
    while line := file.readline(MAX_LINE + 2):
        yield line


def is_open_elsewhere(folder: Folder) -> bool:
    """Does a server hold this folder now?"""
    if not folder.lock.is_file():
        return False
    try:
        SYSTEM.close(SYSTEM.lock(folder.lock))
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
