"""Every parser, fed with junk and with good bytes that were bent: what it reads or the one error, and bounded memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, Parser, try_bytes

SLOW = {"soundfont", "safetensors", "record", "parcel", "music", "score", "score_zip"}
MOST_BYTES = 32 << 20
"""What a parser may take at most while it reads a few kilobytes."""


@st.composite
def bent(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Good bytes with some of them changed, cut out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 16)))
        what = draw(st.sampled_from(["change", "cut", "double", "put"]))
        data[at:to] = {
            "change": bytes(byte ^ draw(st.integers(1, 255)) for byte in data[at:to]),
            "cut": b"",
            "double": data[at:to] * 2,
            "put": draw(st.binary(max_size=8)) + bytes(data[at:to]),
        }[what]
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_junk_is_read_or_refused(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=60 if name in SLOW else 250, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=300), bent(parser.seeds)))
    def feed(data: bytes) -> None:
        try_bytes(parser, data)

    feed()


@pytest.mark.parametrize("name", [name for name, parser in PARSERS.items() if parser.broke])
def test_what_once_broke_it_does_so_no_more(name: str) -> None:
    for data in PARSERS[name].broke:
        try_bytes(PARSERS[name], data)


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_long_takes_no_more_than_its_length(name: str) -> None:
    parser: Parser = PARSERS[name]
    tracemalloc.start()
    try:
        for seed in parser.seeds:
            for data in (seed * 50, seed + b"\xff" * 5000, b"[" * 5000, seed[:8] + b"\x7f\xff\xff\xff" * 1000):
                try_bytes(parser, data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES
