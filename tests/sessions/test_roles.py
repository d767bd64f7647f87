"""The permission table, exhaustively: what each role may do, on which parts, before and after roles change."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from sessions.commands import COMMANDS
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.roles import ROLES, WITH_PARTS, Grant, Permit, Role
from tests.support.band import Band
from tests.support.table import DJ, EVERYBODY, HARMONY, MAY, RHYTHM, may

SETS_OF_PARTS = [frozenset(some) for size in range(1, 6) for some in combinations(Part, size)]


TABLES = {**ROLES, "dj": Role.parse("dj", DJ)}


@pytest.mark.parametrize("role", TABLES)
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_table(role: str, command: str) -> None:
    for some in SETS_OF_PARTS if command in WITH_PARTS else [frozenset[Part]()]:
        assert TABLES[role].permits(command, some) is may(role, command, some), some


def test_only_a_guests_request_waits() -> None:
    waiting = [(role.name, name) for role in ROLES.values() for name in COMMANDS if role.permits(name) is Permit.ASK]
    assert waiting == [("guest", "section.request")]


def test_nothing_is_granted_by_default() -> None:
    assert Role.parse("nobody", "").grants.keys() == EVERYBODY
    assert ROLES["leader"].permits("no.such.command") is Permit.NO


@pytest.mark.parametrize(
    ("word", "commands"),
    [
        ("chat.say", {"chat.say"}),
        ("transport.*", {name for name in COMMANDS if name.startswith("transport.")}),
        ("take.play:drums+bass", {"take.play"}),
        ("section.request:*?", {"section.request"}),
    ],
)
def test_a_grant_in_words(word: str, commands: set[str]) -> None:
    assert {grant.command for grant in Grant.parse(word)} == commands


@pytest.mark.parametrize(
    "word",
    ["engine.bar", "engine.*", "session.role", "session.remove", "chat.shout", "live.note:tuba", "chat.say?", ""],
)
def test_a_grant_that_cannot_be(word: str) -> None:
    with pytest.raises(Refused) as refused:
        Grant.parse(word)
    assert refused.value.code is Code.BAD_VALUE
    assert refused.value.advice.startswith("grants: ")


def test_a_role_of_ones_own_reads_back() -> None:
    role = Role.parse("dj", "take.play:drums+bass transport.* chat.say section.request:melody?")
    assert Role.parse("dj", str(role)) == role


# -- the same, by what `decide` says to real members -----------------------------------------------------------------


def _examples(take: str) -> dict[str, dict[str, Any]]:
    """A command of each type that fits the session, but for who gives it."""
    return {
        "session.role": {"member": "lis", "role": "listener"},
        "session.remove": {"member": "extra"},
        "session.revoke": {"invite": "0123456789abcdef"},
        "session.define": {"role": "dj", "grants": "chat.say"},
        "chat.say": {"text": "hello"},
        "section.request": {"id": "new", "bars": 1},
        "section.resend": {"id": "lead/a", "part": "drums", "bar": 1},
        "section.cancel": {"id": "open"},
        "section.approve": {"id": "ask"},
        "section.deny": {"id": "ask"},
        "take.play": {"take": take, "at": "now"},
        "take.loop": {"take": take, "at": "now"},
        "take.stop": {"take": take},
        "take.accept": {"take": take},
        "take.reject": {"take": take},
        "take.rate": {"take": take, "stars": 3},
        "take.vote": {"take": take, "value": 1},
        "transport.tempo": {"bpm": 100},
        "transport.locate": {"beat": 4},
        "transport.meter": {"meter": "3/4"},
        "live.note": {"part": "drums", "pitch": 36, "velocity": 1},
        "live.control": {"part": "drums", "controller": 64, "value": 127},
        "live.bend": {"part": "drums", "value": -1},
        "live.accompany": {"id": "new", "parts": "drums"},
        "live.rest": {"id": "new"},
        "engine.ahead": {"section": "lead/a", "start": 0, "end": 960, "notes": {}},
        "engine.ready": {"name": "e", "software": "1"},
        "engine.bar": {"section": "lead/a", "part": "drums", "bar": 1, "notes": []},
        "engine.stem": {"section": "lead/a", "part": "drums", "sha256": "ab" * 32, "frames": 1, "rate": 44100},
        "engine.done": {"section": "lead/a", "composer": {}, "renderer": {}},
        "engine.failed": {"section": "lead/a", "code": "failed", "advice": "no"},
        "engine.progress": {"section": "lead/a", "stage": "x", "done": 0.5},
    }


def _jam() -> tuple[Band, str]:
    band = Band()
    lead = band.join("leader", "lead")
    for role, name in (
        ("rhythm", "rhy"),
        ("harmony", "har"),
        ("guest", "gus"),
        ("listener", "lis"),
        ("listener", "extra"),
    ):
        band.join(role, name)
    band.engine()
    take = band.take(lead, "a")
    band.do(lead, "take.play", take=take, at="now")
    return band, take


NAMES = {"leader": "lead", "rhythm": "rhy", "harmony": "har", "guest": "gus", "listener": "lis", "engine": "engine"}


def _answer(band: Band, member: str, command: str, fields: dict[str, Any]) -> Code | None:
    try:
        band.do(member, command, **fields)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("role", NAMES)
@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"session.join", "session.leave"}))
def test_what_decide_says(role: str, command: str) -> None:
    band, take = _jam()
    fields = _examples(take).get(command, {})
    member = NAMES[role]
    parts = {
        "section.request": RHYTHM if role == "rhythm" else HARMONY if role == "harmony" else set(Part),
        "live.note": {Part.DRUMS},
        "live.control": {Part.DRUMS},
        "live.bend": {Part.DRUMS},
    }.get(command, {Part.DRUMS, Part.BASS})
    allowed = command in MAY[role][0] and (command not in WITH_PARTS or parts <= MAY[role][1])
    refused = _answer(band, member, command, fields)
    assert (refused is not Code.NOT_ALLOWED) == allowed, refused


@pytest.mark.parametrize("part", Part)
@pytest.mark.parametrize("role", ["leader", "rhythm", "harmony", "guest", "listener"])
def test_part_by_part(role: str, part: Part) -> None:
    band, _ = _jam()
    member = NAMES[role]
    commands, parts = MAY[role]
    asked = _answer(band, member, "section.request", {"id": "x", "bars": 1, "parts": str(part)})
    assert (asked is None) == ("section.request" in commands and part in parts)
    played = _answer(band, member, "live.note", {"part": str(part), "pitch": 60, "velocity": 9})
    assert (played is None) == ("live.note" in commands and part in parts)


def test_a_changed_role_counts_at_once() -> None:
    band, _ = _jam()
    assert _answer(band, "rhy", "live.note", {"part": "melody", "pitch": 60, "velocity": 9}) is Code.NOT_ALLOWED
    band.do("lead", "session.role", member="rhy", role="harmony")
    assert _answer(band, "rhy", "live.note", {"part": "melody", "pitch": 60, "velocity": 9}) is None
    assert _answer(band, "rhy", "live.note", {"part": "drums", "pitch": 60, "velocity": 9}) is Code.NOT_ALLOWED


def test_a_role_of_ones_own_at_work() -> None:
    band, take = _jam()
    band.do("lead", "session.define", role="dj", grants="take.play:drums+bass transport.tempo")
    band.do("lead", "session.role", member="lis", role="dj")
    assert _answer(band, "lis", "take.play", {"take": take, "at": "now"}) is None
    assert _answer(band, "lis", "transport.tempo", {"bpm": 99}) is None
    assert _answer(band, "lis", "take.loop", {"take": take, "at": "now"}) is Code.NOT_ALLOWED
    band.do("lead", "session.define", role="dj", grants="chat.say")
    assert _answer(band, "lis", "take.play", {"take": take, "at": "now"}) is Code.NOT_ALLOWED


def test_a_stranger_may_nothing() -> None:
    band, take = _jam()
    for command, fields in _examples(take).items():
        assert _answer(band, "nobody", command, fields) is Code.NOT_JOINED
    band.do("lead", "session.remove", member="gus")
    assert _answer(band, "gus", "chat.say", {"text": "hi"}) is Code.NOT_JOINED
