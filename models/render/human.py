"""Human: velocities for notes that have none of their own.

Composers write how hard each note is played, and that stays as it is: the notes that were handed out are those that sound. But
where a part is struck with one and the same velocity throughout, as a step sequencer does, it is played with accents on the
beat and a little unevenness. Starts and lengths never move: stems lie on the grid.

>>> [note.velocity for note in enlivened(Part.BASS, [Note(480 * step, 400, 36, 100) for step in range(8)])]
[104, 95, 107, 100, 108, 100, 106, 95]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zlib import crc32

from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = ["enlivened"]

FEWEST_NOTES = 8  # fewer may well be meant alike
ON_THE_BEAT, ON_THE_HALF, BETWEEN = 6, -2, -6  # hundredths
UNEVEN = 3


def enlivened(part: Part, notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes as they are played; the texture's are held alike on purpose."""
    written = tuple(notes)
    alike = len(written) >= FEWEST_NOTES and len({note.velocity for note in written}) == 1
    if not alike or part is Part.TEXTURE:
        return written
    return tuple(replace(note, velocity=_velocity(note)) for note in written)


def _velocity(note: Note) -> int:
    place = note.start % TICKS_PER_BEAT
    accent = ON_THE_BEAT if place == 0 else ON_THE_HALF if place == TICKS_PER_BEAT // 2 else BETWEEN
    uneven = crc32(f"{note.start} {note.pitch}".encode()) % (2 * UNEVEN + 1) - UNEVEN
    return min(max(round(note.velocity * (1 + (accent + uneven) / 100)), 1), 127)
