"""The head of a WAV file against the standard library's writer, other writers' chunks, and what is none."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire.wav import MAX_CHUNKS, Head, read_head
from sessions.errors import Code, Refused
from tests.support.wav import wav


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def form(tag: int = 1, channels: int = 2, rate: int = 44_100, bits: int = 16, more: bytes = b"") -> bytes:
    frame = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits) + more)


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read_head(BytesIO(data))
    assert refused.value.code is Code.BAD_VALUE
    return refused.value.advice


@given(st.integers(0, 1000), st.sampled_from([8000, 44_100, 48_000, 96_000, 192_000]), st.integers(1, 6))
def test_it_says_what_the_standard_library_wrote(frames: int, rate: int, channels: int) -> None:
    assert read_head(BytesIO(wav(frames, rate=rate, channels=channels))) == Head(frames, rate, channels)


def test_what_other_writers_put_before_the_sound_is_passed_over() -> None:
    sound = chunk(b"data", bytes(8 * 100))
    tags = chunk(b"LIST", b"INFOISFT\x05\0\0\0odd\0\0")
    floats = form(tag=3, bits=32, more=struct.pack("<H", 0))
    assert read_head(BytesIO(riff(tags, floats, chunk(b"fact", bytes(5)), sound, tags))) == Head(100, 44_100, 2)
    extensible = form(tag=0xFFFE, bits=32, more=bytes(24))
    assert read_head(BytesIO(riff(extensible, sound))) == Head(100, 44_100, 2)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "ends before its sound"),
        (b"OggS" + bytes(100), "does not begin with RIFF and WAVE"),
        (riff(form()), "ends before its sound"),
        (riff(chunk(b"data", bytes(8)), form()), "not of whole frames"),
        (riff(form(), chunk(b"data", bytes(7))), "not of whole frames"),
        (riff(form(tag=85), chunk(b"data", bytes(8))), "packed"),
        (riff(form(rate=0), chunk(b"data", bytes(8))), "packed"),
        (riff(form(channels=0), chunk(b"data", bytes(8))), "packed"),
        (riff(chunk(b"fmt ", b"\1\0")), "ends before its sound"),
        (riff(form(), *[chunk(b"junk", b"")] * MAX_CHUNKS, chunk(b"data", bytes(8))), "there is no sound in it"),
        (riff(form(), b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(100)), "'data' is cut off"),
    ],
)
def test_what_is_none_is_said(data: bytes, why: str) -> None:
    assert why in refusal(data)


def test_one_that_is_cut_anywhere_is_none() -> None:
    whole = riff(form(), chunk(b"LIST", b"abc"), chunk(b"data", bytes(40)))
    for end in range(len(whole)):
        assert refusal(whole[:end])
