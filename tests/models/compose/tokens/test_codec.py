"""Notes into tokens and back: nothing is lost but what the grid rounds, in any metre, with any parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compose.corpus.piece import Origin
from models.compose.tokens.controls import controls_of
from models.compose.tokens.decode import Reading, decode, read_bar
from models.compose.tokens.encode import (
    Header,
    Section,
    Stretch,
    Voice,
    bars_ids,
    encode,
    header_ids,
    quality_of,
    section_ids,
    shift_of,
)
from models.compose.tokens.grid import Sheet, quantise
from models.compose.tokens.vocabulary import DURATIONS, QUALITIES, STEP_TICKS, VOCABULARY
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.kinds import Kind
from sessions.music.notes import Note, untangled
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.styles import STYLES
from tests.models.compose.tokens.music import KEYS, METERS, PAIRS, bands

MANY = settings(max_examples=60)


def starts_of(meter: Meter, bars: int) -> list[int]:
    return [bar * meter.ticks_per_bar // STEP_TICKS for bar in range(bars + 1)]


@st.composite
def sheets(draw: st.DrawFn, meter: Meter, bars: int, grid: int = 1) -> Sheet:
    band = draw(bands(meter.ticks_per_bar * bars, grid))
    return quantise(band, starts_of(meter, bars), human=draw(st.booleans()))


@st.composite
def sections(draw: st.DrawFn) -> Section:
    meter, bars = draw(METERS), draw(st.integers(1, 4))
    sheet = draw(sheets(meter, bars))
    parts = draw(st.permutations(sorted(sheet.parts)))
    bins = {
        part: {name: draw(st.integers(0, VOCABULARY.size[name] - 1)) for name in draw(st.sets(st.sampled_from(names)))}
        for part in parts
        if (names := controls_of(part))
    }
    header = Header(
        bpm=draw(st.sampled_from((43.0, 123.0, 223.0))),
        meter=meter,
        key=draw(KEYS),
        voices=tuple(Voice(part, bins[part]) for part in parts),
        origin=draw(st.none() | st.sampled_from(Origin)),
        kind=draw(st.none() | st.sampled_from(Kind)),
        style=draw(st.none() | st.sampled_from(STYLES)),
        energy=draw(st.none() | st.integers(0, 4)),
        human=sheet.human,
    )
    pairs = draw(st.lists(PAIRS, min_size=bars, max_size=bars))
    ahead = None
    if draw(st.booleans()):
        after = quantise(draw(bands(meter.ticks_per_bar)), starts_of(meter, 1), human=sheet.human)
        after = after.window(0, 1, [part for part in parts if part in after.parts])
        ahead = Stretch(after, [draw(PAIRS)], (1,)) if after.parts else None
    return Section(header, Stretch(sheet, pairs, tuple(range(bars, 0, -1))), ahead)


@MANY
@given(st.lists(sections(), min_size=1, max_size=3), st.data())
def test_what_is_told_is_read(told: list[Section], data: st.DataObject) -> None:
    tonic = data.draw(st.integers(0, 11))
    told = [replace(one, header=replace(one.header, key=Key(tonic, one.header.key.mode))) for one in told]
    ids = encode(told)
    read = decode(ids, tonic=tonic)
    assert len(read) == len(told)
    for one, other in zip(told, read, strict=True):
        assert other.header.key == one.header.key
        assert header_ids(other.header) == header_ids(one.header)
        assert other.write.sheet.to_notes() == one.write.sheet.to_notes()
        assert (other.ahead is None) == (one.ahead is None)
        if one.ahead and other.ahead:
            assert other.ahead.sheet.to_notes() == one.ahead.sheet.to_notes()
    assert encode(read).tolist() == ids.tolist()


@MANY
@given(METERS, st.integers(1, 3), st.booleans(), st.data())
def test_quantising_twice_changes_nothing(meter: Meter, bars: int, human: bool, data: st.DataObject) -> None:
    starts = starts_of(meter, bars)
    once = quantise(data.draw(bands(meter.ticks_per_bar * bars)), starts, human=human).to_notes()
    assert quantise(once, starts, human=human).to_notes() == once
    for part, notes in once.items():
        assert untangled(notes) == notes, part


@MANY
@given(METERS, st.integers(1, 3), st.data())
def test_music_on_the_grid_comes_back_as_it_was(meter: Meter, bars: int, data: st.DataObject) -> None:
    """Starts on any step, so triplets and swing too; lengths of the table; velocities in the middle of a level."""
    steps = meter.ticks_per_bar * bars // STEP_TICKS
    note = st.builds(
        lambda step, dur, pitch, level: Note(
            step * STEP_TICKS, min(dur, steps - step) * STEP_TICKS, pitch, 16 * level + 8
        ),
        st.integers(0, steps - 1),
        st.sampled_from(DURATIONS),
        st.integers(6, 122),
        st.integers(0, 7),
    )
    drawn = data.draw(st.lists(note, max_size=30))
    notes: list[Note] = []
    busy: set[tuple[int, int]] = set()
    for one in sorted(drawn):  # no two on one pitch at once: what would be cut may have no length in the table
        span = {(one.pitch, tick) for tick in range(one.start, one.end, STEP_TICKS)}
        if not span & busy:
            busy |= span
            notes.append(one)
    music = {Part.HARMONY: tuple(sorted(notes))}
    assert quantise(music, starts_of(meter, bars), human=False).to_notes() == music


@MANY
@given(sections())
def test_bars_can_be_told_and_read_one_by_one(section: Section) -> None:
    parts, shift = section.header.parts, shift_of(section.header.key)
    stretch = section.write
    whole = bars_ids(stretch, parts, shift)[0].tolist()
    end = stretch.sheet.end * STEP_TICKS
    reading = Reading(section.header.meter, shift, stretch.sheet.human, end)
    told: list[int] = []
    heard: dict[Part, list[Note]] = {part: [] for part in parts}
    levels: dict[Part, int] = {}
    for bar in range(len(stretch.sheet)):
        beyond = stretch.sheet.end - int(stretch.sheet.starts[bar + 1])
        one = Stretch(
            stretch.sheet.window(bar, 1, beyond=beyond), stretch.pairs[bar : bar + 1], stretch.lefts[bar : bar + 1]
        )
        ids = bars_ids(one, parts, shift, levels)[0].tolist()
        notes, reading = read_bar(ids, reading)
        levels = dict(reading.levels)
        told += ids
        for part, some in notes.items():
            heard[part] += some
    assert told == whole
    assert {part: tuple(sorted(some)) for part, some in heard.items()} == stretch.sheet.to_notes()


def test_a_window_cuts_what_rings_beyond_it() -> None:
    sheet = quantise({Part.BASS: [Note(0, 9000, 40, 88)]}, (0, 96, 192, 288), human=False)
    assert sheet.window(0, 1).to_notes()[Part.BASS] == (Note(0, 3840, 40, 88),)
    assert sheet.window(0, 1, beyond=96).to_notes()[Part.BASS] == (Note(0, 7680, 40, 88),)
    assert sheet.window(1, 2).to_notes()[Part.BASS] == ()


def test_an_early_note_on_a_bar_line_comes_on_it_and_others_keep_their_nudge() -> None:
    notes = [Note(3835, 400, 40, 88), Note(950, 400, 40, 88), Note(1460, 400, 40, 88)]
    sheet = quantise({Part.BASS: notes}, (0, 96, 192), human=True)
    assert [note.start for note in sheet.to_notes()[Part.BASS]] == [950, 1460, 3840]
    header = Header(120.0, Meter(4, 4), Key(0), (Voice(Part.BASS),), human=True)
    words = VOCABULARY.words(section_ids(Section(header, Stretch(sheet, [(None, None)] * 2, (2, 1)))))
    assert "Position_24 Nudge_-1 Pitch_40" in words
    assert "Position_36 Nudge_+2 Pitch_40" in words


def test_all_keys_tell_the_same_tune_alike() -> None:
    told = set()
    for tonic in range(12):
        sheet = quantise({Part.MELODY: [Note(0, 960, 60 - shift_of(Key(tonic)), 88)]}, (0, 96), human=False)
        pairs = [(Chord(tonic, "m7"), None)]
        told.add(tuple(bars_ids(Stretch(sheet, pairs, (1,)), (Part.MELODY,), shift_of(Key(tonic)))[0].tolist()))
    assert len(told) == 1


@pytest.mark.parametrize("quality", QUALITIES)
def test_each_quality_is_told_as_itself(quality: str) -> None:
    name = {"maj": "", "min": "m", "sus": "sus4"}.get(quality, quality)
    assert quality_of(name) == quality
    assert set(QUALITIES[quality]) == set(Chord(0, name).intervals)


@MANY
@given(st.lists(sections(), min_size=1, max_size=2), st.data())
def test_broken_sequences_are_refused_or_read_never_worse(told: list[Section], data: st.DataObject) -> None:
    ids = encode(told).tolist()
    place = data.draw(st.integers(0, len(ids) - 1))
    ids[place] = data.draw(st.integers(0, len(VOCABULARY) - 1))
    for some in (ids, ids[:place]):
        try:
            read = decode(some)
        except ValueError:
            continue
        again = [section.write.sheet.to_notes() for section in decode(encode(read))]
        assert again == [section.write.sheet.to_notes() for section in read]


def test_parts_without_notes_are_told_empty() -> None:
    sheet = quantise({}, (0, 96), human=False)
    ids, owners = bars_ids(Stretch(sheet, [(None, None)], (1,)), NOTE_PARTS, 0)
    assert VOCABULARY.words(ids).split()[3:] == ["Part_drums", "Part_bass", "Part_harmony", "Part_melody"]
    assert np.all(owners < 0)
