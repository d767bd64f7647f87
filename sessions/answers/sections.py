"""What is said of sections: accepted, a bar at a time, stems, done or failed; and to an engine, what to do.

All of it goes to those who asked for it and to whoever watches, under the asker's own id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sessions import estimate
from sessions import events as e
from sessions.answers.base import Message, Tell, Teller, To
from sessions.answers.takes import take_summary, unheard_of
from sessions.errors import Code
from sessions.log import time_us
from sessions.music import TICKS_PER_BEAT, Note, Part
from sessions.state import Section, State, Status

__all__ = ["TELLERS", "bar_answer", "outcome", "positions", "preview_answer", "progress_answer", "requested_summary"]


def _about(section: Section, kind: str, **fields: Any) -> Message:
    return {"type": kind, "id": section.id, "member": section.asker, **fields}


def _to_section(section: Section, *messages: Message) -> Tell:
    return Tell(messages, To.SECTION, section.asker, also=section.also)


def bar_answer(section: Section, part: Part, bar: int, notes: tuple[Note, ...]) -> Iterator[Message]:
    """One bar of one part: its notes, then how many they are."""
    for note in notes:
        yield _about(
            section,
            "section.note",
            part=str(part),
            start=note.start / TICKS_PER_BEAT,
            length=note.length / TICKS_PER_BEAT,
            pitch=note.pitch,
            velocity=note.velocity,
        )
    yield _about(section, "section.bar", part=str(part), bar=bar, notes=len(notes))


def _stem_answer(section: Section, part: str) -> Message:
    stem = section.stems[part]
    return _about(
        section, "section.stem", part=part, sha256=stem.sha256, frames=stem.frames, rate=stem.rate, url="", path=""
    )


def preview_answer(section: Section, part: str, **facts: Any) -> Tell:
    """How much of a part can be heard for now; nothing of it is logged."""
    return _to_section(section, _about(section, "section.preview", part=part, **facts, url=""))


def _accepted(state: State, section: Section) -> Message:
    if section.status is Status.WAITING:
        return _about(section, "section.waiting")
    return {**_position(state, section), "type": "section.accepted"}


def outcome(state: State, section: Section) -> Iterator[tuple[Message, ...]]:
    """All that has come of a request so far, for an asker who asks the same again; a bar's messages are one group."""
    if section.status is Status.CANCELLED:
        yield (_about(section, "section.cancelled"),)
        return
    yield (_accepted(state, section),)
    for bar in range(1, section.request.bars + 1):
        # each is unpacked when it is told: a section may have ten thousand notes
        for part in section.request.parts:
            if (notes := section.notes(part, bar)) is not None:
                yield tuple(bar_answer(section, part, bar, notes))
    for part_name in section.stems:
        yield (_stem_answer(section, part_name),)
    if section.status is Status.DONE:
        yield (_done_answer(state, section),)
    elif section.status is Status.FAILED:
        yield (_about(section, "section.failed", code=section.code, advice=section.advice),)
    elif section.status is Status.DENIED:
        yield (_denied_answer(section),)


def _done_answer(state: State, section: Section) -> Message:
    take = state.takes[section.take]
    return _about(section, "section.done", take=section.take, index=take.index, **unheard_of(take))


def _denied_answer(section: Section) -> Message:
    advice = "a leader said no; talk to them, or ask for something else under a new id"
    return _about(section, "section.failed", code=str(Code.NOT_ALLOWED), advice=advice)


def requested_summary(section: Section) -> Message:
    request = section.request.to_fields()
    return _about(section, "section.requested", request=request, status=str(section.status), time=section.time)


def _requested(state: State, member: str, event: e.Requested) -> Iterator[Tell]:
    section = state.sections[f"{member}/{event.id}"]
    yield Tell((requested_summary(section),), To.WATCHERS)
    yield _to_section(section, _accepted(state, section))


def _asked_again(state: State, member: str, event: e.AskedAgain) -> Iterator[Tell]:
    """Whoever asks again is answered with all that is there, and hears the rest like the first asker."""
    yield from ()


def _approved(state: State, member: str, event: e.Approved) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _judged(section, "section.approve", member)
    yield _to_section(section, _accepted(state, section))


def _judged(section: Section, kind: str, leader: str) -> Tell:
    """A leader's yes or no, to that leader as well."""
    said = _about(section, kind, by=leader)
    return Tell((said,), To.SECTION, section.asker, also=(*section.also, leader))


