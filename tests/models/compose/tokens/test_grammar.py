"""Whatever the logits say, a walk along allowed tokens is exactly the section that the rules ask for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compose.tokens.decode import decode
from models.compose.tokens.encode import Header, Stretch, Voice, bars_ids, chord_id, encode, header_ids, shift_of
from models.compose.tokens.grammar import Grammar
from models.compose.tokens.grid import quantise
from models.compose.tokens.rules import MANY_NOTES, PartRules, Played, Rules, Tones, tones_within
from models.compose.tokens.stock import Shelf, sections_of
from models.compose.tokens.vocabulary import DRUMS, STEP_TICKS, VOCABULARY
from sessions.music.beats import Meter
from sessions.music.chords import Chord, Chords
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part
from tests.models.compose.tokens.music import KEYS, METERS, arranged

MARKS = VOCABULARY.mask("Left", "Part", "end")
MORE = VOCABULARY.mask("Position", "Hop", "Hit", "Pitch")


def walk(grammar: Grammar, seed: int, *, marks: float = 0.0, forced: bool = True) -> list[int]:
    """A walk with random logits; `marks` is how much likelier bars and parts are to end."""
    dice = np.random.default_rng(seed)
    state, ids = grammar.begin(), list[int]()
    while not state.is_done:
        if forced:
            run, state = grammar.forced(state)
            ids += run
            if state.is_done:
                break
        logits = dice.normal(size=len(VOCABULARY)) * 2 + marks * MARKS
        allowed = grammar.allowed(state)
        assert allowed.any(), VOCABULARY.words(ids[-12:])
        ids.append(int(np.where(allowed, logits, -np.inf).argmax()))
        state = grammar.advance(state, ids[-1])
        assert len(ids) < 200_000
    return ids


def header_of(meter: Meter, key: Key, parts: Sequence[Part], human: bool = False) -> Header:
    return Header(120.0, meter, key, tuple(Voice(part) for part in parts), human=human)


@st.composite
def part_rules(draw: st.DrawFn) -> PartRules:
    low = draw(st.integers(6, 100))
    return PartRules(
        low=low,
        high=draw(st.integers(min(low + 7, 122), 122)),
        most_at_once=draw(st.integers(1, 6)),
        most_a_bar=draw(st.none() | st.integers(1, 20)),
        most_rest=draw(st.none() | st.integers(0, 2)),
        most_same=draw(st.none() | st.integers(1, 3)),
        least=draw(st.integers(0, 3)),
        varies=draw(st.booleans()),
        drums=frozenset(draw(st.sets(st.integers(0, len(DRUMS) - 1), min_size=1))),
    )


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    meter, key, bars = draw(METERS), draw(KEYS), draw(st.integers(1, 5))
    parts = tuple(draw(st.permutations(NOTE_PARTS))[: draw(st.integers(1, 4))])
    header = header_of(meter, key, parts, draw(st.booleans()))
    shift = shift_of(key)
    chords = [Chord(draw(st.integers(0, 11)), draw(st.sampled_from(("", "m7", "7", "5")))) for _ in range(2 * bars)]
    steps = meter.ticks_per_bar // STEP_TICKS
    planned = draw(st.booleans())
    spans = [(bar * steps, (bar + 1) * steps, chords[2 * bar]) for bar in range(bars)] if planned else []
    left = draw(st.sampled_from((0, 3)))
    return Rules(
        header,
        lefts=tuple(range(bars + left, left, -1)),
        chords=tuple(chord_id(chord, shift) for chord in chords) if planned else (),
        before=(VOCABULARY.id("start"),),
        tones=tones_within(key, spans),
        parts={part: draw(part_rules()) for part in parts if draw(st.booleans())},
    )


def classes_at(tones: Tones, step: int) -> frozenset[int]:
    return next(classes for start, classes in reversed(tones) if start <= step)


def check(rules: Rules, ids: list[int]) -> None:
    header, bars = rules.header, len(rules.lefts)
    (section,) = decode(ids, tonic=header.key.tonic)
    sheet = section.write.sheet
    assert header_ids(section.header) == header_ids(header)
    assert len(sheet) == bars
    assert sheet.end * STEP_TICKS == bars * header.meter.ticks_per_bar
    assert tuple(sheet.parts) == header.parts
    assert list(section.write.lefts) == list(rules.lefts)
    notes = sheet.to_notes()
    again = quantise(notes, sheet.starts, human=sheet.human, beyond=sheet.beyond).to_notes()
    assert again == notes
    for part, line in sheet.parts.items():
        asked = rules.parts.get(part) or PartRules()
        counts = np.diff(line.at)
        assert len(line) > 0, f"{part} is empty"
        assert asked.most_a_bar is None or counts.max() <= asked.most_a_bar
        step = np.repeat(sheet.starts[:-1], counts) + line.pos
        if part is Part.DRUMS:
            assert set(line.pitch.tolist()) <= asked.drums
            assert np.unique(step, return_counts=True)[1].max() <= asked.most_at_once
            continue
        assert asked.low <= line.pitch.min() <= line.pitch.max() <= asked.high
        for at, pitch in zip(step.tolist(), line.pitch.tolist(), strict=True):
            assert pitch % 12 in classes_at(rules.tones, at)
        assert np.count_nonzero(counts) >= min(asked.least, bars)
        assert not asked.varies or len(line) < MANY_NOTES or len(set(line.pitch.tolist())) > 1
        ends = [(note.start, note.end) for note in notes[part]]
        nudge = 30 if sheet.human else 0
        assert max(sum(a <= b + nudge < e - nudge for a, e in ends) for b, _ in ends) <= asked.most_at_once
        if asked.most_rest is not None:
            sounds = [
                any(
                    a < (bar + 1) * header.meter.ticks_per_bar and e > bar * header.meter.ticks_per_bar for a, e in ends
                )
                for bar in range(bars)
            ]
            assert any(sounds[: asked.most_rest + 1]) or bars <= asked.most_rest


@settings(max_examples=80)
@given(rules(), st.integers(0, 1000), st.sampled_from((-3.0, 2.0, 5.0, 30.0)))
def test_every_walk_is_the_section_that_was_asked(asked: Rules, seed: int, marks: float) -> None:
    check(asked, walk(Grammar(asked), seed, marks=marks))


@settings(max_examples=20)
@given(rules(), st.integers(0, 1000))
def test_forced_runs_are_what_single_steps_find(asked: Rules, seed: int) -> None:
    """With the same choices; so each is made from the state's place and not from a stream of dice."""
    grammar = Grammar(asked)

    def choose(state: Any, at: int) -> int:
        logits = np.random.default_rng((seed, at)).normal(size=len(VOCABULARY)) + 4 * MARKS
        return int(np.where(grammar.allowed(state), logits, -np.inf).argmax())

    single: list[int] = []
    state = grammar.begin()
    while not state.is_done:
        single.append(choose(state, len(single)))
        state = grammar.advance(state, single[-1])
    runs: list[int] = []
    state = grammar.begin()
    while not state.is_done:
        run, state = grammar.forced(state)
        runs += run
        if not state.is_done:
            assert np.count_nonzero(grammar.allowed(state)) > 1
            runs.append(choose(state, len(runs)))
            state = grammar.advance(state, runs[-1])
    assert runs == single


