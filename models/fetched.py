"""Fetched weights: the record that lies beside them, `starbridge.json`, and what it says about what they make.

Lives here: that record, read, written and held against the files. Fetching is the bridge's. Weights of your own may carry such
a record too (`licence` and `commercial` are enough); without one nobody knows what may be done with them, and so what they make
is not for sale.

    record = read_record(folder)                # None where there is none
    record.damage(folder)                       # what is missing, or nothing
    provenance_of(folder, "musicgen")           # for the certificates of what they make
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.provenance import Provenance

__all__ = [
    "RECORD",
    "BadRecord",
    "Digests",
    "FetchedFile",
    "Record",
    "digests",
    "provenance_of",
    "read_record",
    "whole",
]

RECORD = "starbridge.json"
NOT_STATED = "not stated"
WEIGHTS = (".safetensors", ".bin")
PIECE_BYTES = 1 << 20
MAX_RECORD = 1 << 20


class BadRecord(ValueError):
    """A record that can't be read; its sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Digests:
    """A file's hashes: of its bytes, and as git names them, which is what the hub states for small files."""

    size: int
    sha256: str
    git_sha1: str


def digests(path: Path, progress: Callable[[int], None] = lambda more: None) -> Digests:
    """Both hashes of a file, read once; `progress` is told of the bytes of each piece."""
    size = path.stat().st_size
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            sha256.update(piece)
            git.update(piece)
            progress(len(piece))
    return Digests(size, sha256.hexdigest(), git.hexdigest())


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One file as it came; `stated` is the hash that the hub gave for it and that its bytes had, such as `git-sha1:...`."""

    size: int
    sha256: str
    stated: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Where weights came from, what may be done with them, and their files; `revision` is the commit."""

    licence: str
    commercial: bool
    name: str = ""
    repo: str = ""
    revision: str = ""
    licence_url: str = ""
    endpoint: str = ""
    time: str = ""
    files: Mapping[str, FetchedFile] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files.values())

    @property
    def sha256(self) -> str:
        """One hash for all of the weights: the file's own where there is one, else that of the list of them."""
        return _one_hash({name: file.sha256 for name, file in self.files.items() if name.endswith(WEIGHTS)})

    def damage(self, folder: Path) -> str:
        """The first file that is not here, or not in its size; nothing where all are. Hashes are not looked at."""
        for name, file in self.files.items():
            path = folder / name
            size = path.stat().st_size if path.is_file() else None
            if size != file.size:
                return f"{name} is missing" if size is None else f"{name} has {size} of {file.size} bytes"
        return ""

    def change(self, folder: Path) -> str:
        """The first file that does not have the hash it came with; nothing where all have. Reads every byte."""
        return next(
            (
                f"the bytes of {name} were changed"
                for name, file in self.files.items()
                if digests(folder / name).sha256 != file.sha256
            ),
            "",
        )

    def to_bytes(self) -> bytes:
        """As it lies on disk."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Record:
        """From JSON, where a hand may have written it; raises `BadRecord`."""
        files = fields.get("files", {})
        if not isinstance(fields.get("licence"), str) or not isinstance(fields.get("commercial"), bool):
            raise BadRecord(
                "it says no `licence` (a text) or not whether what they make is `commercial` (true or false)"
            )
        try:
            known = {
                str(name): FetchedFile(int(f["size"]), str(f["sha256"]), str(f["stated"])) for name, f in files.items()
            }
        except (AttributeError, LookupError, TypeError, ValueError):
            raise BadRecord("its files are not size, sha256 and stated each") from None
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in known):
            raise BadRecord("its files lie outside of its folder")
        texts = ("name", "repo", "revision", "licence_url", "endpoint", "time")
        rest = {name: str(fields.get(name, "")) for name in texts}
        return cls(fields["licence"], fields["commercial"], files=known, **rest)


def read_record(folder: Path) -> Record | None:
    """What lies beside the weights, None where nothing does; raises `BadRecord` for one that can't be read."""
    path = folder / RECORD
    try:
        if path.stat().st_size > MAX_RECORD:
            raise BadRecord("it is too long")
        fields = json.loads(path.read_bytes())
        return Record.from_fields(fields if isinstance(fields, dict) else {})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BadRecord(f"{path}: {error}; fetch the weights again, or take the file away") from None


def whole(folder: Path, names: Iterable[str]) -> Path | None:
    """The first of these weights that is in a folder of weights, with a record and all its files."""
    for name in names:
        try:
            record = read_record(folder / name)
        except BadRecord:
            continue
        if record is not None and record.files and not record.damage(folder / name):
            return folder / name
    return None


def provenance_of(folder: Path, name: str, *, hashed: bool = True) -> Provenance:
    """Who stands behind what these weights make: under which licence, from which files; raises `BadRecord` and `OSError`.

    The hash is the record's, as long as the files have the sizes it gives, else that of the weights that are here, which takes
    as long as reading them; without `hashed` there is none then.
    """
    record = read_record(folder)
    if record is None:
        note = (
            f"no {RECORD} beside the weights says their licence; those that MusicGen's makers publish are CC-BY-NC-4.0"
        )
        return Provenance(name, "", _hash_here(folder) if hashed else "", NOT_STATED, note, commercial=False)
    known = record.files and not record.damage(folder)
    told = record.sha256 if known else _hash_here(folder) if hashed else ""
    where = f"weights of {record.repo}, revision {record.revision}" if record.repo else "weights of your own"
    note = where if record.commercial else f"{where}; {record.licence} keeps what they make from commercial use"
    return Provenance(record.name or name, record.revision[:12], told, record.licence, note, record.commercial)


def _hash_here(folder: Path) -> str:
    here = sorted(path for path in folder.iterdir() if path.suffix in WEIGHTS and path.is_file())
    return _one_hash({path.name: digests(path).sha256 for path in here})


def _one_hash(hashes: Mapping[str, str]) -> str:
    if len(hashes) <= 1:
        return next(iter(hashes.values()), "")
    return hashlib.sha256("".join(f"{name} {hashes[name]}\n" for name in sorted(hashes)).encode()).hexdigest()
