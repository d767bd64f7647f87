"""Notes in a text: how a session's state keeps the bars of its sections.

A long session has hundreds of thousands of notes that nobody asks for again. As records they would take seven times the memory, and
most of the time that a restart takes; so they are taken apart only when somebody asks.

>>> packed = Packed.of([Note(0, 960, 36, 100), Note(960, 480, 38, 90)])
>>> packed
'0 960 36 100 960 480 38 90'
>>> packed.notes()
(Note(start=0, length=960, pitch=36, velocity=100), Note(start=960, length=480, pitch=38, velocity=90))
"""

from __future__ import annotations

from collections.abc import Iterable

from sessions.music.notes import Note

__all__ = ["Packed"]


class Packed(str):
    """The notes of one part in one bar."""

    __slots__ = ()

    @classmethod
    def of(cls, notes: Iterable[Note]) -> Packed:
        return cls(" ".join([f"{note.start} {note.length} {note.pitch} {note.velocity}" for note in notes]))

    def notes(self) -> tuple[Note, ...]:
        numbers = map(int, self.split())
        return tuple(map(Note, numbers, numbers, numbers, numbers))
