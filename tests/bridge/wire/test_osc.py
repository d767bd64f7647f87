"""The OSC codec: golden datagrams, junk, and that what goes out comes in again."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire.osc import MAX_DEPTH, MAX_MESSAGES, MAX_PACKET, MAX_VALUES, bundle, pack, parse, unbundle
from sessions.errors import Code, Refused

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
addresses = st.from_regex(r"/[a-z]{1,9}(/[a-z]{1,9}){0,2}", fullmatch=True)
ints = st.integers(-(2**31), 2**31 - 1)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
values = st.lists(texts | ints | floats, max_size=MAX_VALUES)
times_us = st.integers(0, 2**32 * 1_000_000 - 2_208_988_800_000_000 + 2**31 * 1_000_000 - 1)


def tags_of(items: list[str | int | float]) -> str:
    return "".join("s" if isinstance(item, str) else "f" if isinstance(item, float) else "i" for item in items)


@given(addresses, values)
def test_what_is_packed_is_parsed_again(address: str, items: list[str | int | float]) -> None:
    data = pack(address, tags_of(items), items)
    spoken = parse(data)
    assert len(data) % 4 == 0
    assert spoken.address == address
    assert [type(value) for value in spoken.values] == [type(item) for item in items]
    assert pack(address, tags_of(items), spoken.values) == data


@given(floats)
def test_a_float_is_read_as_the_shortest_decimal_that_is_the_same_in_32_bits(value: float) -> None:
    (read,) = parse(pack("/f", "f", [value])).values
    assert isinstance(read, float)
    assert struct.pack(">f", read) == struct.pack(">f", value)
    assert len(repr(read)) <= len(repr(value))


@pytest.mark.parametrize("meant", [0.7, 127.99, 0.1, 174.5, 1e-9, 1.2345e-38, -0.0, 16777216.0])
def test_a_decimal_survives_the_32_bits(meant: float) -> None:
    (read,) = parse(pack("/f", "f", [meant])).values
    assert read == meant
    assert math.copysign(1, float(read)) == math.copysign(1, meant)


@given(st.lists(addresses, max_size=8), times_us | st.none())
def test_a_bundle_gives_its_messages_in_order_and_its_time_to_the_microsecond(
    said: list[str], at_us: int | None
) -> None:
    packets = unbundle(bundle([pack(address, "", []) for address in said], at_us))
    assert [parse(packet.data).address for packet in packets] == said
    assert {packet.at_us for packet in packets} <= {at_us}


@given(st.binary(max_size=300))
def test_junk_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        for packet in unbundle(data):
            parse(packet.data)
    except Refused as error:
        assert error.advice


@given(
    st.binary(max_size=60),
    st.sampled_from([b"#bundle\0", b"#bundle\0" + bytes(8), b"/a\0\0,", b"/a\0\0,sif", b"/a\0\0,s\0\0"]),
)
def test_junk_behind_a_good_beginning_is_refused_and_nothing_else_happens(data: bytes, beginning: bytes) -> None:
    test_junk_is_refused_and_nothing_else_happens.hypothesis.inner_test(beginning + data)  # type: ignore[attr-defined]


@given(st.data())
def test_one_changed_byte_is_taken_or_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    good = bundle(
        [
            pack("/section/request", "sssi", ["a1", "kind", "drop", 8]),
            bundle([pack("/live/note", "sf", ["x", 0.5])], 10**15),
        ]
    )
    index = data.draw(st.integers(0, len(good) - 1))
    changed = good[:index] + bytes([data.draw(st.integers(0, 255))]) + good[index + 1 :]
    test_junk_is_refused_and_nothing_else_happens.hypothesis.inner_test(changed)  # type: ignore[attr-defined]


WHOLE = pack("/section/request", "ssifs", ["a1", "bars", 8, 0.5, "x"])


@pytest.mark.parametrize("end", [*range(20), *range(21, len(WHOLE))])  # 20 bytes are its address, which may stand alone
def test_a_message_cut_short_is_refused(end: int) -> None:
    with pytest.raises(Refused):
        parse(WHOLE[:end])


def code_of(data: bytes) -> Code:
    with pytest.raises(Refused) as caught:
        [parse(packet.data) for packet in unbundle(data)]
    return caught.value.code


def test_the_limits_hold_and_what_lies_at_them_is_taken() -> None:
    ping = pack("/p", "", [])
    assert len(unbundle(bundle([ping] * MAX_MESSAGES))) == MAX_MESSAGES
    assert code_of(bundle([ping] * (MAX_MESSAGES + 1))) is Code.TOO_MANY
    nested = ping
    for _ in range(MAX_DEPTH):
        nested = bundle([nested])
    assert len(unbundle(nested)) == 1
    assert code_of(bundle([nested])) is Code.TOO_LARGE
    assert len(parse(pack("/p", "i" * MAX_VALUES, [1] * MAX_VALUES)).values) == MAX_VALUES
    assert code_of(pack("/p", "i" * (MAX_VALUES + 1), [1] * (MAX_VALUES + 1))) is Code.TOO_LARGE
    long = pack("/p", "s", ["x" * (MAX_PACKET - MAX_PACKET % 4 - 9)])
    assert MAX_PACKET - 4 < len(long) <= MAX_PACKET
    assert len(unbundle(long)) == 1
    assert code_of(pack("/p", "s", ["x" * MAX_PACKET])) is Code.TOO_LARGE


@pytest.mark.parametrize(("tags", "value"), [("i", 2**31), ("i", -(2**31) - 1), ("f", 1e39)])
def test_what_32_bits_cannot_hold_is_our_own_mistake(tags: str, value: float) -> None:
    with pytest.raises(ValueError, match="/x"):
        pack("/x", tags, [value])


def test_text_that_holds_a_zero_is_sent_without_it() -> None:
    assert parse(pack("/x", "ss", ["a\0b", "c"])).values == ("ab", "c")
