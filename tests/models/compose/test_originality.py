"""The index of melodic runs: nothing known is missed, little else is taken for known, junk files are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.compose.originality import (
    FEWEST_INTERVALS,
    RUN_NOTES,
    WIDEST,
    BadIndex,
    Run,
    RunIndex,
    _runs_of,
    bottom_line,
    top_line,
)
from sessions.music.notes import Note

TUNE = [60, 62, 64, 67, 65, 64, 62, 69, 67, 60, 59, 64]


@given(st.lists(st.integers(30, 90), min_size=RUN_NOTES, max_size=40), st.integers(-12, 12))
@example([30, 30, 30, 30, 30, 30, 61, 30, 62], 0)  # leaps of 31 and of 32 count as one interval
@example([60, 62, 65, 69, 74, *[74] * 20], 5)  # the end is one note said over and over, and nobody's
def test_a_line_finds_itself_in_every_key(line: list[int], shift: int) -> None:
    intervals = np.clip(np.diff(line), -WIDEST, WIDEST).tolist()
    runs = RunIndex.build([line]).copied([pitch + shift for pitch in line])
    if len(set(intervals)) < FEWEST_INTERVALS:
        assert runs == []
    else:
        (run,) = runs
        assert run.first == 0
        assert run.notes >= RUN_NOTES
        assert len(set(intervals[run.notes - 1 :])) < FEWEST_INTERVALS


@given(st.lists(st.integers(0, 60), min_size=9, max_size=60), st.lists(st.sampled_from((0, 0, 2, -1, 40)), max_size=80))
def test_note_by_note_a_line_has_the_same_runs(tune: list[int], steps: list[int]) -> None:
    line = [*tune, *np.cumsum([60, *steps]).tolist()]
    index = RunIndex.build([tune, line[20:50]])
    grown = {end: count for end in range(len(line)) if (count := index.ending(line[: end + 1]))}
    first, counts, keys = _runs_of(line)
    told: dict[int, int] = {}
    for begin, count, known in zip(first.tolist(), counts.tolist(), index.known(keys).tolist(), strict=True):
        if known:
            told[begin + count - 1] = max(count, told.get(begin + count - 1, 0))
    assert grown == told


def test_eight_notes_in_a_row_are_nobodys() -> None:
    index = RunIndex.build([TUNE])
    assert index.copied([50, 40, *TUNE[:8], 40, 50]) == []
    assert index.copied([50, 41, *TUNE[:9], 41, 50]) == [Run(2, 9)]


def test_scales_and_arpeggios_are_everybodys() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79]
    assert RunIndex.build([scale]).copied(scale) == []


def test_two_copies_in_one_line_are_two_runs() -> None:
    index = RunIndex.build([TUNE])
    line = [*TUNE[:10], 30, 99, *TUNE[1:11]]
    assert index.copied(line) == [Run(0, 10), Run(12, 10)]
    assert index.longest(line) == 10
    assert index.longest([60, 61]) == 0


def test_few_strange_runs_are_taken_for_known() -> None:
    draw = np.random.default_rng(1)
    index = RunIndex.build([draw.integers(40, 80, 20_000).tolist()])
    keys = draw.integers(0, 1 << 48, 20_000, dtype=np.uint64)
    assert index.known(keys).mean() < 0.002


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    index = RunIndex.build([TUNE])
    index.save(tmp_path / "runs.npz")
    again = RunIndex.load(tmp_path / "runs.npz")
    assert (again.sha256, again.runs) == (index.sha256, index.runs)
    assert again.copied(TUNE) == index.copied(TUNE)


@pytest.mark.parametrize("junk", [b"", b"junk", b"PK\x03\x04 and no more"])
def test_a_junk_file_is_told(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "runs.npz").write_bytes(junk)
    with pytest.raises(BadIndex, match="came with the weights"):
        RunIndex.load(tmp_path / "runs.npz")
    with pytest.raises(BadIndex):
        RunIndex.load(tmp_path / "none.npz")


def test_lines_of_chords() -> None:
    chord = [Note(0, 960, pitch, 90) for pitch in (60, 64, 67)]
    after = [Note(5, 960, 72, 90), Note(960, 100, 50, 90)]
    assert [note.pitch for note in top_line([*after, *chord])] == [72, 50]
    assert [note.pitch for note in bottom_line([*after, *chord])] == [60, 50]
