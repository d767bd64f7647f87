from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Refused
from sessions.music import NOTE_PARTS, PITCHED_PARTS, Part, format_parts, parse_parts


def test_what_parts_are() -> None:
    assert [part for part in Part if part.has_notes] == list(NOTE_PARTS)
    assert [part for part in Part if part.is_pitched] == list(PITCHED_PARTS)
    assert Part.DRUMS.channel == 9
    assert len({part.channel for part in Part}) == len(Part)


@given(st.lists(st.sampled_from(list(Part)), min_size=1))
def test_parts_come_in_score_order(parts: list[Part]) -> None:
    read = parse_parts(" , ".join(parts).upper())
    assert set(read) == set(parts)
    assert sorted(read, key=list(Part).index) == list(read)
    assert parse_parts(format_parts(read)) == read


@pytest.mark.parametrize(
    ("text", "advice"),
    [("drum", "mean drums"), ("drums,,bass", "ask for some of"), ("", "ask for some of"), ("tuba", "drums,bass")],
)
def test_no_part(text: str, advice: str) -> None:
    with pytest.raises(Refused, match=f"^bad-value: parts: .*{advice}"):
        parse_parts(text)
