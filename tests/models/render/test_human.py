"""Velocities: what a composer wrote stays; what is struck alike throughout is enlivened, and never moved."""

from __future__ import annotations

from models.render.human import enlivened
from sessions.music import Note, Part


def alike(count: int, velocity: int = 100) -> list[Note]:
    return [Note(240 * step, 200, 42, velocity) for step in range(count)]


def test_written_velocities_stay() -> None:
    written = [*alike(16), Note(9999, 10, 42, 101)]
    assert enlivened(Part.DRUMS, written) == tuple(written)
    assert enlivened(Part.DRUMS, alike(7)) == tuple(alike(7))
    assert enlivened(Part.TEXTURE, alike(16)) == tuple(alike(16))


def test_a_step_sequencers_notes_get_accents_and_stay_where_they_are() -> None:
    notes = alike(64)
    played = enlivened(Part.DRUMS, notes)
    assert played == enlivened(Part.DRUMS, notes)
    assert [(note.start, note.length, note.pitch) for note in played] == [(n.start, n.length, n.pitch) for n in notes]
    beats = [note.velocity for note in played if note.start % 960 == 0]
    others = [note.velocity for note in played if note.start % 480]
    assert sum(beats) / len(beats) > sum(others) / len(others) + 8
    assert len({note.velocity for note in played}) > 6
    assert {note.velocity for note in enlivened(Part.DRUMS, alike(64, 1))} == {1}
    assert max(note.velocity for note in enlivened(Part.DRUMS, alike(64, 127))) == 127
