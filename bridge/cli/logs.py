"""Where a log is found: a log.jsonl, a session's folder, or an exported zip; read and nothing else.

report = check(Path("friday.zip"), None, None)
with log_lines(Path("data/sessions/friday")) as lines: ...
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bridge.ports.disk.checking import audit_path, check_together, raw_lines
from sessions.audit import Problem, Report, audit
from sessions.checkpoint import MAX_NOTE
from sessions.errors import Code, Refused
from sessions.keys import VerifierKey

__all__ = ["check", "log_lines", "read_text"]

LOG, CHECKPOINT = "log.jsonl", "checkpoint"


def check(path: Path, key: VerifierKey | None, against: str | None) -> Report:
    """The audit of the log at a path; raises `Refused` where there is none."""
    if not zipfile.is_zipfile(path):
        return audit_path(path, key, against)
    with _unzipped(path) as (archive, log):
        beside = log.removesuffix(LOG) + CHECKPOINT
        checkpoint = None
        if beside in archive.namelist():
            with archive.open(beside) as file:
                checkpoint = _text(file.read(MAX_NOTE + 1))
        with archive.open(log) as file:
            report = audit(raw_lines(file), checkpoint, key, against, check=check_together)
    if report.ok and checkpoint is None:
        return replace(report, problem=Problem.CHECKPOINT, why="there is no checkpoint beside the log in the zip")
    return report


@contextmanager
def log_lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The whole lines of the log at a path, of bounded length; raises `Refused` where there is none."""
    if zipfile.is_zipfile(path):
        with _unzipped(path) as (archive, log), archive.open(log) as packed:
            yield raw_lines(packed)
        return
    file_path = path / LOG if path.is_dir() else path
    if not file_path.is_file():
        raise Refused(Code.BAD_VALUE, f"{path}: there is no log; give a {LOG}, a session's folder, or an exported zip")
    with open(file_path, "rb") as file:
        yield raw_lines(file)


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
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(Code.BAD_VALUE, f"{path}: the zip is damaged ({error}); fetch it again") from None


def read_text(path: Path) -> str:
    """A checkpoint's text, bounded; raises `Refused` where there is no such file."""
    if not path.is_file():
        raise Refused(Code.BAD_VALUE, f"{path}: there is no such file; give the file of a checkpoint")
    with open(path, "rb") as file:
        return _text(file.read(MAX_NOTE + 1))


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")  # what was no text is no checkpoint either, and is refused as one
