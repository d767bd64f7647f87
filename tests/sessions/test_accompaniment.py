"""Live accompaniment by the rules: who may ask, what an engine may say ahead, and every way in which it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sessions.decide.accompaniment import BEGINS_AFTER_US
from sessions.errors import Code, Refused
from sessions.music import TICKS_PER_BEAT, Part
from sessions.state import Accompaniment
from tests.support.band import Band

BAR = 4 * TICKS_PER_BEAT


@pytest.fixture
def band() -> Band:
    band = Band()
    band.join("leader", "ana")
    band.join("rhythm", "rhy")
    band.engine()
    return band


def begun(band: Band, member: str = "ana", **fields: Any) -> Accompaniment:
    band.do(member, "live.accompany", id="solo", **fields)
    going = band.state.accompaniment
    assert going is not None
    return going


def said(band: Band, going: Accompaniment, *notes: list[int], part: str = "bass", beats: int = 1) -> None:
    start = band.state.accompaniment.until if band.state.accompaniment else going.until
    end = start + beats * TICKS_PER_BEAT
    band.do("engine", "engine.ahead", section=going.name, start=start, end=end, notes={part: list(notes)})


def test_it_begins_at_a_bar_line_that_is_a_while_ahead(band: Band) -> None:
    band.do("ana", "transport.play")
    band.now_us += 3_000_000
    band.heard.clear()
    going = begun(band, style="funk")
    assert going.tick % BAR == 0
    assert band.state.transport.time_us_at(going.tick) >= band.now_us + BEGINS_AFTER_US
    assert going.request.note_parts == (Part.DRUMS, Part.BASS, Part.HARMONY)  # the player has the melody
    assert (going.request.bpm, going.until) == (120, going.tick)
    told = [message["type"] for message in band.heard]
    assert told == ["live.accompanied", "engine.accompany"]
    assert band.messages("engine.accompany")[0]["tick"] == going.tick
    assert band.replayed() == band.state


def test_time_starts_with_it_where_it_stood(band: Band) -> None:
    going = begun(band, style="dnb", meter="3/4", bpm=174)
    transport = band.state.transport
    assert transport.playing
    assert (transport.bpm_at(going.tick), str(transport.meter_at(going.tick))) == (174, "3/4")
    assert transport.time_us_at(going.tick) == band.now_us + BEGINS_AFTER_US


def test_the_same_again_is_the_same_and_another_is_a_conflict(band: Band) -> None:
    begun(band, style="funk")
    band.heard.clear()
    assert band.do("ana", "live.accompany", id="solo", style="funk") == ()
    assert band.messages("live.accompanied")[0]["id"] == "solo"
    with pytest.raises(Refused) as refused:
        band.do("ana", "live.accompany", id="other")
    assert refused.value.code is Code.CONFLICT


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"bars": 4}, Code.UNKNOWN_FIELD),
        ({"context": "take-1 continue"}, Code.UNKNOWN_FIELD),
        ({"rate": 48000}, Code.UNKNOWN_FIELD),
        ({"tail": "loop"}, Code.UNKNOWN_FIELD),
        ({"band": 2}, Code.UNKNOWN_FIELD),
        ({"colour": "red"}, Code.UNKNOWN_FIELD),
        ({"key": "H"}, Code.BAD_VALUE),
        ({"parts": "texture"}, Code.BAD_VALUE),
        ({"bpm": 99}, Code.CONFLICT),
        ({"meter": "7/8"}, Code.CONFLICT),
    ],
)
def test_what_cannot_be_is_refused_before_anything_begins(band: Band, fields: dict[str, Any], code: Code) -> None:
    band.do("ana", "transport.play")
    with pytest.raises(Refused) as refused:
        band.do("ana", "live.accompany", id="solo", **fields)
    assert refused.value.code is code
    assert next(iter(fields)) in refused.value.advice
    assert band.state.accompaniment is None


def test_a_role_is_accompanied_on_its_own_parts(band: Band) -> None:
    assert begun(band, "rhy").request.note_parts == (Part.DRUMS, Part.BASS)
    band.do("rhy", "live.rest", id="solo")
    with pytest.raises(Refused) as refused:
        band.do("rhy", "live.accompany", id="solo", parts="melody")
    assert refused.value.code is Code.NOT_ALLOWED


def test_without_an_engine_nothing_begins() -> None:
    band = Band()
    band.join("leader", "ana")
    with pytest.raises(Refused) as refused:
        band.do("ana", "live.accompany", id="solo")
    assert refused.value.code is Code.NO_ENGINE


def test_notes_are_dated_with_the_moment_they_sound_and_told_to_all(band: Band) -> None:
    going = begun(band)
    start = going.tick
    said(band, going, [start, 480, 36, 90], [start + 480, 240, 38, 80])
    coming = band.messages("live.coming")
    beat = start / TICKS_PER_BEAT
    assert [(message["start"], message["length"], message["pitch"]) for message in coming] == [
        (beat, 0.5, 36),
        (beat + 0.5, 0.25, 38),
    ]
    assert band.state.accompaniment is not None
    assert band.state.accompaniment.until == start + TICKS_PER_BEAT
    assert band.replayed() == band.state


def test_an_engine_goes_on_where_it_ended_on_the_parts_that_were_asked_for(band: Band) -> None:
    going = begun(band, parts="bass")
    start = going.tick
    for fields in (
        {"start": start + 1, "end": start + 960, "notes": {}},
        {"start": start, "end": start, "notes": {}},
        {"start": start, "end": start + 65 * 960, "notes": {}},
        {"start": start, "end": start + 960, "notes": {"drums": []}},
        {"start": start, "end": start + 960, "notes": {"bass": [[start + 960, 1, 36, 1]]}},
        {"start": start, "end": start + 960, "notes": {"bass": [[start, 65 * 960, 36, 1]]}},
    ):
        with pytest.raises(Refused) as refused:
            band.do("engine", "engine.ahead", section=going.name, **fields)
        assert refused.value.code is Code.BAD_VALUE
    assert band.do("engine", "engine.ahead", section="ana/other", start=start, end=start + 960, notes={}) == ()


def test_the_engine_hears_what_is_played_while_it_plays_along(band: Band) -> None:
    band.do("ana", "live.note", part="melody", pitch=60, velocity=9)
    assert not band.messages("engine.heard")
    begun(band, bpm=120)
    band.now_us += BEGINS_AFTER_US + 1_000_000
    band.do("ana", "live.note", part="melody", pitch=64, velocity=90)
    (heard,) = band.messages("engine.heard")
    assert (heard["pitch"], heard["tick"]) == (64, 2 * TICKS_PER_BEAT)
    band.do("ana", "transport.tempo", bpm=90)
    assert band.messages("engine.tempo")[0]["bpm"] == 90


ENDS: dict[str, Callable[[Band], object]] = {
    "rest": lambda band: band.do("ana", "live.rest", id="solo"),
    "transport stop": lambda band: band.do("ana", "transport.stop"),
    "locate": lambda band: band.do("ana", "transport.locate", beat=64),
    "meter": lambda band: band.do("ana", "transport.meter", meter="3/4"),
    "the engine is lost": lambda band: band.lose("engine"),
    "the engine begins anew": lambda band: band.do("engine", "engine.ready", name="test", software="1"),
    "the engine gives up": lambda band: band.do(
        "engine", "engine.failed", section="rhy/solo", code="failed", advice="no plan"
    ),
    "the asker leaves": lambda band: band.do("rhy", "session.leave"),
    "the asker is lost": lambda band: band.lose("rhy"),
    "the asker may no more": lambda band: band.do("ana", "session.role", member="rhy", role="listener"),
    "the asker is removed": lambda band: band.do("ana", "session.remove", member="rhy"),
}


@pytest.mark.parametrize("how", ENDS)
def test_every_end_ends_what_sounds(band: Band, how: str) -> None:
    going = begun(band, "rhy")
    said(band, going, [going.tick, 2000, 36, 90], [going.tick + 10, 99, 40, 90])
    band.heard.clear()
    ENDS[how](band)
    assert band.state.accompaniment is None
    (rested,) = band.messages("live.rested")
    assert (rested["id"], rested["member"]) == ("solo", "rhy")
    ends = [(note["part"], note["pitch"]) for note in band.messages("live.note") if note["velocity"] == 0]
    assert ends == [("bass", 36), ("bass", 40)]
    assert len(band.messages("engine.rest")) == 1
    assert band.replayed() == band.state
    said(band, going, [going.until, 10, 36, 90])  # what comes after the end comes to nothing
    assert not band.messages("live.coming")


def test_only_the_asker_or_a_leader_ends_it(band: Band) -> None:
    band.join("harmony", "har")
    begun(band, "rhy")
    for member, id_, code in (("har", "solo", Code.NOT_ALLOWED), ("rhy", "nothing", Code.CONFLICT)):
        with pytest.raises(Refused) as refused:
            band.do(member, "live.rest", id=id_)
        assert refused.value.code is code
    band.do("ana", "live.rest", id="rhy/solo")
    assert band.state.accompaniment is None


def test_a_session_that_ended_hard_comes_back_without_it(band: Band) -> None:
    going = begun(band)
    said(band, going, [going.tick, 2000, 36, 90])
    assert band.replayed().accompaniment == band.state.accompaniment
    band.lose("engine")
    assert band.replayed().accompaniment is None
