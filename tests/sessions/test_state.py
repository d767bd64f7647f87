"""A copy of the state stays as it is, whatever happens to the state."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from sessions.state import State, copy_of
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
    band.state.nonces["ana"] = {"n": True}
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


def test_nothing_that_can_change_is_shared() -> None:
    state = played().state
    copied = copy_of(state)
    assert copied == state
    ours, theirs = dict(changeable(state)), dict(changeable(copied))
    assert ours.keys() == theirs.keys()
    assert {"state.sections[ana/a].bars", "state.takes[take-1].ratings", "state.nonces[ana]"} <= ours.keys()
    assert [path for path, value in ours.items() if value is theirs[path]] == []


def test_an_empty_state_is_copied_too() -> None:
    assert copy_of(State()) == State()
