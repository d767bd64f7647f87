"""No known run is left in what is new, by a search that is not the index's; what was there before stays, and is told."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compose.composer import BarNotes, Originality, Parent
from models.compose.originality import RunIndex
from models.compose.tokens.rules import ANY_TONE, PartRules
from models.compose.writer.unlike import Unlike
from sessions.music.notes import Note
from sessions.music.parts import PITCHED_PARTS, Part
from sessions.music.section import Request
from tests.models.compose.sections import as_bars, assert_lawful, child, parent_of, request
from tests.models.compose.writer.reciter import TUNES, lines_of, reciter, shared

BAR = 3840
WHITE = ((0, frozenset({0, 2, 4, 5, 7, 9, 11})),)


def left_in(bars: Sequence[Mapping[Part, tuple[Note, ...]]], tunes: Sequence[Sequence[int]]) -> int:
    """Notes of the longest run of the tunes in a section."""
    lines = [line for part in PITCHED_PARTS for line in lines_of([note for bar in bars for note in bar.get(part, ())])]
    return max((len(run) for line in lines for run in shared([note.pitch for note in line], tunes)), default=0)


def recited(
    asked: Request, index: RunIndex | None, parent: Parent | None = None
) -> tuple[list[BarNotes], Originality | None]:
    writing = reciter(index).stream(asked, parent)
    return list(writing), writing.originality


TUNE_LIST = list(TUNES.values())
KNOWN = RunIndex.build(TUNE_LIST)


@pytest.mark.parametrize("part", PITCHED_PARTS)
@pytest.mark.parametrize("style", ["rock", "techno"])
@pytest.mark.parametrize("careful", [True, False])
def test_what_is_known_by_heart_is_not_recited(
    part: Part, style: str, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the choice of pitches is left alone it is changed afterwards."""
    if not careful:
        monkeypatch.setattr(Unlike, "caution", lambda *_: None)
    asked = request(style=style, key="C", bars=6, parts=part.value, seed=1)
    bars, nothing = recited(asked, None)
    assert left_in(bars, TUNE_LIST) > 20
    assert nothing is None
    bars, found = recited(asked, KNOWN)
    assert_lawful(asked, bars)
    assert left_in(bars, TUNE_LIST) == 0
    assert found is not None
    assert (found.longest, found.limit, found.index) == (0, 9, KNOWN.sha256)
    assert {place.split()[0] for place in found.rewritten} == {part.value}
    assert recited(asked, KNOWN) == (bars, found)


def test_a_long_section_in_several_windows() -> None:
    asked = request(style="rock", key="C", bars=20, parts="bass,melody", seed=1)
    bars, found = recited(asked, KNOWN)
    assert left_in(bars, TUNE_LIST) == 0
    assert found is not None
    assert found.longest == 0


@pytest.mark.parametrize("context", ["continue", "accompany", "vary", "bars 3-4", "bars 1-2", "bars 8-8"])
def test_in_every_context(context: str) -> None:
    parts = "drums,harmony" if context == "accompany" else "bass,harmony,melody"
    take = parent_of(request(style="rock", bars=8, key="C", seed=5, parts=parts))
    asked = child(take, context=context, seed=8)
    bars, found = recited(asked, KNOWN, take)
    assert_lawful(asked, bars, foreign=take.chords)
    assert left_in(bars, TUNE_LIST) == 0
    assert found is not None
    assert found.longest == 0


