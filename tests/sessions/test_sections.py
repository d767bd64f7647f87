"""Section requests: idempotent ids, waiting for the leader, the queue, engines that are lost, cancel, resend."""

from __future__ import annotations

from typing import Any

import pytest

from sessions.answers import positions
from sessions.commands import EngineProgress
from sessions.decide import engines, sections
from sessions.errors import Code, Refused
from sessions.events import Assigned, Requested
from sessions.music import Part
from sessions.state import Status
from tests.support.band import Band


def refused(code: Code) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code is code)


@pytest.fixture
def band() -> Band:
    band = Band()
    band.join("leader", "ana")
    band.join("rhythm", "rhy")
    band.join("guest", "gus")
    return band


def ask(band: Band, member: str = "ana", id_: str = "a", **fields: Any) -> None:
    band.do(member, "section.request", id=id_, **{"bars": 2, "parts": "drums,bass", **fields})


def status(band: Band, section: str = "ana/a") -> Status:
    return band.state.sections[section].status


def test_asked_handed_out_written_done(band: Band) -> None:
    ask(band)
    assert status(band) is Status.QUEUED
    assert band.messages("section.accepted") == [
        {"type": "section.accepted", "id": "a", "member": "ana", "position": 1}
    ]
    band.engine()
    assert status(band) is Status.WORKING
    (work,) = band.messages("engine.work")
    assert work["section"] == "ana/a"
    assert work["request"]["parts"] == "drums,bass"
    take = band.play_out("ana/a")
    assert take == "take-1"
    assert status(band) is Status.DONE
    bars = [(m["part"], m["bar"], m["notes"]) for m in band.messages("section.bar")]
    assert bars == [("drums", 1, 1), ("bass", 1, 1), ("drums", 2, 1), ("bass", 2, 1)]
    (done,) = band.messages("section.done")
    index = next(i for i, (_, fields, _) in enumerate(band.log) if fields["type"] == "section.done")
    assert (done["take"], done["index"]) == (take, index)


def test_the_same_id_and_fields_is_the_same_request(band: Band) -> None:
    band.engine()
    ask(band)
    size = band.state.size
    ask(band)
    assert band.state.size == size
    assert len(band.state.sections) == 1
    band.play_out("ana/a")
    band.heard.clear()
    ask(band)
    kinds = [message["type"] for message in band.heard]
    assert kinds[0] == "section.accepted"
    assert kinds[-1] == "section.done"
    assert kinds.count("section.bar") == 4
    assert kinds.count("section.stem") == 3


def test_the_same_id_with_other_fields_is_a_conflict(band: Band) -> None:
    ask(band)
    with refused(Code.CONFLICT):
        ask(band, bars=3)
    with refused(Code.CONFLICT):
        ask(band, seed=1)


def test_an_id_is_the_askers_own(band: Band) -> None:
    ask(band)
    ask(band, "rhy")
    assert set(band.state.sections) == {"ana/a", "rhy/a"}


def test_an_id_with_the_same_fields_by_the_same_invite_is_one_request(band: Band) -> None:
    band.engine()
    ask(band, "rhy")
    band.join("rhythm", "other")
    ask(band, "other")
    ask(band, "other")
    assert set(band.state.sections) == {"rhy/a"}
    assert [fields["section"] for _, fields, _ in band.log if fields["type"] == "section.asked-again"] == ["rhy/a"]
    assert band.state.sections["rhy/a"].askers == ("rhy", "other")
    assert band.play_out("rhy/a") == "take-1"
    band.heard.clear()
    ask(band, "other")
    assert band.messages("section.done")[0]["take"] == "take-1"
    assert len(band.messages("section.bar")) == 4
    for member in ("rhy", "other"):
        with refused(Code.CONFLICT):
            ask(band, member, seed=1)
    assert band.replayed() == band.state


