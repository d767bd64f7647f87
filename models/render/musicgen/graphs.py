"""Writing by seats: pieces come and go between steps, and on a GPU each step is one graph that is told to run again.

Lives here: who sits in which seat, what is laid into the seats' buffers and taken out of them a block of columns at a time, and
the graphs, one for each number of seats and page of keys. The host only counts: it knows every position without asking the
device. Without a GPU the same steps run over the same buffers, one operation after another, as they do where no graph can be
made.

    writer = SeatWriter(decoder, seats=16, window=1503)
    ensemble = Ensemble(writer, seats=16, breath=None)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from torch import Tensor

from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.piece import Piece
from models.render.musicgen.sampling import BLOCK
from models.render.musicgen.seats import OPEN, PAGE, ROWS, Seats

__all__ = ["SIZES", "TOLD", "SeatWriter", "seats_that_fit"]

SIZES = (1, 2, 4, 8, 16)  # seats that a step passes
TOLD = 64  # tokens of a text, or more where more are told
SHARE = 0.5  # of the memory that is free, at most, for what pieces have read

log = logging.getLogger("starbridge.musicgen")


@dataclass(slots=True)
class Sitting:
    """What the host knows of a piece at a seat."""

    seat: int
    before: int
    settled: int  # columns from this one on are in the seat alone


@dataclass(frozen=True, slots=True)
class Kept:
    """What a piece had read when it made room."""

    buffers: tuple[Tensor, ...]
    before: int


class SeatWriter:
    """Writes columns of as many pieces as there are seats; `ensemble.Writes`.

    Seats have room for a window, and for so many conditions before it; larger ones are made where more comes.
    """

    def __init__(self, decoder: TorchDecoder, *, seats: int, window: int, before: int = 0, page: int = PAGE) -> None:
        self._decoder, self._window, self._page = decoder, window, page
        self._seats = Seats.of(decoder, count=seats, room=self._paged(before + window), told=TOLD)
        self._graphs = Graphs(self._seats)
        self._sitting: dict[Piece, Sitting] = {}
        self._kept: dict[Piece, Kept] = {}

    def warm(self) -> None:
        """Makes the graphs, so that nobody waits for them later."""
        for count in SIZES:
            for bound in range(self._page, self._seats.room + 1, self._page) if count <= self._seats.count else ():
                self._graphs.make(count, bound)

    @torch.inference_mode()
    def sit(self, piece: Piece) -> None:
        conditions = torch.stack(piece.wish.rows).to(self._decoder.like)
        length = conditions.shape[1]
        before = length if self._decoder.shape.prefix else 0
        self._make_room(before + self._window, length)
        taken = {sitting.seat for sitting in self._sitting.values()}
        seat = next(seat for seat in range(self._seats.count) if seat not in taken)
        self._sitting[piece] = Sitting(seat, before, piece.column)
        self._seats.tell(seat, conditions)
        self._seats.choose(seat, piece.wish.choice, piece.wish.guidance, alone=len(conditions) == 1)
        self._seats.fine[seat].copy_(piece.fine)
        if (kept := self._kept.pop(piece, None)) is None:
            self._read(piece)
        else:
            for buffer, had in zip((self._seats.keys, self._seats.values), kept.buffers, strict=True):
                buffer[:, ROWS * seat : ROWS * (seat + 1), :, : had.shape[3]] = had
            self._continue(piece)
        self._lay(piece)
        self._seats.live[seat] = True

    @torch.inference_mode()
    def rise(self, piece: Piece, *, again: bool) -> None:
        self._kept.pop(piece, None)
        if piece not in self._sitting:
            return
        self.settle(piece)
        sitting, seats = self._sitting.pop(piece), self._seats
        if again:
            rows, used = (
                slice(ROWS * sitting.seat, ROWS * (sitting.seat + 1)),
                sitting.before + piece.column - piece.begun,
            )
            buffers = tuple(buffer[:, rows, :, :used].clone() for buffer in (seats.keys, seats.values))
            self._kept[piece] = Kept(buffers, sitting.before)
        seats.live[sitting.seat] = False
        seats.at[sitting.seat] = seats.turn[sitting.seat] = 0

    @torch.inference_mode()
    def step(self) -> None:
        for piece in self._sitting:
            if (piece.column - piece.first) % BLOCK == 0:
                self.settle(piece)
                self._lay(piece)
            if piece.slide():
                self.settle(piece)
                self._read(piece)
        self._close_up()
        most = max(sitting.before + piece.column - piece.begun for piece, sitting in self._sitting.items())
        count = next(size for size in SIZES if size >= len(self._sitting))
        self._graphs.run(min(count, self._seats.count), self._paged(most))
        for piece in self._sitting:
            piece.column += 1

    @torch.inference_mode()
    def settle(self, piece: Piece) -> None:
        if (sitting := self._sitting.get(piece)) is None or sitting.settled == piece.column:
            return
        first = piece.first + (piece.column - 1 - piece.first) // BLOCK * BLOCK
        new = slice(sitting.settled, piece.column)
        piece.grid.cells[:, new] = self._seats.columns[sitting.seat, :, new.start - first : new.stop - first]
        piece.fine = self._seats.fine[sitting.seat].clone()
        sitting.settled = piece.column

    def _read(self, piece: Piece) -> None:
        """All that the piece's window holds before its last column."""
        sitting, prompt = self._sitting[piece], piece.prompt()
        state = self._seats.state(sitting.seat, before=sitting.before, told=len(piece.wish.rows[0]))
        if sitting.before:
            conditions = torch.stack(piece.wish.rows).to(self._decoder.like).expand(ROWS, -1, -1)
            self._decoder.precede(state, conditions)
        if prompt.shape[1]:
            self._decoder.feed(state, prompt)
        self._continue(piece)

    def _continue(self, piece: Piece) -> None:
        sitting = self._sitting[piece]
        self._seats.at[sitting.seat] = sitting.before + piece.column - 1 - piece.begun
        self._seats.fresh[sitting.seat] = piece.last

    def _lay(self, piece: Piece) -> None:
        """Lays the next block's draws into the seat, and what is known of its columns."""
        seat, number = self._sitting[piece].seat, piece.column - piece.first
        first = piece.column - number % BLOCK
        cells, free = (one[:, first : first + BLOCK] for one in (piece.grid.cells, piece.grid.open))
        self._seats.columns[seat, :, : cells.shape[1]] = torch.where(free, OPEN, cells)
        self._seats.race[seat] = piece.chance.block(number // BLOCK)
        self._seats.turn[seat] = number % BLOCK

    def _close_up(self) -> None:
        """The first seats are those that are taken."""
        taken = {sitting.seat: sitting for sitting in self._sitting.values()}
        free = (seat for seat in range(self._seats.count) if seat not in taken)
        for seat in sorted(taken, reverse=True):
            if seat < len(taken):
                break
            to = next(free)
            self._seats.move(seat, to)
            self._seats.live[seat] = False
            self._seats.at[seat] = self._seats.turn[seat] = 0
            taken[seat].seat = to

    def _make_room(self, room: int, told: int) -> None:
        """Larger seats where these are too small; the graphs are of the old ones."""
        old, room = self._seats, self._paged(room)
        told = 0 if self._decoder.shape.prefix else told
        if room <= old.room and told <= old.told_keys.shape[3]:
            return
        told = max(old.told_keys.shape[3], -(-told // TOLD) * TOLD)
        self._seats = Seats.of(self._decoder, count=old.count, room=max(room, old.room), told=told)
        self._seats.take_over(old)
        self._graphs = Graphs(self._seats)

    def _paged(self, keys: int) -> int:
        return -(-keys // self._page) * self._page


class Graphs:
    """A step of some seats that look at some keys, as a graph where there is a GPU."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._made: dict[tuple[int, int], torch.cuda.CUDAGraph] = {}
        self._works = seats.at.is_cuda
        self._pool = torch.cuda.graph_pool_handle() if self._works else None

    def run(self, count: int, bound: int) -> None:
        """The step. It has begun when this returns, not more."""
        if self._works and (count, bound) not in self._made:
            self.make(count, bound)
        if graph := self._made.get((count, bound)):
            graph.replay()
        else:
            self._seats.step(count, bound)

    def make(self, count: int, bound: int) -> None:
        """Records the step; nobody's piece goes on by it."""
        if not self._works or (count, bound) in self._made:
            return
        live = self._seats.live.clone()
        graph, aside = torch.cuda.CUDAGraph(), torch.cuda.Stream(live.device)  # type: ignore[no-untyped-call]
        try:
            with torch.inference_mode():
                self._seats.live.zero_()
            aside.wait_stream(torch.cuda.current_stream(live.device))
            with torch.cuda.stream(aside):  # libraries make what they need at their first call
                self._seats.step(count, bound)
            torch.cuda.current_stream(live.device).wait_stream(aside)
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                self._seats.step(count, bound)
            self._made[count, bound] = graph
        except RuntimeError as error:
            self._works = False
            self._made.clear()
            log.warning("MusicGen's steps can't be kept as graphs on this GPU and run without: %s", error)
        finally:
            with torch.inference_mode():
                self._seats.live.copy_(live)


def seats_that_fit(decoder: TorchDecoder, room: int) -> int:
    """As many seats as the GPU's free memory takes; one at least."""
    free, _ = torch.cuda.mem_get_info(decoder.like.device)
    shape = decoder.shape
    a_seat = 2 * ROWS * shape.layers * shape.width * (room + TOLD) * decoder.like.element_size()
    return max((size for size in SIZES if size * a_seat <= free * SHARE), default=1)
