"""Hints of a prompt: what can be had, and what can't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.music import Key, parse_request
from sessions.music.hints import read_hints


def test_what_can_be_had_is_taken_as_its_field_holds_it() -> None:
    hints = read_hints("dark dubstep drop in F#m at 140 bpm")
    assert hints.taken == {"style": "dubstep", "bpm": 140.0, "key": Key.parse("F#m"), "kind": "drop"}
    assert hints.passed_over == {}


@pytest.mark.parametrize(
    ("prompt", "field", "why"),
    [
        ("300 bpm", "bpm", "bpm: 300.0 is out of range; ask for 40 to 240"),
        ("1140 bpm", "bpm", "bpm: 1140.0 is out of range; ask for 40 to 240"),
        ("8 bpm", "bpm", "bpm: 8.0 is out of range; ask for 40 to 240"),
        ("tempo: 20", "bpm", "bpm: 20.0 is out of range; ask for 40 to 240"),
        ("100 bars of house", "bars", "bars: 100 is out of range; ask for 1 to 64"),
        ("in 17/4", "meter", "meter: "),
    ],
)
def test_what_can_not_be_had_is_passed_over_with_the_reason(prompt: str, field: str, why: str) -> None:
    hints = read_hints(prompt)
    assert list(hints.passed_over) == [field]
    assert hints.passed_over[field].startswith(why)
    assert field not in hints.taken


WORDS = st.sampled_from("dark dubstep jazz 300 140 bpm 8 100 bars in F#m 7/8 17/4 drop only bass drums and at".split())


@given(st.lists(WORDS, max_size=20).map(" ".join))
def test_no_prompt_is_refused_and_a_request_says_what_was_taken(prompt: str) -> None:
    hints = read_hints(prompt)
    request = parse_request({"prompt": prompt})
    assert {name: getattr(request, name) for name in hints.taken} == dict(hints.taken)
