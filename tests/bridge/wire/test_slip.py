"""Streams: golden ones fed whole and in every kind of pieces, junk, and what is too long."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire.slip import Framing, Lengths, Slip, length_prefixed, slip
from osc_schemas import vectors
from sessions.errors import Code, Refused

FRAMES = {"slip": slip, "lengths": length_prefixed}
packets = st.lists(
    st.binary(min_size=1, max_size=50) | st.text("\xc0\xdb\xdc\xdd/", min_size=1).map(lambda t: t.encode("latin-1"))
)


def shown(items: list[bytes | Refused]) -> list[Any]:
    return [item.hex() if isinstance(item, bytes) else str(item.code) for item in items]


def meant(row: dict[str, Any]) -> list[Any]:
    return [bytes.fromhex(item).hex() if isinstance(item, str) else item["refused"] for item in row["packets"]]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize("row", vectors("streams"), ids=lambda row: row["name"])
def test_a_stream_gives_its_packets_in_whatever_pieces_it_comes(row: dict[str, Any], size: int) -> None:
    data = bytes.fromhex(row["hex"])
    framing = Framing()
    found = [item for start in range(0, len(data), size) for item in framing.feed(data[start : start + size])]
    assert shown(found) == meant(row)
    assert framing.broken == row["broken"]
    if row["framing"] in FRAMES:
        assert framing.frame is FRAMES[row["framing"]]


@given(packets, st.sampled_from([slip, length_prefixed]), st.integers(0, 2**32))
def test_what_is_framed_comes_out_again(sent: list[bytes], frame: Any, seed: int) -> None:
    data = b"".join(map(frame, sent))
    chance = random.Random(seed)
    framing = Framing()
    found: list[bytes | Refused] = []
    while data:
        size = chance.randint(1, 20)
        found += framing.feed(data[:size])
        data = data[size:]
    assert found == sent
    assert not framing.broken


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_junk_is_refused_and_nothing_else_happens(pieces: list[bytes]) -> None:
    framing = Framing(max_packet=20)
    for piece in pieces:
        for item in framing.feed(piece):
            assert isinstance(item, Refused) or 0 < len(item) <= 20


def test_a_packet_that_is_too_long_is_refused_once_and_the_next_is_read() -> None:
    decoder = Slip(max_packet=8)
    long = b"x" * 50
    found = [
        item
        for byte in slip(long) + slip(b"fits") + slip(b"nine byte") + slip(b"8 bytes!")
        for item in decoder.feed(bytes([byte]))
    ]
    assert shown(found) == [Code.TOO_LARGE, b"fits".hex(), Code.TOO_LARGE, b"8 bytes!".hex()]


def test_a_packet_that_never_ends_is_not_kept() -> None:
    decoder = Slip(max_packet=100)
    found = [item for _ in range(1000) for item in decoder.feed(b"x" * 100)]
    assert shown(found) == [Code.TOO_LARGE]
    assert decoder.feed(b"x\xc0ok\xc0") == [b"ok"]


def test_after_a_wrong_length_nothing_is_read_any_more() -> None:
    decoder = Lengths(max_packet=8)
    assert decoder.feed(length_prefixed(b"12345678")) == [b"12345678"]
    assert shown(decoder.feed(length_prefixed(b"123456789"))) == [Code.TOO_LARGE]
    assert decoder.broken
    assert decoder.feed(length_prefixed(b"ok")) == []
