"""The page's memory: a pure fold over what it hears, tested by folding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.studio.fake_server import puppet, request_fields
from tests.support.chromium import Browser

pytestmark = pytest.mark.browser

Fold = Callable[..., dict[str, Any]]

ME = {
    "type": "session.joined",
    "session": "jam",
    "member": "ana",
    "role": "guest",
    "resumed": False,
    "origin": "o",
    "log_key": "k",
}
ASKED = {
    "type": "section.requested",
    "id": "v",
    "member": "ana",
    "status": "queued",
    "request": request_fields(bars=2, parts="bass"),
}


@pytest.fixture(scope="module")
def fold(browser: Browser) -> Iterator[Fold]:
    """The state after these messages."""
    with puppet() as server:
        page = browser.open(server.url)

        def after(*messages: dict[str, Any]) -> dict[str, Any]:
            folded = f"{json.dumps(messages)}.reduce((state, message) => m.reduce(state, message, 5), m.initialState())"
            found: dict[str, Any] = page.evaluate(f"import('/state.js').then((m) => {folded})")
            return found

        yield after
        page.close()


def note(start: float, pitch: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "section.note",
        "id": "v",
        "member": "ana",
        "part": "bass",
        "start": start,
        "length": 1,
        "pitch": pitch,
        "velocity": 90,
    } | more


def bar(number: int, notes: int = 1) -> dict[str, Any]:
    return {"type": "section.bar", "id": "v", "member": "ana", "part": "bass", "bar": number, "notes": notes}


def test_bars_fill_and_an_empty_one_counts(fold: Fold) -> None:
    section = fold(ME, ASKED, note(0, 40), bar(1), bar(2, 0))["sections"]["ana/v"]
    assert section["closed"] == {"bass": [1, 2]}
    assert [n["pitch"] for n in section["notes"]["bass"]] == [40]
    assert section["status"] == "working"


def test_a_bar_that_comes_again_replaces_what_was_there(fold: Fold) -> None:
    section = fold(ME, ASKED, note(0, 40), note(1, 41), bar(1, 2), note(4, 50), bar(2), note(0.5, 45), bar(1))[
        "sections"
    ]["ana/v"]
    assert sorted((n["start"], n["pitch"]) for n in section["notes"]["bass"]) == [(0.5, 45), (4, 50)]
    assert sorted(section["closed"]["bass"]) == [1, 2]


def test_sections_of_the_same_id_are_told_apart_by_their_asker(fold: Fold) -> None:
    other = {**ASKED, "member": "kim"}
    sections = fold(ME, ASKED, other, {"type": "section.cancelled", "id": "v", "member": "kim"})["sections"]
    assert {key: section["status"] for key, section in sections.items()} == {"ana/v": "queued", "kim/v": "cancelled"}


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([{"type": "section.waiting"}], "waiting"),
        (
            [
                {"type": "section.waiting"},
                {"type": "section.approve", "by": "lea"},
                {"type": "section.accepted", "position": 2},
            ],
            "queued",
        ),
        (
            [{"type": "section.deny", "by": "lea"}, {"type": "section.failed", "code": "not-allowed", "advice": "no"}],
            "denied",
        ),
        ([{"type": "section.progress", "stage": "composing", "done": 0}], "working"),
        (
            [
                {"type": "section.progress", "stage": "rendering", "done": 0.5},
                {"type": "section.accepted", "position": 0},
            ],
            "working",
        ),
        ([{"type": "section.failed", "code": "failed", "advice": "x"}], "failed"),
        ([{"type": "section.done", "take": "take-1", "index": 7}, {"type": "section.accepted", "position": 0}], "done"),
    ],
)
def test_where_a_section_stands(fold: Fold, messages: list[dict[str, Any]], status: str) -> None:
    named = [{**message, "id": "v", "member": "ana"} for message in messages]
    assert fold(ME, ASKED, *named)["sections"]["ana/v"]["status"] == status


def heard(part: str, version: int, by: str, frames: int) -> dict[str, Any]:
    told = {"type": "section.preview", "id": "v", "member": "ana", "part": part, "by": by, "version": version}
    return told | {"frames": frames, "of": 100, "rate": 32_000, "url": f"/p/{part}.wav"}


def test_previews_come_grow_and_make_room_for_stems(fold: Fold) -> None:
    stem = {"type": "section.stem", "id": "v", "member": "ana", "part": "bass", "url": "/b"}
    so_far = [heard("bass", 1, "sampler", 100), heard("drums", 1, "sampler", 100), heard("bass", 2, "musicgen", 30)]
    section = fold(ME, ASKED, *so_far)["sections"]["ana/v"]
    assert section["previews"]["bass"] == {
        "by": "musicgen", "version": 2, "frames": 30, "of": 100, "url": "/p/bass.wav",
    }  # fmt: skip
    section = fold(ME, ASKED, *so_far, stem, heard("bass", 3, "musicgen", 1))["sections"]["ana/v"]
    assert list(section["previews"]) == ["drums"]
    for over in ("done", "failed", "cancelled"):
        end = {"type": f"section.{over}", "id": "v", "member": "ana", "take": "take-1", "index": 3}
        section = fold(ME, ASKED, *so_far, end, heard("drums", 2, "musicgen", 1))["sections"]["ana/v"]
        assert section["previews"] == {}


def test_a_take_of_before_has_a_section_to_be_shown_by(fold: Fold) -> None:
    added = {
        "type": "take.added",
        "take": "take-3",
        "id": "x/y",
        "member": "kim",
        "request": request_fields(bars=4),
        "stems": {"bass": "ab", "mix": "cd"},
    }
    state = fold(
        ME, added | {"ratings": {"ana": 4}, "votes": {}, "verdict": "accepted", "chords": "Am F", "commercial": False}
    )
    take, section = state["takes"]["take-3"], state["sections"]["kim/x/y"]
    assert (take["verdict"], take["commercial"], take["ratings"]) == ("accepted", False, {"ana": 4})
    assert (section["status"], section["take"], section["chords"], sorted(section["stems"])) == (
        "done",
        "take-3",
        "Am F",
        ["bass", "mix"],
    )


def test_takes_of_before_go_on_from_what_is_here_or_make_room(fold: Fold) -> None:
    def added(number: int) -> dict[str, Any]:
        return {"type": "take.added", "take": f"take-{number}", "id": str(number), "member": "kim", "index": number}

    def told(first: int) -> list[dict[str, Any]]:
        return [
            {"type": "session.takes", "first": f"take-{first}", "earlier": first - 1},
            added(first),
            added(first + 1),
        ]

    earlier = {"type": "page.earlier", "takes": [added(2), added(3)]}
    state = fold(ME, *told(4), earlier)
    assert sorted(state["takes"]) == ["take-2", "take-3", "take-4", "take-5"]
    assert state["earlier"] == {"count": 1, "before": "take-2"}
    assert fold(ME, *told(4), earlier, {"type": "page.earlier", "takes": [added(1)]})["earlier"] is None
    assert sorted(fold(ME, *told(4), *told(5))["takes"]) == ["take-4", "take-5", "take-6"]
    apart = fold(ME, *told(4), *told(8))  # what was made while the page was away lies between them
    assert (sorted(apart["takes"]), apart["earlier"]) == (["take-8", "take-9"], {"count": 7, "before": "take-8"})


def test_opinions_about_a_take(fold: Fold) -> None:
    done = {"type": "section.done", "id": "v", "member": "ana", "take": "take-1", "index": 3}
    said = [
        {"type": "take.rate", "take": "take-1", "stars": 2, "member": "kim"},
        {"type": "take.rate", "take": "take-1", "stars": 5, "member": "kim"},
        {"type": "take.vote", "take": "take-1", "value": -1, "member": "zoe"},
        {"type": "take.accept", "take": "take-1", "member": "lea"},
        {"type": "take.reject", "take": "take-1", "member": "lea"},
        {"type": "take.accept", "take": "take-99", "member": "lea"},
    ]
    state = fold(ME, ASKED, done, *said)
    take = state["takes"]["take-1"]
    assert (take["ratings"], take["votes"], take["verdict"], take["section"]) == (
        {"kim": 5},
        {"zoe": -1},
        "rejected",
        "ana/v",
    )
    assert list(state["takes"]) == ["take-1"]


def test_what_sounds_ends_with_its_stop_or_the_transport(fold: Fold) -> None:
    play = {"type": "take.play", "take": "take-1", "beat": 8, "loop": 0, "time_us": 99, "at": "beat 8"}
    loop = {"type": "take.loop", "take": "take-2", "beat": 8, "loop": 1, "time_us": 99, "at": "beat 8"}
    assert fold(ME, play, loop)["sounding"] == {
        "take-1": {"take": "take-1", "beat": 8, "time_us": 99, "loop": False},
        "take-2": {"take": "take-2", "beat": 8, "time_us": 99, "loop": True},
    }
    assert list(fold(ME, play, loop, {"type": "take.stop", "take": "take-1"})["sounding"]) == ["take-2"]
    assert (
        fold(ME, play, {"type": "transport.state", "playing": 0, "bpm": 120, "beat": 0, "n": 4, "d": 4})["sounding"]
        == {}
    )


def test_a_take_whose_message_has_no_time_sounds_when_its_beat_does(fold: Fold) -> None:
    moves = {"type": "transport.state", "playing": 1, "bpm": 60, "beat": 4, "n": 4, "d": 4, "time_us": 1_000_000}
    play = {"type": "take.play", "take": "take-1", "beat": 8, "loop": 0, "at": "beat 8"}
    assert fold(ME, moves, play)["sounding"]["take-1"]["time_us"] == 5_000_000
    assert fold(ME, play)["sounding"] == {}


def test_after_a_break_what_was_underway_is_told_anew(fold: Fold) -> None:
    lost = {"type": "page.connection", "phase": "waiting"}
    done = {"type": "section.done", "id": "v", "member": "ana", "take": "take-1", "index": 3}
    other = {**ASKED, "id": "w"}
    state = fold(ME, ASKED, note(0, 40), bar(1), done, other, note(0, 50, id="w"), lost, ME, other, note(0, 50, id="w"))
    assert list(state["sections"]) == ["ana/v", "ana/w"]
    assert len(state["sections"]["ana/w"]["notes"]["bass"]) == 1
    assert len(state["sections"]["ana/v"]["notes"]["bass"]) == 1


def test_diary_tells_of_comings_and_goings_once_the_first_list_is_known(fold: Fold) -> None:
    def members(**status: str) -> dict[str, Any]:
        listed = [{"member": name, "role": "guest", "status": how, "keyed": False} for name, how in status.items()]
        return {"type": "session.members", "members": listed}

    state = fold(
        ME,
        members(ana="present", kim="present"),
        members(ana="present", kim="away", zoe="present"),
        members(ana="present", kim="present", zoe="left"),
    )
    assert [(line["member"], line["text"]) for line in state["lines"]] == [
        ("kim", "is away"), ("zoe", "joined as guest"), ("kim", "is back"), ("zoe", "left")
    ]  # fmt: skip
    assert sorted(state["members"]) == ["ana", "kim"]


def test_chat_counts_as_unread_unless_it_is_ones_own(fold: Fold) -> None:
    state = fold(
        ME, {"type": "chat.said", "member": "kim", "text": "a"}, {"type": "chat.said", "member": "ana", "text": "b"}
    )
    assert state["unread"] == 1
    assert fold(ME, {"type": "chat.said", "member": "kim", "text": "a"}, {"type": "page.read"})["unread"] == 0


def test_history_is_merged_with_what_was_heard(fold: Fold) -> None:
    heard = {"type": "chat.said", "member": "kim", "text": "new", "time": "2026-01-31T12:00:02.000Z"}
    earlier = [
        {"member": "ana", "text": "old", "time_us": 1_769_860_801_000_000, "said": True},
        {"member": "kim", "text": "new", "time_us": 1_769_860_802_000_000, "said": True},
    ]
    lines = fold(ME, heard, {"type": "page.history", "lines": earlier})["lines"]
    assert [line["text"] for line in lines] == ["old", "new"]
    assert len({line["n"] for line in lines}) == 2


def test_live_notes_are_held_until_they_end_or_the_player_goes(fold: Fold) -> None:
    def played(pitch: int, velocity: int, part: str = "melody") -> dict[str, Any]:
        return {"type": "live.note", "member": "kim", "part": part, "pitch": pitch, "velocity": velocity}

    assert fold(ME, played(60, 90), played(64, 90), played(60, 0), played(36, 9, "drums"))["live"] == {
        "kim": ["E4", "Kick"]
    }
    here = {
        "type": "session.members",
        "members": [{"member": "kim", "role": "guest", "status": "away", "keyed": False}],
    }
    assert fold(ME, played(60, 90), here)["live"] == {}


def test_my_role_follows_what_the_leader_says(fold: Fold) -> None:
    assert fold(ME, {"type": "session.role", "member": "ana", "role": "rhythm"})["me"]["role"] == "rhythm"
    assert fold(ME, {"type": "session.role", "member": "kim", "role": "rhythm"})["me"]["role"] == "guest"


def test_the_newest_take_is_shown_however_late_it_comes_until_somebody_chooses(fold: Fold) -> None:
    def taken(number: int) -> dict[str, Any]:
        named = {"take": f"take-{number}", "id": str(number), "member": "kim", "index": 3 * number}
        return {"type": "take.added", "request": request_fields(), "stems": {}, **named}

    first = {"type": "page.select", "key": "kim/1", "follow": True}
    assert fold(ME, taken(1), first, taken(2), taken(3))["selected"] == "kim/3"
    assert fold(ME, taken(2), {**first, "key": "kim/2"}, taken(1))["selected"] == "kim/2", "an older one came"
    assert fold(ME, taken(1), {**first, "follow": False}, taken(2))["selected"] == "kim/1"
    assert fold(ME, ASKED, taken(1))["selected"] == "ana/v", "what is being made is looked at"


def test_a_message_that_nobody_knows_changes_nothing(fold: Fold) -> None:
    assert fold(ME, {"type": "moon.phase", "full": 1}) == fold(ME)
