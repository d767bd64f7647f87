"""Decide: a command, as somebody gives it, comes to events or is refused.

    decide(state, member, command, moment) -> Decision      raises Refused

Nothing is changed here and nothing is done: the host logs the events, applies them (`sessions.apply`) and tells people
(`sessions.answers`). The order of the questions is the same for everybody: is he here, may he, does it make sense.
"""

from __future__ import annotations

from sessions import commands as c
from sessions.decide import accompaniment, engines, live, members, sections, takes
from sessions.decide.base import Decision, Moment
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.roles import WITH_PARTS, Permit
from sessions.state import Presence, State

__all__ = ["Decision", "Moment", "decide", "permit"]


_UNDERSTOOD_LATER = (c.RequestSection, c.Accompany)
"""Their parts are known once they are understood."""
_PLAYED = (c.LiveNote, c.LiveControl, c.LiveBend)


def permit(state: State, member: str, command: c.Command) -> Permit:
    """The table's answer for this member and this command, in all that the command names itself."""
    role = state.role_of(member)
    if isinstance(command, _UNDERSTOOD_LATER):
        return role.permits(command.TYPE)  # sections.request asks again
    return role.permits(command.TYPE, _parts(state, command) if command.TYPE in WITH_PARTS else ())


def _parts(state: State, command: c.Command) -> tuple[Part, ...]:
    """The parts that a command reaches: of the note, or of the take."""
    if isinstance(command, _PLAYED):
        return (command.part,)
    take = state.takes.get(getattr(command, "take", ""))
    return state.sections[take.section].request.parts if take is not None else ()


def decide(state: State, member: str, command: c.Command, moment: Moment) -> Decision:
    """What a command comes to; raises `Refused`."""
    who = state.members.get(member)
    if who is None or who.presence in (Presence.LEFT, Presence.REMOVED):
        raise Refused(Code.NOT_JOINED, "session: join first, with a token that a leader gave you")
    role = state.role_of(member)
    grant = role.grants.get(command.TYPE)
    if grant is None:
        raise Refused(
            Code.NOT_ALLOWED, f"role: as {role.name} you may not do {command.TYPE}; ask a leader for another role"
        )
    if not isinstance(command, _UNDERSTOOD_LATER) and permit(state, member, command) is Permit.NO:
        own = ", ".join(role.parts_for(command.TYPE))
        advice = f"role: as {role.name} you may do {command.TYPE} on {own} only; ask a leader for another role"
        raise Refused(Code.NOT_ALLOWED, advice)
    return _decide(state, member, command, moment)


def _decide(state: State, member: str, command: c.Command, moment: Moment) -> Decision:
    """The decision itself; whoever asks may."""
    match command:  # what comes most often is asked first
        case c.LiveNote():
            return live.note(state, command, moment)
        case c.LiveControl():
            return live.control(state, command, moment)
        case c.LiveBend():
            return live.bend(state, command, moment)
        case c.Leave():
            return members.leave(member)
        case c.SetRole():
            return members.set_role(state, command)
        case c.RemoveMember():
            return members.remove(state, command)
        case c.Revoke():
            return members.revoke(state, member, command)
        case c.DefineRole():
            return members.define(state, command)
        case c.Say():
            return members.say(command)
        case c.RequestSection():
            return sections.request(state, member, command, moment)
        case c.Resend():
            return sections.resend(state, member, command)
        case c.Cancel():
            return sections.cancel(state, member, command)
        case c.Approve():
            return sections.approve(state, member, command)
        case c.Deny():
            return sections.deny(state, member, command)
        case c.PlayTake() | c.LoopTake():
            return takes.play(state, command, moment)
        case c.StopTake():
            return takes.stop(state, command)
        case c.AcceptTake() | c.RejectTake() | c.RateTake() | c.VoteTake():
            return takes.curate(state, command)
        case c.StartTransport() | c.StopTransport() | c.SetTempo() | c.Locate() | c.SetMeter():
            return live.move(state, command, moment)
        case c.Accompany():
            return accompaniment.accompany(state, member, command, moment)
        case c.Rest():
            return accompaniment.rest(state, member, command)
        case c.EngineAhead():
            return accompaniment.ahead(state, member, command)
        case c.EngineReady():
            return engines.ready(state, member, command)
        case c.EngineBar():
            return engines.bar(state, member, command)
        case c.EngineStem():
            return engines.stem(state, member, command)
        case c.EngineDone():
            return engines.done(state, member, command, moment)
        case c.EngineFailed():
            return engines.failed(state, member, command)
    return Decision()  # a question: the host answers it from what it has
