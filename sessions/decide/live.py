"""Decisions about time and live notes: the transport, and what is played on top of it."""

from __future__ import annotations

from sessions.commands import Command, LiveNote, Locate, SetMeter, SetTempo, StartTransport, StopTransport
from sessions.decide.accompaniment import ended
from sessions.decide.base import Decision, Moment
from sessions.decide.takes import LEAD_US
from sessions.errors import Code
from sessions.events import NotePlayed, TransportMoved
from sessions.music import TICKS_PER_BEAT
from sessions.state import State

__all__ = ["move", "note"]


def move(state: State, command: Command, moment: Moment) -> Decision:
    """The transport from a moment on that is still ahead, so that it is heard of before it sounds."""
    transport, soon_us = state.transport, moment.now_us + LEAD_US
    match command:
        case StartTransport():
            moved = transport if transport.playing else transport.play(soon_us)
        case StopTransport():
            moved = transport.stop(moment.now_us) if transport.playing else transport
        case SetTempo(bpm=bpm):
            moved = transport.tempo(soon_us, bpm)
        case Locate(beat=beat):
            moved = transport.locate(soon_us, round(beat * TICKS_PER_BEAT))
        case SetMeter(meter=meter):
            moved = transport.meter(soon_us, meter)
        case _:
            raise TypeError(type(command).__name__)
    going = state.accompaniment
    if going is not None and isinstance(command, Locate | SetMeter) and moved != transport:
        # Whatever was said ahead was said for another place, or other bars.
        return Decision((TransportMoved(moved), ended(going, Code.CONFLICT, "time has moved; ask for it again")))
    return Decision((TransportMoved(moved),))


def note(state: State, command: LiveNote, moment: Moment) -> Decision:
    tick = state.transport.tick_at(moment.now_us)
    return Decision((NotePlayed(command.part, command.pitch, command.velocity, tick),))
