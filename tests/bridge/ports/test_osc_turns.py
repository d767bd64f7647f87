"""One of each sender at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ports import osc_turns
from bridge.ports.osc_turns import Turns


def test_nobody_waits_behind_somebodys_flood() -> None:
    turns: Turns[str, bytes] = Turns(len)
    for number in range(1000):
        assert turns.put("ana", b"%d" % number)
    assert turns.put("ben", b"one")
    assert turns.put("cyd", b"two")
    assert [turns.next() for _ in range(5)] == [
        ("ana", b"0"), ("ben", b"one"), ("cyd", b"two"), ("ana", b"1"), ("ana", b"2"),
    ]  # fmt: skip
    assert len(turns) == 997
    turns.clear()
    assert not turns


@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=3))))
def test_everything_comes_once_and_each_senders_in_order(sent: list[tuple[str, bytes]]) -> None:
    turns: Turns[str, bytes] = Turns(len)
    for sender, datagram in sent:
        assert turns.put(sender, datagram)
    came = [turns.next() for _ in sent]
    assert not turns
    for sender in "abc":
        assert [data for who, data in came if who == sender] == [data for who, data in sent if who == sender]


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_turns, "MAX_WAITING_OF_ONE", 3)
    monkeypatch.setattr(osc_turns, "MAX_WAITING", 8)
    turns: Turns[str, bytes] = Turns(len)
    assert [turns.put("ana", b"") for _ in range(4)] == [True, True, True, False]
    assert [turns.put("ana", b"", dear=True) for _ in range(4)] == [True, True, True, False]
    assert [turns.put(sender, b"") for sender in "bcd"] == [True, True, False]


def test_of_strangers_there_is_room_for_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_turns, "MAX_WAITING_OF_STRANGERS_THERE", 2)
    monkeypatch.setattr(osc_turns, "MAX_WAITING_OF_STRANGERS", 5)
    turns: Turns[int, bytes] = Turns(len)
    assert [turns.put(port, b"", stranger="a") for port in range(4)] == [True, True, False, False]
    assert turns.put(9, b""), "a member"
    assert [turns.put(port, b"", stranger="bcd"[port // 20]) for port in (20, 21, 40, 41)] == [True, True, True, False]
    turns.next()
    assert turns.put(3, b"", stranger="a")
    while turns:
        turns.next()
    assert [turns.put(port, b"", stranger="a") for port in range(3)] == [True, True, False]


def test_few_long_ones_are_as_many_as_many_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_turns, "MAX_WAITING_BYTES_OF_ONE", 100)
    turns: Turns[str, bytes] = Turns(len)
    assert [turns.put("ana", bytes(60)) for _ in range(3)] == [True, True, False]
    turns.next()
    assert [turns.put("ana", bytes(60)) for _ in range(2)] == [True, False]
    assert turns.put("ben", bytes(60))
