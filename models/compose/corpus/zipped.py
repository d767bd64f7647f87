"""A score in its zip, as .mxl files have it.

data = unzipped(path, path.read_bytes())    # raises ValueError where there is none, or the zip is broken
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path

__all__ = ["unzipped"]

LARGEST_SCORE_BYTES = 64 << 20
"""Of one score's text; the largest of the corpus has 9 MB."""

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
"""What the standard library raises for a zip that is broken, encrypted, or packed in a way it does not know."""


def unzipped(path: Path, data: bytes) -> bytes:
    """The first score in a zip. Raises ValueError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if _is_score(entry.filename)]
            if not entries or entries[0].file_size > LARGEST_SCORE_BYTES:
                raise ValueError(f"{path} holds no score that can be read")
            return archive.read(entries[0])
    except BROKEN as error:
        raise ValueError(f"{path} is a broken archive: {error}") from error


def _is_score(name: str) -> bool:
    return name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF")
