"""Weights brought from a hub into a folder of their own: planned, resumed where they stopped, checked against the hub's hashes.

A file comes into `.fetching/` first, under a name with its hash in it, and moves to its place once its bytes have that hash; the
record `starbridge.json` comes last, so a folder with a record is whole. What is interrupted goes on at the byte where it stopped.
Blocks, and knows no terminal.

    plan = make_plan(Hub(), find("musicgen-small"), folder)
    with plan.held():
        fetch(hub, plan, time, progress)
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from bridge.ports.disk.files import SYSTEM
from bridge.ports.hub import HubFile, Listing
from models.catalogue import Entry
from models.fetched import RECORD, BadRecord, FetchedFile, Record, digests, read_record
from sessions.errors import Code, Refused

__all__ = ["PARTS", "Plan", "Progress", "Source", "amount", "fetch", "here_bytes", "make_plan", "remove"]

PARTS = ".fetching"
"""The folder of what is not whole yet."""
SPARE_BYTES = 64 << 20
"""Room that is left on the disk."""
MAIN = "main"

Progress = Callable[[str, str, int, int], None]
"""Told of a stage (`fetch` or `check`), a file, bytes done and bytes in all."""


class Source(Protocol):
    """What a `Hub` does here."""

    @property
    def endpoint(self) -> str: ...
    def listing(self, repo: str, revision: str) -> Listing: ...
    def download(self, listing: Listing, name: str, file: BinaryIO) -> None: ...


def amount(size: int) -> str:
    """Bytes for people.

    >>> amount(2_360_000_000), amount(2_416), amount(512)
    ('2.36 GB', '2.4 kB', '512 B')
    """
    for unit, digits, scale in (("GB", 2, 1e9), ("MB", 1, 1e6), ("kB", 1, 1e3)):
        if size >= scale:
            return f"{size / scale:.{digits}f} {unit}"
    return f"{size} B"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be had: these files of a listing, into this folder."""

    entry: Entry
    folder: Path
    listing: Listing
    names: tuple[str, ...]

    def stated(self, name: str) -> HubFile:
        return self.listing.files[name]

    def part(self, name: str) -> Path:
        """Where a file grows: its hash is in the name, so bytes of another version are never gone on with."""
        mark = self.stated(name).stated.partition(":")[2][:16]
        return self.folder / PARTS / f"{name}.{mark}"

    @property
    def size_bytes(self) -> int:
        return sum(self.stated(name).size for name in self.names)

    @property
    def missing_bytes(self) -> int:
        """What has to come yet, if all that is here is as it should be."""
        return sum(self.stated(name).size - self._here(name) for name in self.names)

    def _here(self, name: str) -> int:
        size = self.stated(name).size
        if _size(self.folder / name) == size:
            return size
        part = _size(self.part(name))
        return part if part <= size else 0

    def check_room(self) -> None:
        """Raises `Refused` where the disk has no room for what is missing."""
        above = next(path for path in (self.folder, *self.folder.absolute().parents) if path.is_dir())
        free = shutil.disk_usage(above).free
        if self.missing_bytes + SPARE_BYTES > free:
            raise Refused(
                Code.TOO_LARGE,
                f"{amount(self.missing_bytes)} are missing and {above} has room for {amount(free)}; "
                "make room, or name another disk with --to DIR",
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folder for us alone; raises `Refused` where another is fetching into it, `OSError` where it can't be made."""
        with _alone(self.folder):
            (self.folder / PARTS / "revision").write_text(self.listing.commit, encoding="utf-8")
            yield


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    try:
        handle = SYSTEM.lock(folder / PARTS / "lock")
    except BlockingIOError:
        raise Refused(Code.CONFLICT, f"{folder}: weights are being fetched into it already; wait for that") from None
    try:
        yield
    finally:
        os.close(handle)


def make_plan(hub: Source, entry: Entry, folder: Path, revision: str | None = None) -> Plan:
    """Ask the hub what there is; raises `Refused`, also where it states another licence than the one that is known here.

    Without a revision it is the one that was begun with or is here, else the newest.
    """
    with contextlib.suppress(BadRecord):
        record = read_record(folder)
        revision = revision or (record.revision if record is not None else None)
    listing = hub.listing(entry.repo, revision or _begun(folder) or MAIN)
    if listing.licence.lower() != entry.licence.hub:
        raise Refused(
            Code.FAILED,
            f"{entry.repo} is under {listing.licence or 'no licence'} at {hub.endpoint}, and was under {entry.licence.name}; "
            "nothing was fetched: a newer StarBridge may know it",
        )
    try:
        names = entry.form.choose(listing.files)
    except Refused as no:
        raise Refused(no.code, f"{entry.repo} can't be fetched from {hub.endpoint}: {no.advice}") from None
    return Plan(entry, folder, listing, names)


def fetch(hub: Source, plan: Plan, time: str, progress: Progress = lambda stage, name, done, total: None) -> Record:
    """Bring what is missing, and write the record; raises `Refused` with what to do. An interrupt leaves what has come."""
    files = {}
    for name in plan.names:
        try:
            files[name] = _bring(hub, plan, name, progress)
        except OSError as error:
            raise _disk(plan, name, error) from error
    licence = plan.entry.licence
    record = Record(
        licence.name, licence.commercial, plan.entry.name, plan.entry.repo, plan.listing.commit, licence.url,
        hub.endpoint, time, files,
    )  # fmt: skip
    try:
        _write_whole(plan.folder / RECORD, record.to_bytes())
    except OSError as error:
        raise _disk(plan, RECORD, error) from error
    shutil.rmtree(plan.folder / PARTS, ignore_errors=True)
    return record


def here_bytes(folder: Path) -> int:
    """How much of unfinished weights has come."""
    if not folder.is_dir():
        return 0
    parts = (path for path in (folder / PARTS).glob("*") if path.name not in ("lock", "revision"))
    return sum(_size(path) for path in (*parts, *folder.iterdir()))


def remove(folder: Path) -> int:
    """Take away what was fetched, and nothing else; how many bytes that was. Raises `BadRecord` and `OSError`."""
    record = read_record(folder)
    names = () if record is None else tuple(record.files)
    freed = here_bytes(folder) if record is None else record.size_bytes
    if record is None and not (folder / PARTS).is_dir():
        return 0
    with _alone(folder):
        pass  # nobody is fetching into it just now
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    (folder / RECORD).unlink(missing_ok=True)  # first: from here on it is not whole
    for name in names:
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()  # where nothing of somebody else's lies in it
    return freed


def _begun(folder: Path) -> str:
    """The commit that an interrupted fetch was of."""
    try:
        return (folder / PARTS / "revision").read_text(encoding="utf-8").strip()[:100]
    except (OSError, UnicodeDecodeError):
        return ""


def _bring(hub: Source, plan: Plan, name: str, progress: Progress) -> FetchedFile:
    """One file, from wherever it is now to its place; raises `Refused` where its bytes are not those that the hub states."""
    stated, target, part = plan.stated(name), plan.folder / name, plan.part(name)
    if _size(target) == stated.size and (there := _checked(stated, target, name, progress)):
        return there
    if _size(part) > stated.size:
        part.unlink()
    part.parent.mkdir(parents=True, exist_ok=True)
    with _Part(part, lambda done: progress("fetch", name, done, stated.size)) as file:
        if file.tell() < stated.size:
            hub.download(plan.listing, name, cast(BinaryIO, file))
        os.fsync(file.fileno())
    found = _checked(stated, part, name, progress)
    if found is None:
        part.unlink()
        raise Refused(
            Code.FAILED,
            f"{name}: its bytes are not those that {hub.endpoint} states ({stated.stated}), and were thrown away; "
            "fetch it again, over another network if it stays so",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    SYSTEM.sync_folder(target.parent)
    return found


def _checked(stated: HubFile, path: Path, name: str, progress: Progress) -> FetchedFile | None:
    """The file if it has the hash that the hub states."""
    done = 0

    def more(piece: int) -> None:
        nonlocal done
        done += piece
        progress("check", name, done, stated.size)

    found = digests(path, more)
    same = found.sha256 == stated.sha256 if stated.sha256 else found.git_sha1 == stated.git_sha1
    return FetchedFile(found.size, found.sha256, stated.stated) if same and found.size == stated.size else None


class _Part(FileIO):
    """A file that grows at its end, each piece of it on its way to the disk at once, and says how long it is."""

    def __init__(self, path: Path, grown: Callable[[int], None]) -> None:
        super().__init__(path, "ab+")
        self._grown = grown
        grown(self.tell())

    def write(self, data: Any) -> int:
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        self._grown(self.tell())
        return len(data)


def _disk(plan: Plan, name: str, error: OSError) -> Refused:
    what = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        what = f"the disk is full ({what}); {amount(plan.missing_bytes)} are still missing. Make room"
    else:
        what = f"{what}. Put that right"
    return Refused(Code.FAILED, f"{plan.folder / name}: {what}, and the same command goes on from where it stopped")


def _write_whole(path: Path, data: bytes) -> None:
    half = path.parent / PARTS / path.name
    with open(half, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    SYSTEM.sync_folder(path.parent)


def _size(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0
