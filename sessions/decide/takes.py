"""Decisions about takes: played, looped, stopped, accepted, rejected, rated, voted on.

Whatever sounds is set for a tick that is still ahead, so that each client hears of it before it sounds.
"""

from __future__ import annotations

from fractions import Fraction

from sessions.commands import AcceptTake, LoopTake, PlayTake, RateTake, RejectTake, StopTake, VoteTake
from sessions.decide.base import Decision, Moment, find_take
from sessions.errors import Code, Refused
from sessions.events import Accepted, Event, Played, Rated, Rejected, Stopped, TransportMoved, Voted
from sessions.music import TICKS_PER_BEAT, At, Transport
from sessions.state import Section, State

__all__ = ["LEAD_US", "curate", "play", "stop", "when_done"]

LEAD_US = 100_000
"""How far ahead something is set that is to sound now: time for it to reach everybody."""


def play(state: State, command: PlayTake | LoopTake, moment: Moment) -> Decision:
    take, section = find_take(state, command.take)
    return Decision(_start(state, section, take.name, command.at, moment, loop=isinstance(command, LoopTake)))


def _start(state: State, section: Section, take: str, at: At, moment: Moment, *, loop: bool) -> tuple[Event, ...]:
    """From when it sounds; a transport that stands still starts with it, in the take's own tempo and metre."""
    if at.never:
        raise Refused(Code.BAD_VALUE, "at: a take can't be played never; send now, next-bar, next-4 or beat N")
    transport, started = state.transport, ()
    if not transport.playing:
        transport = transport.stopped_in(section.request.bpm, section.request.meter).play(moment.now_us + LEAD_US)
        started = (TransportMoved(transport),)
    tick = _tick_of(at, transport, moment.now_us + LEAD_US)
    return (Played(take, tick, loop), *started)


def _tick_of(at: At, transport: Transport, soonest_us: int) -> int:
    soonest = transport.tick_at(soonest_us)
    if at.beat is not None:
        tick = round(Fraction(at.beat) * TICKS_PER_BEAT)
        if tick < soonest:
            raise Refused(Code.BAD_VALUE, f"at: beat {at.beat:g} is over; the next one is {-(-soonest // TICKS_PER_BEAT)}")
        return tick
    if at.bars:
        return transport.next_bars(soonest, at.bars)
    return soonest


def when_done(state: State, section: Section, take: str, moment: Moment) -> tuple[Event, ...]:
    """A section that was asked for at a time plays when it is there."""
    at = section.request.at
    if at.never:
        return ()
    try:
        return _start(state, section, take, at, moment, loop=False)
    except Refused:
        return _start(state, section, take, At.parse("next-bar"), moment, loop=False)


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
