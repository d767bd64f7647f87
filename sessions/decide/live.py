"""Decisions about time and live notes: the transport, what is played on top of it, and an end for each note of it.

Who plays a note ends it. Who goes away, or loses the role for it, can't: then the server does, so no note sounds for ever.
"""

from __future__ import annotations

from sessions.commands import Command, LiveNote, Locate, SetMeter, SetTempo, StartTransport, StopTransport
from sessions.decide.accompaniment import ended
from sessions.decide.base import Decision, Moment
from sessions.decide.takes import LEAD_US
from sessions.errors import Code
from sessions.events import NotePlayed, Silenced, TransportMoved
from sessions.log import time_us
from sessions.music import TICKS_PER_BEAT
from sessions.roles import Permit
from sessions.state import Presence, State

__all__ = ["ends", "move", "note"]


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


def ends(state: State) -> tuple[Silenced, ...]:
    """The ends of all notes whose players are gone, or may not play them any more."""
    found = []
    for name, held in state.sounding.items():
        here, role = state.members[name].presence is Presence.PRESENT, state.role_of(name)
        notes: dict[str, tuple[int, ...]] = {}
        for part, pitch in held:
            if not here or role.permits(LiveNote.TYPE, (part,)) is Permit.NO:
                notes[str(part)] = (*notes.get(str(part), ()), pitch)
        if notes:
            found.append(Silenced(name, notes, state.transport.tick_at(time_us(state.time))))
    return tuple(found)
