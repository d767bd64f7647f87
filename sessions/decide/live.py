"""Decisions about time and live playing: the transport, what is played on top of it, and an end for each note of it.

Who plays a note ends it. Who goes away, or loses the role for it, can't: then the server does, so no note sounds for ever; and
a pedal that they held is let go, a pitch that they bent is straight again.
"""

from __future__ import annotations

from collections.abc import Iterator

from sessions.commands import (
    Command,
    LiveBend,
    LiveControl,
    LiveNote,
    Locate,
    SetMeter,
    SetTempo,
    StartTransport,
    StopTransport,
)
from sessions.decide.accompaniment import ended
from sessions.decide.base import Decision, Moment
from sessions.decide.takes import LEAD_US
from sessions.errors import Code
from sessions.events import Bent, Controlled, NotePlayed, Released, Silenced, TransportMoved
from sessions.log import time_us
from sessions.music import TICKS_PER_BEAT, Part
from sessions.roles import Permit
from sessions.state import BEND, Presence, State

__all__ = ["bend", "control", "ends", "hush", "move", "note"]


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


def control(state: State, command: LiveControl, moment: Moment) -> Decision:
    tick = state.transport.tick_at(moment.now_us)
    return Decision((Controlled(command.part, command.controller, command.value, tick),))


def bend(state: State, command: LiveBend, moment: Moment) -> Decision:
    return Decision((Bent(command.part, command.value, state.transport.tick_at(moment.now_us)),))


def ends(state: State) -> tuple[Silenced | Released, ...]:
    """The ends of all notes whose players are gone, or may not play them any more, and of what they held beside them."""
    return (*_silenced(state), *_released(state))


def hush(state: State) -> tuple[Silenced | Released, ...]:
    """The same of everybody's, whether they may play on or not: for when the end of a note could not be taken."""
    return (*_silenced(state, everybody=True), *_released(state, everybody=True))


def _silenced(state: State, *, everybody: bool = False) -> Iterator[Silenced]:
    for name, held in state.sounding.items():
        notes: dict[str, tuple[int, ...]] = {}
        for part, pitch in held:
            if everybody or not _may(state, name, LiveNote.TYPE, part):
                notes[str(part)] = (*notes.get(str(part), ()), pitch)
        if notes:
            yield Silenced(name, notes, state.transport.tick_at(time_us(state.time)))


def _released(state: State, *, everybody: bool = False) -> Iterator[Released]:
    for name, moved in state.moved.items():
        controls: dict[str, tuple[int, ...]] = {}
        bends = []
        for part, controller in moved:
            if not everybody and _may(state, name, (LiveBend if controller == BEND else LiveControl).TYPE, part):
                continue
            if controller == BEND:
                bends.append(part)
            else:
                controls[str(part)] = (*controls.get(str(part), ()), controller)
        if controls or bends:
            yield Released(name, controls, tuple(bends), state.transport.tick_at(time_us(state.time)))


def _may(state: State, member: str, command: str, part: Part) -> bool:
    """Whether somebody is here and may still give this command on a part."""
    here = state.members[member].presence is Presence.PRESENT
    return here and state.role_of(member).permits(command, (part,)) is not Permit.NO