def test_a_known_tune_that_stays_is_told_and_no_new_note_goes_on_with_it() -> None:
    """Its second half is in the bars that stay, before them the model recites the first."""
    tune = TUNES[Part.MELODY]
    take = parent_of(request(style="techno", bars=4, key="C", seed=5, parts="melody"))
    notes = [Note(480 * place, 480, pitch, 90) for place, pitch in enumerate(tune)]
    for bar in range(1, 5):
        take.bars[Part.MELODY, bar] = tuple(note for note in notes if note.start // BAR == bar - 1)  # type: ignore[index]
    asked = child(take, context="bars 1-1", seed=8)
    bars, found = recited(asked, KNOWN, take)
    (line, _) = lines_of([note for bar in bars for note in bar[Part.MELODY]])
    fresh = set(bars[0][Part.MELODY])
    for run in shared([note.pitch for note in line], [tune]):
        assert not fresh & {line[place] for place in run}
    assert found is not None
    assert found.longest == left_in(bars, [tune]) >= 16
    again = child(take, context="bars 1-4", seed=8)
    assert left_in(recited(again, KNOWN, take)[0], [tune]) == 0


def tune_of(dice: random.Random, notes: int) -> list[int]:
    """A tune in C major as people write them: mostly steps, a few leaps."""
    scale = [12 * octave + pitch for octave in range(4, 8) for pitch in (0, 2, 4, 5, 7, 9, 11)]
    at, line = 10, list[int]()
    for _ in range(notes):
        line.append(scale[at])
        at = min(max(at + dice.choice((-3, -2, -1, -1, 0, 1, 1, 2, 4)), 0), len(scale) - 1)
    return line


def chords_of(dice: random.Random, tune: Sequence[int], start: int, stack: int) -> tuple[Note, ...]:
    """A tune as notes from a tick on, some of them with others below or above, some a little early or late."""
    notes = set()
    for place, pitch in enumerate(tune):
        tick = start + 480 * place + dice.choice((0, 0, 10, 30))
        side = dice.choice((-1, 1))
        for more in range(dice.randint(1, stack)):
            notes.add(Note(tick, 400, pitch + side * (0, 3, 7, 12)[more], 90))
    return tuple(sorted(notes))


@settings(max_examples=150)
@given(st.integers(0, 10**9), st.integers(1, 3), st.booleans(), st.booleans())
def test_new_notes_end_up_in_no_known_run(seed: int, stack: int, strict: bool, later: bool) -> None:
    dice = random.Random(seed)
    tunes = [tune_of(dice, 40) for _ in range(3)]
    source = dice.choice(tunes)
    first = dice.randint(0, 12)
    told = {(Part.HARMONY, 1): chords_of(dice, source[first : first + dice.randint(0, 7)], 0, stack)}
    begin = first + len({note.start for note in told[Part.HARMONY, 1]})
    bar = chords_of(dice, source[begin : begin + 8], BAR, stack)
    if later:
        told[Part.HARMONY, 3] = chords_of(dice, source[begin + 8 : begin + 8 + dice.randint(1, 8)], 2 * BAR, stack)
    low, high = min(note.pitch for note in bar) - 5, max(note.pitch for note in bar) + 5
    rules = PartRules(low=low, high=high, most_at_once=stack)
    tones = WHITE if strict else ANY_TONE
    unlike = Unlike(RunIndex.build(tunes), {Part.HARMONY: rules}, tones, told, bars=3, bar_ticks=BAR)
    known = unlike.known(2, {Part.HARMONY: bar})
    new = unlike.changed(Part.HARMONY, 2, bar)
    assert known or new == bar
    assert new
    moved = set(new) - set(bar)
    assert {(note.start, note.velocity) for note in new} <= {(note.start, note.velocity) for note in bar}
    assert all(low <= note.pitch <= high and (not strict or note.pitch % 12 in WHITE[0][1]) for note in moved)
    every = sorted(
        (*(note for notes in told.values() for note in notes), *new), key=lambda note: (note.pitch, note.start)
    )
    changed_pitches = {note.pitch for note in moved}
    assert all(
        one.pitch != other.pitch or one.end <= other.start
        for one, other in pairwise(every)
        if one.pitch in changed_pitches and (one in moved or other in moved)
    )
    told[Part.HARMONY, 2] = new
    for line in lines_of(every):
        for run in shared([note.pitch for note in line], tunes):
            assert not set(new) & {line[place] for place in run}
    assert unlike.known(2, {Part.HARMONY: new}) == []


def test_where_only_known_pitches_are_in_reach_onsets_are_left_out() -> None:
    """The range has one pitch more than the tune, and each way to end it is known."""
    tune = [60, 62, 60, 64, 62, 60, 64, 64, 60]
    tunes = [[*tune[:-1], pitch] for pitch in (60, 62, 64)]
    bar = tuple(Note(400 * place, 400, pitch, 90) for place, pitch in enumerate(tune))
    rules = PartRules(low=60, high=64, most_at_once=1)
    white = ((0, frozenset({0, 2, 4})),)
    unlike = Unlike(RunIndex.build(tunes), {Part.MELODY: rules}, white, {}, bars=1, bar_ticks=BAR)
    assert unlike.known(1, {Part.MELODY: bar})
    assert unlike.changed(Part.MELODY, 1, bar) == bar[:-1]


def test_without_an_index_nothing_is_known() -> None:
    unlike = Unlike(None, {}, ANY_TONE, {}, bars=1, bar_ticks=BAR)
    bar = tuple(Note(400 * place, 400, pitch, 90) for place, pitch in enumerate(TUNES[Part.BASS][:9]))
    assert unlike.known(1, {Part.BASS: bar}) == []
    assert unlike.changed(Part.BASS, 1, bar) == bar
    assert unlike.caution(1, 0) is None
    assert unlike.found((Part.BASS,)) is None


def test_bars_of_takes_are_what_the_reciter_left_alone() -> None:
    """What was not asked for again stays note for note."""
    take = parent_of(request(style="rock", bars=8, key="C", seed=5))
    bars = as_bars(recited(child(take, context="bars 3-4", seed=8), KNOWN, take)[0])
    assert all(bars[place] == take.bars[place] for place in take.bars if place[1] not in (3, 4))
