"""Decisions about takes: played, looped, stopped, accepted, rejected, rated, voted on.

Whatever sounds is set for a tick that is still ahead, so that each client hears of it before it sounds.
"""

from __future__ import annotations

from sessions.commands import AcceptTake, LoopTake, PlayTake, RateTake, RejectTake, StopTake, VoteTake
from sessions.decide.base import Decision, Moment, find_take
from sessions.errors import Code, Refused
from sessions.events import Accepted, Event, Played, Rated, Rejected, Stopped, Voted
from sessions.music import TICKS_PER_BEAT, At, AtKind
from sessions.roles import Permit
from sessions.state import Section, State

__all__ = ["LEAD_US", "curate", "play", "stop", "when_done"]

LEAD_US = 100_000
"""How far ahead something is set that is to sound now: time for it to reach everybody."""


def play(state: State, command: PlayTake | LoopTake, moment: Moment) -> Decision:
    take, section = find_take(state, command.take)
    return Decision((_start(state, section, take.name, command.at, moment, loop=isinstance(command, LoopTake)),))


def _start(state: State, section: Section, take: str, at: At, moment: Moment, *, loop: bool) -> Played:
    """From when it sounds; a transport that stands still starts with it, in the take's own tempo and metre."""
    soonest_us = moment.now_us + LEAD_US
    transport, started = state.transport, None
    if not transport.playing:
        own = transport.tempo(moment.now_us, section.request.bpm).meter(moment.now_us, section.request.meter)
        transport = own.play(soonest_us)
        started = transport
    soonest = transport.tick_at(soonest_us)
    tick = transport.tick_for(at, soonest)
    if tick is None:
        raise Refused(Code.BAD_VALUE, "at: a take can't be played never; send now, next-bar, next-4 or beat N")
    if tick < soonest:
        raise Refused(Code.BAD_VALUE, f"at: {at} is over; the next beat is {-(-soonest // TICKS_PER_BEAT)}")
    return Played(take, tick, loop, started)


def when_done(state: State, section: Section, take: str, moment: Moment) -> tuple[Event, ...]:
    """A section that was asked for at a time plays when it is there, if whoever asked, or said yes to it, may play it."""
    at = section.request.at
    starter = section.approver or section.asker
    may_play = state.role_of(starter).permits("take.play", section.request.parts) is Permit.YES
    if at.kind is AtKind.NEVER or not may_play:
        return ()
    try:
        return (_start(state, section, take, at, moment, loop=False),)
    except Refused:  # the beat that was asked for has passed meanwhile
        return (_start(state, section, take, At(AtKind.NEXT_BAR), moment, loop=False),)


def stop(state: State, command: StopTake) -> Decision:
    take, _ = find_take(state, command.take)
    if take.name not in state.playing:
        raise Refused(Code.CONFLICT, f"take: {take.name} is not playing")
    return Decision((Stopped(take.name),))


def curate(state: State, command: AcceptTake | RejectTake | RateTake | VoteTake) -> Decision:
    take, _ = find_take(state, command.take)
    match command:
        case AcceptTake():
            return Decision((Accepted(take.name),))
        case RejectTake():
            return Decision((Rejected(take.name),))
        case RateTake(stars=stars):
            return Decision((Rated(take.name, stars),))
        case VoteTake(value=value):
            return Decision((Voted(take.name, value),))
