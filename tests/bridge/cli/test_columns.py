"""Columns: as wide as they must be, folded where there is no room, counted in cells and not in characters."""

from __future__ import annotations

from rich.cells import cell_len

from bridge.cli.columns import columns

ROWS = [("#", "who", "what"), ("10", "ana", "said: 音楽を一緒に"), ("9", "柳", "x" * 40)]


def test_columns_stand_below_each_other_in_cells() -> None:
    lines = list(columns(ROWS, width=200))
    assert lines == [" # who what", "10 ana said: 音楽を一緒に", " 9 柳  " + "x" * 40]


def test_the_last_one_is_folded_and_loses_nothing() -> None:
    lines = list(columns(ROWS, width=20))
    assert all(cell_len(line) <= 20 for line in lines)
    assert "".join(line.split()[-1] for line in lines[-4:]) == "x" * 40
    assert all(line.startswith(" " * 7) for line in lines[-3:])


def test_there_is_always_room_for_a_few_signs() -> None:
    assert max(map(cell_len, columns(ROWS, width=1))) == 17
