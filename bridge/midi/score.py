"""The score: what a session's state means for the next moments, as a plan of notes by the clock.

Read anew whenever something has changed, and ten times a second while something plays: takes that play or loop, what an
accompaniment has said ahead, and what other members hold down just now. Nothing is remembered but names, so that a note keeps
its id from plan to plan, and what was played live, for the state doesn't know how hard.

    score = Score()
    score.heard({"type": "live.note", "part": "bass", "pitch": 36, "velocity": 90, "member": "ben"}, now_us)
    plan = score.plan(host.state, now_us)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.midi.beat import beat_words
from bridge.midi.plan import FOREVER_US, LATE_US, Plan, Tone, Word
from bridge.midi.timeline import Stretch, Timeline
from bridge.wire import midi
from models.render.bands import players
from sessions.music import NOTE_PARTS, Note, Part, Request, untangled
from sessions.state import BEND, Playing, State

__all__ = ["AHEAD_US", "Score"]

AHEAD_US = 1_000_000
"""So far ahead is planned: a server that is busy for less is not heard to be."""
PROGRAM_EARLY_US = 10_000
"""So long before it begins a take's players are named: instruments need a moment to change."""

Name = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Music:
    """A take's notes in ticks from its start, in order of their starts; and who plays them, by channel."""

    notes: tuple[tuple[Part, Note], ...]
    starts: tuple[int, ...]
    longest: int
    length: int
    programs: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Draft:
    """A plan that is being written, for one stretch after the other."""

    now_us: int
    notes: list[Tone] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)
    said: list[Word] = field(default_factory=list)

    @property
    def late_us(self) -> int:
        return self.now_us - LATE_US

    @property
    def until_us(self) -> int:
        return self.now_us + AHEAD_US

    def ticks(self, stretch: Stretch) -> tuple[int, int]:
        """The first and last tick of a stretch that matter now."""
        begin_us, end_us = max(self.late_us, stretch.begin_us), min(self.until_us, stretch.end_us)
        return stretch.transport.tick_at(begin_us), stretch.transport.tick_at(end_us) + 1


