"""Tunes: mostly by step, on the chords where it counts, motifs that come back, room to breathe."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from models.compose.arranger.plan import plan_of
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.styles import STYLES
from tests.models.compose.sections import played, request, section


def tune(style: str, seed: int, **fields: object) -> list[Note]:
    return played(section(style=style, kind="verse", bars=16, parts="melody", seed=seed, **fields), Part.MELODY)


def test_lines_move_mostly_by_step_and_seldom_leap_far() -> None:
    moves: Counter[int] = Counter()
    for style in STYLES:
        for seed in range(3):
            line = tune(style, seed)
            moves.update(abs(later.pitch - note.pitch) for note, later in pairwise(line))
    total = sum(moves.values())
    assert (moves[1] + moves[2]) / total > 0.35
    assert sum(count for move, count in moves.items() if move <= 4) / total > 0.75
    assert sum(count for move, count in moves.items() if move > 9) / total < 0.05
    assert moves[0] / total < 0.3


@pytest.mark.parametrize("style", STYLES)
def test_the_first_beat_is_on_the_chord(style: str) -> None:
    asked = request(style=style, kind="verse", bars=16, parts="melody", seed=2)
    spans = plan_of(asked)
    firsts = [note for note in tune(style, 2) if note.start % 3840 < 60]
    on_chord = [note for note in firsts if note.pitch % 12 in spans.tones_at(note.start).chord]
    assert len(on_chord) >= 0.9 * len(firsts)


@pytest.mark.parametrize("style", STYLES)
def test_rhythms_come_back_within_a_phrase_or_the_next(style: str) -> None:
    bars = section(style=style, bars=8, kind="chorus", parts="melody", seed=3, temperature=0.5)
    rhythms = [tuple(round((note.start - i * 3840) / 240) for note in bar[Part.MELODY]) for i, bar in enumerate(bars)]
    assert len(set(rhythms)) <= 6, rhythms


@pytest.mark.parametrize("style", [style for style in STYLES if style not in ("techno", "metal")])
def test_phrases_breathe(style: str) -> None:
    for seed in range(3):
        bars = section(style=style, bars=8, kind="verse", parts="melody", seed=seed)
        for index in (3, 7):
            last = bars[index][Part.MELODY][-1]
            assert last.start < index * 3840 + 0.7 * 3840
            assert last.length >= 900
            assert last.end <= (index + 1) * 3840 - 240


def test_a_chorus_lies_higher_than_a_verse() -> None:
    heights = {"verse": 0.0, "chorus": 0.0}
    for kind in heights:
        for style in STYLES:
            line = played(
                section(style=style, kind=kind, bars=8, parts="melody", seed=4, chords="C F G C", key="C"), Part.MELODY
            )
            heights[kind] += sum(note.pitch for note in line) / len(line) / len(STYLES)
    assert heights["chorus"] > heights["verse"] + 0.5
