"""Where a log is found: a log.jsonl, a session's folder, or an exported zip; read and nothing else.

report = check(Path("friday.zip"), None, None)
with log_lines(Path("data/sessions/friday")) as lines: ...
"""

from __future__ import annotations

import errno
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bridge.ports.disk.checking import Checkers, Heard, audit_path, raw_lines
from sessions.audit import Problem, Report, audit
from sessions.checkpoint import MAX_NOTE
from sessions.errors import Code, Refused
from sessions.keys import VerifierKey

__all__ = ["check", "log_lines", "read_text"]

DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError
)  # fmt: skip
"""What the standard library raises for a broken zip."""
LOG, CHECKPOINT = "log.jsonl", "checkpoint"


SLOW_BYTES = 4 << 20
"""A log of so many takes more than a second."""

Progress = Callable[[str, float], None]
"""Told what is done, and how much of it, from 0 to 1."""


def check(path: Path, key: VerifierKey | None, against: str | None, progress: Progress | None = None) -> Report:
    """The audit of the log at a path; raises `Refused` where there is none."""
    if not _is_zip(path):
        log_file = path / LOG if path.is_dir() else path
        total = log_file.stat().st_size if log_file.is_file() else 0
        return audit_path(path, key, against, _followed(total, progress))
    with _unzipped(path) as (archive, log):
        beside = log.removesuffix(LOG) + CHECKPOINT
        checkpoint = None
        if beside in archive.namelist():
            with archive.open(beside) as file:
                checkpoint = _text(file.read(MAX_NOTE + 1))
        with archive.open(log) as file, Checkers() as check_signatures:
            lines = raw_lines(file, _followed(archive.getinfo(log).file_size, progress))
            report = audit(lines, checkpoint, key, against, check=check_signatures)
    if report.ok and checkpoint is None:
        return replace(report, problem=Problem.CHECKPOINT, why="there is no checkpoint beside the log in the zip")
    return report


def _followed(total: int, progress: Progress | None) -> Heard | None:
    """Tells how far a long log has been read, a hundred times at most; of a short one nobody wants to know."""
    if progress is None or total < SLOW_BYTES:
        return None
    done = told = 0

    def heard(more: int) -> None:
        nonlocal done, told
        done += more
        if done - told >= total // 100:
            told = done
            progress("check", done / total)

    return heard


@contextmanager
def log_lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The whole lines of the log at a path, of bounded length; raises `Refused` where there is none."""
    if _is_zip(path):
        with _unzipped(path) as (archive, log), archive.open(log) as packed:
            yield raw_lines(packed)
        return
    file_path = path / LOG if path.is_dir() else path
    if not file_path.is_file():
        raise Refused(Code.BAD_VALUE, f"{path}: there is no log; give a {LOG}, a session's folder, or an exported zip")
    with open(file_path, "rb") as file:
        yield raw_lines(file)


def _is_zip(path: Path) -> bool:
    """By how it begins; a log begins with a bracket. The library's own look at the end raises where that is broken."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(2) == b"PK"


@contextmanager
def _unzipped(path: Path) -> Iterator[tuple[zipfile.ZipFile, str]]:
    """The archive and the name of the one log in it; raises `Refused` for a zip that is damaged or none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            logs = sorted(name for name in archive.namelist() if name.rpartition("/")[2] == LOG)
            if len(logs) != 1:
                raise Refused(
                    Code.BAD_VALUE, f"{path}: it holds {len(logs)} logs; give a zip that `session export` made"
                )
            yield archive, logs[0]
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # the disk's fault; EINVAL is a place in the archive that can't be
        raise Refused(Code.BAD_VALUE, f"{path}: the zip is damaged ({error}); fetch it again") from None


def read_text(path: Path) -> str:
    """A checkpoint's text, bounded; raises `Refused` where there is no such file."""
    if not path.is_file():
        raise Refused(Code.BAD_VALUE, f"{path}: there is no such file; give the file of a checkpoint")
    with open(path, "rb") as file:
        return _text(file.read(MAX_NOTE + 1))


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")  # what was no text is no checkpoint either, and is refused as one