def test_a_state_is_a_value() -> None:
    grammar = Grammar(Rules(header_of(Meter(4, 4), Key(0), NOTE_PARTS), lefts=(2, 1)))
    _, state = grammar.forced(grammar.begin())
    allowed = grammar.allowed(state).copy()
    for token in np.flatnonzero(allowed)[:5]:
        grammar.advance(state, int(token))
    assert np.array_equal(grammar.allowed(state), allowed)


def test_real_music_walks_through_loose_rules() -> None:
    """What is encoded is allowed at each step: the grammar knows the language of the training data, all of it."""
    for style, meter in (("jazz", "4/4"), ("house", "7/8"), ("ballad", "3/4"), ("latin", "5/2")):
        shelf = Shelf([arranged(style, style=style, meter=meter, bars=8)])
        for stock in shelf:
            for section in sections_of(stock, bars=4, room=3000):
                ids = encode([section]).tolist()
                asked = Rules(section.header, section.write.lefts, before=(VOCABULARY.id("start"),))
                grammar = Grammar(asked)
                state = grammar.begin()
                for token in ids:
                    assert grammar.allowed(state)[token], VOCABULARY.name(token)
                    state = grammar.advance(state, token)
                assert state.is_done


@pytest.mark.parametrize("human", [False, True])
def test_given_parts_are_told_as_they_are(human: bool) -> None:
    header = header_of(Meter(4, 4), Key(9, "minor"), (Part.DRUMS, Part.HARMONY, Part.BASS), human)
    there = {
        Part.DRUMS: [Note(960 * beat, 240, 36, 100) for beat in range(12)],
        Part.BASS: [Note(960 * beat, 960, 45, 20 + 9 * beat) for beat in range(4)],
    }
    sheet = quantise(there, (0, 96, 192, 288), human=human)
    shift = shift_of(header.key)
    given: dict[tuple[Part, int], list[int]] = {}
    levels: dict[Part, int] = {}
    for bar in range(3):
        for part in (Part.DRUMS, Part.BASS):
            if part is Part.DRUMS or bar == 0:  # the bass is given in the first bar only
                one = Stretch(sheet.window(bar, 1), [(None, None)], (1,))
                given[part, bar] = bars_ids(one, (part,), shift, levels)[0].tolist()[4:]
    asked = Rules(header, lefts=(3, 2, 1), given=given, before=(VOCABULARY.id("start"),))
    for seed in range(5):
        ids = walk(Grammar(asked), seed, marks=4.0)
        (section,) = decode(ids, tonic=9)
        notes = section.write.sheet.to_notes()
        assert notes[Part.DRUMS] == sheet.to_notes()[Part.DRUMS]
        assert [note for note in notes[Part.BASS] if note.start < 3840] == list(sheet.to_notes()[Part.BASS])
        assert notes[Part.HARMONY]


