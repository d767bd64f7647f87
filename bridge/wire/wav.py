"""The head of a WAV file: how many frames of what, without the sound itself.

Any order of chunks, whole numbers and floats, from 8 bits to 64; nothing is believed that does not lie in the file.

    >>> from io import BytesIO
    >>> form = bytes.fromhex("10000000 01000200 44ac0000 10b10200 04001000")
    >>> data = b"RIFF" + bytes([44, 0, 0, 0]) + b"WAVEfmt " + form + b"data" + bytes([8, 0, 0, 0]) + bytes(8)
    >>> read_head(BytesIO(data))
    Head(frames=2, rate=44100, channels=2)
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from sessions.errors import Code, Refused

__all__ = ["Head", "read_head"]

MAX_CHUNKS = 64
"""Before the sound; writers of tags use a few."""
FORMATS = (1, 3, 0xFFFE)
"""Whole numbers, floats, and either with more said of it."""


@dataclass(frozen=True, slots=True)
class Head:
    frames: int
    rate: int
    channels: int


def read_head(file: BinaryIO) -> Head:
    """What a file says of itself; raises `Refused` where it is no whole WAV file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    kind, _, form = _unpack("<4sI4s", file.read(12))
    if (kind, form) != (b"RIFF", b"WAVE"):
        raise _no_wav("it does not begin with RIFF and WAVE")
    rate = channels = frame_bytes = 0
    for _ in range(MAX_CHUNKS):
        name, length = _unpack("<4sI", file.read(8))
        if file.tell() + length > size:
            raise _no_wav(f"its chunk {name.decode('ascii', 'replace').strip()!r} is cut off")
        if name == b"fmt ":
            tag, channels, rate, _, frame_bytes, _ = _unpack("<HHIIHH", file.read(16))
            if tag not in FORMATS or not (rate and channels and frame_bytes):
                raise _no_wav("its sound is packed; send PCM")
            file.seek(length - 16, os.SEEK_CUR)
        elif name == b"data":
            if not frame_bytes or length % frame_bytes:
                raise _no_wav("its sound is not of whole frames")
            return Head(length // frame_bytes, rate, channels)
        else:
            file.seek(length, os.SEEK_CUR)
        file.seek(length % 2, os.SEEK_CUR)  # chunks begin at even places
    raise _no_wav("there is no sound in it")


def _unpack(form: str, data: bytes) -> tuple[Any, ...]:
    if len(data) < struct.calcsize(form):
        raise _no_wav("it ends before its sound")
    return struct.unpack(form, data)


def _no_wav(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"sha256: that blob is no WAV file, for {why}; hand in a whole one")
