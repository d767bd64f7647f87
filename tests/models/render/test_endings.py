"""Ends of stems: cut without a click, folded so that they loop, rung out before the end."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.render.endings import ring_out
from models.render.limiter import limit
from models.render.room import add_room
from models.render.sampler import Sampler
from models.render.soundfont import Floats, Soundfont, bundled_path
from sessions.music import Note, Part
from sessions.music.kinds import Tail

RATE = 44_100
BAR = 3840


@cache
def bundled() -> Sampler:
    return Sampler(Soundfont.load(bundled_path()))


def stem(part: Part, notes: list[Note], tail: Tail, *, ticks: int = BAR, style: str = "ballad") -> Floats:
    return bundled().stem(part, notes, style=style, total_ticks=ticks, bpm=120.0, tail=tail)


@pytest.mark.parametrize("part", [Part.DRUMS, Part.HARMONY, Part.TEXTURE])
def test_a_loop_is_what_the_second_turn_of_its_notes_sounds_like(part: Part) -> None:
    """Two turns played through and cut, their second half, are the loop: to the rounding of sums in another order."""
    once = [Note(480 * step, 900, pitch, 60 + 7 * step) for step, pitch in enumerate((38, 46, 42, 49, 36, 45, 51, 57))]
    twice = once + [Note(note.start + BAR, note.length, note.pitch, note.velocity) for note in once]
    long = twice + [Note(note.start + 2 * BAR, note.length, note.pitch, note.velocity) for note in once]
    for tone in range(3):
        long += [Note(note.start + (3 + tone) * BAR, note.length, note.pitch, note.velocity) for note in once]
    looped, played = stem(part, once, Tail.LOOP), stem(part, long, Tail.CUT, ticks=6 * BAR)
    turn = played[4 * len(looped) : 5 * len(looped)]
    assert np.max(np.abs(looped - turn)) < 1e-3 * np.max(np.abs(turn))


def test_a_loop_shorter_than_its_tail_goes_round_more_than_once() -> None:
    looped = stem(Part.TEXTURE, [Note(0, 240, 60, 100)], Tail.LOOP, ticks=240)
    cut = stem(Part.TEXTURE, [Note(0, 240, 60, 100)], Tail.CUT, ticks=240)
    assert len(looped) == len(cut)
    assert np.sum(looped**2) > 1.5 * np.sum(cut**2)
    assert np.isfinite(looped).all()


def test_what_rings_dies_away_after_its_last_onset_and_spares_it() -> None:
    notes = [Note(0, BAR, 60, 90), Note(1920, 1920, 64, 90)]
    cut, rung = stem(Part.HARMONY, notes, Tail.CUT), stem(Part.HARMONY, notes, Tail.RING)
    spoken = RATE + round(0.08 * RATE)
    assert np.array_equal(cut[:spoken], rung[:spoken])
    loud = [float(np.sqrt(np.mean(rung[at : at + 4000] ** 2))) for at in range(spoken, len(rung) - 4000, 4000)]
    assert loud == sorted(loud, reverse=True)
    assert loud[-1] < 0.1 * float(np.sqrt(np.mean(cut[-8000:-4000] ** 2)))


def test_what_is_struck_at_the_very_end_still_ends_without_a_click() -> None:
    sound = np.ones((RATE, 2), np.float32)
    ring_out(sound, RATE - 10, RATE)
    assert sound[-1, 0] == pytest.approx(0, abs=1e-6)
    assert np.max(np.abs(np.diff(sound[:, 0]))) < 0.005
    assert np.all(sound[: RATE - 441] == 1)


def test_rooms_and_limits_know_that_the_end_is_next_to_the_start() -> None:
    """Wherever the loop is cut open, the same sound comes out."""
    dice = np.random.default_rng(3)
    dry = np.asarray(0.05 * dice.standard_normal((30_000, 2)), np.float32)
    dry[29_900:29_950] *= 30
    turned = np.roll(dry, 15_000, axis=0)
    for sound in (dry, turned):
        add_room(sound, 0.3, RATE, wraps=True)
        limit(sound, ceiling=0.3, rate=RATE, wraps=True)
    assert np.allclose(np.roll(dry, 15_000, axis=0), turned, atol=1e-4)
