"""A piece as it is written: what is wished for, what the decoder reads of it, and what of it is due.

Lives here: the grid of its codes, the window of it that the decoder sees (pieces longer than MusicGen was taught at once are
written in windows, each of which reads again what the last one wrote), its draws, and the chunks in which it is handed out.
Nothing here waits for the device. Knows nothing of decoders, of other pieces or of sound.

    piece = Piece(wish, decoder.shape, frame_rate=50, device=device)
    while not piece.due:
        ...  # feed piece.prompt() and then each piece.last, and piece.write(logits, ...)
    chunk = piece.take()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.render.musicgen.pattern import Grid, delays
from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.sampling import Chance, Choice, chosen, guided

__all__ = ["Chunk", "Piece", "Wish", "never", "window_of"]

WINDOW_S = 30.0  # what MusicGen was taught at once
KEPT_S = 12.0  # of a full window, read again by the next one
FIRST_S = 0.25  # of codes before the first sound
CHUNK_S = 0.5  # of codes for each later one


def never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wish:
    """What one piece is to be, checked."""

    rows: list[Tensor]
    frames: int
    prompt: Tensor
    guidance: float
    choice: Choice
    seed: int
    cancelled: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Codes (codebooks, frames) that follow the last chunk's, and whether all that led to them were numbers."""

    codes: Tensor
    fine: Tensor
    final: bool


def window_of(shape: DecoderShape, frame_rate: float) -> int:
    """Columns that a decoder sees at once."""
    return round(WINDOW_S * frame_rate) + delays(shape.codebooks, shape.channels)[-1]


class Piece:
    """One piece; `column` is the next to be written."""

    def __init__(self, wish: Wish, shape: DecoderShape, *, frame_rate: float, device: torch.device) -> None:
        known = wish.prompt.shape[1]
        self.wish = wish
        self.grid = Grid.of(wish.prompt, known + wish.frames, channels=shape.channels, pad=shape.pad)
        self.column = self.first = known + 1
        self.begun = 0
        self.fine = torch.ones((), dtype=torch.bool, device=device)
        self.chance = Chance(wish.seed, shape.codebooks, shape.vocabulary, device)
        self.window = window_of(shape, frame_rate)
        self._kept = round(KEPT_S * frame_rate)
        self._told, self._due = known, known + max(1, round(FIRST_S * frame_rate))
        self._chunk = round(CHUNK_S * frame_rate)

    @property
    def over(self) -> bool:
        """Whether every column is written."""
        return self.column == self.grid.columns

    @property
    def due(self) -> bool:
        """Whether a chunk is there to be taken."""
        ready = self.grid.known(self.column)
        return ready > self._told and (ready >= self._due or self.over)

    @property
    def room(self) -> int:
        """Columns that the decoder will read in this window."""
        return min(self.grid.columns - self.begun, self.window)

    @property
    def last(self) -> Tensor:
        """The column (codebooks,) after which the next one is written."""
        return self.grid.cells[:, self.column - 1]

    def slide(self) -> bool:
        """Opens the next window where this one is full; says whether it did, and all of it must be read anew."""
        if self.column - self.begun <= self.window:
            return False
        self.begun = self.column - self._kept
        return True

    def prompt(self) -> Tensor:
        """The columns (codebooks, some) of this window before the last; there may be none."""
        return self.grid.window(self.begun, self.column - 1)

    @torch.inference_mode()
    def write(self, logits: Tensor) -> None:
        """Writes the next column by logits (rows, codebooks, vocabulary)."""
        mixed = guided(logits, self.wish.guidance)
        race = self.chance.column(self.column - self.first)
        self.grid.write(self.column, chosen(mixed, self.wish.choice, race))
        self.fine = self.fine & torch.isfinite(mixed).all()
        self.column += 1

    def take(self) -> Chunk:
        """What is due, once."""
        ready = self.grid.known(self.column)
        chunk = Chunk(self.grid.frames(self._told, ready), self.fine, final=self.over)
        self._told, self._due = ready, ready + self._chunk
        return chunk
