"""What stands in the training music is written again, and the section says so."""

from __future__ import annotations

import pytest

from models.compose.composer import Writing
from models.compose.originality import RunIndex, top_line
from sessions.music.parts import PITCHED_PARTS, Part
from sessions.music.section import Request
from tests.models.compose.sections import assert_lawful, request
from tests.models.compose.writer.dreamer import composer


def lines_of(asked: Request, seed: int) -> list[list[int]]:
    """What a dreamer writes when nobody looks, as lines."""
    bars = list(composer(seed=seed).stream(asked))
    return [[note.pitch for note in top_line(n for bar in bars for n in bar.get(part, ()))] for part in PITCHED_PARTS]


def written(asked: Request, index: RunIndex | None, seed: int) -> Writing:
    writing = composer(seed=seed, index=index).stream(asked)
    assert_lawful(asked, list(writing))
    return writing


@pytest.mark.parametrize("seed", range(4))
def test_known_runs_are_written_again(seed: int) -> None:
    asked = request(style="rock", bars=6, seed=seed, parts="bass,harmony,melody", density=1.0)
    known = lines_of(asked, seed)
    index = RunIndex.build(known)
    assert any(index.copied(line) for line in known)
    found = written(asked, index, seed).originality
    assert found is not None
    assert found.rewritten
    assert (found.index, found.limit, found.longest) == (index.sha256, 9, 0)


def test_what_can_only_be_known_is_changed_note_by_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.compose.writer.writing.ATTEMPTS", 1)
    asked = request(style="rock", bars=6, seed=3, parts="melody", density=1.0)
    index = RunIndex.build(lines_of(asked, 3)[2:])
    found = written(asked, index, 3).originality
    assert found is not None
    assert found.longest == 0


def test_music_of_ones_own_is_left_alone() -> None:
    asked = request(style="pop", bars=4, seed=2)
    index = RunIndex.build([[60, 62, 64, 67, 65, 64, 62, 69, 67, 60]])
    writing = written(asked, index, 2)
    assert writing.originality is not None
    assert writing.originality.rewritten == ()
    alone = list(composer(seed=2).stream(asked))
    assert [bar[Part.MELODY] for bar in composer(seed=2, index=index).stream(asked)] == [b[Part.MELODY] for b in alone]


def test_without_an_index_nothing_is_said() -> None:
    assert written(request(bars=1, seed=1), None, 1).originality is None
