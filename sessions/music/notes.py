"""Notes, and the bars that they stand in.

Lives here: one note, a section's notes by part and bar, and the helpers that slice, join and untangle them. A note
belongs to the bar in which it starts and may sound on into the next; all positions are ticks from the section's
start.

    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"bars": 2, "parts": "bass"})
    >>> bars = bars_of({Part.BASS: [Note(0, 960, 36, 100), Note(3840, 9999, 38, 90)]}, request)
    >>> bars[Part.BASS, 2]
    (Note(start=3840, length=3840, pitch=38, velocity=90),)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sessions.errors import Code, Refused
from sessions.music.parts import Part
from sessions.music.values import shown

if TYPE_CHECKING:
    from sessions.music.section import Request

__all__ = ["Bars", "Note", "bars_of", "notes_of", "read_note", "untangled"]


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note: start and length in ticks, a MIDI pitch 0-127, a velocity 1-127."""

    start: int
    length: int
    pitch: int
    velocity: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.length < 1 or not 0 <= self.pitch <= 127 or not 1 <= self.velocity <= 127:
            raise ValueError(f"no such note: {self}")

    @property
    def end(self) -> int:
        """The tick at which the note has ended."""
        return self.start + self.length

    def to_list(self) -> list[int]:
        """The note as JSON carries it: `[start, length, pitch, velocity]`."""
        return [self.start, self.length, self.pitch, self.velocity]


Bars = Mapping[tuple[Part, int], tuple[Note, ...]]
"""By part and bar, counted from 1: the notes that start in that bar, in order."""


def read_note(value: object) -> Note:
    """The note that `[start, length, pitch, velocity]` from outside means. Raises Refused, naming the field `notes`.

    >>> read_note([0, 960, 60, 100])
    Note(start=0, length=960, pitch=60, velocity=100)
    """
    if isinstance(value, list | tuple) and len(value) == 4 and all(type(item) is int for item in value):
        try:
            return Note(*value)
        except ValueError:
            pass
    advice = "send [start, length, pitch, velocity] as whole numbers, ticks first, pitch 0-127, velocity 1-127"
    raise Refused(Code.BAD_VALUE, f"notes: {shown(value)} is no note; {advice}")


def bars_of(notes_by_part: Mapping[Part, Iterable[Note]], request: Request) -> dict[tuple[Part, int], tuple[Note, ...]]:
    """Notes sliced into the bars of a section: every part and bar of the request, even an empty one.

    Notes come sorted and end at the section's end at the latest. Raises ValueError for a note that starts beyond it,
    and for a part that the request has no notes of.
    """
    sliced: dict[tuple[Part, int], list[Note]] = {
        (part, bar): [] for part in request.note_parts for bar in range(1, request.bars + 1)
    }
    for part, notes in notes_by_part.items():
        for note in notes:
            bar = note.start // request.ticks_per_bar + 1
            if (part, bar) not in sliced:
                raise ValueError(f"{part}: {note} lies outside the section")
            over = note.end > request.total_ticks
            sliced[part, bar].append(replace(note, length=request.total_ticks - note.start) if over else note)
    return {place: tuple(sorted(notes)) for place, notes in sliced.items()}


def notes_of(bars: Bars, part: Part) -> tuple[Note, ...]:
    """All notes of one part, in order.

    >>> notes_of({(Part.BASS, 2): (Note(3840, 1, 38, 9),), (Part.BASS, 1): (Note(0, 1, 36, 9),)}, Part.BASS)[0].pitch
    36
    """
    return tuple(sorted(note for (owner, _), notes in bars.items() if owner is part for note in notes))


def untangled(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes of one part as one MIDI channel can hold them: on each pitch, one ends where the next begins at the latest.

    Of notes that start together on one pitch the loudest stays, and the longest of those.

    >>> untangled([Note(0, 960, 36, 100), Note(480, 480, 36, 90), Note(480, 480, 36, 80)])
    (Note(start=0, length=480, pitch=36, velocity=100), Note(start=480, length=480, pitch=36, velocity=90))
    """
    kept: list[Note] = []
    upcoming: dict[int, Note] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.velocity, n.length), reverse=True):
        after = upcoming.get(note.pitch)
        if after is not None and after.start == note.start:
            continue
        upcoming[note.pitch] = note
        kept.append(replace(note, length=after.start - note.start) if after and after.start < note.end else note)
    return tuple(sorted(kept))
