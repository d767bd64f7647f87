"""Law: what holds for every note that leaves the arranger, whoever wrote it.

Lives here: the last look at a bar. Notes start in their bar and end in the section, stay in range, in the key or on the chords;
on a pitch one note ends before the next begins; no more sound at once than were asked for; a part that was silent all through
says one note before the end.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"bars": 1, "parts": "bass", "key": "C", "seed": 1}))
    >>> Law(plan, Part.BASS).upheld([Note(0, 9999, 37, 90)], plan.bars[0])
    (Note(start=0, length=3840, pitch=36, velocity=90),)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.compose.arranger.data.kit import HIGHEST_PIECE, KICK, LOWEST_PIECE, PIECES
from models.compose.arranger.pitches import nearest
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note, untangled
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Law"]

SHORTEST_TICKS = 20
"""What is left of a note that gives way to another on its pitch must be at least this long to be kept."""
LONE_NOTE_LOUDNESS = 80


class Law:
    """The law for one part of one section; it remembers what still sounds from bars before."""

    def __init__(self, plan: Plan, part: Part) -> None:
        self._plan, self._part = plan, part
        self._sounding: list[Note] = []
        self._silent = True
        asked = plan.request.control(part, "polyphony") if part is Part.HARMONY else None
        self._most = 1 if part in (Part.BASS, Part.MELODY) else int(asked) if asked is not None else None

    def upheld(
        self, notes: Iterable[Note], bar: Bar, until: int | None = None, *, speaks_up: bool = False
    ) -> tuple[Note, ...]:
        """The bar's notes as they may leave; they end by `until`, the section's end where none is given.

        A part that has been silent says something in the section's last bar, or in this one where it `speaks_up`.
        """
        end = self._plan.end if until is None else until
        placed = [lawful for note in notes if (lawful := self._placed(note, bar, end)) is not None]
        kept = self._thinned(self._after_ringing(untangled(placed), bar))
        if not kept and (bar.is_last or speaks_up) and self._silent:
            kept = [self._lone_note(bar)]
        self.heard(kept)
        return tuple(kept)

    def heard(self, notes: Iterable[Note]) -> None:
        """Notes that sound in any case, and that those to come must respect."""
        self._sounding += notes
        if self._sounding:
            self._silent = False
            latest = max(note.start for note in self._sounding)
            self._sounding = [note for note in self._sounding if note.end > latest]

    def _placed(self, note: Note, bar: Bar, end: int) -> Note | None:
        if not bar.start <= note.start < bar.end or note.start >= end:
            return None
        if note.end > end:
            note = replace(note, length=end - note.start)
        if self._part is Part.DRUMS:
            return note if LOWEST_PIECE <= note.pitch <= HIGHEST_PIECE else None
        tones, (low, high) = self._plan.tones_at(note.start), self._plan.part_range(self._part)
        if tones.allows(note.pitch) and low <= note.pitch <= high:
            return note
        return replace(note, pitch=nearest(tones.ladder, note.pitch, low, high))

    def _after_ringing(self, notes: Iterable[Note], bar: Bar) -> list[Note]:
        """What has left already cannot be shortened, so the new note on its pitch, or the one too many, waits."""
        waited = []
        for note in notes:
            ends = sorted(old.end for old in self._sounding if old.end > note.start)
            start = max([note.start, *(old.end for old in self._sounding if old.pitch == note.pitch)])
            if self._most is not None and len(ends) >= self._most:
                start = max(start, ends[len(ends) - self._most])
            if start == note.start:
                waited.append(note)
            elif start < bar.end and note.end - start >= SHORTEST_TICKS:
                moved = self._placed(replace(note, start=start, length=note.end - start), bar, note.end)
                waited += [moved] if moved and moved.pitch == note.pitch else []
        return waited

    def _thinned(self, notes: list[Note]) -> list[Note]:
        """No more notes at once than the part may have: older ones end, or new ones are left out where they cannot."""
        if self._most is None:
            return sorted(notes)
        kept: list[Note] = []
        for note in sorted(notes):
            ringing = [old for old in self._sounding if old.end > note.start]
            together = [i for i, old in enumerate(kept) if old.end > note.start]
            while len(ringing) + len(together) >= self._most and together:
                oldest = together.pop(0)
                if kept[oldest].start == note.start:
                    break
                kept[oldest] = replace(kept[oldest], length=note.start - kept[oldest].start)
            if len(ringing) + sum(old.end > note.start for old in kept) < self._most:
                kept.append(note)
        return sorted(kept)

    def _lone_note(self, bar: Bar) -> Note:
        length = min(TICKS_PER_BEAT, bar.end - bar.start)
        if self._part is Part.DRUMS:
            piece = PIECES["hat"] if self._plan.manner.drops_kick else KICK
            return Note(bar.start, length, piece, LONE_NOTE_LOUDNESS)
        low, high = self._plan.part_range(self._part)
        tones = self._plan.tones_at(bar.start)
        pitch = nearest(tones.chord, (low + high) // 2, low, high, otherwise=tones.ladder)
        return Note(bar.start, length, pitch, LONE_NOTE_LOUDNESS)
