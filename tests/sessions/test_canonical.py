"""Canonical bytes against RFC 8785's own numbers, an independent writer, and whatever hypothesis finds."""

from __future__ import annotations

import json
import math
import struct
from enum import IntEnum, StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sessions.canonical import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INT,
    canonical_bytes,
    from_base64,
    parse_json,
    parse_object,
    to_base64,
)
from sessions.errors import Code, Refused

texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30)

RFC_8785_APPENDIX_B = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


def refusal(text: bytes | str, limit: int = MAX_BYTES) -> Code:
    with pytest.raises(Refused) as found:
        parse_json(text, limit)
    assert found.value.advice
    return found.value.code


@pytest.mark.parametrize(("bits", "text"), RFC_8785_APPENDIX_B.items())
def test_numbers_of_the_rfc(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_bytes(value) == text.encode()
    assert canonical_bytes(parse_json(text)) == text.encode()


def test_example_of_the_rfc() -> None:
    text = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    wanted = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_bytes(parse_json(text)).decode() == wanted


def test_keys_are_sorted_by_utf_16() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical_bytes(dict.fromkeys(keys)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(values)
def test_another_writer_says_the_same(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(st.binary(min_size=8, max_size=8))
def test_every_double(bits: bytes) -> None:
    (value,) = struct.unpack(">d", bits)
    if math.isfinite(value):
        assert canonical_bytes(value) == rfc8785.dumps(value)
        assert parse_json(canonical_bytes(value)) == value


@given(values)
def test_what_is_written_reads_back_and_writes_the_same(value: Any) -> None:
    written = canonical_bytes(value)
    assert canonical_bytes(parse_json(written)) == written
    assert canonical_bytes(parse_json(json.dumps(value))) == written


def test_enums_are_their_values() -> None:
    name = StrEnum("name", {"DRUMS": "drums"})
    number = IntEnum("number", {"TWO": 2})
    assert canonical_bytes({"a": name["DRUMS"], "b": number["TWO"], "c": True}) == b'{"a":"drums","b":2,"c":true}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, MAX_INT + 1, -MAX_INT - 1, "\ud800", {"\udfff": 1}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(Refused) as found:
        canonical_bytes([value])
    assert found.value.code is Code.BAD_VALUE


@pytest.mark.parametrize("value", [object(), {1: 2}, b"bytes", {"a": {2, 3}}])
def test_what_is_not_json_is_a_bug(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def test_depth_is_limited_both_ways() -> None:
    deepest, deeper = nested(MAX_DEPTH), nested(MAX_DEPTH + 1)
    assert parse_json(canonical_bytes(deepest)) == deepest
    with pytest.raises(Refused) as found:
        canonical_bytes(deeper)
    assert found.value.code is Code.TOO_LARGE
    assert refusal(json.dumps(deeper)) is Code.TOO_LARGE
    assert refusal("[" * 100_000) in (Code.BAD_VALUE, Code.TOO_LARGE)
    assert refusal("[" * 100_000 + "]" * 100_000) is Code.TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '[{"b":{"a":1,"a":1}}]',
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "-1e999",
        "9007199254740993",
        "-9007199254740993",
        "123456789012345678901234567890",
        "1" * 5000,
        '"\\ud800"',
        '{"\\udc00x":1}',
        '["\\ud83d\\ude00", "\\ude00"]',
        "\ud800",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b'"\xed\xa0\x80"',
        "",
        "{} {}",
        "[1,]",
        "{'a':1}",
        '"a\nb"',
        "01",
        "+1",
        "1_0",
        "nul",
        "\u0661",
        '"\\x41"',
    ],
)
def test_bad_json_is_refused(text: bytes | str) -> None:
    assert refusal(text) is Code.BAD_VALUE


def test_whole_numbers_beyond_53_bits_are_read_only_as_the_double_that_they_are() -> None:
    assert parse_json("9007199254740991") == 9007199254740991
    assert isinstance(parse_json("9007199254740991"), int)
    assert isinstance(parse_json("9007199254740992"), float)
    assert canonical_bytes(parse_json("100000000000000000000")) == b"100000000000000000000"


def test_size_is_limited_in_bytes() -> None:
    assert parse_json('"aaaa"', 6) == "aaaa"
    assert refusal('"aaaaa"', 6) is Code.TOO_LARGE
    assert refusal('"€€"', 6) is Code.TOO_LARGE
    assert refusal(b'"aaaaa"', 6) is Code.TOO_LARGE


def test_only_an_object_is_an_object() -> None:
    assert parse_object('{"a":[]}') == {"a": []}
    with pytest.raises(Refused):
        parse_object("[]")


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = parse_json(data)
    except Refused:
        return
    assert canonical_bytes(parse_json(canonical_bytes(value))) == canonical_bytes(value)


@given(st.binary(), st.booleans())
def test_base64_has_one_form(data: bytes, url: bool) -> None:
    text = to_base64(data, url=url)
    assert from_base64(text, url=url) == data
    for other in (text + "=", text + "\n", " " + text, text + "~"):
        with pytest.raises(Refused):
            from_base64(other, url=url)


@pytest.mark.parametrize("text", ["QQ", "QR==", "Q Q=", "Q-_=", "é", "====", "Qg==\n"])
def test_base64_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        from_base64(text)
