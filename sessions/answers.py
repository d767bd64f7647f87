"""Answers: what is said to whom when something has happened.

Each event becomes messages in the words of the contract, addressed to everybody, to one member, or to a section's asker and
whoever watches (`To.SECTION`: doors that show the whole session, such as the studio's WebSocket, pass those on as well). The
host delivers them; where audio lies and how a listener gets it, only he knows, so a stem is told by its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sessions import events as e
from sessions.errors import Code, Refused
from sessions.music import TICKS_PER_BEAT, Note, Part, Transport
from sessions.state import Section, State, Status

__all__ = [
    "Message",
    "Tell",
    "To",
    "bar_answer",
    "outcome",
    "refusal",
    "take_summary",
    "tell",
    "transport_answer",
    "welcome",
]

Message = dict[str, Any]


class To(Enum):
    """Who is meant."""

    ALL = "everybody"
    ONE = "one member"
    SECTION = "the asker, and whoever watches"
    WATCHERS = "whoever watches"


@dataclass(frozen=True, slots=True)
class Tell:
    """Messages that belong together, whom they are for, and when what they say sounds."""

    messages: tuple[Message, ...]
    to: To = To.ALL
    member: str = ""
    at_us: int | None = None


Teller = Callable[[State, str, Any], Iterator[Tell]]


def tell(state: State, member: str, event: e.Event) -> tuple[Tell, ...]:
    """What an event, just applied, leads to being said."""
    teller = _TELLERS.get(type(event))
    return tuple(teller(state, member, event)) if teller is not None else ()


def refusal(message: Message, error: Refused) -> Message:
    """The answer to a message that was refused."""
    what = message.get("id") or message.get("type") or "message"
    answer = {"type": "refused", "what": str(what)[:128], "code": str(error.code), "advice": error.advice}
    return answer | ({"id": str(message["id"])[:128]} if message.get("id") else {})


# -- sections --------------------------------------------------------------------------------------------------------


def _about(section: Section, kind: str, **fields: Any) -> Message:
    return {"type": kind, "id": section.id, "member": section.asker, **fields}


def _to_section(section: Section, *messages: Message) -> Tell:
    return Tell(messages, To.SECTION, section.asker)


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
    for (part, bar), notes in section.written().items():
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
    return _about(section, "section.done", take=section.take, index=state.takes[section.take].index)


def _denied_answer(section: Section) -> Message:
    advice = "a leader said no; talk to them, or ask for something else under a new id"
    return _about(section, "section.failed", code=str(Code.NOT_ALLOWED), advice=advice)


def requested_summary(section: Section) -> Message:
    request = section.request.to_fields()
    return _about(section, "section.requested", request=request, status=str(section.status), time=section.time)


def take_summary(state: State, take: str) -> Message:
    """A take as lists show it."""
    found = state.takes[take]
    section = state.sections[found.section]
    commercial = found.stated.get("renderer", {}).get("commercial", True) and found.stated.get("composer", {}).get(
        "commercial", True
    )
    return {
        "take": found.name,
        "id": section.id,
        "member": section.asker,
        "role": section.role,
        "time": found.time,
        "index": found.index,
        "request": section.request.to_fields(),
        "parts": [str(part) for part in section.request.parts],
        "stems": {part: stem.sha256 for part, stem in section.stems.items()},
        "chords": found.stated.get("chords", ""),
        "composer": found.stated.get("composer", {}),
        "renderer": found.stated.get("renderer", {}),
        "commercial": bool(commercial),
        "statement": found.statement,
        "verdict": found.verdict,
        "ratings": dict(found.ratings),
        "votes": dict(found.votes),
    }


def _requested(state: State, member: str, event: e.Requested) -> Iterator[Tell]:
    section = state.sections[f"{member}/{event.id}"]
    yield Tell((requested_summary(section),), To.WATCHERS)
    yield _to_section(section, _accepted(state, section))


def _approved(state: State, member: str, event: e.Approved) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, _about(section, "section.approve", by=member))
    yield _to_section(section, _accepted(state, section))


def _denied(state: State, member: str, event: e.Denied) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, _about(section, "section.deny", by=member))
    yield _to_section(section, _denied_answer(section))


def _assigned(state: State, member: str, event: e.Assigned) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield Tell((work_of(state, section),), To.ONE, event.engine)
    yield _to_section(section, _about(section, "section.progress", stage="composing", done=0.0))
    for name in state.queue:
        waiting = state.sections[name]
        yield _to_section(waiting, _position(state, waiting))


def _position(state: State, section: Section) -> Message:
    place = {"position": state.position(section.name), "eta_s": state.eta_s(section.name)}
    return _about(section, "section.position", **place)


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
    section = state.sections[event.section]
    yield _to_section(section, _position(state, section))


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
    yield _to_section(section, _done_answer(state, section))
    yield Tell(({"type": "take.added", **take_summary(state, event.take)},), To.WATCHERS)


def _failed(state: State, member: str, event: e.Failed) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield _to_section(section, _about(section, "section.failed", code=str(event.code), advice=event.advice))
    yield from _call_off(section)


def _cancelled(state: State, member: str, event: e.Cancelled) -> Iterator[Tell]:
    section = state.sections[event.section]
    yield from _call_off(section)
    yield _to_section(section, _about(section, "section.cancelled"))


def _call_off(section: Section) -> Iterator[Tell]:
    if section.engine:
        yield Tell(({"type": "engine.cancel", "section": section.name},), To.ONE, section.engine)


# -- members ---------------------------------------------------------------------------------------------------------


def members_answer(state: State) -> Message:
    members = [
        {"member": m.name, "role": m.role, "status": str(m.presence), "keyed": bool(m.key)}
        for m in state.members.values()
    ]
    return {"type": "session.members", "members": members}


def _joined(state: State, member: str, event: e.Joined) -> Iterator[Tell]:
    joined = {
        "type": "session.joined",
        "session": state.name,
        "member": event.member,
        "role": event.role,
        "resumed": event.resumed,
        "origin": state.origin,
        "log_key": state.log_key,
    }
    yield Tell((joined,), To.ONE, event.member)
    yield Tell((members_answer(state),), To.WATCHERS)


def _left(state: State, member: str, event: e.Left) -> Iterator[Tell]:
    if event.why is e.LeftWhy.LEFT:
        yield Tell(({"type": "session.left", "member": event.member},), To.ONE, event.member)
    yield Tell((members_answer(state),), To.WATCHERS)


def _role(state: State, member: str, event: e.RoleChanged) -> Iterator[Tell]:
    yield Tell(({"type": "session.role", "member": event.member, "role": event.role},))
    yield Tell((members_answer(state),), To.WATCHERS)


def _removed(state: State, member: str, event: e.Removed) -> Iterator[Tell]:
    yield Tell(({"type": "session.removed", "member": event.member},))
    yield Tell((members_answer(state),), To.WATCHERS)


def _revoked(state: State, member: str, event: e.Revoked) -> Iterator[Tell]:
    yield Tell(({"type": "session.revoked", "invite": event.invite},))


def _defined(state: State, member: str, event: e.RoleDefined) -> Iterator[Tell]:
    yield Tell(({"type": "session.defined", "role": event.role, "grants": event.grants},))


def _said(state: State, member: str, event: e.Said) -> Iterator[Tell]:
    yield Tell(({"type": "chat.said", "member": member, "text": event.text, "time": state.time},))


# -- takes, transport, live ------------------------------------------------------------------------------------------


def _played(state: State, member: str, event: e.Played) -> Iterator[Tell]:
    if event.transport is not None:
        yield from _moved(state, member, e.TransportMoved(event.transport))
    beat = event.tick / TICKS_PER_BEAT
    played = {
        "type": "take.loop" if event.loop else "take.play",
        "take": event.take,
        "at": f"beat {beat:.10g}",
        "beat": beat,
        "loop": int(event.loop),
        "member": member,
    }
    yield Tell((played,), at_us=state.transport.time_us_at(event.tick) if state.transport.playing else None)


def _about_take(kind: str, **names: str) -> Teller:
    def teller(state: State, member: str, event: Any) -> Iterator[Tell]:
        fields = {name: getattr(event, attribute) for name, attribute in names.items()}
        yield Tell(({"type": kind, "take": event.take, **fields, "member": member},))

    return teller


def transport_answer(transport: Transport, now_us: int) -> Tell:
    """How the transport moves: the next whole beat, with the time at which it sounds."""
    tick = transport.tick_at(now_us)
    if transport.playing:
        tick = max(-(-tick // TICKS_PER_BEAT) * TICKS_PER_BEAT, transport.tick)
    at_us = transport.time_us_at(tick) if transport.playing else None
    return Tell((_transport(transport, tick),), at_us=at_us)


def _transport(transport: Transport, tick: int) -> Message:
    meter = transport.meter_at(tick)
    return {
        "type": "transport.state",
        "playing": int(transport.playing),
        "bpm": transport.bpm_at(tick),
        "beat": tick / TICKS_PER_BEAT,
        "n": meter.n,
        "d": meter.d,
    }


def _moved(state: State, member: str, event: e.TransportMoved) -> Iterator[Tell]:
    transport = event.transport
    changes = {change[0] for change in transport.tempos} | {change[0] for change in transport.meters}
    for tick in (transport.tick, *sorted(tick for tick in changes if tick > transport.tick)):
        at_us = transport.time_us_at(tick) if transport.playing else None
        yield Tell((_transport(transport, tick),), at_us=at_us)


def _noted(state: State, member: str, event: e.NotePlayed) -> Iterator[Tell]:
    yield Tell(
        (
            {
                "type": "live.note",
                "part": str(event.part),
                "pitch": event.pitch,
                "velocity": event.velocity,
                "member": member,
            },
        )
    )


def welcome(state: State, member: str, now_us: int) -> Iterator[Tell]:
    """What somebody who comes in has to know of what is going on (to those who watch; others ask)."""
    yield Tell((members_answer(state),), To.ONE, member)
    yield Tell(
        tuple({"type": "session.defined", "role": r, "grants": g} for r, g in state.roles.items()), To.ONE, member
    )
    now = transport_answer(state.transport, now_us)
    yield Tell(now.messages, To.ONE, member, now.at_us)
    for section in state.sections.values():
        if not section.status.over:
            for messages in ((requested_summary(section),), *outcome(state, section)):
                yield Tell(messages, To.ONE, member)
    yield Tell(tuple({"type": "take.added", **take_summary(state, take)} for take in state.takes), To.ONE, member)


_TELLERS: dict[type[e.Event], Teller] = {
    e.Joined: _joined,
    e.Left: _left,
    e.RoleChanged: _role,
    e.Removed: _removed,
    e.Revoked: _revoked,
    e.RoleDefined: _defined,
    e.Said: _said,
    e.Requested: _requested,
    e.Approved: _approved,
    e.Denied: _denied,
    e.Assigned: _assigned,
    e.Requeued: _requeued,
    e.BarWritten: _bar,
    e.StemRendered: _stem,
    e.Done: _done,
    e.Failed: _failed,
    e.Cancelled: _cancelled,
    e.Played: _played,
    e.Stopped: _about_take("take.stop"),
    e.Accepted: _about_take("take.accept"),
    e.Rejected: _about_take("take.reject"),
    e.Rated: _about_take("take.rate", stars="stars"),
    e.Voted: _about_take("take.vote", value="value"),
    e.TransportMoved: _moved,
    e.NotePlayed: _noted,
}