def _denied(state: State, member: str, event: e.Denied) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _judged(section, "section.deny", member)
    yield _to_section(section, _denied_answer(section))


def _assigned(state: State, member: str, event: e.Assigned) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield Tell((work_of(state, section),), To.ONE, event.engine)
    yield _to_section(section, progress_answer(state, section, "composing", 0.0, time_us(state.time)))
    yield from positions(state)


def positions(state: State, now_us: int | None = None) -> Iterator[Tell]:
    """Where everybody stands who waits for an engine, as of now, or of the last event."""
    for name in state.queue:
        waiting = state.sections[name]
        yield _to_section(waiting, _position(state, waiting, now_us))


def _position(state: State, section: Section, now_us: int | None = None) -> Message:
    return _about(section, "section.position", position=state.position(section.name), **_eta(state, section, now_us))


def _eta(state: State, section: Section, now_us: int | None) -> Message:
    """The estimate, where there is one."""
    eta_s = estimate.eta_s(state, section.name, time_us(state.time) if now_us is None else now_us)
    return {} if eta_s is None else {"eta_s": eta_s}


def progress_answer(state: State, section: Section, stage: str, done: float, now_us: int) -> Message:
    """How far a section is that is worked on."""
    return _about(section, "section.progress", stage=stage, done=done, **_eta(state, section, now_us))


def work_of(state: State, section: Section) -> Message:
    """What an engine is asked to do."""
    context = None
    if section.request.context is not None:
        take = state.takes[section.request.context.take]
        parent = state.sections[take.section]
        bars = [
            [str(part), bar, [[n.start, n.length, n.pitch, n.velocity] for n in notes]]
            for (part, bar), notes in parent.written().items()
        ]
        context = {"request": parent.request.to_fields(), "bars": bars, "chords": take.stated.get("chords", "")}
    return {
        "type": "engine.work",
        "section": section.name,
        "request": section.request.to_fields(),
        "context": context,
        "attempt": section.attempt,
    }


def _requeued(state: State, member: str, event: e.Requeued) -> Iterator[Tell]:
    yield from positions(state)


def _bar(state: State, member: str, event: e.BarWritten) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, *bar_answer(section, event.part, event.bar, event.notes))
    texture = Part.TEXTURE in section.request.parts
    if texture and event.part is next(part for part in section.request.parts if part is not Part.TEXTURE):
        yield _to_section(section, *bar_answer(section, Part.TEXTURE, event.bar, ()))


def _stem(state: State, member: str, event: e.StemRendered) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, _stem_answer(section, event.part))


def _done(state: State, member: str, event: e.Done) -> Iterator[Tell]:
    section = state.sections[event.section]
    if section.request.parts == (Part.TEXTURE,):
        for bar in range(1, section.request.bars + 1):
            yield _to_section(section, *bar_answer(section, Part.TEXTURE, bar, ()))
    if unheard := unheard_of(state.takes[event.take]).get("unheard"):
        # for programs that read no more of section.done than /section/done has
        yield _to_section(section, _about(section, "section.progress", stage=f"no sound: {unheard}", done=1.0))
    yield _to_section(section, _done_answer(state, section))
    yield Tell(({"type": "take.added", **take_summary(state, event.take)},), To.WATCHERS)


def _failed(state: State, member: str, event: e.Failed) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, _about(section, "section.failed", code=str(event.code), advice=event.advice))
    yield from _call_off(section)
    yield from _others_move_up(state, section)


def _cancelled(state: State, member: str, event: e.Cancelled) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield from _call_off(section)
    yield _to_section(section, _about(section, "section.cancelled"))
    yield from _others_move_up(state, section)


def _call_off(section: Section) -> Iterator[Tell]:
    if section.engine:
        yield Tell(({"type": "engine.cancel", "section": section.name},), To.ONE, section.engine)


def _others_move_up(state: State, section: Section) -> Iterator[Tell]:
    """A section that is over was waiting in front of others; else they hear of it when one of them is handed out."""
    if not section.engine:
        yield from positions(state)


TELLERS: dict[type[e.Event], Teller] = {
    e.Requested: _requested,
    e.AskedAgain: _asked_again,
    e.Approved: _approved,
    e.Denied: _denied,
    e.Assigned: _assigned,
    e.Requeued: _requeued,
    e.BarWritten: _bar,
    e.StemRendered: _stem,
    e.Done: _done,
    e.Failed: _failed,
    e.Cancelled: _cancelled,
}