def test_an_id_with_other_fields_is_another_members_own(band: Band) -> None:
    ask(band, "rhy")
    band.join("rhythm", "other")
    ask(band, "other", bars=4)
    assert set(band.state.sections) == {"rhy/a", "other/a"}
    third = band.join("rhythm", "third")
    ask(band, third, bars=4)
    assert band.state.sections["other/a"].askers == ("other", "third")
    with refused(Code.CONFLICT):
        ask(band, third)


def test_who_asked_again_may_cancel_and_others_by_the_invite_may_not(band: Band) -> None:
    ask(band, "rhy")
    band.join("rhythm", "other")
    with refused(Code.NOT_ALLOWED):
        band.do("other", "section.cancel", id="a")
    ask(band, "other")
    band.do("other", "section.cancel", id="a")
    assert status(band, "rhy/a") is Status.CANCELLED
    band.heard.clear()
    ask(band, "rhy")
    assert [message["type"] for message in band.heard] == ["section.cancelled"]


def test_what_two_asked_for_goes_on_while_one_of_them_is_here(band: Band) -> None:
    band.join("rhythm", "other")
    ask(band, "rhy")
    ask(band, "other")
    band.do("ana", "session.remove", member="rhy")
    assert status(band, "rhy/a") is Status.QUEUED
    third = band.join("rhythm", "third")
    ask(band, third)
    band.do("ana", "session.remove", member="other")
    assert status(band, "rhy/a") is Status.QUEUED
    band.do("ana", "session.remove", member=third)
    assert status(band, "rhy/a") is Status.CANCELLED


def test_who_was_sent_away_leaves_no_id_behind(band: Band) -> None:
    band.join("rhythm", "other")
    ask(band, "rhy")
    band.do("ana", "session.remove", member="rhy")
    ask(band, "other")
    assert status(band, "other/a") is Status.QUEUED


def test_an_invite_that_is_revoked_takes_all_its_requests_along(band: Band) -> None:
    for name in ("one", "two"):
        ask(band, band.join("rhythm", name, invite="00aa00aa00aa00aa"))
    band.do("ana", "session.revoke", invite="00aa00aa00aa00aa")
    assert status(band, "one/a") is Status.CANCELLED


def test_what_is_not_said_is_what_the_role_may(band: Band) -> None:
    band.do("rhy", "section.request", id="x")
    assert band.state.sections["rhy/x"].request.parts == (Part.DRUMS, Part.BASS)
    band.do("ana", "section.request", id="x")
    assert band.state.sections["ana/x"].request.parts == tuple(part for part in Part if part is not Part.TEXTURE)


def test_a_seed_is_found_and_kept(band: Band) -> None:
    ask(band)
    ask(band, id_="b")
    seeds = {section.request.seed for section in band.replayed().sections.values()}
    assert len(seeds) == 2


def test_while_it_plays_the_sessions_tempo_is_the_default(band: Band) -> None:
    band.do("ana", "transport.tempo", bpm=97.5)
    band.do("ana", "transport.meter", meter="7/8")
    ask(band, style="techno")
    assert band.state.sections["ana/a"].request.bpm == 132
    band.do("ana", "transport.play")
    ask(band, id_="b", style="techno")
    request = band.state.sections["ana/b"].request
    assert (request.bpm, str(request.meter)) == (97.5, "7/8")


def test_a_guest_waits_for_the_leader(band: Band) -> None:
    band.engine()
    ask(band, "gus")
    assert band.messages("section.waiting")
    assert status(band, "gus/a") is Status.WAITING
    with refused(Code.NOT_ALLOWED):
        band.do("rhy", "section.approve", id="gus/a")
    band.do("ana", "section.approve", id="a")
    assert band.messages("section.accepted")
    assert status(band, "gus/a") is Status.WORKING
    assert band.state.sections["gus/a"].approver == "ana"
    with refused(Code.CONFLICT):
        band.do("ana", "section.approve", id="a", member="gus")


def test_the_leader_may_say_no(band: Band) -> None:
    ask(band, "gus")
    band.do("ana", "section.deny", id="gus/a")
    assert status(band, "gus/a") is Status.DENIED
    (failed,) = band.messages("section.failed")
    assert failed["code"] == "not-allowed"


