from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Refused
from sessions.music.keys import MODES
from sessions.music.pitches import NARROWEST_RANGE, format_range, parse_range, pitch_class, pitch_name


@pytest.mark.parametrize(
    ("name", "expected"), [("C", 0), ("Cb", 11), ("B#", 0), ("E#", 5), ("Fb", 4), ("A#", 10), ("Bb", 10)]
)
def test_pitch_class(name: str, expected: int) -> None:
    assert pitch_class(name) == expected


@given(st.integers(0, 127), st.integers(0, 127))
def test_a_range_reads_back(one: int, other: int) -> None:
    low, high = sorted((one, other))
    if high - low >= NARROWEST_RANGE:
        assert parse_range(format_range(low, high)) == (low, high)
    else:
        with pytest.raises(Refused, match="narrow"):
            parse_range(format_range(low, high))


@pytest.mark.parametrize(
    ("text", "expected"), [("c2 - c4", (36, 60)), ("B#3-Cb5", (60, 71)), ("C-1-G9", (0, 127)), ("Eb2 to B♭3", (39, 58))]
)
def test_ranges_as_people_write_them(text: str, expected: tuple[int, int]) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("C4-C2", "empty.*C2-C4"),
        ("C2", "no range"),
        ("C2-H4", "no range"),
        ("C-2-C4", "beyond"),
        ("C2-G#9", "beyond"),
        ("", "no range"),
    ],
)
def test_no_range(text: str, advice: str) -> None:
    with pytest.raises(Refused, match=f"^bad-value: bass.range: .*{advice}"):
        parse_range(text, "bass.range")


def test_the_narrowest_range_holds_a_tone_of_every_scale() -> None:
    for steps in MODES.values():
        for low in range(12):
            assert any((low + above) % 12 in steps for above in range(NARROWEST_RANGE + 1))


def test_middle_c() -> None:
    assert pitch_name(60) == "C4"
