"""Kept: packed weights in a file, so that they are packed once and then read at the disk's pace.

The first line says what packed them and which arrays follow; behind these stands the sha256 of all before. A file of another
edition, or one that is not whole to the last bit, counts as not there. Knows arrays only, not what they mean.

    write(file, {"heads": weights})
    read(file)          # {"heads": ...}, or None
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.render.musicgen.cpu import packing, tables, vectors

__all__ = ["read", "write"]

LINE_BYTES_MAX = 1 << 16
KINDS = ("float32", "int8", "uint8", "uint16")

_EDITION = hashlib.sha256(
    b"".join(Path(str(one.__file__)).read_bytes() for one in (packing, tables, vectors))
).hexdigest()
Arrays: TypeAlias = Mapping[str, NDArray[Any]]


def read(file: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays in a file; None where it isn't what was written, or can't be read."""
    try:
        with file.open("rb", buffering=0) as source:
            line = source.readline(LINE_BYTES_MAX)  # unbuffered: a byte after another, but few of them
            told, digest = json.loads(line), hashlib.sha256(line)
            size = len(line) + sum(_bytes(shape, kind) for shape, kind in told["arrays"].values()) + digest.digest_size
            if told["edition"] != _EDITION or file.stat().st_size != size:
                return None
            found = {}
            for name, (shape, kind) in told["arrays"].items():
                array = found[name] = np.empty(shape, kind)
                if array.size:
                    source.readinto(array.data.cast("B"))
                digest.update(array.data)
            return found if source.read() == digest.digest() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(file: Path, arrays: Arrays) -> None:
    """Puts arrays into a file, at once or not at all. Raises OSError."""
    told = {"edition": _EDITION, "arrays": {name: (array.shape, array.dtype.name) for name, array in arrays.items()}}
    line = json.dumps(told).encode() + b"\n"
    digest = hashlib.sha256(line)
    file.parent.mkdir(parents=True, exist_ok=True)
    number, part = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".part")
    try:
        with os.fdopen(number, "wb") as target:
            target.write(line)
            for array in arrays.values():
                target.write(array.data)
                digest.update(array.data)
            target.write(digest.digest())
        Path(part).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


def _bytes(shape: list[int], kind: str) -> int:
    if kind not in KINDS or any(axis < 0 for axis in shape):
        raise ValueError("no array that was written here")
    return math.prod(shape) * np.dtype(kind).itemsize
