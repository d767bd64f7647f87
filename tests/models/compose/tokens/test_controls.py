"""Controls measure what they are named for: change that in the music and the bin moves."""

from __future__ import annotations

import pytest

from models.compose.tokens.controls import beat_steps, controls_of, energy, energy_bin, measure, pitch_bin
from models.compose.tokens.grid import quantise
from models.compose.tokens.vocabulary import VOCABULARY
from sessions.music.beats import Meter
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part

COMMON = Meter(4, 4)


def bins(notes: list[Note], part: Part = Part.MELODY, meter: Meter = COMMON, shift: int = 0) -> dict[str, int]:
    end = meter.ticks_per_bar // 40
    return measure(quantise({part: notes}, (0, end), human=False), part, meter, shift=shift)


def line(step: int, pitches: list[int] | None = None, length: int = 0, velocity: int = 88) -> list[Note]:
    """Notes every so many ticks of a bar, going round the pitches."""
    starts = range(0, 3840, step)
    pitches = pitches or [60]
    return [Note(t, length or step, pitches[i % len(pitches)], velocity) for i, t in enumerate(starts)]


def test_density_is_onsets_a_quarter() -> None:
    assert [bins(line(step))["Density"] for step in (3840, 1920, 960, 480, 320, 240)] == [1, 2, 3, 5, 6, 7]
    assert bins([]) == {"Density": 0}


def test_polyphony_is_the_most_at_once_and_stack_the_mean_at_a_start() -> None:
    chords = [Note(t, 960, p, 88) for t in (0, 960) for p in (60, 64, 67)]
    assert (bins(chords)["Polyphony"], bins(chords)["Stack"]) == (2, 3)
    held = [Note(0, 3840, 48, 88), *line(480)]
    assert (bins(held)["Polyphony"], bins(held)["Stack"]) == (1, 1)
    assert bins(line(480))["Polyphony"] == 0
    drums = [Note(0, 240, pitch, 88) for pitch in (36, 42, 49)]
    assert bins(drums, Part.DRUMS)["Polyphony"] == 2


def test_range_is_of_the_pitches_as_they_are_told() -> None:
    measured = bins(line(480, [60, 72]))
    assert (measured["Low"], measured["High"]) == (pitch_bin(60), pitch_bin(72))
    assert bins(line(480, [60, 72]), shift=-5)["Low"] == pitch_bin(55)


def test_leaps_are_moves_of_more_than_a_tone() -> None:
    assert bins(line(480, [60, 62, 64, 65]))["Leap"] == 0
    assert bins(line(480, [60, 67, 55, 72]))["Leap"] == 3
    assert bins(line(480, [60]))["Leap"] == 0


def test_length_is_the_middle_note() -> None:
    assert [bins(line(960, length=length))["Length"] for length in (120, 240, 480, 960)] == [0, 1, 2, 3]


def test_interest_is_the_variety_of_distances() -> None:
    even, mixed = line(480), [Note(t, 120, 60, 88) for t in (0, 720, 960, 1440, 2640, 3000)]
    assert bins(even)["Interest"] == 0
    assert bins(mixed)["Interest"] == 3


def test_syncopation_hangs_over_the_beat() -> None:
    offbeats = [Note(t, 480, 60, 88) for t in range(480, 3840, 960)]
    assert (bins(line(480))["Sync"], bins(offbeats)["Sync"]) == (0, 3)
    assert beat_steps(Meter(12, 8)) == 36


def test_loudness_is_the_mean_level() -> None:
    assert [bins(line(480, velocity=velocity))["Loud"] for velocity in (8, 60, 127)] == [0, 3, 7]


def test_energy_grows_with_onsets_loudness_and_parts() -> None:
    calm = quantise({Part.BASS: line(3840, velocity=30)}, (0, 96), human=False)
    full = quantise({part: line(240, [36, 38], velocity=120) for part in NOTE_PARTS}, (0, 96), human=False)
    assert energy(quantise({}, (0, 96), human=False), 120) == 0
    assert 0 < energy(calm, 60) < 0.2 < 0.9 < energy(full, 140) <= 1
    assert energy_bin(energy(calm, 60)) == 0
    assert energy_bin(1.0) == 4


@pytest.mark.parametrize("part", NOTE_PARTS)
def test_each_bin_has_a_token(part: Part) -> None:
    low, high = (36, 82) if part is Part.DRUMS else (6, 122)
    for notes in (line(120, [low, high], velocity=127), line(3840, [low], velocity=1), line(40, [36, 38, 42])):
        measured = bins(notes, part)
        assert list(measured) == list(controls_of(part))
        assert all(0 <= value < VOCABULARY.size[name] for name, value in measured.items())
