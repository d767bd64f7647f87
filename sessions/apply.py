"""Apply: one event changes the state; the fold of all events is the state.

Events are facts, so nothing is judged here and nothing can be refused. What the log says happened is what is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sessions import estimate
from sessions import events as e
from sessions.log import time_us
from sessions.music import TICKS_PER_BEAT, Part
from sessions.nonces import series_of, use
from sessions.packed import Packed
from sessions.plain import fields_of
from sessions.state import BEND, Accompaniment, Member, Playing, Presence, Section, State, Status, Stem, Take, bar_name

__all__ = ["apply"]

STILL_TICKS = 8 * TICKS_PER_BEAT
"""What an accompaniment said that has ended so long before what it says now no longer sounds."""

Applier = Callable[[State, str, Any], None]


def apply(state: State, member: str, event: e.Event, time: str, nonce: str = "") -> None:
    """Change the state by what happened: by whom, when, and the nonce that is used up by it."""
    state.time = time
    if nonce:
        use(state.nonces.setdefault(member, {}), nonce)
        state.changed["nonces", member, series_of(nonce)[0]] = None
    _APPLIERS[type(event)](state, member, event)
    for table, name in _CHANGES[type(event)]:
        state.changed[table, getattr(event, name)] = None
    state.size += 1


def _created(state: State, member: str, event: e.Created) -> None:
    state.name, state.origin, state.log_key = event.session, event.origin, event.log_key


def _recovered(state: State, member: str, event: e.Recovered) -> None:
    """A restart: nobody is connected, nothing sounds, no engine has anything in hand."""


def _joined(state: State, member: str, event: e.Joined) -> None:
    state.members[event.member] = Member(event.member, event.role, event.invite, event.key, since=state.time)


def _left(state: State, member: str, event: e.Left) -> None:
    gone = event.why is e.LeftWhy.LEFT
    left = state.members[event.member]
    left.presence, left.since = Presence.LEFT if gone else Presence.AWAY, state.time
    state.offers.pop(event.member, None)
    state.at_once.pop(event.member, None)


def _role(state: State, member: str, event: e.RoleChanged) -> None:
    state.members[event.member].role = event.role


def _removed(state: State, member: str, event: e.Removed) -> None:
    state.members[event.member].presence = Presence.REMOVED
    state.offers.pop(event.member, None)
    state.at_once.pop(event.member, None)


def _revoked(state: State, member: str, event: e.Revoked) -> None:
    state.revoked[event.invite] = True


def _defined(state: State, member: str, event: e.RoleDefined) -> None:
    if event.grants:
        state.roles[event.role] = event.grants
    else:
        state.roles.pop(event.role, None)


def _said(state: State, member: str, event: e.Said) -> None:
    """Chat lives in the log and on the members' screens."""


def _offered(state: State, member: str, event: e.EngineOffered) -> None:
    state.offers[member] = event.renderers
    state.at_once[member] = event.at_once


def _requested(state: State, member: str, event: e.Requested) -> None:
    section = Section(
        asker=member,
        id=event.id,
        role=state.members[member].role,
        invite=state.members[member].invite,
        index=state.size,
        time=state.time,
        asked=dict(event.asked),
        request=event.request,
        status=Status.WAITING if event.waiting else Status.QUEUED,
    )
    state.sections[section.name] = section
    state.changed["sections", section.name] = None
    if not event.waiting:
        state.queue += (section.name,)


def _asked_again(state: State, member: str, event: e.AskedAgain) -> None:
    section = state.sections[event.section]
    section.also = (*section.also, member)


def _approved(state: State, member: str, event: e.Approved) -> None:
    section = state.sections[event.section]
    section.status, section.approver = Status.QUEUED, member
    state.queue += (section.name,)


def _assigned(state: State, member: str, event: e.Assigned) -> None:
    section = state.sections[event.section]
    section.status, section.engine, section.attempt = Status.WORKING, event.engine, event.attempt
    section.started = state.time
    state.queue = tuple(name for name in state.queue if name != section.name)
    state.hands[event.engine] = (*state.hands.get(event.engine, ()), section.name)


def _out_of_hand(state: State, section: Section) -> None:
    state.queue = tuple(name for name in state.queue if name != section.name)
    held = tuple(name for name in state.hands.get(section.engine, ()) if name != section.name)
    if held:
        state.hands[section.engine] = held
    else:
        state.hands.pop(section.engine, None)


def _requeued(state: State, member: str, event: e.Requeued) -> None:
    """To the front: it has waited longest. Bars that were heard stay until they are written anew."""
    section = state.sections[event.section]
    _out_of_hand(state, section)
    section.status, section.engine, section.attempt = Status.QUEUED, "", event.attempt
    section.stems.clear()
    state.queue = (section.name, *state.queue)


def _bar(state: State, member: str, event: e.BarWritten) -> None:
    state.sections[event.section].bars[bar_name(event.part, event.bar)] = Packed.of(event.notes)


def _stem(state: State, member: str, event: e.StemRendered) -> None:
    state.sections[event.section].stems[event.part] = Stem(event.sha256, event.frames, event.rate)


def _done(state: State, member: str, event: e.Done) -> None:
    section = state.sections[event.section]
    _out_of_hand(state, section)
    section.status, section.take = Status.DONE, event.take
    state.next_take += 1
    estimate.learn(state, section, time_us(state.time) - time_us(section.started))
    stated = dict(event.stated)
    state.takes[event.take] = Take(event.take, section.name, state.size, state.time, event.statement, stated)


