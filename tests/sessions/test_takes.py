"""Takes and the transport: played on the beat, looped, judged; what the certificate's statement says."""

from __future__ import annotations

from hashlib import sha256

import pytest

from sessions.canonical import canonical_bytes
from sessions.decide.takes import LEAD_US
from sessions.errors import Code, Refused
from tests.support.band import Band


@pytest.fixture
def band() -> Band:
    band = Band()
    band.join("leader", "ana")
    band.join("listener", "lis")
    band.engine()
    return band


def test_a_take_starts_the_transport_in_its_own_tempo(band: Band) -> None:
    band.do("ana", "section.request", id="a", bars=1, bpm=140, meter="7/8", parts="drums")
    take = band.play_out("ana/a")
    band.heard.clear()
    band.do("ana", "take.play", take=take, at="now")
    transport = band.state.transport
    assert transport.playing
    assert (transport.bpm_at(0), str(transport.meter_at(0))) == (140, "7/8")
    assert transport.time_us_at(0) == band.now_us + LEAD_US
    assert [message["type"] for message in band.heard] == ["transport.state", "take.play"]


def test_a_take_waits_for_the_bar_line(band: Band) -> None:
    take = band.take("ana", "a")
    band.do("ana", "transport.play")
    band.now_us += 1_000_000
    band.do("ana", "take.loop", take=take)
    assert band.state.playing[take].tick == 3840
    band.do("ana", "take.play", take=take, at="next-4")
    assert band.state.playing[take].tick == 4 * 3840
    band.do("ana", "take.play", take=take, at="beat 6.5")
    assert band.state.playing[take].tick == 6240
    with pytest.raises(Refused, match="is over"):
        band.do("ana", "take.play", take=take, at="beat 1")
    with pytest.raises(Refused, match="never"):
        band.do("ana", "take.play", take=take, at="never")


def test_asked_for_at_a_time_it_plays_when_it_is_there(band: Band) -> None:
    band.do("ana", "section.request", id="a", bars=1, at="next-bar", parts="drums")
    take = band.play_out("ana/a")
    assert take in band.state.playing
    band.do("ana", "section.request", id="b", bars=1, at="beat 2", parts="drums")
    band.now_us += 60_000_000
    assert band.play_out("ana/b") in band.state.playing, "too late for beat 2: the next bar line"


def test_asking_for_a_time_is_playing(band: Band) -> None:
    band.do("ana", "session.define", role="scribe", grants="section.request")
    band.join("guest", "gus")
    band.join("guest", "eve")
    band.do("ana", "session.role", member="gus", role="scribe")
    with pytest.raises(Refused) as refused:
        band.do("gus", "section.request", id="a", at="now")
    assert refused.value.code is Code.NOT_ALLOWED
    band.do("ana", "session.role", member="gus", role="rhythm")
    band.do("gus", "section.request", id="a", bars=1, at="now", parts="drums")
    band.do("ana", "session.role", member="gus", role="listener")
    band.play_out("gus/a")
    assert not band.state.playing, "a role that was taken away meanwhile counts"
    band.do("eve", "section.request", id="b", bars=1, at="now", parts="drums")
    band.do("ana", "section.approve", id="eve/b")
    take = band.play_out("eve/b")
    assert take in band.state.playing, "the leader's yes covers it"


def test_stopping(band: Band) -> None:
    take = band.take("ana", "a")
    with pytest.raises(Refused) as refused:
        band.do("ana", "take.stop", take=take)
    assert refused.value.code is Code.CONFLICT
    band.do("ana", "take.loop", take=take, at="now")
    band.do("ana", "take.stop", take=take)
    assert not band.state.playing
    band.do("ana", "take.loop", take=take, at="now")
    band.do("ana", "transport.stop")
    assert not band.state.playing


def test_what_has_ended_no_longer_plays(band: Band) -> None:
    first, second = band.take("ana", "a"), band.take("ana", "b")
    band.do("ana", "take.play", take=first, at="now")
    band.do("ana", "take.play", take=second, at="beat 64")
    assert list(band.state.playing) == [second]


def test_the_band_judges(band: Band) -> None:
    take = band.take("ana", "a")
    band.do("ana", "take.accept", take=take)
    band.do("ana", "take.rate", take=take, stars=5)
    band.do("lis", "take.rate", take=take, stars=2)
    band.do("lis", "take.rate", take=take, stars=3)
    band.do("lis", "take.vote", take=take, value=1)
    found = band.state.takes[take]
    assert (found.verdict, found.ratings, found.votes) == ("accepted", {"ana": 5, "lis": 3}, {"lis": 1})
    band.do("ana", "take.reject", take=take)
    band.do("lis", "take.vote", take=take, value=0)
    assert (found.verdict, found.votes) == ("rejected", {})
    for kind, fields in (("take.rate", {"stars": 6}), ("take.rate", {"stars": 0}), ("take.vote", {"value": 2})):
        with pytest.raises(Refused):
            band.do("lis", kind, take=take, **fields)
    with pytest.raises(Refused, match="no take"):
        band.do("ana", "take.accept", take="take-77")


def test_the_statement_says_where_it_comes_from(band: Band) -> None:
    band.do("ana", "section.request", id="a", bars=1, parts="drums,bass", seed=11)
    take = band.play_out("ana/a")
    found = band.state.takes[take]
    stated = found.stated
    assert found.statement == sha256(canonical_bytes(stated)).hexdigest()
    assert stated["asked_by"]["member"] == "ana"
    assert stated["asked_by"]["role"] == "leader"
    assert stated["seed"] == 11
    assert set(stated["files"]) == {"section.mid", "stems/drums.wav", "stems/bass.wav", "mix.wav"}
    assert stated["files"]["section.mid"] == sha256(b"midi").hexdigest()


def test_the_transport_moves_and_says_when(band: Band) -> None:
    band.do("ana", "transport.play")
    (state,) = band.messages("transport.state")
    assert (state["playing"], state["beat"], state["bpm"]) == (1, 0.0, 120.0)
    band.now_us += 1_100_000
    band.do("ana", "transport.tempo", bpm=60)
    assert band.messages("transport.state")[-1]["bpm"] == 60
    band.do("ana", "transport.locate", beat=32)
    assert band.state.transport.tick_at(band.now_us + LEAD_US) == 32 * 960
    band.do("ana", "transport.stop")
    assert not band.state.transport.playing


def test_a_live_note_lies_where_it_was_played(band: Band) -> None:
    band.do("ana", "transport.play")
    band.now_us += LEAD_US + 1_000_000
    band.do("ana", "live.note", part="melody", pitch=60, velocity=90)
    _, fields, _ = band.log[-1]
    assert (fields["tick"], fields["pitch"]) == (1920, 60)
