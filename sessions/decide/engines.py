"""Decisions about engines: what they hand in, and who gets the next section.

An engine is a member like any other and is believed as little: a bar must be of a section it was given, of a part that was
asked for, inside the section. What comes late, after a cancel or after another engine took over, is dropped without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from sessions.answers import Tell, To, progress_answer
from sessions.canonical import canonical_bytes
from sessions.commands import EngineBar, EngineDone, EngineFailed, EngineProgress, EngineReady, EngineStem
from sessions.decide import live, takes
from sessions.decide.accompaniment import ended, over
from sessions.decide.base import NOBODY, Decision, Moment
from sessions.errors import Code, Refused
from sessions.events import Assigned, BarWritten, Done, EngineOffered, Event, Failed, Requeued, StemRendered
from sessions.music import Note, Part, Renderer, Request
from sessions.state import Presence, Section, State, Status
from sessions.statement import make_statement

__all__ = ["bar", "done", "failed", "follow_ups", "may_preview", "progress", "ready", "stem"]

MAX_ATTEMPTS = 3
"""Engines that a section is handed to before it fails."""

MOST_AT_ONCE = 16
"""Sections that one engine may take together."""

MAX_UNHEARD = 300
"""Characters of why sound is missing."""

MAX_MADE = 2048
"""Bytes that a take states of how one stem was made."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def ready(state: State, member: str, command: EngineReady) -> Decision:
    """An engine begins anew: what it had in hand was lost with its last connection, noticed or not."""
    if not 1 <= command.at_once <= MOST_AT_ONCE:
        raise Refused(
            Code.BAD_VALUE, f"at_once: {command.at_once} sections are out of range; offer 1 to {MOST_AT_ONCE}"
        )
    lost: list[Event] = [_give_up(state.sections[name]) for name in state.hands.get(member, ())]
    if state.accompaniment is not None and state.accompaniment.engine == member:
        lost.append(ended(state.accompaniment, Code.NO_ENGINE, "the engine began anew; ask for it again"))
    return Decision((EngineOffered(command.name, command.software, command.renderers, command.at_once), *lost))


def _own(state: State, member: str, name: str) -> Section | None:
    """The section if this engine has it in hand."""
    section = state.sections.get(name)
    if section is None or section.engine != member or section.status is not Status.WORKING:
        return None
    return section


def bar(state: State, member: str, command: EngineBar) -> Decision:
    section = _own(state, member, command.section)
    if section is None or section.notes(command.part, command.bar) == command.notes:
        return NOBODY
    request = section.request
    if command.part not in request.parts or command.part is Part.TEXTURE:
        raise Refused(Code.BAD_VALUE, f"part: {command.part} has no notes in this section")
    if not 1 <= command.bar <= request.bars:
        raise Refused(Code.BAD_VALUE, f"bar: send 1 to {request.bars}")
    start = (command.bar - 1) * request.ticks_per_bar
    for note in command.notes:
        _check_note(note, start, start + request.ticks_per_bar, request.total_ticks)
    return Decision((BarWritten(section.name, command.part, command.bar, tuple(sorted(command.notes))),))


def _check_note(note: Note, start: int, end: int, total: int) -> None:
    if not start <= note.start < end or note.start + note.length > total:
        raise Refused(Code.BAD_VALUE, f"notes: {note} does not lie in its bar and section; send notes that do")


def stem(state: State, member: str, command: EngineStem) -> Decision:
    section = _own(state, member, command.section)
    if section is None:
        return NOBODY
    if command.part != "mix" and command.part not in section.request.parts:
        raise Refused(Code.BAD_VALUE, f"part: {command.part[:32]!r} was not asked for")
    if not _SHA256.fullmatch(command.sha256) or command.frames < 1 or not 8000 <= command.rate <= 192_000:
        raise Refused(Code.BAD_VALUE, "sha256: send the blob's hash in hex, its frames and its rate")
    return Decision((StemRendered(section.name, command.part, command.sha256, command.frames, command.rate),))


