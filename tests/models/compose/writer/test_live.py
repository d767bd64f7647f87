"""Live accompaniment in virtual time: fixed a beat ahead, never changed, never silent by accident, no note without an end."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from models.compose.composer import BarNotes
from models.compose.writer.ahead import Ahead, RulesAhead, Situation
from models.compose.writer.ear import chords_ahead, key_heard
from models.compose.writer.live import LINES, Accompanist, Commit
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.section import Request
from sessions.music.styles import STYLES
from tests.models.compose.sections import METERS, request
from tests.models.compose.writer.dreamer import composer

BEAT = 960
BAR = 4 * BEAT


def scale(key: str, bars: int, *, start: int = 0, bar_ticks: int = BAR) -> list[Note]:
    """A tune that goes up a key's scale, a note a beat."""
    steps = sorted(Key.parse(key).scale)
    starts = range(start, start + bars * bar_ticks, BEAT)
    return [Note(tick, BEAT, 60 + steps[index % len(steps)], 90) for index, tick in enumerate(starts)]


class Never:
    """A planner that never comes to an end of its thinking."""

    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        yield from ()


class Watched:
    """A planner whose situations are kept."""

    def __init__(self, mate: Ahead) -> None:
        self.mate, self.asked = mate, list[Situation]()

    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        self.asked.append(situation)
        return self.mate.ahead(situation)


def jam(
    mate: Ahead,
    asked: Request,
    tune: Sequence[Note],
    bars: int,
    *,
    late: int = 0,
    played: Part = Part.MELODY,
    from_bar: int = 0,
) -> list[Commit]:
    """Accompanies a tune: at each beat it hears, commits one beat ahead, and plans two bars, which takes `late` ticks."""
    ticks, start = asked.ticks_per_bar, from_bar * asked.ticks_per_bar
    band = Accompanist(mate, asked, start=start)
    band.plan(start, 1)
    commits: list[Commit] = []
    thinking: tuple[int, Situation, list[BarNotes]] | None = None
    for now in range(start - BEAT, start + bars * ticks, BEAT):
        heard = [
            note if note.end <= now else replace(note, length=now - note.start) for note in tune if note.start < now
        ]
        band.heard(played, heard)
        if thinking and thinking[0] <= now:
            band.take(*thinking[1:])
            thinking = None
        if thinking is None:
            situation = band.situation(now + BEAT + late, 2)
            thinking = (now + late, situation, list(mate.ahead(situation)))
            if not late:
                band.take(*thinking[1:])
                thinking = None
        commits.append(band.commit(now + BEAT))
    return commits


def notes_of(commits: Sequence[Commit]) -> dict[Part, list[Note]]:
    found: dict[Part, list[Note]] = defaultdict(list)
    for commit in commits:
        for part, notes in commit.notes.items():
            found[part] += notes
    return found


def assert_sound(commits: Sequence[Commit], asked: Request) -> None:
    """Without gaps, within their steps, and no two notes where one may sound."""
    for before, after in pairwise(commits):
        assert before.end == after.start
    found = notes_of(commits)
    assert set(found) == set(asked.note_parts)
    for commit in commits:
        assert all(
            commit.start <= note.start < commit.end and note.length >= 1
            for notes in commit.notes.values()
            for note in notes
        )
    for part, notes in found.items():
        voices: dict[int, list[Note]] = defaultdict(list)
        for note in notes:
            voices[0 if part in LINES else note.pitch].append(note)
        for line in voices.values():
            for first, second in zip(sorted(line), sorted(line)[1:], strict=False):
                assert first.end <= second.start, (part, first, second)


MATES: dict[str, Callable[[], Ahead]] = {"rules": RulesAhead, "model": lambda: composer(seed=3)}


@pytest.mark.parametrize("mate", MATES)
@pytest.mark.parametrize("meter", ["4/4", "7/8", "3/4"])
def test_it_is_fixed_a_beat_before_it_sounds(mate: str, meter: str) -> None:
    asked = request(parts="drums,bass,harmony", style="pop", seed=5, meter=meter)
    commits = jam(MATES[mate](), asked, scale("C", 4, bar_ticks=asked.ticks_per_bar), 4)
    assert_sound(commits, asked)
    assert not any(commit.repeated for commit in commits)


@pytest.mark.parametrize("mate", MATES)
def test_the_same_seed_and_notes_give_the_same_plan(mate: str) -> None:
    asked, tune = request(parts="bass,drums", seed=11), scale("C", 3)
    assert jam(MATES[mate](), asked, tune, 3) == jam(MATES[mate](), asked, tune, 3)
    assert jam(MATES[mate](), asked, tune, 3) != jam(MATES[mate](), replace(asked, seed=12), tune, 3)


