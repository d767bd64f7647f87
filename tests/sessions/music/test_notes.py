from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import Refused
from sessions.music import Note, Part, bars_of, notes_of, parse_request, read_note, untangled
from tests.sessions.music.strategies import field_sets, played

notes = st.builds(Note, st.integers(0, 4000), st.integers(1, 2000), st.integers(58, 62), st.integers(1, 127))


@given(st.data(), field_sets(most_bars=8))
def test_bars_hold_every_note_once(data: st.DataObject, fields: dict[str, Any]) -> None:
    request = parse_request(fields)
    wanted = data.draw(played(request))
    bars = bars_of(wanted, request)
    assert set(bars) == {(part, bar) for part in request.note_parts for bar in range(1, request.bars + 1)}
    for (part, bar), inside in bars.items():
        for note in inside:
            assert (bar - 1) * request.ticks_per_bar <= note.start < bar * request.ticks_per_bar
            assert note.end <= request.total_ticks
        assert list(inside) == sorted(inside)
        assert part.has_notes
    for part, asked in wanted.items():
        kept = notes_of(bars, part)
        assert sorted((note.start, note.pitch, note.velocity) for note in asked) == sorted(
            (note.start, note.pitch, note.velocity) for note in kept
        )
    assert bars_of({part: notes_of(bars, part) for part in wanted}, request) == bars


def test_notes_outside_the_section_are_a_bug() -> None:
    request = parse_request({"bars": 1, "parts": "bass"})
    with pytest.raises(ValueError, match="outside"):
        bars_of({Part.BASS: [Note(3840, 1, 36, 1)]}, request)
    with pytest.raises(ValueError, match="outside"):
        bars_of({Part.MELODY: [Note(0, 1, 60, 1)]}, request)


@given(st.lists(notes, max_size=30))
def test_untangled_notes_never_overlap_on_a_pitch(tangled: list[Note]) -> None:
    kept = untangled(tangled)
    for one, other in ((a, b) for a in kept for b in kept if a.pitch == b.pitch and a != b):
        assert one.end <= other.start or other.end <= one.start
    assert {(note.start, note.pitch) for note in kept} == {(note.start, note.pitch) for note in tangled}
    assert untangled(kept) == kept
    assert untangled(reversed(tangled)) == kept


@given(notes)
def test_a_note_reads_back(note: Note) -> None:
    assert read_note(note.to_list()) == note


@pytest.mark.parametrize(
    "value",
    [None, [], [0, 1, 2], [0, 1, 60, 100, 1], [-1, 1, 60, 100], [0, 0, 60, 100], [0, 1, 128, 100], [0, 1, 60, 0], [0, 1, 60, 128],
     [0.0, 1, 60, 100], [True, 1, 60, 100], "abcd", {"start": 0}],
)  # fmt: skip
def test_no_note(value: object) -> None:
    with pytest.raises(Refused, match="^bad-value: notes: "):
        read_note(value)
