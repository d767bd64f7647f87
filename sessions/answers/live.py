"""What is said of live notes and of who plays along: to everybody, with its time; and to the engine that listens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sessions import events as e
from sessions.answers.base import Message, Tell, Teller, To
from sessions.answers.takes import moved_answers
from sessions.music import TICKS_PER_BEAT, Note, Part, format_parts
from sessions.state import Accompaniment, State

__all__ = ["TELLERS", "accompaniment_answer"]


def _noted(state: State, member: str, event: e.NotePlayed) -> Iterator[Tell]:
    said = {"part": str(event.part), "pitch": event.pitch, "velocity": event.velocity}
    yield Tell(({"type": "live.note", **said, "member": member},))
    if state.accompaniment is not None:
        yield _to_engine(state.accompaniment, "engine.heard", **said, tick=event.tick)


def _silenced(state: State, member: str, event: e.Silenced) -> Iterator[Tell]:
    ends = [{"part": part, "pitch": pitch, "velocity": 0} for part, pitches in event.notes.items() for pitch in pitches]
    yield Tell(tuple({"type": "live.note", **end, "member": event.member} for end in ends))
    if state.accompaniment is not None:
        for end in ends:
            yield _to_engine(state.accompaniment, "engine.heard", **end, tick=event.tick)


def _controlled(state: State, member: str, event: e.Controlled) -> Iterator[Tell]:
    yield Tell((_control(str(event.part), event.controller, event.value, member),))


def _bent(state: State, member: str, event: e.Bent) -> Iterator[Tell]:
    yield Tell(({"type": "live.bend", "part": str(event.part), "value": event.value, "member": member},))


def _released(state: State, member: str, event: e.Released) -> Iterator[Tell]:
    rests = [
        _control(part, controller, 0, event.member) for part, some in event.controls.items() for controller in some
    ]
    bends = [{"type": "live.bend", "part": str(part), "value": 0, "member": event.member} for part in event.bends]
    yield Tell((*rests, *bends))


def _control(part: str, controller: int, value: int, member: str) -> Message:
    return {"type": "live.control", "part": part, "controller": controller, "value": value, "member": member}


def _moved(state: State, member: str, event: e.TransportMoved) -> Iterator[Tell]:
    yield from moved_answers(event.transport)
    if state.accompaniment is not None and event.transport.playing:
        bpm = event.transport.bpm_at(state.accompaniment.until)
        yield _to_engine(state.accompaniment, "engine.tempo", bpm=bpm)


def _to_engine(going: Accompaniment, kind: str, **fields: object) -> Tell:
    return Tell(({"type": kind, "section": going.name, **fields},), To.ONE, going.engine)


def accompaniment_answer(state: State) -> Tell:
    """Who is accompanied, on which parts, from when on."""
    going = state.accompaniment
    assert going is not None
    message = {
        "type": "live.accompanied",
        "id": going.id,
        "parts": format_parts(going.request.note_parts),
        "beat": going.tick / TICKS_PER_BEAT,
        "member": going.asker,
        "engine": going.engine,
    }
    return Tell((message,), at_us=_time(state, going.tick))


def _accompanied(state: State, member: str, event: e.Accompanied) -> Iterator[Tell]:
    if event.transport is not None:
        yield from moved_answers(event.transport)
    yield accompaniment_answer(state)
    if state.accompaniment is not None:
        asked = event.request.to_fields()
        yield _to_engine(state.accompaniment, "engine.accompany", request=asked, tick=event.tick)


def _ahead(state: State, member: str, event: e.Ahead) -> Iterator[Tell]:
    """The notes of each moment, dated with it."""
    notes = sorted((note.start, part, note) for part, some in event.notes.items() for note in some)
    for tick, together in groupby(notes, key=lambda one: one[0]):
        messages = tuple(_coming(Part(part), note, member, event.section) for _, part, note in together)
        yield Tell(messages, at_us=_time(state, tick))


def _coming(part: Part, note: Note, member: str, section: str) -> Message:
    return {
        "type": "live.coming",
        "part": str(part),
        "start": note.start / TICKS_PER_BEAT,
        "length": note.length / TICKS_PER_BEAT,
        "pitch": note.pitch,
        "velocity": note.velocity,
        "member": member,
        "section": section,
    }


def _rested(state: State, member: str, event: e.Rested) -> Iterator[Tell]:
    """The end, and with it an end for each note that may still sound."""
    asker, _, id_ = event.section.partition("/")
    why = {"code": str(event.code or ""), "advice": event.advice}
    ends = [
        {"type": "live.note", "part": part, "pitch": pitch, "velocity": 0, "member": event.engine}
        for part, pitches in event.cut.items()
        for pitch in pitches
    ]
    yield Tell(({"type": "live.rested", "id": id_, **why, "member": asker}, *ends))
    yield Tell(({"type": "engine.rest", "section": event.section},), To.ONE, event.engine)


def _time(state: State, tick: int) -> int | None:
    return state.transport.time_us_at(tick) if state.transport.playing else None


TELLERS: dict[type[e.Event], Teller] = {
    e.NotePlayed: _noted,
    e.Silenced: _silenced,
    e.Controlled: _controlled,
    e.Bent: _bent,
    e.Released: _released,
    e.TransportMoved: _moved,
    e.Accompanied: _accompanied,
    e.Ahead: _ahead,
    e.Rested: _rested,
}
