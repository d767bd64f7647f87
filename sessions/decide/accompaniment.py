"""Decisions about live accompaniment: asked for, said ahead by the engine, ended.

One engine at a time plays along, in the session's own time and from a bar line on that is a while ahead. It ends when somebody
says so, and by itself when time stops or moves, or when whoever asked or the engine is gone; what sounds then ends with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sessions.answers import accompaniment_answer
from sessions.commands import Accompany, EngineAhead, Rest
from sessions.decide.base import NOBODY, Decision, Moment
from sessions.errors import Code, Refused
from sessions.events import Accompanied, Ahead, Rested
from sessions.music import NOTE_PARTS, TICKS_PER_BEAT, Meter, Part, Request, Transport, parse_request
from sessions.roles import LEADER, Permit
from sessions.state import Accompaniment, Presence, State

__all__ = ["accompany", "ahead", "ended", "over", "rest"]

BEGINS_AFTER_US = 1_500_000
"""What an engine has to plan the first bar, at least, and to say it a beat ahead."""

LONGEST_TICKS = 64 * TICKS_PER_BEAT
"""Of one note, and of one step ahead."""

NOT_LIVE = ("bars", "at", "context", "strength", "like", "stems", "renderer", "rate", "tail", "band")
"""Fields of a section that mean nothing where notes are played on and on."""


def accompany(state: State, member: str, command: Accompany, moment: Moment) -> Decision:
    asked, going = dict(command.fields), state.accompaniment
    if going is not None:
        if (going.asker, going.id, going.asked) == (member, command.id, asked):
            return Decision(answers=(accompaniment_answer(state).messages,))  # the same again
        raise Refused(Code.CONFLICT, f"id: {going.name} is accompanied already; end that with live.rest first")
    transport, soon_us = state.transport, moment.now_us + BEGINS_AFTER_US
    request = _understand(state, member, command.id, asked)
    started = None
    if not transport.playing:
        own = transport.tempo(moment.now_us, request.bpm).meter(moment.now_us, request.meter)
        transport = started = own.play(soon_us)
    engine = next((engine.name for engine in state.engines()), None)
    if engine is None:
        advice = "engine: none is here yet; ask again when one has joined, or start one with `starbridge engine`"
        raise Refused(Code.NO_ENGINE, advice)
    tick = transport.next_bar(transport.tick_at(soon_us))
    _steady(transport, tick)
    return Decision((Accompanied(command.id, asked, request, engine, tick, started),))


def _understand(state: State, member: str, id_: str, asked: Mapping[str, Any]) -> Request:
    """The request in full, in the session's tempo and metre where time runs."""
    for name in asked:
        if name in NOT_LIVE:
            raise Refused(Code.UNKNOWN_FIELD, f"{name}: a live accompaniment has none; leave it out")
    role, transport = state.role_of(member), state.transport
    allowed = tuple(part for part in role.parts_for(Accompany.TYPE) if part in NOTE_PARTS)
    usual = tuple(part for part in allowed if part is not Part.MELODY) or allowed
    bpm: float | None = None
    meter: Meter | None = None
    if transport.playing:
        bpm, meter = transport.bpm_at(transport.tick), transport.meter_at(transport.tick)
    seed = int.from_bytes(hashlib.sha256(f"{state.origin}\n{state.size}\n{member}\n{id_}".encode()).digest()[:4]) >> 1
    request = parse_request({**asked, "stems": 0}, parts=usual or (Part.BASS,), bpm=bpm, meter=meter, seed=seed)
    if role.permits(Accompany.TYPE, request.parts) is Permit.NO:
        own = ", ".join(allowed) or "no parts"
        raise Refused(
            Code.NOT_ALLOWED, f"parts: as {role.name} you may be accompanied on {own}; leave the others to the band"
        )
    if bpm is not None and request.bpm != bpm:
        raise Refused(Code.CONFLICT, f"bpm: the session goes at {bpm:g}; set it with transport.tempo, or leave bpm out")
    if meter is not None and request.meter != meter:
        raise Refused(Code.CONFLICT, f"meter: the session is in {meter}; set it with transport.meter, or leave it out")
    return request


def _steady(transport: Transport, tick: int) -> None:
    if any(change[0] > tick for change in transport.meters):
        raise Refused(Code.CONFLICT, "meter: it changes soon; ask again when it has")


def ahead(state: State, member: str, command: EngineAhead) -> Decision:
    """What comes from whoever plays along; anybody else's, and what comes after the end, comes to nothing."""
    going = state.accompaniment
    if going is None or (going.engine, going.name) != (member, command.section):
        return NOBODY
    if command.start != going.until or not 0 < command.end - command.start <= LONGEST_TICKS:
        raise Refused(Code.BAD_VALUE, f"start: all is said up to tick {going.until}; go on from there, in small steps")
    for name, notes in command.notes.items():
        if name not in going.request.note_parts:
            raise Refused(Code.BAD_VALUE, f"notes: {name[:32]!r} was not asked for")
        for note in notes:
            if note.start < command.start or note.start >= command.end or note.length > LONGEST_TICKS:
                raise Refused(Code.BAD_VALUE, f"notes: {note} does not start in its step, or is too long")
    return Decision((Ahead(going.name, command.start, command.end, command.notes),))


def rest(state: State, member: str, command: Rest) -> Decision:
    going = state.accompaniment
    if going is None or command.id not in (going.id, going.name):
        raise Refused(Code.CONFLICT, "id: nobody is accompanied under it; ask for it with live.accompany")
    if going.asker != member and state.members[member].role != LEADER:
        raise Refused(Code.NOT_ALLOWED, f"id: {going.asker} asked for it; only they or a leader can end it")
    return Decision((ended(going),))


def ended(going: Accompaniment, code: Code | None = None, advice: str = "") -> Rested:
    """The end of an accompaniment: whatever it said last and may still sound is cut."""
    cut: dict[str, tuple[int, ...]] = {}
    for part, note in going.notes:
        if note.pitch not in cut.get(part, ()):
            cut[str(part)] = (*cut.get(part, ()), note.pitch)
    return Rested(going.name, going.engine, cut, code, advice)


def over(state: State) -> Rested | None:
    """The end that follows from what has become of the session; None while all is there."""
    going = state.accompaniment
    if going is None:
        return None
    if not state.transport.playing:
        return ended(going)
    if state.members[going.asker].presence is not Presence.PRESENT:
        return ended(going)
    role = state.role_of(going.asker)
    if role.permits(Accompany.TYPE, going.request.parts) is Permit.NO:
        advice = f"as {role.name}, {going.asker} may not be accompanied on these parts; ask for others, or ask a leader"
        return ended(going, Code.NOT_ALLOWED, advice)
    if all(engine.name != going.engine for engine in state.engines()):
        return ended(going, Code.NO_ENGINE, "the engine is gone; ask again when one is back")
    return None
