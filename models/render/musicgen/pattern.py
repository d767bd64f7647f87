"""The delay pattern: codebook k of a frame is said k steps after the frame's first, those of left and right together.

Lives here: the grid of columns that the decoder reads and writes, which of its cells are open to it, and frames read back
from it. Column 0 is all pad, and frame f of codebook k lies in column 1 + f + delay of k. Knows nothing of the decoder.

>>> delays(4, channels=1), delays(8, channels=2)
((0, 1, 2, 3), (0, 0, 1, 1, 2, 2, 3, 3))
>>> grid = Grid.of(torch.tensor([[5, 6], [7, 8]]), frames=3, channels=1, pad=9)
>>> grid.cells.tolist()
[[9, 5, 6, 9, 9], [9, 9, 7, 8, 9]]
>>> grid.open.int().tolist()
[[0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
>>> grid.frames(0, 2).tolist()
[[5, 6], [7, 8]]
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Grid", "delays"]


def delays(codebooks: int, channels: int) -> tuple[int, ...]:
    """By how many steps each codebook lags; with two channels, left and right take turns in the codebooks."""
    return tuple(book // channels for book in range(codebooks))


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns (codebooks, 1 + frames + longest delay) of codes, and where a step may write."""

    cells: Tensor
    open: Tensor
    lags: tuple[int, ...]
    pad: int

    @classmethod
    def of(cls, prompt: Tensor, frames: int, *, channels: int, pad: int) -> Grid:
        """A grid for so many frames, of which the prompt (codebooks, its frames) is known."""
        codebooks, known = prompt.shape
        lags = delays(codebooks, channels)
        cells = torch.full((codebooks, 1 + frames + lags[-1]), pad, dtype=torch.int64, device=prompt.device)
        free = torch.zeros_like(cells, dtype=torch.bool)
        for book, lag in enumerate(lags):
            cells[book, 1 + lag : 1 + lag + known] = prompt[book]
            free[book, 1 + lag + known : 1 + lag + frames] = True
        return cls(cells, free, lags, pad)

    @property
    def columns(self) -> int:
        return self.cells.shape[1]

    def write(self, column: int, codes: Tensor) -> None:
        """Puts codes (codebooks,) into a column's open cells."""
        self.cells[:, column] = torch.where(self.open[:, column], codes, self.cells[:, column])

    def known(self, columns: int) -> int:
        """How many frames are whole once so many columns are written."""
        return max(0, columns - 1 - self.lags[-1])

    def frames(self, first: int, last: int) -> Tensor:
        """Frames from first to last, exclusive: (codebooks, last - first)."""
        return torch.stack(
            [row[1 + lag + first : 1 + lag + last] for row, lag in zip(self.cells, self.lags, strict=True)]
        )

    def window(self, frame: int, last: int) -> Tensor:
        """The columns before `last`, as a piece that begins at `frame` has them: what lies earlier is pad."""
        columns = self.cells[:, frame:last].clone()
        for row, lag in zip(columns, self.lags, strict=True):
            row[: 1 + lag] = self.pad
        return columns
