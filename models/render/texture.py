"""Texture: a bed of held chord tones under a section, for the part that is a stem alone.

A voice keeps its pitch where the next chord has it, and moves to the nearest tone where it doesn't; tones that stay are one
long note.

>>> from sessions.music.chords import Chords
>>> from sessions.music.beats import Meter
>>> notes = bed(Chords.parse("C Am").over(2, Meter(4, 4)), energy=0.5)
>>> [(note.pitch, note.start, note.length) for note in sorted(notes, key=lambda note: note.pitch)]
[(45, 3840, 3840), (48, 0, 3840), (60, 0, 7680), (64, 0, 7680), (67, 0, 3840), (69, 3840, 3840)]
"""

from __future__ import annotations

from collections.abc import Sequence

from sessions.music.chords import Chord, Span
from sessions.music.notes import Note

__all__ = ["bed"]

CENTRE = 64  # the voices gather around here
LOW_CENTRE = 48  # and the chord's bass tone here
VOICES = 3
SOFTEST, LOUDEST = 50, 100  # velocities at energy 0 and 1


def bed(spans: Sequence[Span], *, energy: float) -> tuple[Note, ...]:
    """The notes of a pad under these chords."""
    velocity = round(SOFTEST + (LOUDEST - SOFTEST) * energy)
    notes: list[Note] = []
    sounding: dict[int, int] = {}  # pitch to start
    end = 0
    for span in spans:
        pitches = {_near(span.chord.lowest, LOW_CENTRE), *_voiced(span.chord, sorted(sounding)[1:])}
        for pitch in [pitch for pitch in sounding if pitch not in pitches]:
            start = sounding.pop(pitch)
            notes.append(Note(start, span.start - start, pitch, velocity))
        for pitch in pitches:
            sounding.setdefault(pitch, span.start)
        end = span.end
    notes += [Note(start, end - start, pitch, velocity) for pitch, start in sounding.items()]
    return tuple(sorted(notes))


def _voiced(chord: Chord, before: Sequence[int]) -> list[int]:
    """Upper voices: for each tone the place that is nearest to the voices before, or to the middle."""
    tones = list(dict.fromkeys(chord.pitch_classes))
    if len(tones) > VOICES:  # the fifth says least, then the root, which the bass has
        tones = [tone for tone in tones if tone != (chord.root + 7) % 12][-VOICES:]
    return [min(_places(tone), key=lambda place: (_distance(place, before), abs(place - CENTRE))) for tone in tones]


def _distance(place: int, before: Sequence[int]) -> int:
    return min((abs(place - pitch) for pitch in before), default=0)


def _places(tone: int) -> list[int]:
    return [pitch for pitch in range(CENTRE - 9, CENTRE + 10) if pitch % 12 == tone]


def _near(tone: int, centre: int) -> int:
    return min((pitch for pitch in range(centre - 6, centre + 6) if pitch % 12 == tone), key=lambda p: abs(p - centre))
