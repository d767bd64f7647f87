"""How much one member may play and say: what is let through, what is refused once, and that no note ever hangs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.restraint import CHATS_BURST, CHATS_PER_S, CONTROLS_BURST, NOTES_BURST, NOTES_PER_S, SILENT_S, Restraint
from osc_schemas import book
from sessions.commands import Command, LiveBend, LiveControl, LiveNote, Ping, Say
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.state import BEND

SECOND = 1_000_000


def note(pitch: int, velocity: int = 90, part: Part = Part.BASS) -> LiveNote:
    return LiveNote(part, pitch, velocity)


class Stage:
    """Members who play into a restraint: what came through, and what was refused."""

    def __init__(self) -> None:
        self.sounding: dict[str, set[tuple[Part, int]]] = {}
        self.restraint = Restraint(lambda member: self.sounding.get(member, set()))
        self.now_us = 1_800_000_000 * SECOND
        self.refused: list[str] = []

    def send(self, command: Command, member: str = "ana") -> bool:
        try:
            through = self.restraint.lets(member, command, self.now_us)
        except Refused as error:
            assert error.code is Code.TOO_MANY
            self.refused.append(error.advice)
            return False
        if through and isinstance(command, LiveNote):
            held = self.sounding.setdefault(member, set())
            (held.add if command.velocity else held.discard)((command.part, command.pitch))
        return through


def test_a_flood_is_refused_once_and_others_are_not_touched() -> None:
    stage = Stage()
    assert sum(stage.send(note(number % 128)) for number in range(10_000)) == NOTES_BURST
    assert len(stage.refused) == 1
    assert str(NOTES_PER_S) in stage.refused[0]
    assert all(stage.send(note(number % 128), "ben") for number in range(NOTES_BURST))
    assert stage.send(Say("hello")), "who plays too much may still speak"
    assert all(stage.send(Ping()) for _ in range(10_000)), "the rest is not restrained here"


def test_what_is_dropped_is_said_again_after_a_while() -> None:
    stage = Stage()
    for _ in range(3000):  # three seconds of a note every millisecond
        stage.send(note(60))
        stage.now_us += SECOND // 1000
    assert 2 <= len(stage.refused) <= 3 / SILENT_S


def test_chat_has_a_limit_of_its_own() -> None:
    stage = Stage()
    assert sum(stage.send(Say(str(number))) for number in range(10_000)) == CHATS_BURST
    assert sum(stage.send(note(60)) for _ in range(10_000)) == NOTES_BURST
    assert len(stage.refused) == 2
    stage.now_us += SECOND
    assert sum(stage.send(Say(str(number))) for number in range(100)) == CHATS_PER_S


@pytest.mark.parametrize("rate", [50, 200, NOTES_PER_S])
def test_what_hands_can_play_is_never_dropped(rate: int) -> None:
    stage = Stage()
    for number in range(rate * 10):
        assert stage.send(note(number // 2 % 128, 90 if number % 2 == 0 else 0))
        stage.now_us += SECOND // rate
    assert not stage.refused


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 2)), max_size=300))
def test_no_note_hangs_whatever_is_dropped(sent: list[tuple[int, bool, int]]) -> None:
    stage = Stage()
    for number in range(NOTES_BURST):
        stage.send(note(100 + number % 2, 0))
    sounding: set[int] = set()
    for pitch, begins, wait_ms in sent:
        stage.now_us += wait_ms * 1000
        if stage.send(note(pitch, 90 if begins else 0)):
            (sounding.add if begins else sounding.discard)(pitch)
        else:
            assert begins or pitch not in sounding, "the end of a note that sounds"
    for pitch in range(6):
        stage.send(note(pitch, 0))
        sounding.discard(pitch) if not stage.restraint.ends("ana", _message(pitch)) else None
    assert not sounding


def test_the_page_of_addresses_names_the_limits() -> None:
    docs = {ask.address: ask.doc for chapter in book().chapters for ask in chapter.asks}
    assert f"{NOTES_PER_S} a second of one member ({NOTES_BURST} at once)" in docs["/live/note"]
    assert f"{CHATS_PER_S} a second of one member ({CHATS_BURST} at once)" in docs["/chat/say"]


def _message(pitch: int) -> dict[str, object]:
    return {"type": "live.note", "part": "bass", "pitch": pitch, "velocity": 0}


def test_a_flood_of_ends_is_dropped_like_any_other() -> None:
    stage = Stage()
    assert stage.send(note(60))
    through = sum(stage.send(note(number % 128, 0)) for number in range(10_000))
    assert through == NOTES_BURST, "one ends a note, the others cost"


def test_a_door_may_ask_before_it_reads() -> None:
    stage = Stage()
    restraint = stage.restraint
    assert not restraint.is_deaf("ana", "live.note", stage.now_us)
    for number in range(NOTES_BURST + 1):
        assert not restraint.is_deaf("ana", "live.note", stage.now_us), "the refusal has to be said first"
        stage.send(note(number % 128))
    assert restraint.is_deaf("ana", "live.note", stage.now_us)
    assert not restraint.is_deaf("ana", "chat.say", stage.now_us)
    assert not restraint.is_deaf("ben", "live.note", stage.now_us)
    assert restraint.ends("ana", _message(60))
    assert not restraint.ends("ana", {**_message(60), "part": "drums"})
    assert not restraint.ends("ana", {**_message(60), "velocity": 3})
    assert not restraint.ends("ana", {"type": "chat.say", "text": "x"})
    assert not restraint.ends("ben", _message(60))
    stage.now_us += SECOND // NOTES_PER_S + 1
    assert not restraint.is_deaf("ana", "live.note", stage.now_us), "there is room for one"


def test_a_flood_of_controllers_is_refused_once_and_still_lets_go() -> None:
    moved = {(Part.BASS, 64), (Part.BASS, BEND)}
    restraint = Restraint(lambda member: (), lambda member: moved)
    through = refused = 0
    for number in range(2000):
        try:
            through += restraint.lets("ana", LiveControl(Part.BASS, 1, number % 128), 0)
        except Refused:
            refused += 1
    assert (through, refused) == (CONTROLS_BURST, 1)
    assert restraint.lets("ana", LiveControl(Part.BASS, 64, 0), 0), "the pedal goes up"
    assert restraint.lets("ana", LiveBend(Part.BASS, 0), 0), "the wheel springs back"
    assert not restraint.lets("ana", LiveControl(Part.BASS, 65, 0), 0), "nobody holds that one"
    assert restraint.lets("ana", note(60), 0), "notes have room of their own"
