"""Voices: who sings, who accompanies, and the line that the accompaniment stands on.

Lives here: parts for songs with piano: the first voice is the melody, the piano's lowest line the bass where it is one line,
all else harmony. Bands are read by `roles`, staves of a choir by `staves`.

    >>> from sessions.music.beats import Meter
    >>> broken = [ScoreNote(i * 480, 480, pitch, 70, 2) for i, pitch in enumerate((48, 55, 64, 55, 47, 55, 62, 55))]
    >>> [note.pitch for note in bass_line(broken, [Bar(0, Meter(4, 4), 90.0)])]
    [48, 47]
"""

from __future__ import annotations

from collections.abc import Sequence

from models.compose.corpus.musicxml import ScoreNote, ScorePart
from models.compose.corpus.piece import Bar, half_of
from sessions.music.notes import Note, untangled
from sessions.music.parts import Part

__all__ = ["bass_line", "notes_as_played", "roles_of", "top_line"]

HIGHEST_BASS = 62
BASS_STEP, HALF_LEAP, BAR_LEAP = 2, 7, 12
"""The bass goes down freely, up by step; in the middle of a bar it may leap up a fifth, at a bar line an octave."""
TOGETHER_TICKS = 60
"""Notes whose starts lie so near are one chord."""


def roles_of(parts: Sequence[ScorePart], bars: Sequence[Bar]) -> dict[Part, tuple[Note, ...]]:
    """The first voice as melody, the lowest line of what accompanies it as bass, all else as harmony."""
    played = [part for part in parts if part.notes]
    if not played:
        return {}
    keyboards = [part for part in played if _accompanies(part)]
    singers = [part for part in played if part not in keyboards]
    melody, others = (singers[0], singers[1:]) if singers else (None, [])
    rest = [note for part in keyboards or others for note in part.notes]
    bass = bass_line(rest, bars) if len(keyboards or others) else []
    chosen = set(bass)
    harmony = [note for note in rest if note not in chosen]
    harmony += [note for part in others if keyboards for note in part.notes]
    found = {
        Part.BASS: notes_as_played(bass),
        Part.HARMONY: notes_as_played(harmony),
        Part.MELODY: notes_as_played(top_line(melody.notes)) if melody else (),
    }
    return {part: notes for part, notes in found.items() if notes}


def _accompanies(part: ScorePart) -> bool:
    name = part.name.lower()
    return part.sound.startswith(("keyboard", "pluck")) or name.startswith(("pian", "guit", "harp", "organ", "harm"))


def notes_as_played(notes: Sequence[ScoreNote]) -> tuple[Note, ...]:
    return untangled(Note(note.start, note.length, note.pitch, note.velocity) for note in notes)


def top_line(notes: Sequence[ScoreNote]) -> list[ScoreNote]:
    """The highest of the notes that start together."""
    highest: dict[int, ScoreNote] = {}
    for note in notes:
        if note.start not in highest or note.pitch > highest[note.start].pitch:
            highest[note.start] = note
    return list(highest.values())


def bass_line(notes: Sequence[ScoreNote], bars: Sequence[Bar]) -> list[ScoreNote]:
    """The lowest line: bottom notes that nothing lower sounds under, less the upper notes of broken chords."""
    opens = {bar.start + half_of(bar.meter): HALF_LEAP for bar in bars} | {bar.start: BAR_LEAP for bar in bars}
    edges = sorted(opens)
    line: list[ScoreNote] = []
    half = -1
    for note in _bottoms(notes):
        fresh = False
        while half + 1 < len(edges) and edges[half + 1] <= note.start:
            half, fresh = half + 1, True
        before = line[-1] if line else None
        if note.pitch > HIGHEST_BASS:
            continue
        if before is not None:
            rested = half > 1 and before.start + before.length <= edges[half - 2]
            leap = opens[edges[half]] if fresh and note.start == edges[half] else BASS_STEP
            hidden = note.start < before.start + before.length and note.pitch > before.pitch
            if hidden or (not rested and note.pitch > before.pitch + leap):
                continue
        line.append(note)
    return line


def _bottoms(notes: Sequence[ScoreNote]) -> list[ScoreNote]:
    """The lowest of the notes that start together, in order."""
    bottoms: list[ScoreNote] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):
        if not bottoms or note.start > bottoms[-1].start + TOGETHER_TICKS:
            bottoms.append(note)
    return bottoms
