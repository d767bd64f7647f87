"""Nonces: none is used twice, and those that count are remembered by one number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.nonces import is_used, series_of, use

NONCES = st.one_of(
    st.text("ab#01", min_size=1, max_size=6), st.builds("{}#{}".format, st.sampled_from("ab"), st.integers(1, 30))
)


@given(st.lists(NONCES))
def test_what_was_used_once_is_never_taken_again(nonces: list[str]) -> None:
    used: dict[str, int] = {}
    taken: list[str] = []
    for nonce in nonces:
        if not is_used(used, nonce):
            use(used, nonce)
            taken.append(nonce)
        assert all(is_used(used, before) for before in taken)
    assert len(set(taken)) == len(taken)


@given(st.lists(st.text(st.characters(exclude_characters="#"), min_size=1)))
def test_texts_that_do_not_count_are_free_in_any_order(nonces: list[str]) -> None:
    used: dict[str, int] = {}
    for nonce in dict.fromkeys(nonces):
        assert not is_used(used, nonce)
        use(used, nonce)


def test_a_series_is_one_number_however_long() -> None:
    used: dict[str, int] = {}
    for number in range(1, 1000):
        assert not is_used(used, f"series#{number}")
        use(used, f"series#{number}")
    assert used == {"series": 999}


@pytest.mark.parametrize("nonce", ["#", "a#", "a#0", "a#07", "a#-1", "a#1.5", "a#x", "a#\u0661", "a#" + "9" * 16, "a"])
def test_what_does_not_count_is_a_text(nonce: str) -> None:
    assert series_of(nonce) == (nonce, 0)
