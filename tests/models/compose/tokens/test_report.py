"""The report counts what is there and says so in one line a set."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.compose.corpus.store import save
from models.compose.tokens.report import counts_of, main
from tests.models.compose.tokens.music import arranged


def test_counts_are_those_of_the_pieces() -> None:
    pieces = [arranged("one", "a", bars=4), arranged("two", "b", bars=12, parts="bass")]
    counts = counts_of(pieces)
    assert {name: (one.pieces, one.bars, one.sections) for name, one in counts.items()} == {
        "a": (1, 4, 1),
        "b": (1, 12, 2),
    }
    assert counts["a"].notes == sum(len(notes) for notes in pieces[0].notes.values())
    assert counts["a"].kept <= counts["a"].notes
    assert counts["a"].tokens > counts["a"].notes


def test_the_table_has_a_line_for_each_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "corpus.npz", [arranged("one", "a", bars=2), arranged("two", "b", bars=2)])
    assert main([str(tmp_path / "corpus.npz"), "4"]) == 0
    assert [row.split()[0] for row in capsys.readouterr().out.splitlines()] == ["set", "a", "b", "all"]
    assert main([]) == 2
