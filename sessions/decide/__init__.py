"""Decide: a command, as somebody gives it, comes to events or is refused.

    decide(state, member, command, moment) -> Decision      raises Refused

Nothing is changed here and nothing is done: the host logs the events, applies them (`sessions.apply`) and tells people
(`sessions.answers`). The order of the questions is the same for everybody: is he here, may he, does it make sense.
"""

from __future__ import annotations

from collections.abc import Callable

from sessions import commands as c
from sessions.decide import engines, live, members, sections, takes
from sessions.decide.base import Decision, Moment
from sessions.errors import Code, Refused
from sessions.music import Part
from sessions.roles import WITH_PARTS, Permit
from sessions.state import Presence, State

__all__ = ["Decision", "Moment", "decide", "permit"]

Decider = Callable[[State, str, c.Command, Moment], Decision]


def permit(state: State, member: str, command: c.Command) -> Permit:
    """The table's answer for this member and this command, in all that the command names itself."""
    role = state.role_of(member)
    if isinstance(command, c.RequestSection):
        return role.permits(command.TYPE)  # its parts are known once it is understood: sections.request asks again
    return role.permits(command.TYPE, _parts(state, command) if command.TYPE in WITH_PARTS else ())


def _parts(state: State, command: c.Command) -> tuple[Part, ...]:
    """The parts that a command reaches: of the note, or of the take."""
    if isinstance(command, c.LiveNote):
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
    if not isinstance(command, c.RequestSection) and permit(state, member, command) is Permit.NO:
        own = ", ".join(role.parts_for(command.TYPE))
        raise Refused(Code.NOT_ALLOWED, f"role: as {role.name} you may do {command.TYPE} on {own} only")
    return _DECIDERS[type(command)](state, member, command, moment)


def _nothing(state: State, member: str, command: c.Command, moment: Moment) -> Decision:
    """A question: the host answers it from what it has."""
    return Decision()


_DECIDERS: dict[type[c.Command], Decider] = {
    c.Leave: lambda s, m, x, t: members.leave(m),
    c.SetRole: lambda s, m, x, t: members.set_role(s, m, x),  # type: ignore[arg-type]
    c.RemoveMember: lambda s, m, x, t: members.remove(s, x),  # type: ignore[arg-type]
    c.Revoke: lambda s, m, x, t: members.revoke(s, m, x),  # type: ignore[arg-type]
    c.DefineRole: lambda s, m, x, t: members.define(s, x),  # type: ignore[arg-type]
    c.Say: lambda s, m, x, t: members.say(x),  # type: ignore[arg-type]
    c.RequestSection: lambda s, m, x, t: sections.request(s, m, x, t),  # type: ignore[arg-type]
    c.Resend: lambda s, m, x, t: sections.resend(s, m, x),  # type: ignore[arg-type]
    c.Cancel: lambda s, m, x, t: sections.cancel(s, m, x),  # type: ignore[arg-type]
    c.Approve: lambda s, m, x, t: sections.approve(s, m, x),  # type: ignore[arg-type]
    c.Deny: lambda s, m, x, t: sections.deny(s, m, x),  # type: ignore[arg-type]
    c.PlayTake: lambda s, m, x, t: takes.play(s, x, t),  # type: ignore[arg-type]
    c.LoopTake: lambda s, m, x, t: takes.play(s, x, t),  # type: ignore[arg-type]
    c.StopTake: lambda s, m, x, t: takes.stop(s, x),  # type: ignore[arg-type]
    c.AcceptTake: lambda s, m, x, t: takes.curate(s, x),  # type: ignore[arg-type]
    c.RejectTake: lambda s, m, x, t: takes.curate(s, x),  # type: ignore[arg-type]
    c.RateTake: lambda s, m, x, t: takes.curate(s, x),  # type: ignore[arg-type]
    c.VoteTake: lambda s, m, x, t: takes.curate(s, x),  # type: ignore[arg-type]
    c.StartTransport: lambda s, m, x, t: live.move(s, x, t),
    c.StopTransport: lambda s, m, x, t: live.move(s, x, t),
    c.SetTempo: lambda s, m, x, t: live.move(s, x, t),
    c.Locate: lambda s, m, x, t: live.move(s, x, t),
    c.SetMeter: lambda s, m, x, t: live.move(s, x, t),
    c.LiveNote: lambda s, m, x, t: live.note(s, x, t),  # type: ignore[arg-type]
    c.EngineReady: lambda s, m, x, t: engines.ready(x),  # type: ignore[arg-type]
    c.EngineBar: lambda s, m, x, t: engines.bar(s, m, x),  # type: ignore[arg-type]
    c.EngineStem: lambda s, m, x, t: engines.stem(s, m, x),  # type: ignore[arg-type]
    c.EngineDone: lambda s, m, x, t: engines.done(s, m, x, t),  # type: ignore[arg-type]
    c.EngineFailed: lambda s, m, x, t: engines.failed(s, m, x),  # type: ignore[arg-type]
    c.EngineProgress: _nothing,
    c.Ping: _nothing,
    c.AskHead: _nothing,
    c.AskCapabilities: _nothing,
    c.AskTransport: _nothing,
}
