from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Code, Refused
from sessions.music.values import decimal, number, shown, text, whole


@pytest.mark.parametrize(
    ("sent", "meant"), [(8, 8), (8.0, 8), ("8", 8), (" 8 ", 8), ("8.0", 8), ("-3", -3), ("1e2", 100)]
)
def test_whole_takes_what_clients_send(sent: object, meant: int) -> None:
    assert whole("bars", sent) == meant
    assert type(whole("bars", sent)) is int


@pytest.mark.parametrize(
    "sent", [8.5, "8.5", "eight", "", "٨", "1_000", True, None, [], b"8", math.nan, math.inf, "nan", "1e999"]
)
def test_whole_refuses_the_rest(sent: Any) -> None:
    with pytest.raises(Refused) as refused:
        whole("bars", sent)
    assert refused.value.code is Code.BAD_VALUE
    assert refused.value.advice.startswith("bars: ")


@pytest.mark.parametrize("sent", ["inf", "0x10", "1,5", "--1", "9" * 41, False, 10**400, -math.inf, {}])
def test_number_refuses(sent: Any) -> None:
    with pytest.raises(Refused, match=r"bpm: "):
        number("bpm", sent)


def test_a_whole_text_keeps_all_its_digits() -> None:
    assert whole("seed", "9007199254740993") == 9007199254740993


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_reads_what_python_writes(value: float) -> None:
    assert number("bpm", repr(value)) == value


def test_text_is_one_plain_line() -> None:
    assert text("prompt", "  dark \n\t house ", 20) == "dark house"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("x" * 21, Code.TOO_LARGE),
        ("a\0b", Code.BAD_VALUE),
        ("\ud800", Code.BAD_VALUE),
        (7, Code.BAD_VALUE),
        (b"x", Code.BAD_VALUE),
    ],
)
def test_text_refuses(sent: Any, code: Code) -> None:
    with pytest.raises(Refused) as refused:
        text("prompt", sent, 20)
    assert refused.value.code is code
    assert refused.value.advice.startswith("prompt: ")


@given(st.text() | st.integers() | st.floats() | st.binary() | st.none() | st.lists(st.integers()))
def test_shown_is_short_and_can_be_sent(value: object) -> None:
    line = shown(value)
    assert len(line.encode()) <= 50
    assert line.isprintable()


@given(st.floats(0, 1e6).map(lambda value: round(value, 6)))
def test_decimal_reads_back(value: float) -> None:
    assert float(decimal(value)) == value
