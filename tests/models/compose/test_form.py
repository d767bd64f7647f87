"""Sections have a shape: kinds differ, long ones have a form, phrases end, fills lead on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.compose.arranger.data.kit import CRASH, KICKS
from models.compose.arranger.plan import plan_of
from models.compose.composer import BarNotes
from sessions.music.chords import Chords
from sessions.music.kinds import Kind
from sessions.music.parts import Part
from sessions.music.styles import STYLES
from tests.models.compose.sections import likeness, loudness, places, played, request, section


def weight(bars: Sequence[BarNotes]) -> float:
    """How much is going on in a bar: the velocities of all its notes."""
    return sum(note.velocity for bar in bars for notes in bar.values() for note in notes) / len(bars)


@pytest.mark.parametrize("style", STYLES)
def test_kinds_sound_different(style: str) -> None:
    bars = {kind: section(style=style, kind=kind.value, bars=8, seed=5) for kind in Kind}
    weights = {kind: weight(written) for kind, written in bars.items()}
    assert weight(bars[Kind.INTRO][4:]) > 1.4 * weight(bars[Kind.INTRO][:4])
    assert weights[Kind.BREAKDOWN] < 0.7 * weights[Kind.CHORUS]
    assert weights[Kind.VERSE] < weights[Kind.CHORUS]
    assert weight(bars[Kind.OUTRO][4:]) < weight(bars[Kind.OUTRO][:4])
    assert weights[Kind.DROP] == max(weights.values()) or weights[Kind.DROP] > 0.9 * weights[Kind.CHORUS]
    # The louder half, without ghost notes.
    drop, verse = (
        sorted(played(bars[kind], Part.BASS), key=lambda note: note.velocity) for kind in (Kind.DROP, Kind.VERSE)
    )
    assert loudness(drop[len(drop) // 2 :]) > loudness(verse[len(verse) // 2 :]) + 5


@pytest.mark.parametrize("style", STYLES)
def test_a_breakdown_leaves_the_kick_out_and_an_intro_lets_it_wait(style: str) -> None:
    assert not [
        n for n in played(section(style=style, kind="breakdown", bars=8, seed=5), Part.DRUMS) if n.pitch in KICKS
    ]
    intro = section(style=style, kind="intro", bars=8, seed=5)
    assert not any(note.pitch in KICKS for bar in intro[:4] for note in bar[Part.DRUMS])
    assert not any(bar[Part.BASS] for bar in intro[:4])
    assert all(bar[Part.BASS] for bar in intro[4:])


@pytest.mark.parametrize("style", [style for style in STYLES if style != "ambient"])
def test_a_drop_hits_with_a_crash(style: str) -> None:
    (first, *_) = section(style=style, kind="drop", bars=8, seed=5)
    hits = [note.pitch for note in first[Part.DRUMS] if note.start < 40]
    assert CRASH in hits
    assert KICKS & set(hits)


@pytest.mark.parametrize("key", ["C", "Am", "D dorian", "E phrygian", "G mixolydian", "A harmonic minor"])
@pytest.mark.parametrize("style", STYLES)
def test_an_outro_comes_home_and_stays(style: str, key: str) -> None:
    asked = request(style=style, kind="outro", bars=8, key=key, seed=7)
    last_bar = section(style=style, kind="outro", bars=8, key=key, seed=7)[-1]
    assert asked.key.tonic == plan_of(asked).spans[-1].chord.root
    assert last_bar[Part.BASS][-1].pitch % 12 == asked.key.tonic
    assert last_bar[Part.MELODY][-1].pitch % 12 == asked.key.tonic
    assert max(note.length for note in last_bar[Part.BASS]) > 3000
    assert max(note.length for note in last_bar[Part.HARMONY]) > 3000
    assert len(last_bar[Part.DRUMS]) <= 3


def test_what_leads_on_ends_open_and_a_loop_leads_back() -> None:
    for style in STYLES:
        for kind in ("verse", "prechorus", "bridge", "loop"):
            for seed in range(4):
                asked = request(style=style, kind=kind, bars=8, key="C", seed=seed)
                assert plan_of(asked).spans[-1].chord.root != 0, (style, kind, seed)


@pytest.mark.parametrize("style", STYLES)
def test_sixty_four_bars_have_a_form(style: str) -> None:
    asked = request(style=style, kind="verse", bars=64, seed=3)
    plan = plan_of(asked)
    letters = "".join(phrase.letter for phrase in plan.phrases)
    assert len(letters) == 16
    assert len(set(letters)) >= 2
    assert letters.count("A") >= 6
    assert len({str(span.chord) for span in Chords.parse(plan.chords_text).over(64, asked.meter)}) >= 3
    bars = section(style=style, kind="verse", bars=64, seed=3)
    tune = places(bars, Part.MELODY, 3840)
    first = {
        letter: next(phrase.first for phrase in plan.phrases if phrase.letter == letter) for letter in set(letters)
    }
    again = [phrase for phrase in plan.phrases if phrase.letter == "A" and phrase.take]
    back = sum(likeness(tune[p.first : p.first + 3], tune[0:3]) for p in again) / len(again)
    others = [likeness(tune[at : at + 3], tune[0:3]) for letter, at in first.items() if letter != "A"]
    assert back > 0.25  # the theme is known again, on other chords too
    assert max(others) < back
    drums = places(bars, Part.DRUMS, 3840)
    assert len(set(drums)) > 8


@pytest.mark.parametrize("style", [style for style in STYLES if style not in ("ambient",)])
def test_a_fill_leads_out_of_the_last_bar(style: str) -> None:
    bars = section(style=style, kind="chorus", bars=8, seed=5, parts="drums", temperature=0, energy=0.7)
    heard = places(bars, Part.DRUMS, 3840)
    assert likeness(heard[6:7], heard[7:8]) < likeness(heard[4:5], heard[6:7])


def test_a_build_swells() -> None:
    for style in ("house", "rock", "dnb", "trap"):
        bars = section(style=style, kind="prechorus", bars=8, seed=5, parts="drums")
        snares = [note for bar in bars[6:] for note in bar[Part.DRUMS] if note.pitch == 38]
        assert len(snares) > 12
        assert snares[-1].velocity > snares[0].velocity + 30


@pytest.mark.parametrize("meter", ["3/4", "5/4", "7/8", "6/8", "11/8", "12/8", "2/4", "3/8"])
def test_bars_of_any_metre_have_their_own_accents(meter: str) -> None:
    asked = request(style="rock", meter=meter, bars=8, parts="drums", seed=5, temperature=0)
    plan = plan_of(asked)
    bars = section(style="rock", meter=meter, bars=8, parts="drums", seed=5, temperature=0)
    starts = {cell.start for bar in plan.bars[:6] for cell in bar.cells}
    strong = {
        note.start for bar in bars[:6] for note in bar[Part.DRUMS] if note.pitch in KICKS | {38} and note.velocity > 70
    }
    assert len(strong & starts) > 0.6 * len(strong)
