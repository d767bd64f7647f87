"""Label: who made a WAV file and what it may be used for, as text chunks that readers show and players skip.

Lives here: a `LIST` chunk of type `INFO` at a file's end, as RIFF defines it: `ICOP` for the licence, `ICMT` for who made it. Not a
sample is touched, and a file that is no RIFF file stays as it is.

>>> import io, wave
>>> file = io.BytesIO()
>>> with wave.open(file, "wb") as writer: writer.setparams((1, 2, 8000, 0, "NONE", "")); writer.writeframes(b"abcd")
>>> labelled = label(file.getvalue(), {"ICOP": "CC0-1.0"})
>>> labelled[-16:], read_label(labelled)
(b'ICOP\\x08\\x00\\x00\\x00CC0-1.0\\x00', {'ICOP': 'CC0-1.0'})
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from models.provenance import Provenance

__all__ = ["label", "label_of", "read_label"]

MAX_BYTES = (1 << 32) - 1  # what a RIFF size can say


def label_of(composer: Provenance, renderer: Provenance) -> dict[str, str]:
    """What a rendered file says of itself: the sound's licence, and who made the notes and the sound."""
    makers = (("notes", composer), ("sound", renderer))
    limits = [of for of, by in makers if not by.commercial]
    licence = f"{renderer.licence}; not for commercial use" if limits else renderer.licence
    made = ", ".join(f"{of} by {by.name} {by.version} ({by.licence})" for of, by in makers)
    return {"ICOP": licence, "ICMT": f"StarBridge: {made}"}


def label(wav: bytes, texts: Mapping[str, str]) -> bytes:
    """The file with these texts behind all that it holds."""
    entries = b"".join(_chunk(name.encode("ascii"), text.encode() + b"\0") for name, text in texts.items())
    added = _chunk(b"LIST", b"INFO" + entries)
    even = b"\0" * (len(wav) % 2)
    size = len(wav) + len(even) + len(added) - 8
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE" or size > MAX_BYTES:
        return wav
    return b"".join((b"RIFF", struct.pack("<I", size), memoryview(wav)[8:], even, added))


def read_label(wav: bytes) -> dict[str, str]:
    """The texts of such a file; nothing where there are none."""
    for name, data in _chunks(memoryview(wav)[12:] if wav[:4] == b"RIFF" else memoryview(b"")):
        if name == b"LIST" and bytes(data[:4]) == b"INFO":
            return {of.decode("latin-1"): bytes(text).rstrip(b"\0").decode() for of, text in _chunks(data[4:])}
    return {}


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    while len(data) >= 8:
        (size,) = struct.unpack("<I", data[4:8])
        yield bytes(data[:4]), data[8 : 8 + size]
        data = data[8 + size + size % 2 :]