def test_two_guests_with_the_same_id(band: Band) -> None:
    band.join("guest", "eve", invite="another")
    ask(band, "gus")
    ask(band, "eve")
    with refused(Code.CONFLICT):
        band.do("ana", "section.approve", id="a")
    band.do("ana", "section.approve", id="eve/a")
    assert status(band, "gus/a") is Status.WAITING
    assert status(band, "eve/a") is Status.QUEUED


def test_the_queue_and_its_positions(band: Band) -> None:
    for number in range(4):
        ask(band, id_=str(number))
    assert [m["position"] for m in band.messages("section.accepted")] == [1, 2, 3, 4]
    band.engine()
    assert [m["position"] for m in band.messages("section.position")][-3:] == [1, 2, 3]
    band.heard.clear()
    band.do("ana", "section.cancel", id="2")
    assert band.state.queue == ("ana/1", "ana/3")
    assert [(m["id"], m["position"]) for m in band.messages("section.position")] == [("1", 1), ("3", 2)]


def test_the_estimate_follows_the_engines_pace(band: Band) -> None:
    band.engine()
    for number in range(3):
        ask(band, id_=str(number), bpm=120, bars=number + 1)
    assert not any("eta_s" in message for message in band.heard), "nothing is known before one was made"
    band.now_us += 8_000_000
    band.play_out("ana/0")  # two seconds of two parts
    assert band.state.paces == {"auto": 2_000_000}
    assert [message.get("eta_s") for message in band.messages("section.position")] == [16.0 + 24.0]
    assert band.messages("section.progress")[-1]["eta_s"] == 16.0
    band.now_us += 10_000_000
    told = engines.progress(band.state, "engine", EngineProgress("ana/1", "composing", 0.5), band.now_us)
    assert told is not None
    assert told.messages[0]["eta_s"] == 6.0
    (late,) = positions(band.state, band.now_us + 3_600_000_000)
    assert late.messages[0]["eta_s"] == 1.6 + 24.0, "who takes longer than was thought is thought to be nearly done"
    assert band.replayed().paces == band.state.paces


def test_two_engines_share_the_work(band: Band) -> None:
    band.engine("e1")
    band.engine("e2")
    for number in range(3):
        ask(band, id_=str(number))
    assert {s.engine for s in band.state.sections.values()} == {"e1", "e2", ""}
    band.play_out("ana/0")
    assert status(band, "ana/2") is Status.WORKING


def test_cancel_while_it_waits_and_while_it_is_written(band: Band) -> None:
    ask(band)
    band.do("ana", "section.cancel", id="a")
    assert band.state.queue == ()
    band.engine()
    ask(band, id_="b")
    band.do("ana", "section.cancel", id="b")
    assert band.messages("engine.cancel") == [{"type": "engine.cancel", "section": "ana/b"}]
    assert band.messages("section.cancelled")[-1]["id"] == "b"
    size = band.state.size
    band.do("engine", "engine.bar", section="ana/b", part="drums", bar=1, notes=[[0, 10, 36, 100]])
    band.do("engine", "engine.done", section="ana/b", composer={}, renderer={})
    assert band.state.size == size, "nothing of a cancelled section follows"
    band.do("ana", "section.cancel", id="b")
    assert band.messages("section.cancelled")[-1]["id"] == "b"
    ask(band, id_="c")
    assert status(band, "ana/c") is Status.WORKING, "the engine is free again"


def test_who_may_cancel(band: Band) -> None:
    ask(band, "rhy")
    ask(band, "gus", "g")
    with refused(Code.NOT_ALLOWED):
        band.do("gus", "section.cancel", id="rhy/a")
    band.do("gus", "section.cancel", id="g")
    band.do("ana", "section.cancel", id="rhy/a")
    assert status(band, "rhy/a") is Status.CANCELLED
    with refused(Code.BAD_VALUE):
        band.do("ana", "section.cancel", id="nothing")