def test_a_part_that_rests_too_long_comes_back() -> None:
    header = header_of(Meter(4, 4), Key(0), (Part.BASS,))
    asked = Rules(
        header,
        lefts=tuple(range(8, 0, -1)),
        parts={Part.BASS: PartRules(most_rest=1)},
        before=(VOCABULARY.id("start"),),
    )
    for seed in range(10):
        (section,) = decode(walk(Grammar(asked), seed, marks=1000.0))
        notes = section.write.sheet.to_notes()[Part.BASS]
        sounds = [any(note.start < bar + 3840 and note.end > bar for note in notes) for bar in range(0, 8 * 3840, 3840)]
        assert all(now or then for now, then in pairwise(sounds))


def told(asked: Rules, seed: int, *, marks: float = 0.0, pitch: int = 36) -> list[int]:
    """A walk that likes one pitch above all, and as much of it as fits: the first pitch of each bar, -1 where it has none."""
    dice, grammar = np.random.default_rng(seed), Grammar(asked)
    state, ids = grammar.begin(), list[int]()
    liked = marks * MARKS
    liked[VOCABULARY.id(f"Pitch_{pitch}")] = 20.0
    liked[VOCABULARY.mask("Position")] -= np.arange(VOCABULARY.size["Position"])
    liked[VOCABULARY.mask("Hop")] -= VOCABULARY.size["Position"]
    while not state.is_done:
        run, state = grammar.forced(state)
        ids += run
        if state.is_done:
            break
        logits = dice.normal(size=len(VOCABULARY)) + liked
        ids.append(int(np.where(grammar.allowed(state), logits, -np.inf).argmax()))
        state = grammar.advance(state, ids[-1])
    (section,) = decode(ids)
    line = section.write.sheet.parts[Part.BASS]
    return [-1 if not len(bar) else int(bar[0]) for bar in np.split(line.pitch, line.at[1:-1])]


def bass_rules(part: PartRules, bars: int = 8, **more: Any) -> Rules:
    header = header_of(Meter(4, 4), Key(0), (Part.BASS,))
    lefts = tuple(range(bars, 0, -1))
    return Rules(header, lefts, before=(VOCABULARY.id("start"),), parts={Part.BASS: part}, **more)


@pytest.mark.parametrize("seed", range(5))
def test_a_part_leaves_its_pitch_in_time(seed: int) -> None:
    asked = bass_rules(PartRules(low=30, high=42, most_at_once=1, longest=24, most_same=3, varies=True))
    first = told(asked, seed, marks=-200.0)
    for begin in range(5):
        assert len(set(first[begin : begin + 4])) > 1
    last = told(bass_rules(PartRules(low=30, high=42, most_at_once=1, longest=24, varies=True)), seed, marks=-200.0)
    assert set(last[:7]) == {36}
    assert last[7] != 36
    alone = told(
        bass_rules(PartRules(low=36, high=36, most_at_once=1, longest=24, most_same=3, varies=True)), seed, marks=-200.0
    )
    assert set(alone) == {36}


