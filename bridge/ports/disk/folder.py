"""A session's folder: what lies where, and what one may do without the session's lock.

DATA/sessions/NAME/   log.jsonl  checkpoint  key  lock  running  blobs/<sha256>.wav  torn-<offset>
                      snapshot.json  leaves.bin  nodes.bin  state.jsonl
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.ports.disk.errors import DiskFailed, damaged
from bridge.ports.disk.files import SYSTEM, Files, read_whole
from sessions.checkpoint import MAX_NOTE
from sessions.errors import Code, Refused
from sessions.invites import check_name
from sessions.keys import SigningKey

__all__ = ["Folder", "is_session", "read_key", "session_folder"]

MAX_KEY_FILE = 1024
"""Bytes of a key file."""
MAX_FIRST_LINE = 8192
"""Bytes within which the first line of a log ends."""


def session_folder(data: Path, session: str) -> Path:
    """Where a session lies under a data folder; raises `Refused` for a name that can't be one."""
    return data / "sessions" / check_name(session, "session")


@dataclass(frozen=True, slots=True)
class Folder:
    """The names in a session's folder."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint"

    @property
    def key(self) -> Path:
        return self.path / "key"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def running(self) -> Path:
        return self.path / "running"

    @property
    def blobs(self) -> Path:
        return self.path / "blobs"


def is_session(path: Path, files: Files = SYSTEM) -> bool:
    """Was a session made here, so that something may have been acknowledged? Raises `DiskFailed`."""
    try:
        if files.size(Folder(path).checkpoint) is not None:  # the last file that making a session writes
            return True
        start = read_whole(files, Folder(path).log, MAX_FIRST_LINE)
    except OSError as error:
        raise DiskFailed(error) from error
    return start is not None and b"\n" in start


def read_key(path: Path, files: Files = SYSTEM) -> SigningKey:
    """The log key of a session's folder, with which invites are signed; raises `Refused`."""
    try:
        data = read_whole(files, Folder(path).key, MAX_KEY_FILE)
    except OSError as error:
        raise DiskFailed(error) from error
    if data is None and files.size(Folder(path).log):
        raise Refused(
            Code.FAILED,
            f"{Folder(path).key} is missing, and nobody can go on with this log without it; nothing was changed: put that file "
            f"back from a copy, or start another session with --session. This one can still be checked and taken home: "
            f"`starbridge log verify`, `starbridge session export`",
        )
    if data is None:
        raise Refused(
            Code.FAILED, f"there is no session in {path}; check --data, or start it once with `starbridge serve`"
        )
    try:
        return SigningKey.parse(data.decode().strip())
    except (UnicodeDecodeError, Refused):
        raise damaged(f"{Folder(path).key} is no key") from None


def read_checkpoint(path: Path, files: Files = SYSTEM) -> str | None:
    """The text of the checkpoint beside a log; None where there is none. Nobody has checked it."""
    data = read_whole(files, Folder(path).checkpoint, MAX_NOTE * 4)
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise damaged(f"{Folder(path).checkpoint} is no checkpoint") from None
