"""Live accompaniment: a plan of the next bars from the notes played so far, and what of it is fixed.

Lives here: one accompaniment as a value that its owner moves on. `heard` takes in what the player does, `plan` writes the
coming bars anew, `commit` says what must sound up to a tick; nothing that was committed changes any more. Where a plan
comes late, what was planned before stays, and where nothing was, the last committed bars come again; so there is no silence
by accident, and no note without an end. All positions are ticks on the transport. Knows no clock and no network: when to
plan and when to commit is for whoever has one.

    >>> from models.compose.writer.ahead import RulesAhead
    >>> from sessions.music.section import parse_request
    >>> band = Accompanist(RulesAhead(), parse_request({"parts": "drums,bass", "style": "pop", "seed": 7}))
    >>> band.heard(Part.MELODY, [Note(0, 960, 60, 90)])
    >>> sorted(band.plan(3840, 2))
    [<Part.BASS: 'bass'>, <Part.DRUMS: 'drums'>]
    >>> commit = band.commit(4800)
    >>> commit.start, commit.end, all(note.start < 4800 for notes in commit.notes.values() for note in notes)
    (0, 4800, True)
    >>> band.stop(4320).at, band.commit(9600).notes
    (4320, {})
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from models.compose.writer.ahead import MOST_AHEAD_BARS, Ahead, RulesAhead, Situation, end_of_halves, origin_of
from models.compose.writer.ear import Halves, chords_ahead, key_heard
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part

if TYPE_CHECKING:
    from models.compose.composer import BarNotes
    from sessions.music.keys import Key
    from sessions.music.section import Request

__all__ = ["Accompanist", "Commit", "Ended", "Notes"]

REPEATED_BARS = (4, 2, 1)
"""So many of the last committed bars come again where there is no plan: the most of these that there are."""

KEPT_BARS = 32
"""Bars behind the committed ones that are remembered."""

LINES = frozenset({Part.BASS, Part.MELODY})
"""Parts with one note at a time."""

Notes = Mapping[Part, tuple[Note, ...]]
"""Notes by part, in ticks on the transport."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What is fixed from one tick up to another: the notes that start there. `repeated` where there was no plan for it."""

    start: int
    end: int
    notes: Notes = field(default_factory=dict)
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an accompaniment at a tick: notes that sounded and are cut there, and committed ones that never start."""

    at: int
    cut: Notes
    withdrawn: Notes


class Accompanist:
    """Accompanies from `start` on, a bar line; one for each time that somebody is accompanied."""

    def __init__(self, mate: Ahead, request: Request, *, start: int = 0, standin: Ahead | None = None) -> None:
        self._mate, self._standin = mate, standin or RulesAhead()
        self._request, self._ticks = request, request.ticks_per_bar
        self._start, self._fixed = start, start
        self._heard: dict[Part, dict[tuple[int, int], Note]] = {}
        self._planned: dict[int, BarNotes] = {}
        self._sounds: dict[Part, list[Note]] = {part: [] for part in request.note_parts}
        self._halves: dict[int, Halves] = {}
        self._ended = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that are played here."""
        return self._request.note_parts

    @property
    def bar_ticks(self) -> int:
        """How long a bar is."""
        return self._ticks

    @property
    def key(self) -> Key:
        """The key that is played in: as asked, until what is heard contradicts it."""
        return self._request.key

    @property
    def committed(self) -> int:
        """The tick up to which everything is fixed."""
        return self._fixed

    @property
    def planned(self) -> int:
        """The tick up to which there is a plan, without a gap from what is fixed on."""
        bar = self._bar(self._fixed)
        while bar in self._planned:
            bar += 1
        return max(self._fixed, self._tick(bar))

    # What is heard

    def heard(self, part: Part, notes: Iterable[Note]) -> None:
        """The player's notes; one that was heard before is taken as it is now, so a held note may grow."""
        if part in self._sounds or part not in NOTE_PARTS:
            return  # its own sound, or none that could be written down
        known = self._heard.setdefault(part, {})
        known.update({(note.start, note.pitch): note for note in notes if note.start >= self._start})
        oldest = self._fixed - KEPT_BARS * self._ticks
        for place in [place for place in known if place[0] < oldest]:
            del known[place]

    def tempo(self, bpm: float) -> None:
        """The tempo of what is planned from now on; ticks stay where they are."""
        self._request = replace(self._request, bpm=bpm)

    # What is planned

    def plan(self, from_tick: int, bars: int) -> Notes:
        """Writes the next bars from a tick on, given what was heard; what is committed stays. Gives the new notes.

        A bar of which something is fixed already stays as it was planned. Long, and the same for the same seed and notes.
        """
        situation = self.situation(from_tick, bars)
        return self.take(situation, self.write(situation))

    def situation(self, from_tick: int, bars: int) -> Situation:
        """What a plan from a tick on starts from: to `write`, and then to `take`."""
        at = max(from_tick, self._fixed)
        first = self._bar(at)
        if at > self._tick(first) and (first in self._planned or self._fixed > self._tick(first)):
            first += 1
        bars = min(max(bars, 1), MOST_AHEAD_BARS)
        origin = origin_of(first)
        tunes = [
            self._moved(note, 0) for part, known in self._heard.items() if part.is_pitched for note in known.values()
        ]
        whole = min(first, max((note.end // self._ticks for note in tunes), default=0))
        if self._request.chords is None:
            self._request = replace(self._request, key=key_heard(self._request.key, tunes, self._ticks, whole + 1))
        known = {bar: halves for bar, halves in self._halves.items() if bar < first}
        halves = chords_ahead(self._request, tunes, known, range(origin, end_of_halves(first)), whole)
        request = replace(self._request, bars=bars)
        return Situation(request, first, origin, tuple(halves), self._before(origin, first))

    def write(self, situation: Situation) -> Iterator[BarNotes]:
        """The bars for a situation, as they are written: long, and without any effect here, so it may be done elsewhere."""
        return self._mate.ahead(situation)

    def take(self, situation: Situation, bars: Iterable[BarNotes]) -> Notes:
        """Puts written bars into the plan, one by one; a bar of which something was fixed meanwhile stays as it was."""
        fresh: dict[Part, list[Note]] = {part: [] for part in self.parts}
        by = self._tick(situation.origin)
        for number, written in enumerate(bars, situation.first):
            moved = {
                part: tuple(replace(note, start=note.start + by) for note in written.get(part, ()))
                for part in self.parts
            }
            if self._tick(number) < self._fixed and number in self._planned:
                continue
            self._planned[number] = moved
            self._halves[number] = situation.halves[number - situation.origin]
            for part, notes in moved.items():
                fresh[part] += [note for note in notes if note.start >= self._fixed]
        return {part: tuple(notes) for part, notes in fresh.items()}

    def _before(self, origin: int, first: int) -> dict[tuple[Part, int], tuple[Note, ...]]:
        """What was and will be played before a bar, as far as anybody knows."""
        cells: dict[tuple[Part, int], list[Note]] = {}
        start, end = self._tick(origin), self._tick(first)
        own = [(part, note) for part, notes in self._sounds.items() for note in notes]
        later = [
            (part, note)
            for bar in sorted(self._planned)
            for part, notes in self._planned[bar].items()
            for note in notes
        ]
        own += [(part, note) for part, note in later if note.start >= self._fixed]
        theirs = [(part, note) for part, known in self._heard.items() for note in known.values()]
        for part, note in (*own, *theirs):
            if start <= note.start < end:
                cells.setdefault((part, self._bar(note.start) - origin + 1), []).append(self._moved(note, origin))
        return {cell: tuple(sorted(notes)) for cell, notes in cells.items()}

    # What is fixed

    def commit(self, until_tick: int) -> Commit:
        """Fixes what starts before a tick; from then on it does not change. Empty once stopped."""
        begin, repeated = self._fixed, False
        if self._ended or until_tick <= begin:
            return Commit(begin, begin)
        for bar in range(self._bar(begin), self._bar(until_tick - 1) + 1):
            if bar not in self._planned:
                self._planned[bar], repeated = self._without_plan(bar), True
        notes: dict[Part, tuple[Note, ...]] = {}
        for part in self.parts:
            due = [note for bar in sorted(self._planned) for note in self._planned[bar][part]]
            some = [note for note in due if begin <= note.start < until_tick]
            notes[part] = tuple(self._fix(part, note, due) for note in some if self._has_room(part, note, until_tick))
        self._fixed = until_tick
        self._forget()
        return Commit(begin, until_tick, {part: some for part, some in notes.items() if some}, repeated)

    def stop(self, tick: int) -> Ended:
        """Ends it: nothing is committed any more; what sounds at the tick is cut there, what would start later does not."""
        self._ended = True
        cut: dict[Part, tuple[Note, ...]] = {}
        withdrawn: dict[Part, tuple[Note, ...]] = {}
        for part, notes in self._sounds.items():
            sounding = [note for note in notes if note.start < tick < note.end]
            cut |= {part: tuple(sounding)} if sounding else {}
            later = tuple(note for note in notes if note.start >= tick)
            withdrawn |= {part: later} if later else {}
            self._sounds[part] = [
                replace(note, length=min(note.end, tick) - note.start) for note in notes if note.start < tick
            ]
        return Ended(tick, cut, withdrawn)

    def _without_plan(self, bar: int) -> BarNotes:
        """A bar that nobody planned: the committed one some bars before, or at the very beginning what the stand-in writes."""
        for count in REPEATED_BARS:
            if bar - count >= 0 and all(earlier in self._planned for earlier in range(bar - count, bar)):
                by = count * self._ticks
                self._halves[bar] = self._halves[bar - count]
                source = self._planned[bar - count]
                return {
                    part: tuple(replace(note, start=note.start + by) for note in source[part]) for part in self.parts
                }
        situation = replace(self.situation(self._tick(bar), 1), first=bar)
        self._halves[bar] = situation.halves[bar - situation.origin]
        by = self._tick(situation.origin)
        written = next(iter(self._standin.ahead(situation)))
        return {part: tuple(replace(note, start=note.start + by) for note in written[part]) for part in self.parts}

    def _has_room(self, part: Part, note: Note, until: int) -> bool:
        """Whether a note can begin soon, when what was fixed before has ended: one that is hidden does not sound."""
        return self._free_from(part, note) < min(note.end, until)

    def _fix(self, part: Part, note: Note, due: Iterable[Note]) -> Note:
        """A note as it will sound: after what was fixed before it, up to what is planned after it."""
        start = self._free_from(part, note)
        nexts = [other.start for other in due if other.start > start and (part in LINES or other.pitch == note.pitch)]
        fixed = replace(note, start=start, length=min(note.end, *nexts, note.end) - start)
        self._sounds[part].append(fixed)
        return fixed

    def _free_from(self, part: Part, note: Note) -> int:
        before = [one.end for one in self._sounds[part] if part in LINES or one.pitch == note.pitch]
        return max(note.start, *before, 0)

    def _forget(self) -> None:
        """What lies far behind."""
        oldest = self._bar(self._fixed) - KEPT_BARS
        for table in (self._planned, self._halves):
            for bar in [bar for bar in table if bar < oldest]:
                del table[bar]
        for part, notes in self._sounds.items():
            self._sounds[part] = [note for note in notes if note.end > self._tick(oldest)]

    # Where bars are

    def _bar(self, tick: int) -> int:
        return (tick - self._start) // self._ticks

    def _tick(self, bar: int) -> int:
        return self._start + bar * self._ticks

    def _moved(self, note: Note, bar: int) -> Note:
        return replace(note, start=note.start - self._tick(bar))
