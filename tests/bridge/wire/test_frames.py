"""The JSON at the door: junk is refused and nothing else happens, and what goes out comes in again."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bridge.wire.frames import MAX_DEPTH, MAX_NAMES, MAX_SIZE, frame_text, framed, parse_frame, parse_object
from sessions.errors import Code, Refused

REQUEST = '{"type": "section.request", "id": "a", "bars": 8, "bass.density": 0.4}'


def refusal(text: str | bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_frame(text)
    return caught.value


def test_a_message_is_read_as_it_stands() -> None:
    assert parse_frame(REQUEST) == {"type": "section.request", "id": "a", "bars": 8, "bass.density": 0.4}
    assert parse_frame(REQUEST.encode()) == parse_frame(REQUEST)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (REQUEST + "{}", "not JSON"),
        (REQUEST[:-1], "not JSON"),
        ("\ufeff" + REQUEST, "not JSON"),
        ("{'type': 'capabilities'}", "not JSON"),
        ("[]", "not an object"),
        ('"session.ping"', "not an object"),
        ("null", "not an object"),
        ("{}", "type: is missing"),
        ('{"type": null}', "type: is missing"),
        ('{"type": 7}', "type: write"),
        ('{"type": "/section/request"}', "type: write"),
        ('{"type": "section.request\\n"}', "type: write"),
        ('{"type": "a.b.c"}', "type: write"),
        ('{"type": "chat.say", "text": "a", "text": "b"}', "'text' stands twice"),
        ('{"type": "chat.say", "more": {"x": 1, "x": 2}}', "'x' stands twice"),
        ('{"type": "session.ping", "time": NaN}', "NaN is not JSON"),
        ('{"type": "session.ping", "time": -Infinity}', "-Infinity is not JSON"),
        ('{"type": "session.ping", "time": 1e999}', "1e999 is too large"),
        ('{"type": "session.ping", "time": 9007199254740993}', "can't be kept exactly"),
        ('{"type": "session.ping", "time": -9007199254740993}', "can't be kept exactly"),
        ('{"type": "chat.say", "text": "\\ud83d"}', "half of a surrogate pair"),
        ('{"type": "chat.say", "text": {"\\udc00": 1}}', "half of a surrogate pair"),
    ],
)
def test_junk_is_refused_with_advice(text: str, says: str) -> None:
    refused = refusal(text)
    assert refused.code is Code.BAD_VALUE
    assert says in refused.advice
    refused.advice.encode()


def test_numbers_keep_their_kind_and_their_value() -> None:
    message = parse_object('{"a": 8, "b": 8.0, "c": 9007199254740991, "d": -5, "e": 1e-7, "f": true, "g": null}')
    assert message == {"a": 8, "b": 8.0, "c": 2**53 - 1, "d": -5, "e": 1e-7, "f": True, "g": None}
    assert [type(value) for value in message.values()] == [int, float, int, int, float, bool, type(None)]


def test_a_number_of_a_million_digits_costs_nothing() -> None:
    refused = refusal('{"type": "session.ping", "time": ' + "9" * (MAX_SIZE - 100) + "}")
    assert refused.code is Code.BAD_VALUE
    assert len(refused.advice) < 200


def test_characters_beyond_the_first_plane_arrive_whole() -> None:
    assert parse_object('{"text": "\\ud83c\\udfb5 🎷"}') == {"text": "🎵 🎷"}


@pytest.mark.parametrize("junk", [b'{"type": "\xff"}', b"\x80", REQUEST.encode("utf-16"), b"\xc0\xaf", b"\xed\xa0\x80"])
def test_bytes_that_are_not_utf_8_are_refused(junk: bytes) -> None:
    assert refusal(junk).code is Code.BAD_VALUE


def nested(levels: int) -> str:
    return '{"type": "chat.say", "text": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


def test_size_depth_and_number_of_names_have_limits() -> None:
    fits = '{"type": "chat.say", "text": ""}'
    fits = fits.replace('""', '"' + "a" * (MAX_SIZE - len(fits)) + '"')
    assert len(parse_frame(fits)["text"]) > MAX_SIZE - 100
    assert refusal(fits + " ").code is Code.TOO_LARGE
    assert refusal(fits.encode() + b" ").code is Code.TOO_LARGE
    assert parse_frame(nested(MAX_DEPTH))["type"] == "chat.say"
    assert refusal(nested(MAX_DEPTH + 1)).code is Code.TOO_LARGE
    assert refusal(nested(60_000)).code is Code.TOO_LARGE
    names = {f"n{index}": index for index in range(MAX_NAMES - 1)}
    assert parse_frame(json.dumps({"type": "chat.say"} | names))["n0"] == 0
    assert refusal(json.dumps({"type": "chat.say", "more": 1} | names)).code is Code.TOO_LARGE


def test_every_prefix_of_a_message_is_refused() -> None:
    for end in range(len(REQUEST)):
        refusal(REQUEST[:end])
        refusal(REQUEST.encode()[:end])


@given(st.one_of(st.text(), st.binary()))
def test_anything_is_a_message_or_a_refusal(junk: str | bytes) -> None:
    try:
        found = parse_frame(junk)
    except Refused:
        return
    assert isinstance(found["type"], str)


plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc.", max_size=5), inner, max_size=4)
    ),
    max_leaves=6,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), plain, max_size=6))
def test_what_goes_out_comes_in_again(fields: dict[str, Any]) -> None:
    message = fields | {"type": "chat.say"}
    text = frame_text(message)
    if depth(message) > MAX_DEPTH:
        assert refusal(text).code is Code.TOO_LARGE
    else:
        assert parse_frame(text) == message


def test_only_json_goes_out() -> None:
    with pytest.raises(ValueError):
        frame_text({"type": "session.pong", "time": math.nan})


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_one_of_the_library(size: int) -> None:
    text = "ä" * (size // 2) + "a" * (size % 2)
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
