"""What a control names, it moves: density, energy, velocity, range, polyphony, temperature."""

from __future__ import annotations

import pytest

from sessions.music.parts import NOTE_PARTS, PITCHED_PARTS, Part
from sessions.music.styles import STYLES
from tests.models.compose.sections import likeness, loudness, most_at_once, places, played, rises, section

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)


def onsets(style: str, **fields: object) -> dict[Part, int]:
    """How many strokes each part has; a strummed chord is one, a drum is a stroke of its own."""
    bars = section(style=style, kind="verse", bars=8, seed=4, temperature=1, **fields)
    return {
        part: len({(round(note.start / 60), note.pitch if part is Part.DRUMS else 0) for note in played(bars, part)})
        for part in NOTE_PARTS
    }


@pytest.mark.parametrize("style", STYLES)
def test_density_adds_notes(style: str) -> None:
    by_step = [onsets(style, density=step) for step in STEPS]
    for part in NOTE_PARTS:
        counts = [strokes[part] for strokes in by_step]
        assert rises(counts), (part, counts)
        assert counts[-1] >= 1.5 * counts[0], (part, counts)


def test_a_part_s_own_density_goes_before_the_section_s() -> None:
    for style in ("house", "jazz", "pop"):
        plain = onsets(style, density=0.5)
        for part in NOTE_PARTS:
            low, high = (onsets(style, density=0.5, **{f"{part.value}__density": step}) for step in (0.0, 1.0))
            assert low[part] < plain[part] < high[part]
            others = [other for other in NOTE_PARTS if other is not part]
            assert [low[other] for other in others] == [plain[other] for other in others]


@pytest.mark.parametrize("style", STYLES)
def test_energy_and_velocity_play_harder(style: str) -> None:
    for controls in (("energy",), tuple(f"{part.value}__velocity" for part in NOTE_PARTS)):
        by_step = [section(style=style, bars=8, seed=4, **dict.fromkeys(controls, step)) for step in STEPS]
        for part in NOTE_PARTS:
            loud = [loudness(played(bars, part)) for bars in by_step]
            assert rises(loud), (controls, part, loud)
            assert loud[-1] > loud[0] + 25, (controls, part, loud)


@pytest.mark.parametrize("style", STYLES)
def test_energy_adds_layers_to_the_drums(style: str) -> None:
    pieces = []
    for step in STEPS:
        bars = section(
            style=style, kind="chorus", bars=8, parts="drums", seed=4, energy=step, density=0.6, temperature=0
        )
        pieces.append(len({note.pitch for bar in bars[:6] for note in bar[Part.DRUMS]}))
    assert rises(pieces), pieces


@pytest.mark.parametrize("part", PITCHED_PARTS)
def test_a_range_moves_a_part(part: Part) -> None:
    for style in STYLES:
        middles = []
        for low in (2, 4, 6):
            bars = section(
                style=style, bars=4, parts=part.value, seed=4, **{f"{part.value}__range": f"C{low}-C{low + 1}"}
            )
            notes = played(bars, part)
            middles.append(sum(note.pitch for note in notes) / len(notes))
        assert rises(middles), (style, middles)


@pytest.mark.parametrize("style", STYLES)
def test_polyphony_is_how_many_sound_at_once(style: str) -> None:
    for kind in ("loop", "breakdown", "drop"):
        most = []
        for voices in range(1, 7):
            bars = section(
                style=style, kind=kind, bars=4, parts="harmony", harmony__polyphony=voices, seed=4, density=0.8
            )
            most.append(most_at_once(played(bars, Part.HARMONY)))
            assert most[-1] <= voices
        assert rises(most), (kind, most)
        assert most[:3] == [1, 2, 3], (kind, most)


def test_temperature_is_how_much_changes() -> None:
    for part in NOTE_PARTS:
        same = []
        for temperature in (0, 1, 2):
            total = 0.0
            for style in STYLES:
                bars = section(
                    style=style,
                    bars=12,
                    kind="loop",
                    chords="Am F C G",
                    parts=part.value,
                    seed=6,
                    temperature=temperature,
                )
                heard = places(bars, part, 3840)
                total += likeness(heard[:3], heard[4:7])
            same.append(total / len(STYLES))
        assert same[0] > same[1] > same[2], (part, same)
        assert same[0] > 0.9, (part, same)
