"""What is said of takes and of the transport: to everybody, with the time at which it sounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sessions import events as e
from sessions.answers.base import Message, Tell, Teller
from sessions.music import TICKS_PER_BEAT, Transport
from sessions.state import State, Take
from sessions.use import is_commercial, restrictions_of

__all__ = ["TELLERS", "moved_answers", "playing_answer", "take_summary", "transport_answer", "unheard_of"]


def unheard_of(take: Take) -> Message:
    """Why sound is missing that was asked for; nothing where none is."""
    return {"unheard": take.stated["unheard"]} if take.stated.get("unheard") else {}


def take_summary(state: State, take: str) -> Message:
    """A take as lists show it."""
    found = state.takes[take]
    section = state.sections[found.section]
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
        **unheard_of(found),
        "chords": found.stated.get("chords", ""),
        "composer": found.stated.get("composer", {}),
        "renderer": found.stated.get("renderer", {}),
        "commercial": is_commercial(found.stated),
        "restrictions": restrictions_of(found.stated),
        "statement": found.statement,
        "verdict": found.verdict,
        "ratings": dict(found.ratings),
        "votes": dict(found.votes),
    }


def _played(state: State, member: str, event: e.Played) -> Iterator[Tell]:
    if event.transport is not None:
        yield from moved_answers(event.transport)
    yield playing_answer(state, event.take, member)


def playing_answer(state: State, take: str, member: str) -> Tell:
    """A take that sounds, with the time at which it begins or began; `member` let it play."""
    playing = state.playing[take]
    beat = playing.tick / TICKS_PER_BEAT
    message = {
        "type": "take.loop" if playing.loop else "take.play",
        "take": take,
        "at": f"beat {beat:.10g}",
        "beat": beat,
        "loop": int(playing.loop),
        "member": member,
    }
    return Tell((message,), at_us=state.transport.time_us_at(playing.tick) if state.transport.playing else None)


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


def moved_answers(transport: Transport) -> Iterator[Tell]:
    """Each change of the transport that is known, with the time at which it sounds."""
    changes = {change[0] for change in transport.tempos} | {change[0] for change in transport.meters}
    for tick in (transport.tick, *sorted(tick for tick in changes if tick > transport.tick)):
        at_us = transport.time_us_at(tick) if transport.playing else None
        yield Tell((_transport(transport, tick),), at_us=at_us)


TELLERS: dict[type[e.Event], Teller] = {
    e.Played: _played,
    e.Stopped: _about_take("take.stop"),
    e.Accepted: _about_take("take.accept"),
    e.Rejected: _about_take("take.reject"),
    e.Rated: _about_take("take.rate", stars="stars"),
    e.Voted: _about_take("take.vote", value="value"),
}
