"""Live playing by the rules: what sounds and is held, and that all of it ends whose player is gone or may not play it any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessions.decide.live import ends
from sessions.decide.takes import LEAD_US
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.state import BEND
from tests.support.band import Band


@pytest.fixture
def band() -> Band:
    """With three bass notes held down, one of them twice begun, and one that was ended."""
    band = Band()
    band.join("leader", "ana")
    band.join("rhythm", "rhy", invite="00112233445566aa")
    for part, pitch, velocity in (
        ("bass", 40, 90),
        ("drums", 36, 99),
        ("bass", 43, 80),
        ("bass", 40, 70),
        ("bass", 47, 80),
        ("bass", 43, 0),
    ):
        band.do("rhy", "live.note", part=part, pitch=pitch, velocity=velocity)
    band.heard.clear()
    return band


HELD = {("drums", 36), ("bass", 40), ("bass", 47)}

GONE: dict[str, Callable[[Band], object]] = {
    "leaves": lambda band: band.do("rhy", "session.leave"),
    "is lost, or unheard": lambda band: band.lose("rhy"),
    "is removed": lambda band: band.do("ana", "session.remove", member="rhy"),
    "has the invite revoked": lambda band: band.do("ana", "session.revoke", invite="00112233445566aa"),
    "may play no more": lambda band: band.do("ana", "session.role", member="rhy", role="listener"),
}


def ended(band: Band) -> list[tuple[str, int, str]]:
    notes = band.messages("live.note")
    assert all(note["velocity"] == 0 for note in notes)
    return [(note["part"], note["pitch"], note["member"]) for note in notes]


def test_what_sounds_is_what_was_begun_and_not_ended(band: Band) -> None:
    assert set(band.state.sounding["rhy"]) == HELD
    assert band.replayed() == band.state
    for part, pitch in HELD:
        band.do("rhy", "live.note", part=part, pitch=pitch, velocity=0)
    assert not band.state.sounding


@pytest.mark.parametrize("how", GONE)
def test_who_goes_leaves_no_note_behind(band: Band, how: str) -> None:
    band.do("ana", "live.note", part="melody", pitch=60, velocity=90)
    band.heard.clear()
    GONE[how](band)
    assert sorted(ended(band)) == sorted((part, pitch, "rhy") for part, pitch in HELD), "each once, and of nobody else"
    assert band.state.sounding == {"ana": ((Part.MELODY, 60),)}
    silenced = [(member, event) for member, event, _ in band.log if event["type"] == "live.silenced"]
    assert [(member, event["member"]) for member, event in silenced] == [("", "rhy")]
    assert band.replayed() == band.state


def test_a_lesser_role_keeps_what_it_may_play(band: Band) -> None:
    band.do("ana", "session.define", role="drummer", grants="live.note:drums")
    band.do("ana", "session.role", member="rhy", role="drummer")
    assert sorted(ended(band)) == [("bass", 40, "rhy"), ("bass", 47, "rhy")]
    assert band.state.sounding == {"rhy": ((Part.DRUMS, 36),)}
    band.do("ana", "session.define", role="drummer", grants="chat.say")
    assert ended(band)[2:] == [("drums", 36, "rhy")]


def test_the_end_lies_where_it_was_and_is_heard_by_who_plays_along(band: Band) -> None:
    band.engine()
    band.do("ana", "transport.play")
    band.now_us += LEAD_US
    band.do("ana", "live.accompany", id="solo", parts="harmony")
    band.now_us += 1_000_000
    band.lose("rhy")
    heard = [(note["part"], note["pitch"], note["velocity"], note["tick"]) for note in band.messages("engine.heard")]
    assert sorted(heard) == sorted((part, pitch, 0, 1920) for part, pitch in HELD)


def test_where_nobody_is_gone_nothing_ends(band: Band) -> None:
    assert ends(band.state) == ()
    band.lose("ana")
    assert ended(band) == []
    assert set(band.state.sounding["rhy"]) == HELD


# -- pedals and wheels -----------------------------------------------------------------------------------------------


def moves(band: Band) -> list[tuple[str, int, int]]:
    """What was told of controllers and bends since: part, controller (or `BEND`), value."""
    told = [(one["part"], one["controller"], one["value"]) for one in band.messages("live.control")]
    return told + [(one["part"], BEND, one["value"]) for one in band.messages("live.bend")]


@pytest.mark.parametrize("how", GONE)
def test_who_goes_leaves_no_pedal_down_and_no_pitch_bent(band: Band, how: str) -> None:
    for controller, value in ((64, 127), (1, 30), (7, 90), (67, 64)):
        band.do("rhy", "live.control", part="bass", controller=controller, value=value)
    band.do("rhy", "live.control", part="drums", controller=64, value=64)
    band.do("rhy", "live.bend", part="bass", value=-300)
    band.do("ana", "live.bend", part="melody", value=5)
    assert moves(band)[-2:] == [("bass", BEND, -300), ("melody", BEND, 5)]
    band.heard.clear()
    GONE[how](band)
    rests = {("bass", 64, 0), ("bass", 1, 0), ("bass", 67, 0), ("drums", 64, 0), ("bass", BEND, 0)}
    assert sorted(moves(band)) == sorted(rests), "a volume stays where it was put"
    assert band.state.moved == {"ana": ((Part.MELODY, BEND),)}
    assert band.replayed() == band.state


def test_what_is_let_go_is_held_no_more(band: Band) -> None:
    band.do("rhy", "live.control", part="bass", controller=64, value=127)
    band.do("rhy", "live.control", part="bass", controller=64, value=63)
    band.do("rhy", "live.bend", part="bass", value=9)
    band.do("rhy", "live.bend", part="bass", value=0)
    assert band.state.moved == {}
    band.heard.clear()
    band.lose("rhy")
    assert moves(band) == []


def test_a_lesser_role_lets_go_of_what_it_may_not_move(band: Band) -> None:
    band.do("rhy", "live.control", part="bass", controller=64, value=127)
    band.do("rhy", "live.control", part="drums", controller=64, value=127)
    band.do("rhy", "live.bend", part="drums", value=9)
    band.do("ana", "session.define", role="drummer", grants="live.note:drums live.control:drums")
    band.heard.clear()
    band.do("ana", "session.role", member="rhy", role="drummer")
    assert sorted(moves(band)) == [("bass", 64, 0), ("drums", BEND, 0)]
    assert band.state.moved == {"rhy": ((Part.DRUMS, 64),)}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("live.control", {"controller": 120, "value": 0}),
        ("live.control", {"controller": 64, "value": 128}),
        ("live.control", {"controller": -1, "value": 0}),
        ("live.bend", {"value": 8192}),
        ("live.bend", {"value": -8193}),
    ],
)
def test_what_lies_outside_midi_is_refused(band: Band, kind: str, fields: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        band.do("rhy", kind, part="bass", **fields)
    assert refused.value.code is Code.BAD_VALUE
