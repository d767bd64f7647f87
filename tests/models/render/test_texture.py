"""The pad: chord tones, held as long as they fit, for the whole section."""

from __future__ import annotations

import pytest

from models.render.texture import bed
from sessions.music import Chords, Meter


@pytest.mark.parametrize("meter", ["4/4", "7/8", "1/16", "16/2"])
@pytest.mark.parametrize("text", ["Am F C G", "Am/2 F/2", "Cmaj7 A7b9 Dm7b5/Ab G13", "C C C", "Bdim7 Caug"])
def test_at_every_moment_the_chord_sounds_and_nothing_else(text: str, meter: str) -> None:
    spans = Chords.parse(text).over(5, Meter.parse(meter))
    notes = bed(spans, energy=0.5)
    for span in spans:
        sounding = {note.pitch for note in notes if note.start < span.end and note.end > span.start}
        allowed = {*span.chord.pitch_classes, span.chord.lowest}
        assert {pitch % 12 for pitch in sounding} <= allowed
        assert len(sounding) >= 3
        assert min(sounding) % 12 == span.chord.lowest
        assert 40 <= min(sounding) <= max(sounding) <= 76
    assert max(note.end for note in notes) == spans[-1].end


def test_a_tone_that_stays_is_one_note() -> None:
    notes = bed(Chords.parse("C").over(4, Meter(4, 4)), energy=0.0)
    assert {(note.start, note.length) for note in notes} == {(0, 4 * 3840)}


def test_more_energy_is_louder() -> None:
    soft, loud = (bed(Chords.parse("C").over(1, Meter(4, 4)), energy=energy)[0].velocity for energy in (0.0, 1.0))
    assert 1 <= soft < loud <= 127