def done(state: State, member: str, command: EngineDone, moment: Moment) -> Decision:
    section = _own(state, member, command.section)
    if section is None:
        return NOBODY
    if command.unheard and not section.request.note_parts:
        raise Refused(Code.BAD_VALUE, f"section: it has no notes, and no sound either: {command.unheard[:MAX_UNHEARD]}")
    missing = _missing(section, sound=not command.unheard)
    if missing:
        raise Refused(Code.BAD_VALUE, f"section: {missing} is not handed in yet; send it before engine.done")
    for part, made in command.stems.items():
        if part not in section.request.parts or not isinstance(made, Mapping) or len(canonical_bytes(made)) > MAX_MADE:
            raise Refused(Code.BAD_VALUE, f"stems: {part[:32]!r} is no part of it, or too much is said of it")
    take = f"take-{state.next_take}"
    midi = moment.midi(section.request, section.written(), take)
    unheard = command.unheard[:MAX_UNHEARD] if _missing(section, sound=True) else ""
    stated = make_statement(state, section, take, command, midi, moment.time, unheard)
    finished = Done(section.name, take, sha256(canonical_bytes(stated)).hexdigest(), stated)
    return Decision((finished, *takes.when_done(state, section, take, moment)))


def _missing(section: Section, *, sound: bool) -> str:
    for number in range(1, section.request.bars + 1):
        for part in section.request.parts:
            if part is not Part.TEXTURE and not section.has(part, number):
                return f"bar {number} of {part}"
    if section.request.stems and sound:
        for name in (*section.request.parts, "mix"):
            if name not in section.stems:
                return f"the stem {name}"
    return ""


def failed(state: State, member: str, command: EngineFailed) -> Decision:
    going = state.accompaniment
    if going is not None and (going.engine, going.name) == (member, command.section):
        return Decision((ended(going, command.code, command.advice[:500]),))
    section = _own(state, member, command.section)
    return Decision((Failed(section.name, command.code, command.advice[:500]),)) if section is not None else NOBODY


def progress(state: State, member: str, command: EngineProgress, now_us: int) -> Tell | None:
    """How far a section is, for those who asked and those who watch; nothing of it is logged."""
    section = _own(state, member, command.section)
    if section is None:
        return None
    said = progress_answer(state, section, command.stage[:32], command.done, now_us)
    return Tell((said,), To.SECTION, section.asker, also=section.also)


def may_preview(state: State, invite: str, name: str, part: str) -> None:
    """Raise `Refused` unless the engine that came by this invite has the section in hand, and the part's stem is not final."""
    section = state.sections.get(name)
    if section is None or section.status is not Status.WORKING or state.members[section.engine].invite != invite:
        raise Refused(Code.CONFLICT, f"section: {name[:80]!r} is not in this engine's hand; drop what it made of it")
    if part not in section.request.parts or part in section.stems:
        raise Refused(
            Code.CONFLICT, f"part: {part[:32]!r} was not asked for, or its stem is final; drop what else there is"
        )


def follow_ups(state: State) -> tuple[Event, ...]:
    """What the server does by itself after an event.

    It ends what nobody else would end, takes back from engines that are gone, and hands out to those that are free.
    """
    rested = over(state)
    events: list[Event] = [*live.ends(state), *(() if rested is None else (rested,))]
    for engine, names in state.hands.items():
        if names and state.members[engine].presence is not Presence.PRESENT:
            events += [_give_up(state.sections[name]) for name in names]
    if events:
        return tuple(events)
    room = {
        member.name: state.at_once.get(member.name, 1) - len(state.hands.get(member.name, ()))
        for member in state.engines()
    }
    for name in state.queue if room else ():
        # Who has least to do comes first; of those, who has been here longest.
        able = _able(state, state.sections[name].request, list(room))
        freest = max(able, key=lambda engine: (not state.hands.get(engine), room[engine]))
        if room[freest] < 1:
            continue
        room[freest] -= 1
        events.append(Assigned(name, freest, state.sections[name].attempt + 1))
    return tuple(events)


def _able(state: State, request: Request, engines: list[str]) -> list[str]:
    """Those that offer the renderer that was asked for; where nobody does any more, all, for they say what to do instead."""
    if not request.stems or request.renderer is Renderer.AUTO:
        return engines
    offering = [one for one in engines if any(offer.name is request.renderer for offer in state.offers.get(one, ()))]
    return offering or engines


def _give_up(section: Section) -> Event:
    if section.attempt < MAX_ATTEMPTS:
        return Requeued(section.name, section.attempt)
    advice = f"{section.attempt} engines were lost over it; ask again in another way, or look at the server's messages"
    return Failed(section.name, Code.FAILED, advice)
