"""Decisions about section requests: asked, waiting, queued, cancelled, approved, sent again.

The asker's own id makes asking safe to repeat: the same id and fields is the same request, however often it is sent, and
whichever member the sender has become meanwhile. For a program that crashed and comes back from another port, or that asks
over plain HTTP while its page is open, can't always be told from a bandmate who came by the same link; so what is asked by
one invite under one id with the same fields is one request, and its answers go to everybody who asked for it. Other fields
under a known id are a conflict to whoever asked under it. To another member of the same invite they are a request of their
own: nobody who sends again changes the fields, so this is somebody else who counts from r1 as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sessions.answers import bar_answer, outcome
from sessions.commands import Approve, Cancel, Deny, RequestSection, Resend
from sessions.decide.base import Decision, Moment, find_section, find_take
from sessions.errors import Code, Refused
from sessions.events import Approved, AskedAgain, Cancelled, Denied, Failed, Requested
from sessions.music import AtKind, ContextMode, Part, Renderer, Request, parse_request
from sessions.roles import ENGINE, LEADER, Permit
from sessions.state import Presence, Section, State, Status

__all__ = ["approve", "cancel", "deny", "no_engine_left", "request", "resend"]

MAX_OPEN_PER_MEMBER = 16
"""Sections that one member may have waiting, queued or in work."""
MAX_OPEN = 256
"""The same for the whole session."""


def request(state: State, member: str, command: RequestSection, moment: Moment) -> Decision:
    asked = dict(command.fields)
    known = state.asked(member, command.id) or _asked_by_the_same_invite(state, member, command.id, asked)
    if known is not None:
        if known.asked != asked:
            raise Refused(Code.CONFLICT, f"id: {command.id[:64]!r} asked for something else before; choose a new id")
        again = () if member in known.askers else (AskedAgain(known.name),)
        return Decision(again, recite=known.name)
    role = state.role_of(member)
    section = _understand(state, role.parts_for("section.request"), asked, _seed(state, member, command.id))
    permit = role.permits("section.request", section.parts)
    if permit is Permit.NO:
        own = ", ".join(role.parts_for("section.request")) or "no parts"
        raise Refused(Code.NOT_ALLOWED, f"parts: as {role.name} you may ask for {own}; leave the others to the band")
    may_play = role.permits("take.play", section.parts) is Permit.YES
    if section.at.kind is not AtKind.NEVER and permit is Permit.YES and not may_play:
        advice = f"at: as {role.name} you may not play takes, so this one can only wait; leave at out"
        raise Refused(Code.NOT_ALLOWED, advice)
    _room_for(state, member)
    if not moment.engine_expected and not any(state.engines()):
        raise Refused(
            Code.NO_ENGINE, "engine: none is here; start one with `starbridge engine --join URL --token TOKEN`"
        )
    return Decision((Requested(command.id, asked, section, waiting=permit is Permit.ASK),))


def _asked_by_the_same_invite(state: State, member: str, id_: str, asked: Mapping[str, Any]) -> Section | None:
    """The same request by whoever else came by this invite; one who was sent away takes theirs along."""
    invite = state.members[member].invite
    same = [s for s in state.asked_for.under(id_) if s.invite == invite and s.asked == asked]
    if not same:
        return None
    here = {m.name for m in state.members.values() if m.presence is not Presence.REMOVED}
    return next((section for section in same if not here.isdisjoint(section.askers)), None)


def _seed(state: State, member: str, id_: str) -> int:
    """A seed where none is asked for: new for each request, and one that OSC's signed ints can send back."""
    digest = hashlib.sha256(f"{state.origin}\n{state.size}\n{member}\n{id_}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _understand(state: State, parts: tuple[Part, ...], asked: Mapping[str, Any], seed: int) -> Request:
    """The request in full: the fields as sent, the context's where they are silent, then the session's."""
    allowed = tuple(part for part in parts if part is not Part.TEXTURE) or parts or tuple(Part)
    transport = state.transport
    bpm, meter = (
        (transport.bpm_at(transport.tick), transport.meter_at(transport.tick)) if transport.playing else (None, None)
    )
    section = parse_request(asked, parts=allowed, bpm=bpm, meter=meter, seed=seed)
    if section.context is not None:
        _, parent = find_take(state, section.context.take)
        section = parse_request(asked, parts=allowed, bpm=bpm, meter=meter, seed=seed, parent=parent.request)
        _fits_parent(section, parent.request)
    if section.like:
        raise Refused(Code.BAD_VALUE, f"like: there is no catalog {section.like[0].name!r} here; leave `like` out")
    offered = {offer.name for offers in state.offers.values() for offer in offers}
    if section.renderer is Renderer.MUSICGEN and Renderer.MUSICGEN not in offered:
        how = "where one runs, `starbridge models fetch musicgen-small` brings its weights for the next start"
        raise Refused(Code.BAD_VALUE, f"renderer: no engine here has musicgen; ask for sampler or auto, or {how}")
    return section


def _fits_parent(section: Request, parent: Request) -> None:
    """What a context makes impossible, said before any work starts."""
    context = section.context
    assert context is not None
    if context.mode is not ContextMode.CONTINUE:
        for name in ("meter", "bars"):
            ours, theirs = getattr(section, name), getattr(parent, name)
            if ours != theirs:
                raise Refused(Code.BAD_VALUE, f"{name}: the context's take has {theirs}, not {ours}; leave {name} out")


def _room_for(state: State, member: str) -> None:
    waiting = state.asked_for.open()
    if sum(s.asker == member for s in waiting) >= MAX_OPEN_PER_MEMBER:
        raise Refused(Code.TOO_MANY, f"section: {MAX_OPEN_PER_MEMBER} of yours are open; wait for one, or cancel one")
    if len(waiting) >= MAX_OPEN:
        raise Refused(Code.TOO_MANY, "section: the session's queue is full; try again when it has moved on")


def cancel(state: State, member: str, command: Cancel) -> Decision:
    section = find_section(state, member, command.id, command.member)
    if member not in section.askers and state.members[member].role != LEADER:
        raise Refused(Code.NOT_ALLOWED, f"id: {section.asker} asked for it; only they or a leader can cancel it")
    if section.status is Status.CANCELLED:
        return Decision(answers=tuple(outcome(state, section)))
    if section.status.over:
        raise Refused(Code.CONFLICT, f"id: it is {section.status} already; there is nothing left to cancel")
    return Decision((Cancelled(section.name),))


def approve(state: State, member: str, command: Approve) -> Decision:
    return Decision((Approved(_waiting(state, member, command.id, command.member).name),))


def deny(state: State, member: str, command: Deny) -> Decision:
    return Decision((Denied(_waiting(state, member, command.id, command.member).name),))


def _waiting(state: State, member: str, id_: str, owner: str) -> Section:
    waiting = [s for s in state.asked_for.under(id_) if s.status is Status.WAITING]
    if not owner and len(waiting) == 1:
        return waiting[0]
    section = find_section(state, member, id_, owner)
    if section.status is not Status.WAITING:
        raise Refused(Code.CONFLICT, f"id: it is {section.status} already, and does not wait for a yes")
    return section


def resend(state: State, member: str, command: Resend) -> Decision:
    if state.members[member].role == ENGINE:
        raise Refused(Code.NOT_ALLOWED, "id: an engine has nothing sent again")
    section = find_section(state, member, command.id, command.member)
    if command.part not in section.request.parts:
        asked = ", ".join(section.request.parts)
        raise Refused(Code.BAD_VALUE, f"part: {command.part} was not asked for; there are {asked}")
    if not 1 <= command.bar <= section.request.bars:
        raise Refused(Code.BAD_VALUE, f"bar: there is no bar {command.bar}; send 1 to {section.request.bars}")
    notes = section.notes(command.part, command.bar)
    if notes is None and command.part is not Part.TEXTURE:
        raise Refused(
            Code.BAD_VALUE, f"bar: bar {command.bar} of {command.part} is not written yet; it will come by itself"
        )
    return Decision(answers=(tuple(bar_answer(section, command.part, command.bar, notes or ())),))


def no_engine_left(state: State) -> Decision:
    """Every engine is gone for good: who waits is told why."""
    advice = "the engine is gone; start one with `starbridge engine --join URL --token TOKEN` and ask again"
    return Decision(tuple(Failed(name, Code.NO_ENGINE, advice) for name in state.queue))
