"""Texture: a bed of slow chords for renderers that need notes to sound one.

Lives here: notes for the sampler alone. The texture is a stem, so these never are in a take.

    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"bars": 2, "chords": "Am F", "seed": 1})
    >>> sorted({note.pitch % 12 for note in texture_notes(request, "Am F") if note.start == 0})
    [0, 4, 9]
"""

from __future__ import annotations

from itertools import groupby

from models.compose.arranger.plan import plan_of
from models.compose.arranger.theory import tones_of
from models.compose.arranger.voicing import voice
from sessions.music.chords import Chords
from sessions.music.notes import Note
from sessions.music.section import Request

__all__ = ["texture_notes"]

VOICES = 4
PITCHES = (45, 76)
LOUDNESS = 62
"""The velocity of the bed at an energy of one half; more energy adds little."""
SWELL = 24
HELD_BARS = 4
"""The longest that a chord is held before it is struck again, so that sounds that decay do not die."""


def texture_notes(request: Request, chords: str = "") -> tuple[Note, ...]:
    """Slow chords over a section, on the chords of its take as text, or on those that the arranger would choose."""
    plan = plan_of(request)
    spans = Chords.parse(chords).over(request.bars, request.meter) if chords else plan.spans
    given = plan.chords_given or bool(chords)
    notes: list[Note] = []
    before: tuple[int, ...] = ()
    for chord, group in groupby(spans, key=lambda span: span.chord):
        held = list(group)
        before = voice(tones_of(request.key, chord, given=given).chord, VOICES, PITCHES, before)
        start, end = held[0].start, held[-1].end
        while start < end:
            until = min(end, start + HELD_BARS * request.ticks_per_bar)
            level = plan.bars[start // request.ticks_per_bar].level
            loud = max(1, min(127, round(LOUDNESS + SWELL * (level - 0.5))))
            notes += [Note(start, until - start, pitch, loud) for pitch in before]
            start = until
    return tuple(notes)
