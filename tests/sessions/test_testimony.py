"""Who said what: members' keys, signatures and nonces, and events that are not what was signed."""

from __future__ import annotations

from typing import Any

import pytest

from sessions.keys import MemberKey
from sessions.testimony import Doubt, Problem, Testimony
from tests.sessions.logs import ANA, KEY, Script

BO = MemberKey(bytes([8] * 32))


def begun() -> Script:
    log = Script()
    log.begin()
    log.join_ana()
    log.join_bo()
    return log


def hear(log: Script) -> Testimony:
    testimony = Testimony(KEY.name)
    for entry in log.entries:
        testimony.hear(entry)
    testimony.settle()
    return testimony


def doubt(log: Script) -> Problem:
    """What is wrong with the last entry; all before it are right."""
    testimony = Testimony(KEY.name)
    for entry in log.entries[:-1]:
        testimony.hear(entry)
    with pytest.raises(Doubt) as found:
        testimony.hear(log.entries[-1])
        testimony.settle()
    assert found.value.index == len(log.entries) - 1
    assert found.value.why
    return found.value.problem


def test_members_are_counted_and_what_they_signed() -> None:
    log = begun()
    log.say()
    log.plain("bo", "chat.said", text="hi")
    testimony = hear(log)
    assert (testimony.members, testimony.signed) == (2, 2)


def test_who_never_joined_says_nothing() -> None:
    log = begun()
    log.plain("eve", "chat.said", text="hi")
    assert doubt(log) is Problem.STRANGER


def test_who_has_a_key_signs() -> None:
    log = begun()
    log.plain("ana", "chat.said", text="hi")
    assert doubt(log) is Problem.SIGNATURE


def test_who_joins_with_a_key_shows_that_it_is_theirs() -> None:
    log = begun()
    log.plain("cy", "session.joined", member="cy", role="guest", invite="", key=BO.public)
    assert doubt(log) is Problem.SIGNATURE
    log = begun()
    command = {"type": "session.join", "key": BO.public}
    log.signed("cy", ANA, command, "session.joined", member="cy", role="guest", invite="", key=BO.public)
    assert doubt(log) is Problem.SIGNATURE


def test_who_has_no_key_does_not_sign() -> None:
    log = begun()
    log.signed("bo", BO, {"type": "chat.say", "text": "hi"}, "chat.said", text="hi")
    assert doubt(log) is Problem.SIGNATURE


def test_the_server_does_not_sign() -> None:
    log = begun()
    log.signed("", ANA, {"type": "chat.say", "text": "hi"}, "chat.said", text="hi")
    assert doubt(log) is Problem.SIGNATURE


@pytest.mark.parametrize("nonce", [None, "", 5, "n" * 129])
def test_a_signed_command_carries_a_nonce(nonce: Any) -> None:
    log = begun()
    message = ANA.signed(KEY.name, {"type": "chat.say", "text": "hi", "nonce": nonce})
    log.put("ana", {"type": "chat.said", "text": "hi"}, message, message["signature"])
    assert doubt(log) is Problem.NONCE


def test_a_nonce_is_used_once_by_one_member() -> None:
    log = begun()
    log.say()
    log.nonce -= 1
    log.say("something else")
    assert doubt(log) is Problem.NONCE


def test_two_members_may_use_the_same_nonce() -> None:
    log = begun()
    command = {"type": "session.join", "key": BO.public}
    log.nonce = 0
    log.signed("cy", BO, command, "session.joined", member="cy", role="guest", invite="", key=BO.public)
    assert hear(log).signed == 2


@pytest.mark.parametrize("key", [BO.public, ""])
def test_a_key_once_there_stays(key: str) -> None:
    log = begun()
    log.server("session.joined", member="ana", role="leader", invite="", key=key, resumed=True)
    assert doubt(log) is Problem.MEMBER_KEY


def test_the_server_may_bring_a_member_back() -> None:
    log = begun()
    log.server("session.joined", member="ana", role="leader", invite="", key=ANA.public, resumed=True)
    log.say()
    assert hear(log).members == 2


def test_who_came_without_a_key_may_come_back_with_one_and_signs_from_then_on() -> None:
    log = begun()
    command = {"type": "session.join", "key": BO.public}
    log.signed("bo", BO, command, "session.joined", member="bo", role="guest", invite="", key=BO.public, resumed=True)
    assert hear(log).signed == 2
    log.plain("bo", "chat.said", text="hi")
    assert doubt(log) is Problem.SIGNATURE


@pytest.mark.parametrize("key", ["AAAA", "not base64", 7, None])
def test_a_key_must_be_one(key: Any) -> None:
    log = begun()
    log.server("session.joined", member="cy", role="guest", invite="", key=key)
    assert doubt(log) is Problem.MEMBER_KEY


@pytest.mark.parametrize("member", ["bo", "", None])
def test_nobody_joins_as_somebody_else(member: Any) -> None:
    log = begun()
    log.plain("cy", "session.joined", member=member, role="guest", invite="", key="")
    assert doubt(log) is Problem.COMMAND


@pytest.mark.parametrize(
    ("command", "event"),
    [
        ({"type": "chat.say", "text": "hi"}, {"type": "chat.said", "text": "ho"}),
        ({"type": "chat.say", "text": "hi"}, {"type": "take.accepted", "take": "take-1"}),
        ({"type": "take.accept", "take": "take-1"}, {"type": "take.accepted", "take": "take-2"}),
        ({"type": "take.reject", "take": "take-1"}, {"type": "take.accepted"}),
        ({"type": "take.rate", "take": "take-1", "stars": 1}, {"type": "take.rated", "stars": 5}),
        ({"type": "session.role", "member": "bo", "role": "guest"}, {"type": "session.role", "role": "leader"}),
        ({"type": "engine.bar", "section": "ana/a", "bar": 1}, {"type": "section.bar", "bar": 2}),
        ({"nonce": "x"}, {"type": "chat.said", "text": "hi"}),
    ],
)
def test_an_event_that_is_not_what_was_signed(command: dict[str, Any], event: dict[str, Any]) -> None:
    log = begun()
    kind = event.pop("type")
    log.signed("ana", ANA, command, kind, **event)
    assert doubt(log) is Problem.COMMAND


def test_an_event_that_is_not_known_only_has_to_be_signed() -> None:
    log = begun()
    log.signed("ana", ANA, {"type": "branch.make", "name": "b"}, "branch.made", name="b", of="main")
    assert hear(log).signed == 2
