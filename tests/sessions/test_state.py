"""What is taken of a state for a snapshot stays as it is, whatever happens to the state; and all that it takes is taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from sessions.errors import Refused
from sessions.snapshot import Excerpt, changes, everything, from_lines, lines_of
from sessions.state import State
from tests.support.band import Band

FACTS = {"asked", "stated"}
"""What an entry said; nobody changes it."""


def played() -> Band:
    band = Band()
    for role, name in (("leader", "ana"), ("guest", "gus")):
        band.join(role, name, invite=f"invite-of-{name}")
    band.engine("e1")
    for name in ("a", "b"):
        band.send("ana", {"type": "section.request", "id": name, "bars": 1, "parts": "drums,bass"})
    band.play_out("ana/a")
    band.send("ana", {"type": "take.loop", "take": "take-1", "at": "now"})
    band.send("ana", {"type": "take.rate", "take": "take-1", "stars": 5})
    band.send("ana", {"type": "session.define", "role": "dj", "grants": "transport.*"})
    band.state.nonces["ana"] = {"n": 0}
    return band


def changeable(value: Any, path: str = "state") -> Iterator[tuple[str, Any]]:
    """Everything in a state that can be changed in place."""
    if dataclasses.is_dataclass(value) and not vars(type(value))["__dataclass_params__"].frozen:
        yield path, value
        for field in dataclasses.fields(value):
            if field.name not in FACTS:
                yield from changeable(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, dict | list | set):
        yield path, value
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from changeable(item, f"{path}[{key}]")


def held(excerpt: Excerpt) -> dict[str, Any]:
    """All of an excerpt that can be changed in place."""
    found = dict(changeable(excerpt.rest, "rest"))
    for table, key, record in excerpt.records:
        found |= dict(changeable(record, f"{table}[{key}]"))
    return found


def test_nothing_that_can_change_is_shared() -> None:
    state = played().state
    ours, theirs = dict(changeable(state)), held(everything(state))
    assert {"sections[ana/a].bars", "takes[take-1].ratings", "nonces[ana]", "rest[roles]"} <= theirs.keys()
    assert not {id(value) for value in ours.values()} & {id(value) for value in theirs.values()}


def test_what_has_changed_comes_onto_what_was_there() -> None:
    band = played()
    lines = lines_of(everything(band.state))
    assert changes(band.state).records == ()
    band.send("ana", {"type": "take.rate", "take": "take-1", "stars": 2})
    band.send("gus", {"type": "section.request", "id": "c", "bars": 1, "parts": "drums"})
    band.state.nonces["ana"]["s"] = 7
    band.state.changed["nonces", "ana", "s"] = None
    some = changes(band.state)
    assert {(table, key) for table, key, _ in some.records} == {
        ("takes", "take-1"), ("sections", "gus/c"), ("nonces", "ana"),
    }  # fmt: skip
    assert ("nonces", "ana", {"s": 7}) in some.records
    assert from_lines(lines + lines_of(some)) == band.state


def test_an_empty_state_comes_back() -> None:
    assert from_lines(lines_of(everything(State()))) == State()


def test_lines_of_another_version_are_none_of_ours() -> None:
    assert from_lines(b"") is None
    assert from_lines(b'["","",{"version":3}]\n') is None


@pytest.mark.parametrize("line", ["{}", "[]", "[1,2,3]", '["sections","a"]', '["tables","a",{}]', "not JSON"])
def test_broken_lines_are_refused(line: str) -> None:
    with pytest.raises(Refused):
        from_lines(line.encode() + b"\n" + lines_of(everything(State(name="jam"))))