def _over(status: Status) -> Applier:
    def over(state: State, member: str, event: e.Failed | e.Cancelled | e.Denied) -> None:
        section = state.sections[event.section]
        _out_of_hand(state, section)
        section.status = status
        if isinstance(event, e.Failed):
            section.code, section.advice = event.code, event.advice

    return over


def _played(state: State, member: str, event: e.Played) -> None:
    if event.transport is not None:
        state.transport = event.transport
    for name, playing in list(state.playing.items()):
        length = state.sections[state.takes[name].section].request.total_ticks
        if not playing.loop and playing.tick + length <= event.tick:
            del state.playing[name]
    state.playing[event.take] = Playing(event.tick, event.loop)


def _stopped(state: State, member: str, event: e.Stopped) -> None:
    state.playing.pop(event.take, None)


def _verdict(word: str) -> Applier:
    def verdict(state: State, member: str, event: e.Accepted | e.Rejected) -> None:
        state.takes[event.take].verdict = word

    return verdict


def _rated(state: State, member: str, event: e.Rated) -> None:
    state.takes[event.take].ratings[member] = event.stars


def _voted(state: State, member: str, event: e.Voted) -> None:
    votes = state.takes[event.take].votes
    if event.value:
        votes[member] = event.value
    else:
        votes.pop(member, None)


def _moved(state: State, member: str, event: e.TransportMoved) -> None:
    state.transport = event.transport
    if not event.transport.playing:
        state.playing.clear()


def _noted(state: State, member: str, event: e.NotePlayed) -> None:
    """Of live notes the state keeps those that sound."""
    note = (event.part, event.pitch)
    held = [one for one in state.sounding.pop(member, ()) if one != note]
    if event.velocity:
        held.append(note)
    if held:
        state.sounding[member] = tuple(held)


def _silenced(state: State, member: str, event: e.Silenced) -> None:
    ended = {(Part(part), pitch) for part, pitches in event.notes.items() for pitch in pitches}
    held = tuple(one for one in state.sounding.pop(event.member, ()) if one not in ended)
    if held:
        state.sounding[event.member] = held


RESTING = {1: 0, 64: 63, 65: 63, 66: 63, 67: 63, 68: 63, 69: 63, BEND: 0}
"""Controllers that somebody holds, and their highest value at rest: the modulation wheel, the pedals, the pitch wheel."""


def _controlled(state: State, member: str, event: e.Controlled) -> None:
    """Of controllers the state keeps those that are held away from their rest; the others stay where they are put."""
    if event.controller in RESTING:
        _hold(state, member, (event.part, event.controller), held=event.value > RESTING[event.controller])


def _bent(state: State, member: str, event: e.Bent) -> None:
    _hold(state, member, (event.part, BEND), held=event.value != 0)


def _hold(state: State, member: str, what: tuple[Part, int], *, held: bool) -> None:
    kept = tuple(one for one in state.moved.pop(member, ()) if one != what) + ((what,) if held else ())
    if kept:
        state.moved[member] = kept


def _released(state: State, member: str, event: e.Released) -> None:
    for part, controllers in event.controls.items():
        for controller in controllers:
            _hold(state, event.member, (Part(part), controller), held=False)
    for part in event.bends:
        _hold(state, event.member, (part, BEND), held=False)


def _accompanied(state: State, member: str, event: e.Accompanied) -> None:
    if event.transport is not None:
        state.transport = event.transport
    state.accompaniment = Accompaniment(
        member, event.id, dict(event.asked), event.request, event.engine, event.tick, event.tick
    )


def _ahead(state: State, member: str, event: e.Ahead) -> None:
    """Of what was said before only what may still sound is kept: it is said a few beats ahead."""
    if state.accompaniment is None:
        return
    new = [(Part(part), note) for part, notes in event.notes.items() for note in notes]
    old = [(part, note) for part, note in state.accompaniment.notes if note.end > event.start - STILL_TICKS]
    state.accompaniment = replace(state.accompaniment, until=event.end, notes=(*old, *new))


def _rested(state: State, member: str, event: e.Rested) -> None:
    state.accompaniment = None


_APPLIERS: dict[type[e.Event], Applier] = {
    e.Created: _created,
    e.Recovered: _recovered,
    e.Joined: _joined,
    e.Left: _left,
    e.RoleChanged: _role,
    e.Removed: _removed,
    e.Revoked: _revoked,
    e.RoleDefined: _defined,
    e.Said: _said,
    e.EngineOffered: _offered,
    e.Requested: _requested,
    e.AskedAgain: _asked_again,
    e.Approved: _approved,
    e.Denied: _over(Status.DENIED),
    e.Assigned: _assigned,
    e.Requeued: _requeued,
    e.BarWritten: _bar,
    e.StemRendered: _stem,
    e.Done: _done,
    e.Failed: _over(Status.FAILED),
    e.Cancelled: _over(Status.CANCELLED),
    e.Played: _played,
    e.Stopped: _stopped,
    e.Accepted: _verdict("accepted"),
    e.Rejected: _verdict("rejected"),
    e.Rated: _rated,
    e.Voted: _voted,
    e.TransportMoved: _moved,
    e.NotePlayed: _noted,
    e.Silenced: _silenced,
    e.Controlled: _controlled,
    e.Bent: _bent,
    e.Released: _released,
    e.Accompanied: _accompanied,
    e.Ahead: _ahead,
    e.Rested: _rested,
}

_TABLES = {"member": "members", "section": "sections", "take": "takes"}
_CHANGES = {kind: tuple((_TABLES[name], name) for name in fields_of(kind) if name in _TABLES) for kind in _APPLIERS}
"""The records that an event changes, by the fields that name them."""
