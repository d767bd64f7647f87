"""Wav: 24-bit PCM, the same bytes for the same numbers.

>>> data = wav_bytes([np.array([[1, -1], [2, -2]], np.int32)], frames=2, rate=44_100)
>>> read_wav(data)[0].tolist()
[[1, -1], [2, -2]]
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.render.kernels import packed

__all__ = ["read_wav", "wav_bytes"]

LOWEST, HIGHEST = -(2**23), 2**23 - 1


def wav_bytes(blocks: Iterable[NDArray[np.int32]], frames: int, rate: int) -> bytes:
    """A WAV file of whole numbers of 24 bits, (frames, channels) in blocks; raises ValueError where one does not fit."""
    file = io.BytesIO()
    writer: wave.Wave_write | None = None
    for block in blocks:
        if block.size and (int(block.max()) > HIGHEST or int(block.min()) < LOWEST):
            raise ValueError("a number needs more than 24 bits")
        if writer is None:
            writer = _writer(file, block.shape[1], frames, rate)
        data = np.empty(3 * block.size, np.uint8)
        packed(np.ascontiguousarray(block, np.int32).reshape(-1), data)
        writer.writeframesraw(data.data)
    if writer is None:
        writer = _writer(file, 2, frames, rate)
    writer.close()
    return file.getvalue()


def read_wav(data: bytes) -> tuple[NDArray[np.int32], int]:
    """The numbers of such a file, (frames, channels), and its rate."""
    with wave.open(io.BytesIO(data)) as reader:
        if reader.getsampwidth() != 3:
            raise ValueError(f"{8 * reader.getsampwidth()} bits")
        raw = np.frombuffer(reader.readframes(reader.getnframes()), np.uint8).reshape(-1, 3)
        padded = np.zeros((len(raw), 4), np.uint8)
        padded[:, 1:] = raw
        return (padded.view("<i4") >> 8).reshape(-1, reader.getnchannels()), reader.getframerate()


def _writer(file: io.BytesIO, channels: int, frames: int, rate: int) -> wave.Wave_write:
    writer = wave.open(file, "wb")  # noqa: SIM115 - closed by wav_bytes, when the last block is in
    writer.setnchannels(channels)
    writer.setsampwidth(3)
    writer.setframerate(rate)
    writer.setnframes(frames)
    return writer
