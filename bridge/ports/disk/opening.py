"""Making a session's folder, and opening one: lock, key, checkpoint, mark, snapshot, log, in this order.

Whatever happens in between, what was acknowledged stays, and a folder that nobody was ever told of can be made again. An
opening first reads all and judges it, then changes what a hard stop left, and signs it: a refusal leaves the folder as it was.
"""

from __future__ import annotations

import contextlib
import dataclasses
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.ports.disk.blobs import MAX_TOTAL_BYTES, Blobs
from bridge.ports.disk.cache import Cache
from bridge.ports.disk.errors import DiskFailed, damaged
from bridge.ports.disk.files import Files, Mode, write_all, write_whole
from bridge.ports.disk.folder import Folder, is_session, read_checkpoint, read_key
from bridge.ports.disk.journal import Journal
from bridge.ports.disk.recovery import CREATED, Found, Progress, Recovery, find_log, set_tail_aside, silent
from bridge.ports.disk.running import Running, find_mark
from sessions.checkpoint import Checkpoint, make_checkpoint, verify_checkpoint
from sessions.errors import Code, Refused
from sessions.heads import read_heads
from sessions.invites import check_name
from sessions.keys import SigningKey, log_key
from sessions.log import Chain, Entry

__all__ = ["Opened", "Past", "Replay", "create_folder", "open_folder"]


@dataclass(frozen=True, slots=True)
class Past:
    """What was found, before anything of it is signed or changed."""

    log: Path
    size: int
    """Entries that the snapshot's state adds up to; 0 where there is none."""
    state: bytes
    """Its lines; empty where there is none."""
    count: int
    """Entries that the log has."""
    entries: Callable[[int], Iterator[Entry]]
    """Those from an index on."""


Replay = Callable[[Past], None]
"""Makes something of the past; raises `Refused` where it can't: then nothing is signed or changed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that a record works with; `covered` is the size that the checkpoint on disk signs."""

    files: Files
    folder: Folder
    lock: int
    key: SigningKey
    session: str
    journal: Journal
    cache: Cache
    blobs: Blobs
    recovery: Recovery
    covered: int
    state: bytes | None
    """The snapshot's, at `recovery.from_snapshot`; None where there is none, or it was replayed."""


def create_folder(
    files: Files, path: Path, session: str, software: str, now_us: int, seed: bytes | None, max_blob_bytes: int
) -> Opened:
    """A new session: its key, its entry 0, its checkpoint."""
    check_name(session, "session")
    folder = Folder(path)
    with _locked(files, folder, make=True) as lock:
        if is_session(path, files):
            raise Refused(Code.CONFLICT, f"session: there is one in {path} already; open it, or choose another name")
        files.make_folder(folder.blobs)
        key = _new_key(files, folder, session, seed)
        chain = Chain()
        event = {
            "type": CREATED,
            "session": session,
            "origin": key.name,
            "log_key": str(key.verifier),
            "software": software,
        }
        _, line = chain.append("", event, now_us=now_us)
        handle = files.open(folder.log, Mode.FRESH)
        try:
            write_all(files, handle, line + b"\n")
            files.sync(handle)
        finally:
            files.close(handle)
        files.sync_folder(path)
        write_checkpoint(files, folder, make_checkpoint(key, 1, chain.tree.root()))
        journal = Journal(files, folder.log, chain, array("Q", [len(line) + 1]), Running(files, folder, key))
        blobs = Blobs(files, folder.blobs, max_total_bytes=max_blob_bytes)
        recovery = Recovery(1, 0, 0, None, 0)
        return Opened(files, folder, lock, key, session, journal, Cache(files, path, key), blobs, recovery, 1, None)