def test_what_is_over_cannot_be_cancelled(band: Band) -> None:
    band.engine()
    band.take("ana", "a")
    with refused(Code.CONFLICT):
        band.do("ana", "section.cancel", id="a")


def test_a_lost_engine_hands_on(band: Band) -> None:
    band.engine("e1")
    ask(band)
    band.do("e1", "engine.bar", section="ana/a", part="drums", bar=1, notes=[[0, 10, 36, 100]])
    band.lose("e1")
    assert status(band) is Status.QUEUED
    band.engine("e2")
    assert band.state.sections["ana/a"].engine == "e2"
    size = band.state.size
    band.do("e2", "engine.bar", section="ana/a", part="drums", bar=1, notes=[[0, 10, 36, 100]])
    assert band.state.size == size, "what was heard already is not said twice"
    assert band.play_out("ana/a") == "take-1"


def test_an_engine_that_is_back_before_it_was_missed_begins_again(band: Band) -> None:
    engine = band.engine()
    ask(band)
    ready = {"name": "test", "software": "1", "renderers": [{"name": "sampler", "licence": "CC0"}]}
    band.join("engine", engine, invite=f"invite-of-{engine}", named=engine)
    band.do(engine, "engine.ready", **ready)
    assert band.state.hands == {engine: ("ana/a",)}
    assert (status(band), band.state.sections["ana/a"].attempt) == (Status.WORKING, 2)
    assert len(band.messages("engine.work")) == 2
    band.do(engine, "engine.ready", **ready)
    band.do(engine, "engine.ready", **ready)
    assert status(band) is Status.FAILED


def test_a_section_that_loses_engines_fails_some_day(band: Band) -> None:
    ask(band)
    for attempt in range(engines.MAX_ATTEMPTS):
        name = f"e{attempt}"
        band.engine(name)
        assert status(band) is Status.WORKING
        band.lose(name)
    assert status(band) is Status.FAILED
    (failed,) = band.messages("section.failed")
    assert failed["code"] == "failed"


def test_an_engine_is_believed_no_more_than_others(band: Band) -> None:
    band.engine("e1")
    ask(band)
    for part, bar, notes in [
        ("melody", 1, []),
        ("drums", 3, []),
        ("drums", 1, [[3840, 10, 36, 100]]),
        ("drums", 2, [[7000, 4000, 36, 100]]),
        ("drums", 1, [[0, 0, 36, 100]]),
        ("drums", 1, [[0, 10, 128, 100]]),
        ("drums", 1, [[0, 10, 36, 0]]),
    ]:
        with refused(Code.BAD_VALUE):
            band.do("e1", "engine.bar", section="ana/a", part=part, bar=bar, notes=notes)
    with refused(Code.BAD_VALUE):
        band.do("e1", "engine.done", section="ana/a", composer={}, renderer={})
    for fields in ({"part": "melody"}, {"sha256": "x"}, {"frames": 0}, {"rate": 1}):
        with refused(Code.BAD_VALUE):
            good = {"part": "drums", "sha256": "ab" * 32, "frames": 1, "rate": 44100}
            band.do("e1", "engine.stem", section="ana/a", **{**good, **fields})


def test_an_engine_can_fail(band: Band) -> None:
    band.engine()
    ask(band)
    band.do("engine", "engine.failed", section="ana/a", code="failed", advice="the model is unwell")
    assert status(band) is Status.FAILED
    assert band.messages("section.failed")[0]["advice"] == "the model is unwell"
    ask(band)
    assert band.messages("section.failed")[-1]["id"] == "a", "asked again, it says the same again"


def test_without_any_engine(band: Band) -> None:
    band.engine_expected = False
    with refused(Code.NO_ENGINE):
        ask(band)
    band.engine_expected = True
    ask(band)
    events = sections.no_engine_left(band.state).events
    assert [event.section for event in events] == ["ana/a"]  # type: ignore[attr-defined]


