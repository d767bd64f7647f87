"""Lines and chains: one form only, facts stated once, times that never run backwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.canonical import canonical_bytes, parse_object
from sessions.errors import Code, Refused
from sessions.log import (
    MAX_LINE,
    MAX_TIME_MS,
    Chain,
    Entry,
    line_of,
    pack_event,
    read_line,
    time_text,
    time_us,
    unpack_event,
)
from sessions.merkle import Tree, leaf_hash
from tests.sessions.logs import session

NOW_US = 1_769_860_800_123_456
LINE = session().lines[4][:-1]


def altered(**change: Any) -> bytes:
    return canonical_bytes({**parse_object(LINE), **change})


def test_a_line_is_what_the_contract_says() -> None:
    entry, line = Chain().append("ana", {"type": "chat.said", "text": "hé"}, now_us=NOW_US)
    assert line.decode() == (
        '{"event":{"text":"hé","type":"chat.said"},"index":0,"member":"ana","previous":"","signature":"",'
        '"time":"2026-01-31T12:00:00.123Z"}'
    )
    assert read_line(line) == entry
    assert line_of(entry) == line


def test_a_log_reads_back() -> None:
    log = session()
    chain = Chain()
    for index, line in enumerate(log.lines):
        assert chain.extend(line[:-1]) == log.entries[index]
        assert chain.previous == leaf_hash(line[:-1]).hex()
    assert chain.tree.root() == log.chain.tree.root()
    assert chain.mark == log.chain.mark


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        LINE + b" ",
        LINE + b"\n",
        b" " + LINE,
        LINE.replace(b'":', b'": ', 1),
        LINE.replace(b'"index":4', b'"index":4.0'),
        LINE.replace(b"128", b"128.0"),
        altered(more=1),
        altered(index=-1),
        altered(index=True),
        altered(index="4"),
        altered(member=None),
        altered(event=[]),
        altered(event={}),
        altered(event={"type": ""}),
        altered(event={"type": 5}),
        altered(previous="00"),
        altered(previous="AA" * 32),
        altered(signature="x"),
        altered(signature="AAAA"),
        altered(time="2026-01-31T12:00:00Z"),
        altered(time="2026-01-31T12:00:00.000+00:00"),
        altered(time="2026-02-30T12:00:00.000Z"),
        altered(time="2026-01-31 12:00:00.000Z"),
        altered(time="1969-12-31T23:59:59.999Z"),
        altered(time=5),
        canonical_bytes({name: value for name, value in parse_object(LINE).items() if name != "signature"}),
    ],
)
def test_another_form_is_refused(line: bytes) -> None:
    with pytest.raises(Refused) as found:
        read_line(line)
    assert found.value.code is Code.BAD_VALUE


def test_a_line_has_a_limit_and_a_refused_one_changes_nothing() -> None:
    chain = Chain()
    chain.append("", {"type": "a"}, now_us=NOW_US)
    before = (chain.mark, chain.tree.root())
    with pytest.raises(Refused) as found:
        chain.append("", {"type": "a", "text": "x" * MAX_LINE}, now_us=NOW_US)
    assert found.value.code is Code.TOO_LARGE
    with pytest.raises(Refused):
        chain.append("", {"type": "a", "value": float("nan")}, now_us=NOW_US + 10_000)
    assert (chain.mark, chain.tree.root()) == before
    assert chain.append("", {"type": "a"}, now_us=NOW_US)[0].index == 1


@pytest.mark.parametrize("index", [0, 2, 3])
def test_a_chain_takes_the_next_line_only(index: int) -> None:
    log = session()
    chain = Chain()
    chain.extend(log.lines[0][:-1])
    with pytest.raises(Refused):
        chain.extend(log.lines[index][:-1])
    assert chain.size == 1
    chain.extend(log.lines[1][:-1])


def test_a_chain_does_not_take_a_line_that_follows_another() -> None:
    chain = Chain()
    chain.append("", {"type": "a"}, now_us=NOW_US)
    other = Chain()
    other.append("", {"type": "b"}, now_us=NOW_US)
    _, line = other.append("", {"type": "a"}, now_us=NOW_US)
    with pytest.raises(Refused, match="follow"):
        chain.extend(line)


def test_a_clock_that_is_set_back_does_not_turn_time_around() -> None:
    chain = Chain()
    times = []
    for now_us in (NOW_US, NOW_US - 10_000_000, NOW_US + 999, NOW_US + 1000, -5):
        wanted = chain.time_for(now_us)
        entry, _ = chain.append("", {"type": "a"}, now_us=now_us)
        assert entry.time == wanted
        times.append(entry.time)
    assert times == sorted(times)
    assert times[0] == times[1] != times[3] == times[4]


def test_a_chain_does_not_take_a_line_from_the_past() -> None:
    chain = Chain()
    chain.append("", {"type": "a"}, now_us=NOW_US)
    without_a_clock = Chain(Tree([chain.tree.leaf(0)]))
    _, line = without_a_clock.append("", {"type": "b"}, now_us=NOW_US - 1_000_000)
    with pytest.raises(Refused, match="before"):
        chain.extend(line)


def test_a_chain_can_be_cut_back_to_a_mark() -> None:
    log = session()
    chain = Chain()
    marks = [chain.mark]
    for line in log.lines:
        chain.extend(line[:-1])
        marks.append(chain.mark)
    for mark in reversed(marks):
        chain.cut(mark)
        assert chain.mark == mark
        assert chain.previous == (log.chain.tree.leaf(mark.size - 1).hex() if mark.size else "")
    assert [chain.extend(line[:-1]) for line in log.lines] == log.entries


@given(st.integers(0, MAX_TIME_MS))
def test_times_read_back(ms: int) -> None:
    assert time_us(time_text(ms * 1000 + 999)) == ms * 1000


def test_times_beyond_the_calendar_are_held_at_its_end() -> None:
    assert time_text(10**30) == "9999-12-31T23:59:59.999Z"
    assert time_text(-1) == "1970-01-01T00:00:00.000Z"


def test_a_fact_that_the_command_states_is_not_stated_twice() -> None:
    command = {"type": "take.rate", "take": "take-1", "stars": 4.0, "nonce": "n", "signature": "s"}
    event = {"type": "take.rated", "take": "take-1", "stars": 4}
    packed = pack_event(event, command)
    assert packed == {
        "type": "take.rated",
        "command": {"type": "take.rate", "take": "take-1", "stars": 4.0, "nonce": "n"},
    }
    assert unpack_event(packed, event) == event
    assert unpack_event(packed) == event


def test_a_fact_that_differs_is_stated() -> None:
    command = {"type": "a", "one": 1, "list": [1, 2], "nonce": "n"}
    event = {"type": "b", "one": True, "list": [1, True], "nonce": "of the event", "more": None}
    packed = pack_event(event, command)
    assert {name: packed[name] for name in event} == event
    assert unpack_event(packed, event) == event


def test_only_facts_of_the_event_are_filled_back() -> None:
    packed = pack_event({"type": "b", "x": 1}, {"type": "a", "x": 1, "y": 2})
    assert unpack_event(packed, {"x"}) == {"type": "b", "x": 1}
    assert unpack_event(packed) == {"type": "b", "x": 1, "y": 2}


def test_an_event_without_a_command_stays_as_it_is() -> None:
    assert pack_event({"type": "a", "x": 1}, None) == {"type": "a", "x": 1}
    assert unpack_event({"type": "a", "x": 1}) == {"type": "a", "x": 1}
    with pytest.raises(ValueError, match="command"):
        pack_event({"type": "a", "command": 1}, None)


facts = st.dictionaries(
    st.sampled_from(["a", "b", "c", "nonce"]),
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.5, "x"]),
)


@given(facts, facts)
def test_packing_loses_nothing(stated: dict[str, Any], command: dict[str, Any]) -> None:
    event = {"type": "b", **stated}
    line = canonical_bytes(pack_event(event, {"type": "a", **command}))
    assert canonical_bytes(unpack_event(parse_object(line), event)) == canonical_bytes(event)


def test_an_entry_from_an_object_is_as_strict_as_from_a_line() -> None:
    fields = parse_object(LINE)
    assert Entry.from_object(fields).to_object() == fields
    with pytest.raises(Refused):
        Entry.from_object({**fields, "extra": 1})


@pytest.mark.parametrize(
    "value", [0, -1.5, 1e20, 1e21, 2.0**60, 123456789012345, "1234567890123456", "\u20ac", [1, {"a": []}], None]
)
def test_a_known_line_is_read_as_a_strange_one(value: Any) -> None:
    _, line = Chain().append("ana", {"type": "a", "value": value, "values": {"b": [value, value]}}, now_us=0)
    known = Entry.known(line)
    assert known == read_line(line)
    assert type(known.event["value"]) is type(read_line(line).event["value"])