class Score:
    """One session's. `clock` sends the beat as well, `programs` who plays."""

    def __init__(self, *, clock: bool = False, programs: bool = True) -> None:
        self._line = Timeline()
        self._clock, self._programs = clock, programs
        self._music: dict[str, _Music] = {}
        self._ids: dict[Name, int] = {}
        """Of the last plan; a note that is in none any more is never named again."""
        self._used: dict[Name, int] = {}
        self._next_id = 0
        self._live: dict[tuple[str, str, int], Tone] = {}
        self._over: list[Tone] = []
        """Live notes that have ended, for as long as they might not have begun yet."""
        self._moved: list[Word] = []
        self._away: dict[tuple[int, int], bytes] = {}
        """By channel and controller: what was moved last and does not rest."""

    def heard(self, message: Mapping[str, Any], now_us: int) -> None:
        """What another member plays, now."""
        channel = Part(message["part"]).channel
        match message["type"]:
            case "live.note":
                self._note((message["member"], message["part"], message["pitch"]), channel, message["velocity"], now_us)
            case "live.control":
                controller, value = message["controller"], message["value"]
                self._move((channel, controller), value, midi.control(channel, controller, value), now_us)
            case "live.bend":
                self._move((channel, BEND), message["value"], midi.bend(channel, message["value"]), now_us)

    def moved(self, state: State, now_us: int) -> None:
        """The transport has changed; told of each change as it comes, however long it takes until the next plan."""
        self._line.move(state.transport, now_us)

    def again(self, channels: Collection[int], state: State, now_us: int) -> None:
        """Somebody is connected who was not: who plays on these channels, and where their pedals are, is said once more."""
        said = [(what[0], data) for what, data in self._away.items()]
        if self._programs:
            said += [(channel, midi.program(channel, program)) for channel, program in self._playing(state, now_us)]
        self._moved += [Word(self._fresh(), now_us, data) for channel, data in said if channel in channels]

    def _playing(self, state: State, now_us: int) -> Iterator[tuple[int, int]]:
        """Channels and programs of all that has begun."""
        tick, going = state.transport.tick_at(now_us), state.accompaniment
        for take, playing in state.playing.items():
            if playing.tick <= tick:
                yield from self._music_of(state, take).programs
        if going is not None and going.tick <= tick:
            yield from _programs_of(going.request)

    def _move(self, what: tuple[int, int], value: int, data: bytes, now_us: int) -> None:
        self._moved.append(Word(self._fresh(), now_us, data))
        self._away.pop(what, None)
        if value:
            self._away[what] = data

    def _note(self, name: tuple[str, str, int], channel: int, velocity: int, now_us: int) -> None:
        if (old := self._live.pop(name, None)) is not None:
            self._over.append(replace(old, off_us=now_us))
        if velocity:
            self._live[name] = Tone(self._fresh(), now_us, FOREVER_US, channel, name[2], velocity)

    def plan(self, state: State, now_us: int) -> Plan:
        """What is to sound from now on, as things stand."""
        draft = _Draft(now_us)
        self._line.move(state.transport, now_us)
        self._line.forget(draft.late_us)
        self._used = {}
        self._by_hand(draft)
        for stretch in self._line.stretches:
            if stretch.transport.playing:
                for take, playing in state.playing.items():
                    self._take(draft, stretch, state, take, playing)
                self._along(draft, stretch, state)
        if self._clock:
            beat = beat_words(self._line, now_us, AHEAD_US)
            draft.said += [Word(self._id(name), at_us, data) for name, at_us, data in beat]
        self._ids = self._used
        self._music = {take: music for take, music in self._music.items() if take in state.playing}
        return Plan(now_us, tuple(draft.notes), tuple(draft.held), tuple(draft.said))

    def _by_hand(self, draft: _Draft) -> None:
        """Live notes; and what else was moved. What is still held may begin whenever it is heard of: it is late, and not wrong."""
        self._over = [tone for tone in self._over if tone.off_us > draft.late_us]
        draft.notes += self._live.values()
        for tone in self._over:
            if tone.on_us > draft.late_us:
                draft.notes.append(tone)
            else:
                draft.held.append((tone.id, tone.off_us))
        draft.said += self._moved  # in one plan at least, however late that is: a pedal that is up must come up
        self._moved = [word for word in self._moved if word.at_us > draft.late_us]

    def _take(self, draft: _Draft, stretch: Stretch, state: State, take: str, playing: Playing) -> None:
        music = self._music_of(state, take)
        first, last = draft.ticks(stretch)
        begun, beginning = first - music.longest - playing.tick, last - playing.tick
        rounds = range(max(0, begun // music.length), beginning // music.length + 1) if playing.loop else range(1)
        for number in rounds:
            base = playing.tick + number * music.length
            begin, end = (
                bisect_left(music.starts, first - music.longest - base),
                bisect_right(music.starts, last - base),
            )
            for index in range(begin, end):
                part, note = music.notes[index]
                name = (stretch.number, take, playing.tick, number, index)
                self._write(draft, stretch, name, part, note, base)
        self._players(draft, stretch, (take, playing.tick), music.programs)

    def _music_of(self, state: State, take: str) -> _Music:
        if take not in self._music:
            self._music[take] = _music_of(state, take)
        return self._music[take]

    def _along(self, draft: _Draft, stretch: Stretch, state: State) -> None:
        """What an accompaniment has said ahead, in ticks of the session."""
        going = state.accompaniment
        if going is None:
            return
        first, last = draft.ticks(stretch)
        for part, note in going.notes:
            if note.end >= first and note.start <= last:
                self._write(draft, stretch, (stretch.number, going.name, going.tick, part, note), part, note, 0)
        self._players(draft, stretch, (going.name, going.tick), _programs_of(going.request))

    def _write(self, draft: _Draft, stretch: Stretch, name: Name, part: Part, note: Note, base: int) -> None:
        """A note into the plan: as one that may begin, or as one that sounds since an earlier plan had it begin."""
        on_us = stretch.time_us(base + note.start)
        if stretch.has(on_us) and draft.late_us < on_us < draft.until_us:
            off_us = self._line.end_us(stretch, base + note.end)
            draft.notes.append(Tone(self._id(name), on_us, off_us, part.channel, note.pitch, note.velocity))
        elif name in self._ids and name not in self._used and on_us < max(draft.late_us + 1, stretch.begin_us):
            draft.held.append((self._id(name), self._line.end_us(stretch, base + note.end)))

    def _players(
        self, draft: _Draft, stretch: Stretch, which: tuple[str, int], programs: tuple[tuple[int, int], ...]
    ) -> None:
        """Who plays something, said just before it begins."""
        begins_us = stretch.time_us(which[1])
        if not self._programs or not stretch.has(begins_us) or not draft.late_us < begins_us < draft.until_us:
            return
        for channel, program in programs:
            name = (stretch.number, *which, "program", channel)
            draft.said.append(Word(self._id(name), begins_us - PROGRAM_EARLY_US, midi.program(channel, program)))

    def _id(self, name: Name) -> int:
        """The same for the same as long as plans name it."""
        found = self._ids.get(name) or self._used.get(name) or self._fresh()
        self._used[name] = found
        return found

    def _fresh(self) -> int:
        self._next_id += 1
        return self._next_id


def _music_of(state: State, take: str) -> _Music:
    section = state.sections[state.takes[take].section]
    by_part: dict[Part, list[Note]] = {part: [] for part in NOTE_PARTS}
    for (part, _), bar in section.written().items():
        by_part[part].extend(bar)
    together = [(part, note) for part, some in by_part.items() for note in untangled(some)]
    notes = tuple(sorted(together, key=lambda one: one[1].start))
    longest = max((note.length for _, note in notes), default=0)
    starts = tuple(note.start for _, note in notes)
    return _Music(notes, starts, longest, section.request.total_ticks, _programs_of(section.request))


def _programs_of(request: Request) -> tuple[tuple[int, int], ...]:
    band = players(request.style, request.plays)
    return tuple((part.channel, band.program(part)[0]) for part in request.note_parts)