def test_there_is_room_for_so_many(band: Band) -> None:
    for number in range(sections.MAX_OPEN_PER_MEMBER):
        ask(band, id_=str(number))
    with refused(Code.TOO_MANY):
        ask(band, id_="one more")
    ask(band, "rhy")


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"bars": 65}, Code.BAD_VALUE, "bars"),
        ({"bpm": 39}, Code.BAD_VALUE, "bpm"),
        ({"brs": 8}, Code.UNKNOWN_FIELD, "brs"),
        ({"like": "nightdrive:0.7"}, Code.BAD_VALUE, "like"),
        ({"renderer": "musicgen"}, Code.BAD_VALUE, "renderer"),
        ({"context": "take-9 vary"}, Code.BAD_VALUE, "take"),
        ({"parts": "tuba"}, Code.BAD_VALUE, "parts"),
    ],
)
def test_impossible_fields_are_named(band: Band, fields: dict[str, Any], code: Code, named: str) -> None:
    with refused(code) as error:
        band.do("ana", "section.request", id="x", **fields)
    assert error.value.advice.startswith(f"{named}:")
    assert not band.state.sections


@pytest.mark.parametrize("id_", ["", "x" * 129, "a\nb"])
def test_an_id_that_cannot_be(band: Band, id_: str) -> None:
    with pytest.raises(Refused):
        band.do("ana", "section.request", id=id_)


def test_a_bar_again(band: Band) -> None:
    band.engine()
    band.take("ana", "a")
    band.heard.clear()
    band.do("ana", "section.resend", id="a", part="bass", bar=1)
    assert [m["type"] for m in band.heard] == ["section.note", "section.bar"]
    for part, bar in (("melody", 1), ("bass", 2), ("bass", 0)):
        with refused(Code.BAD_VALUE):
            band.do("ana", "section.resend", id="a", part=part, bar=bar)


def test_a_texture_has_empty_bars_and_a_stem(band: Band) -> None:
    band.engine()
    band.do("ana", "section.request", id="a", bars=1, parts="texture,drums")
    band.play_out("ana/a")
    assert {(m["part"], m["notes"]) for m in band.messages("section.bar")} == {("drums", 1), ("texture", 0)}
    assert {m["part"] for m in band.messages("section.stem")} == {"drums", "texture", "mix"}
    band.heard.clear()
    band.do("ana", "section.request", id="b", bars=2, parts="texture")
    band.play_out("ana/b")
    assert [m["bar"] for m in band.messages("section.bar")] == [1, 2]


def test_a_context_lends_what_is_not_said(band: Band) -> None:
    band.engine()
    ask(band, bpm=133.3, key="F minor", style="dnb")
    take = band.play_out("ana/a")
    band.do("ana", "section.request", id="v", context=f"{take} vary")
    request = band.state.sections["ana/v"].request
    assert (request.bars, request.bpm, request.style) == (2, 133.3, "dnb")
    work = band.messages("engine.work")[-1]
    assert work["context"]["request"]["bars"] == 2
    assert len(work["context"]["bars"]) == 4
    with refused(Code.BAD_VALUE):
        band.do("ana", "section.request", id="w", context=f"{take} vary", bars=4)
    with refused(Code.BAD_VALUE):
        band.do("ana", "section.request", id="w", context=f"{take} bars 2-3")
    stated = band.state.takes[band.play_out("ana/v")].stated
    assert stated["parents"] == [{"take": take, "statement": band.state.takes[take].statement}]


def test_only_the_first_event_is_the_askers(band: Band) -> None:
    decision = sections.request(
        band.state, "ana", parse({"type": "section.request", "id": "z", "bars": 1}), band.moment()
    )
    assert [type(event) for event in decision.events] == [Requested]
    band.engine()
    ask(band)
    assigned = [(member, fields) for member, fields, _ in band.log if fields["type"] == Assigned.TYPE]
    assert [member for member, _ in assigned] == [""]


def parse(message: dict[str, Any]) -> Any:
    from sessions.commands import parse_command

    return parse_command(message)
