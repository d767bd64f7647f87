"""The delay pattern: as `transformers` builds it."""

from __future__ import annotations

import pytest
import torch

from models.render.musicgen.pattern import Grid
from tests.models.render.musicgen.conftest import Published
from tests.models.render.musicgen.published import Kind


@pytest.mark.parametrize("kind", [Kind(), Kind(channels=2), Kind(melody=True)], ids=["mono", "stereo", "melody"])
@pytest.mark.parametrize("known", [0, 1, 2, 7])
def test_as_theirs(published: Published, kind: Kind, known: int) -> None:
    decoder = published(kind)[0].decoder
    books, frames, pad = 4 * kind.channels, 9, 64
    prompt = torch.randint(0, 64, (books, known))
    start = torch.full((books, 1), pad)
    ids, mask = decoder.build_delay_pattern_mask(torch.cat([start, prompt], dim=1), pad, max_length=frames + 4)
    grid = Grid.of(prompt, frames, channels=kind.channels, pad=pad)
    assert torch.equal(grid.open, mask == -1)
    assert torch.equal(torch.where(grid.open, -1, grid.cells), mask)
    assert torch.equal(grid.window(0, known + 1), ids.where(ids != -1, pad))


def test_writes_only_where_it_may() -> None:
    grid = Grid.of(torch.tensor([[1], [2]]), 3, channels=1, pad=9)
    for column in range(2, grid.columns):
        grid.write(column, torch.tensor([5, 6]))
    assert grid.frames(0, 3).tolist() == [[1, 5, 5], [2, 6, 6]]
    assert grid.cells.tolist() == [[9, 1, 5, 5, 9], [9, 9, 2, 6, 6]]


def test_a_frame_is_known_once_its_last_codebook_is() -> None:
    grid = Grid.of(torch.zeros(4, 0, dtype=torch.int64), 5, channels=1, pad=9)
    assert [grid.known(columns) for columns in (1, 4, 5, 9)] == [0, 0, 1, 5]


def test_a_window_begins_anew() -> None:
    grid = Grid.of(torch.arange(10).repeat(2, 1), 12, channels=1, pad=99)
    assert grid.window(4, 9).tolist() == [[99, 4, 5, 6, 7], [99, 99, 4, 5, 6]]