def open_folder(
    files: Files,
    path: Path,
    *,
    session: str = "",
    full: bool = False,
    max_blob_bytes: int = MAX_TOTAL_BYTES,
    replay: Replay | None = None,
    progress: Progress = silent,
) -> Opened:
    """A session as it was left; `full` reads every line, whatever the snapshot says.

    `session` is the name that it must have: a copy of a folder, opened under another name, would sign a fork.
    """
    folder = Folder(path)
    if not is_session(path, files):
        raise Refused(
            Code.FAILED, f"there is no session in {path}; check --data, or start it once with `starbridge serve`"
        )
    with _locked(files, folder, make=False) as lock:
        key = read_key(path, files)
        text = read_checkpoint(path, files)
        checkpoint = None if text is None else _verified(text, key, folder)
        cache = Cache(files, path, key)
        cached = None if full else cache.load()
        mark = find_mark(files, folder)
        heads = None if mark is None else read_heads(mark, key.verifier)
        found, name = find_log(files, folder, key, checkpoint, heads, cached, progress)
        if session not in ("", name):
            raise damaged(f"{path} holds the session {name!r}, not {session!r}")
        state = cached.state if cached is not None and found.from_snapshot else None
        running = Running(files, folder, key)
        journal = Journal(files, folder.log, found.chain, found.ends, running)
        try:
            if cached is None or not (found.from_snapshot and cached.log_holds):
                journal.check(found.from_snapshot)  # what the snapshot spared us to read must be what was signed
                cache.forget()
            if replay is not None:
                replay(Past(folder.log, found.from_snapshot, state or b"", found.chain.size, journal.entries))
                state = None
        except BaseException:
            journal.close()
            raise
        size = found.chain.size
        recovery = set_tail_aside(files, folder, found)
        if recovery.lost_bytes or checkpoint is None or checkpoint.size < size:
            recovery = dataclasses.replace(recovery, clean=False)
            _sign(files, folder, key, found)
        if heads is not None:
            recovery = dataclasses.replace(recovery, clean=False)
            running.clear()
        blobs = Blobs(files, folder.blobs, max_total_bytes=max_blob_bytes)
        return Opened(files, folder, lock, key, name, journal, cache, blobs, recovery, size, state)


def write_checkpoint(files: Files, folder: Folder, text: str) -> None:
    """Put a checkpoint on disk in one step; raises `OSError`. It blocks."""
    write_whole(files, folder.checkpoint, text.encode())


def _sign(files: Files, folder: Folder, key: SigningKey, found: Found) -> None:
    """A checkpoint over every line, once they are surely on the medium: a killed process left them to the system."""
    handle = files.open(folder.log, Mode.APPEND)
    try:
        files.sync(handle)
    finally:
        files.close(handle)
    write_checkpoint(files, folder, make_checkpoint(key, found.chain.size, found.chain.tree.root()))


def _verified(text: str, key: SigningKey, folder: Folder) -> Checkpoint:
    try:
        return verify_checkpoint(text, key.verifier)
    except Refused as refused:
        raise damaged(f"{folder.checkpoint} is not to be trusted ({refused.advice})") from None


def _new_key(files: Files, folder: Folder, session: str, seed: bytes | None) -> SigningKey:
    """A fresh key; or the one that an attempt to make this session left behind."""
    if files.size(folder.key) is not None:
        left = read_key(folder.path, files)
        if seed is None and left.name == log_key(session, left.seed).name:
            return left
        raise Refused(Code.CONFLICT, f"session: {folder.key} is there already and is another's; choose another folder")
    key = log_key(session, seed)
    write_whole(files, folder.key, key.to_text().encode() + b"\n", secret=True)
    return key


@contextlib.contextmanager
def _locked(files: Files, folder: Folder, *, make: bool) -> Iterator[int]:
    """The folder's lock, kept where all goes well; the system's errors come out as `DiskFailed`."""
    lock: int | None = None
    try:
        if make:
            files.make_folder(folder.path)
        lock = files.lock(folder.lock)
        yield lock
    except BlockingIOError:
        raise Refused(
            Code.CONFLICT, f"another server has {folder.path} open; stop that one, or choose another folder with --data"
        ) from None
    except BaseException as error:
        if lock is not None:
            with contextlib.suppress(OSError):
                files.close(lock)
        if isinstance(error, OSError):
            raise DiskFailed(error) from error
        raise
