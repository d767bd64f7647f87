"""Each style sounds like itself: what the files of the styles promise, counted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from models.compose.arranger.data.fills import FILLS
from models.compose.arranger.data.kit import KICKS
from models.compose.arranger.styles import IDIOMS, idiom_of
from sessions.music.parts import Part
from sessions.music.styles import STYLE_TABLE, STYLES
from tests.models.compose.sections import played, section

SEEDS = range(4)
SIXTEENTH = 240


def where(style: str, part: Part, pitches: frozenset[int] | None = None, kind: str = "chorus") -> Counter[int]:
    """How often a part, or some pieces of the kit, play on each sixteenth of a bar, per bar."""
    counts: Counter[int] = Counter()
    for seed in SEEDS:
        for index, bar in enumerate(
            section(style=style, kind=kind, bars=7, seed=seed, parts=part.value, temperature=0.5)
        ):
            for note in bar[part]:
                if (pitches is None or note.pitch in pitches) and index < 7 and note.velocity > 55:
                    counts[round((note.start - index * 3840) / SIXTEENTH)] += 1
    return Counter({place: round(count / (7 * len(SEEDS)), 2) for place, count in counts.items()})


def test_every_style_has_an_idiom() -> None:
    assert set(IDIOMS) == set(STYLES)
    for style in STYLES:
        idiom = idiom_of(style)
        assert len(idiom.grooves) >= 2
        assert len(idiom.basses) >= 2
        assert len(idiom.comps) >= 3
        assert len(idiom.tunes) >= 2
        assert idiom.fills in FILLS
        assert idiom.tempo[0] <= STYLE_TABLE[style].bpm <= idiom.tempo[1]


@pytest.mark.parametrize("style", ["house", "techno", "disco"])
def test_four_on_the_floor(style: str) -> None:
    kicks = where(style, Part.DRUMS, KICKS)
    assert all(kicks[place] == 1 for place in (0, 4, 8, 12)), kicks


@pytest.mark.parametrize("style", ["pop", "rock", "funk", "hip-hop", "lo-fi", "dnb", "disco", "house", "swing"])
def test_the_backbeat_is_on_two_and_four(style: str) -> None:
    backbeat = where(style, Part.DRUMS, frozenset({37, 38, 39}))
    assert backbeat[4] >= 0.9
    assert backbeat[12] >= 0.75  # a fill may take the last one
    assert backbeat[0] + backbeat[8] < 0.5


@pytest.mark.parametrize("style", ["dubstep", "trap"])
def test_half_time_has_its_snare_on_three(style: str) -> None:
    snare = where(style, Part.DRUMS, frozenset({38, 39}))
    assert snare[8] >= 1
    assert snare[4] < 0.15  # a fill may pass there


def test_reggae_drops_on_three_and_comps_off_the_beat() -> None:
    assert where("reggae", Part.DRUMS, KICKS | {37})[8] >= 1
    chords = where("reggae", Part.HARMONY)
    off, on = (sum(chords[place] for place in places) for places in ((2, 6, 10, 14, 3, 7, 11, 15), (0, 4, 8, 12)))
    assert off > 10 * on


def test_the_bass_walks_in_quarters_by_small_steps() -> None:
    for style in ("jazz", "swing"):
        places = where(style, Part.BASS)
        assert all(places[place] == 1 for place in (0, 4, 8, 12)), places
    for seed in SEEDS:
        line = played(section(style="jazz", bars=8, seed=seed, parts="bass"), Part.BASS)
        moves = [abs(later.pitch - note.pitch) for note, later in pairwise(line)]
        assert sum(move == 0 for move in moves) / len(moves) < 0.1
        assert sum(move <= 5 for move in moves) / len(moves) > 0.75


def test_the_ride_swings() -> None:
    offs = [
        note.start % 960
        for seed in SEEDS
        for note in played(section(style="swing", bars=4, bpm=140, seed=seed, parts="drums", temperature=0), Part.DRUMS)
        if note.start % 960 > 400
    ]
    assert offs
    assert all(600 <= off <= 700 or off >= 780 for off in offs), sorted(set(offs))


@pytest.mark.parametrize("style", ["trap", "metal", "hip-hop", "pop", "ballad", "funk", "lo-fi", "swing"])
def test_the_bass_meets_the_kick(style: str) -> None:
    together = total = 0
    for seed in SEEDS:
        bars = section(style=style, kind="verse", bars=8, seed=seed)
        kicks = [note.start for note in played(bars, Part.DRUMS) if note.pitch in KICKS]
        for note in played(bars, Part.BASS):
            total += 1
            together += any(abs(note.start - kick) <= 50 for kick in kicks)
    assert together / total > 0.6


def test_house_bass_is_off_the_beat_and_disco_bass_jumps_octaves() -> None:
    house = where("house", Part.BASS)
    assert house[2] + house[6] + house[10] + house[14] > 2 * (house[4] + house[12])
    jumps = 0
    for seed in SEEDS:
        line = played(section(style="disco", bars=8, seed=seed, parts="bass", density=0.8), Part.BASS)
        jumps += sum(abs(later.pitch - note.pitch) == 12 for note, later in pairwise(line))
    assert jumps > 8 * len(SEEDS)


def test_trap_hats_roll_and_funk_has_ghost_notes() -> None:
    hats = [
        note.start
        for seed in SEEDS
        for note in played(section(style="trap", bars=8, seed=seed, parts="drums", density=0.8), Part.DRUMS)
        if note.pitch == 42
    ]
    assert any(later - start <= 130 for start, later in pairwise(hats))
    ghosts = [n for n in played(section(style="funk", bars=8, parts="drums", density=0.7), Part.DRUMS) if n.pitch == 40]
    assert len(ghosts) > 8
    assert max(note.velocity for note in ghosts) < 60


@pytest.mark.parametrize(("style", "bpm"), [("dnb", 87), ("trap", 70), ("dubstep", 70)])
def test_half_the_tempo_is_the_same_music_written_differently(style: str, bpm: int) -> None:
    slow = section(style=style, bpm=bpm, bars=2, parts="drums", seed=3, temperature=0)
    quick = section(style=style, bpm=2 * bpm, bars=4, parts="drums", seed=3, temperature=0)
    kicks = [[note.start for note in played(bars, Part.DRUMS) if note.pitch in KICKS] for bars in (slow, quick)]
    assert [2 * start for start in kicks[0]][:4] == kicks[1][:4]