@pytest.mark.parametrize("mate", MATES)
def test_what_is_fixed_never_changes(mate: str) -> None:
    band = Accompanist(MATES[mate](), request(parts="bass,harmony", seed=2))
    band.plan(0, 2)
    first = band.commit(BEAT)
    band.heard(Part.MELODY, scale("E", 1))
    fresh = band.plan(0, 2)
    assert all(note.start >= BAR for notes in fresh.values() for note in notes)  # the bar that was begun stays
    second = band.commit(BAR)
    again = Accompanist(MATES[mate](), request(parts="bass,harmony", seed=2))
    again.plan(0, 2)
    assert (first, second) == (again.commit(BEAT), again.commit(BAR))


def test_a_late_planner_is_covered_by_what_was_committed() -> None:
    asked = request(parts="drums,bass", seed=4)
    commits = jam(RulesAhead(), asked, scale("C", 8), 8, late=3 * BAR)
    assert_sound(commits, asked)
    assert any(commit.repeated for commit in commits)
    for bar in range(8):
        found = notes_of([commit for commit in commits if bar * BAR <= commit.start < (bar + 1) * BAR])
        assert all(found[part] for part in asked.note_parts), bar


def test_bars_come_again_where_no_plan_ever_comes() -> None:
    asked = request(parts="drums,bass", seed=4)
    band = Accompanist(Never(), asked, start=2 * BAR)
    band.plan(0, 4)
    commit = band.commit(5 * BAR)
    assert commit.start == 2 * BAR
    assert commit.repeated
    every = [(part, note) for part, notes in commit.notes.items() for note in notes]
    bars = [
        sorted((part, note.start % BAR, note.pitch) for part, note in every if note.start // BAR == bar)
        for bar in (2, 3, 4)
    ]
    assert bars[0]
    assert bars[0] == bars[1] == bars[2]


def test_a_plan_that_comes_too_late_leaves_what_is_begun() -> None:
    asked = request(parts="drums,bass", seed=4)
    band = Accompanist(RulesAhead(), asked)
    band.plan(0, 1)
    situation = band.situation(BAR, 2)
    band.commit(BAR + BEAT)  # the second bar was repeated meanwhile
    written = list(RulesAhead().ahead(situation))
    fresh = band.take(situation, written)
    assert all(note.start >= 2 * BAR for notes in fresh.values() for note in notes)
    assert fresh[Part.DRUMS]
    assert band.planned == 3 * BAR


def test_the_player_stops_and_the_band_goes_on() -> None:
    asked = request(parts="drums,bass,harmony", seed=8)
    commits = jam(composer(seed=1), asked, scale("C", 2), 6)
    assert_sound(commits, asked)
    late = notes_of([commit for commit in commits if commit.start >= 4 * BAR])
    assert late[Part.BASS]
    assert late[Part.HARMONY]


@pytest.mark.parametrize("mate", MATES)
def test_a_stop_ends_all_that_sounds(mate: str) -> None:
    band = Accompanist(MATES[mate](), request(parts="bass,harmony,drums", style="ambient", seed=3))
    band.plan(0, 2)
    commit = band.commit(BAR + 3 * BEAT)
    at = BAR + 2 * BEAT + 100
    ended = band.stop(at)
    for part, notes in commit.notes.items():
        for note in notes:
            assert (note in ended.cut.get(part, ())) == (note.start < at < note.end)
            assert (note in ended.withdrawn.get(part, ())) == (note.start >= at)
    assert ended.cut
    band.plan(2 * BAR, 2)
    assert band.commit(9 * BAR).notes == {}


def test_a_change_of_tempo_keeps_ticks_and_reaches_the_plan() -> None:
    watched = Watched(RulesAhead())
    band = Accompanist(watched, request(parts="drums,bass", style="rock", bpm=100, seed=1))
    band.plan(0, 2)
    first = band.commit(BEAT)
    band.tempo(180.0)
    band.plan(BEAT, 2)
    second = band.commit(2 * BAR)
    assert [situation.request.bpm for situation in watched.asked] == [100.0, 180.0]
    assert first.end == second.start
    assert watched.asked[1].first == 1


def test_the_past_is_told_and_the_player_s_future_is_not() -> None:
    watched = Watched(composer(seed=2))
    asked = request(parts="drums,bass", seed=6)
    tune = scale("C", 6)
    jam(watched, asked, tune, 4)
    told = watched.asked[-1]
    assert told.request.bars == 2
    assert told.origin == 0
    bars = {bar for part, bar in told.before if part is Part.MELODY}
    assert bars == set(range(1, told.first + 1))
    assert max(bar for part, bar in told.before if part is Part.BASS) <= told.first


def test_a_wrong_key_gives_way_to_the_one_that_is_played() -> None:
    asked = request(parts="bass,harmony", key="C", seed=5)
    band = Accompanist(RulesAhead(), asked)
    band.plan(0, 2)
    assert str(band.key) == "C"
    band.heard(Part.MELODY, scale("E", 2))
    band.plan(2 * BAR, 2)
    assert str(band.key) == "E"  # and not C#m, since major was asked for
    commit = band.commit(4 * BAR)
    after = [note for notes in commit.notes.values() for note in notes if note.start >= 2 * BAR]
    assert after
    assert all(note.pitch % 12 in Key.parse("E").scale for note in after)


def test_a_right_key_stays_and_chords_that_were_asked_for_stay() -> None:
    band = Accompanist(RulesAhead(), request(parts="bass", key="Am", seed=5))
    band.heard(Part.MELODY, scale("C", 4))
    band.plan(4 * BAR, 1)
    assert str(band.key) == "Am"
    named = Accompanist(RulesAhead(), request(parts="bass", key="C", chords="C F", seed=5))
    named.heard(Part.MELODY, scale("F#", 4))
    named.plan(4 * BAR, 1)
    assert str(named.key) == "C"


def test_a_few_strange_notes_do_not_move_the_key() -> None:
    tune = scale("C", 4)
    tune[3] = replace(tune[3], pitch=66)
    assert str(key_heard(Key(0), tune, BAR, 4)) == "C"
    assert str(key_heard(Key(0), tune[:3], BAR, 4)) == "C"


def test_chords_asked_for_go_round_from_the_first_bar_on() -> None:
    asked = request(chords="Am F/2 G/2 C", bars=4)
    halves = chords_ahead(asked, [], {}, range(3, 6), 0)
    assert [(str(one), str(two)) for one, two in halves] == [("Am", "Am"), ("F", "G"), ("C", "C")]


def test_a_player_who_goes_round_is_given_his_chords() -> None:
    asked = request(key="C", seed=1)
    loop = ((65, 69, 72), (67, 71, 74))  # F and G, again and again
    tune = [
        Note(bar * BAR + index * BEAT, BEAT, pitch, 90)
        for bar in range(8)
        for index, pitch in enumerate((*loop[bar % 2], loop[bar % 2][0]))
    ]
    halves = chords_ahead(asked, tune, {}, range(8, 10), 8)
    tones = [set(first.pitch_classes) for first, _ in halves]
    assert {5, 9} <= tones[0]
    assert {7, 11} <= tones[1]
    known: dict[int, tuple[Chord, Chord]] = {8: (Chord(2, "m"), Chord(2, "m"))}
    assert str(chords_ahead(asked, tune, known, range(8, 9), 8)[0][0]) == "Dm"


def test_nothing_is_heard_of_its_own_parts_nor_from_before_it_began() -> None:
    band = Accompanist(RulesAhead(), request(parts="bass", seed=1), start=BAR)
    band.heard(Part.BASS, [Note(BAR, BEAT, 40, 90)])
    band.heard(Part.MELODY, [Note(0, BEAT, 60, 90)])
    assert band.situation(2 * BAR, 1).before == {}


@pytest.mark.parametrize("seed", range(8))
def test_odd_jams_are_sound_as_well(seed: int) -> None:
    dice = random.Random(seed)
    played = dice.choice((Part.MELODY, Part.BASS, Part.DRUMS, Part.HARMONY))
    parts = [part for part in NOTE_PARTS if part is not played and dice.random() < 0.7] or [Part.BASS]
    asked = request(
        parts=",".join(parts), style=dice.choice(STYLES), meter=dice.choice(METERS), seed=seed, key="Bb dorian",
        temperature=2.0, **({"chords": "Dm7/1 G7/1.5 Cmaj7 Ebdim7/0.5"} if seed % 3 == 0 else {}),
    )  # fmt: skip
    tune: list[Note] = []
    tick = 0
    while tick < 8 * BAR:
        length = dice.choice((120, 320, 480, 1920))
        tune.append(Note(tick + dice.randint(0, 30), length, dice.randint(30, 90), dice.randint(1, 127)))
        tick += dice.choice((length, 120, 320))
    mate: Ahead = RulesAhead() if seed % 2 else composer(seed=seed, context=dice.choice((96, 1024)))
    late = dice.choice((0, BEAT, 9 * BEAT))
    bars = -(-8 * BEAT // asked.ticks_per_bar)
    assert_sound(jam(mate, asked, tune, bars, late=late, played=played, from_bar=dice.choice((0, 3))), asked)
