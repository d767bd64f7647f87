"""Tables: what a soundfont file holds, cut out of its RIFF chunks and checked.

Every index of one table into another is proved here, once, so that whoever reads the tables can trust them. Files are
foreign bytes: what is wrong with one raises `Refused`, which says what, and what to give instead.

    tables = read_tables(Path("my.sf2"))
    tables.pdta["phdr"]["name"]
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.render.generators import Gen
from sessions.errors import Code, Refused

__all__ = ["Tables", "no_soundfont", "read_tables"]

MAX_BYTES = 4 * 1024**3  # RIFF sizes are 32 bits wide
READ_BYTES = 64 * 1024**2  # up to here a file is read at once and cannot change under us; above, it is mapped
MAX_TEXT = 1024

RECORDS: Mapping[str, np.dtype[Any]] = {
    "phdr": np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "<u4", (3,))]),
    "pbag": np.dtype([("gen", "<u2"), ("mod", "<u2")]),
    "pgen": np.dtype([("what", "<u2"), ("amount", "<i2")]),
    "inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    "ibag": np.dtype([("gen", "<u2"), ("mod", "<u2")]),
    "igen": np.dtype([("what", "<u2"), ("amount", "<i2")]),
    "shdr": np.dtype([("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
                      ("rate", "<u4"), ("root", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2")]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """A checked file: its texts by chunk name, its tables, and the bytes of its sound."""

    sha256: str
    texts: Mapping[str, str]
    pdta: Mapping[str, Any]
    sound: memoryview


def no_soundfont(path: Path, why: str) -> Refused:
    """The refusal for a file that can't be played."""
    return Refused(Code.BAD_VALUE, f"soundfont: {path} {why}; give the path of an SF2 or SF3 file")


def read_tables(path: Path) -> Tables:
    """Read and check a file. Raises Refused."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise no_soundfont(path, "is not a file")
        if size < 12:
            raise no_soundfont(path, "is too short to be a soundfont")
        if size > MAX_BYTES:
            raise no_soundfont(path, f"is larger than the {MAX_BYTES} bytes that a soundfont can have")
        data = np.fromfile(path, np.uint8) if size <= READ_BYTES else np.memmap(path, np.uint8, mode="r")
    except OSError as error:
        raise no_soundfont(path, f"can't be read ({error.strerror or error})") from error
    view = memoryview(data)  # type: ignore[arg-type]  # numpy says so itself from Python 3.12 on
    if bytes(view[:4]) != b"RIFF" or bytes(view[8:12]) != b"sfbk":
        raise no_soundfont(path, "is not a soundfont (it has no RIFF sfbk header)")
    texts: dict[str, str] = {}
    pdta: dict[str, Any] = {}
    sound: memoryview | None = None
    for kind, name, content in _contents(path, view[12:]):
        if kind == "INFO" and name in ("INAM", "ICOP"):
            texts[name] = bytes(content[:MAX_TEXT]).split(b"\0")[0].decode("latin-1").strip()
        elif kind == "sdta" and name == "smpl":
            sound = content
        elif kind == "pdta" and name in RECORDS:
            if len(content) % RECORDS[name].itemsize:
                raise no_soundfont(path, f"is damaged (its {name} table is cut)")
            pdta[name] = np.frombuffer(content, RECORDS[name])
    missing = [name for name in RECORDS if name not in pdta]
    if missing or sound is None:
        raise no_soundfont(path, f"is damaged (it has no {missing[0] if missing else 'smpl'} table)")
    _check(path, pdta)
    return Tables(hashlib.sha256(view).hexdigest(), texts, pdta, sound)


def _contents(path: Path, data: memoryview) -> Iterator[tuple[str, str, memoryview]]:
    """The chunks inside the file's lists: list, name, bytes."""
    for tag, body in _walk(path, data):
        if tag == "LIST" and len(body) >= 4:
            for name, content in _walk(path, body[4:]):
                yield bytes(body[:4]).decode("latin-1"), name, content


def _walk(path: Path, data: memoryview) -> Iterator[tuple[str, memoryview]]:
    at = 0
    while at + 8 <= len(data):
        tag, size = struct.unpack_from("<4sI", data, at)
        if size > len(data) - at - 8:
            raise no_soundfont(path, f"is cut or damaged (its {tag.decode('latin-1')!r} chunk reaches beyond the end)")
        yield tag.decode("latin-1"), data[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)


def _check(path: Path, pdta: Mapping[str, Any]) -> None:
    """Every index points into its table, in rising order: flattening needs no further checks."""
    for table, column, into in (
        ("phdr", "bag", "pbag"), ("pbag", "gen", "pgen"), ("inst", "bag", "ibag"), ("ibag", "gen", "igen"),
    ):  # fmt: skip
        indices = pdta[table][column].astype(np.int64)
        if len(indices) == 0 or np.any(np.diff(indices) < 0) or indices[-1] > len(pdta[into]):
            raise no_soundfont(path, f"is damaged (its {table} table points outside {into})")
        if table in ("phdr", "inst") and indices[-1] >= len(pdta[into]):
            raise no_soundfont(path, f"is damaged (its {table} table points outside {into})")
    for table, generator, into in (("pgen", Gen.INSTRUMENT, "inst"), ("igen", Gen.SAMPLE, "shdr")):
        amounts = pdta[table]["amount"][pdta[table]["what"] == generator].view("<u2")
        if np.any(amounts >= len(pdta[into]) - 1):
            raise no_soundfont(path, f"is damaged (its {table} table points outside {into})")