def test_what_was_played_before_counts() -> None:
    bass = PartRules(low=30, high=42, most_at_once=1, longest=24, most_same=3)
    assert told(bass_rules(bass, played={Part.BASS: Played(3, 0, 36, 12, -3)}), 1)[0] != 36
    assert told(bass_rules(bass, played={Part.BASS: Played(3, 0, 36, 12, -1)}), 1)[0] == 36
    resting = PartRules(most_rest=3, must_sound=False)
    assert told(bass_rules(resting, played={Part.BASS: Played(rests=2)}), 1, marks=1000.0)[:2] == [-1, 36]


@pytest.mark.parametrize("least", [1, 3, 8])
def test_a_part_begins_notes_in_as_many_bars_as_it_should(least: int) -> None:
    """However long its notes, and however much it would rather rest."""
    bass = PartRules(low=30, high=42, most_at_once=1, must_sound=False, least=least)
    for seed in range(5):
        assert sum(pitch >= 0 for pitch in told(bass_rules(bass), seed, marks=1000.0)) == least
        assert sum(pitch >= 0 for pitch in told(bass_rules(bass), seed)) >= least
    played = {Part.BASS: Played(bars=least)}
    assert set(told(bass_rules(bass, played=played), 1, marks=1000.0)) == {-1}


def test_nothing_begins_at_the_last_step_or_on_a_pitch_that_sounds_from_before() -> None:
    header = header_of(Meter(4, 4), Key(0), (Part.BASS,))
    bass = PartRules(low=36, high=43, tones=((0, frozenset({0})),))
    asked = Rules(
        header, lefts=(2, 1), parts={Part.BASS: bass}, last=150, sounding={Part.BASS: [(60, 36)]},
        before=(VOCABULARY.id("start"),),
    )  # fmt: skip
    starts = set[int]()
    for seed in range(30):
        (section,) = decode(walk(Grammar(asked), seed, marks=2.0))
        starts |= {note.start // STEP_TICKS for note in section.write.sheet.to_notes()[Part.BASS]}
    assert min(starts) >= 60
    assert max(starts) < 150


def test_a_free_plan_stays_within_its_tokens_and_bars_follow_it() -> None:
    header = header_of(Meter(4, 4), Key(0), (Part.HARMONY,))
    some = frozenset({VOCABULARY.id("Chord_0_maj"), VOCABULARY.id("Chord_7_7")})
    asked = Rules(header, lefts=(3, 2, 1), plan_tokens=some, before=(VOCABULARY.id("start"),))
    ids = walk(Grammar(asked), 3, marks=3.0)
    plan = ids[ids.index(VOCABULARY.id("plan")) + 1 : ids.index(VOCABULARY.id("write"))]
    assert set(plan) <= some
    assert [token for token in ids[ids.index(VOCABULARY.id("write")) :] if VOCABULARY.family(token) == "Chord"] == plan


def test_bars_ahead_are_passed_on() -> None:
    header = header_of(Meter(4, 4), Key(0), (Part.BASS,))
    later = Stretch(quantise({Part.BASS: [Note(0, 960, 40, 88)]}, (0, 96), human=False), [(None, None)], (1,))
    ahead = bars_ids(later, (Part.BASS,), 0)[0].tolist()
    asked = Rules(header, lefts=(2,), ahead=ahead, before=(VOCABULARY.id("start"),))
    (section,) = decode(walk(Grammar(asked), 1, marks=3.0))
    assert section.ahead is not None
    assert section.ahead.sheet.to_notes() == later.sheet.to_notes()


def test_tones_of_borrowed_chords_push_out_what_clashes() -> None:
    spans = [(s.start // STEP_TICKS, s.end // STEP_TICKS, s.chord) for s in Chords.parse("C E7").over(2, Meter(4, 4))]
    tones = tones_within(Key(0), spans)
    assert classes_at(tones, 0) == frozenset(Key(0).scale)
    assert classes_at(tones, 96) == frozenset({4, 8, 11, 2, 0, 5})
    assert tones_within(Key(0), []) == ((0, frozenset(Key(0).scale)),)


@pytest.mark.parametrize("bad", [{"low": 60, "high": 50}, {"low": 0}, {"most_at_once": 0}, {"drums": frozenset()}])
def test_rules_that_nothing_can_keep_are_no_rules(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        PartRules(**bad)
