"""The audit of a session's folder, or of a log file by itself, without opening either as a record: it changes nothing.

report = audit_path(Path("data/sessions/jam"), key=None)
print(report)
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import IO

from bridge.ports.disk.cache import leaf_hashes
from bridge.ports.disk.errors import DiskFailed
from bridge.ports.disk.files import SYSTEM
from bridge.ports.disk.folder import Folder, read_checkpoint
from bridge.ports.disk.running import find_mark
from sessions.audit import Problem, Report, audit
from sessions.errors import Code, Refused
from sessions.keys import Claim, VerifierKey, holding
from sessions.log import MAX_LINE

__all__ = ["Checkers", "Heard", "audit_path", "check_together", "is_open_elsewhere", "raw_lines"]

Heard = Callable[[int], None]
"""Told how many more bytes were read."""

FEW = 32
"""Signatures that one thread takes; libsodium looks at them while others run."""
LONG = 4096
"""Signatures of a log after which the others are looked at in processes beside the one that reads: each takes 0.2 s to start."""


def audit_path(
    path: Path, key: VerifierKey | None = None, against: str | None = None, progress: Heard | None = None
) -> Report:
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
            with Checkers() as check:
                report = audit(
                    raw_lines(file, progress),
                    checkpoint,
                    key,
                    against,
                    leaves=leaves,
                    heads=mark,
                    growing=growing,
                    check=check,
                )
    except OSError as error:
        raise DiskFailed(error) from error
    if report.ok and checkpoint is None:
        why = (
            f"there is no checkpoint beside {log.name}: its entries follow each other, but nobody signed where they end"
        )
        return dataclasses.replace(report, problem=Problem.CHECKPOINT, why=why)
    return report


class Checkers:
    """Looks which signatures hold, on all cores: those of a short log in threads, of a long one in processes, while it is read on.

    with Checkers() as check:
        report = audit(lines, check=check)
    """

    def __init__(self) -> None:
        self._asked = 0
        self._processes: ProcessPoolExecutor | None = None

    def __enter__(self) -> Checkers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)

    def __call__(self, claims: Sequence[Claim]) -> Callable[[], Sequence[bool]]:
        self._asked += len(claims)
        if self._asked <= LONG:
            held = check_together(claims)
            return lambda: held
        if self._processes is None:
            beside = max(1, (os.cpu_count() or 1) - 1)
            self._processes = ProcessPoolExecutor(beside, mp_context=get_context("spawn"))
        try:
            looking = self._processes.submit(holding, claims)
        except BrokenExecutor:
            return lambda: holding(claims)

        def answer() -> Sequence[bool]:
            try:
                return looking.result()
            except BrokenExecutor:  # the system has ended one: then they are looked at here
                return holding(claims)

        return answer


def check_together(claims: Sequence[Claim]) -> list[bool]:
    """Which claims hold, looked at by as many threads as there are cores."""
    parts = [claims[at : at + FEW] for at in range(0, len(claims), FEW)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1) or 1) as threads:
        return [holds for part in threads.map(holding, parts) for holds in part]


def raw_lines(file: IO[bytes], progress: Heard | None = None) -> Iterator[bytes]:
    """A file's lines with their line feeds; of one that is far too long only so much as shows it."""
    while line := file.readline(MAX_LINE + 2):
        if progress is not None:
            progress(len(line))
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
