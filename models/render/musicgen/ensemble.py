"""The ensemble: pieces that are written together, each step passing all through the decoder, whose weights are read once.

Lives here: who sits and who waits, and what one step of all is. Whoever pulls a piece's chunks has all of them written on until
his is due; the others find theirs written when they come. Pieces sit down and leave between two steps; each has its own
conditions, length, seed and draws, so that what it becomes doesn't depend on who sits beside it. Who waits longest sits down
first, and where nobody leaves, the one who has written most since he sat down makes room and waits in his turn, with all that he
had read. Knows nothing of sound.

    ensemble = Ensemble(Writer(decoder), seats=8, breath=32)
    for chunk in ensemble.chunks(Piece(wish, decoder.shape, frame_rate=50, device=device)):
        ...  # None between two chunks: all goes on, and there is time to look around
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import RLock
from typing import Any, Protocol

from models.render.musicgen.piece import Chunk, Piece
from models.render.musicgen.protocol import Decoder

__all__ = ["Ensemble", "Writer", "Writes"]

TURN = 250  # columns, five seconds of sound, that a piece writes before it makes room for one that waits


class Writes(Protocol):
    """Writes columns of pieces."""

    def sit(self, piece: Piece) -> None:
        """Takes a piece in, new or with what it had read when it rose."""

    def rise(self, piece: Piece, *, again: bool) -> None:
        """Lets a piece go; what it has read is kept where it comes again."""

    def step(self) -> None:
        """Writes a column of each piece that sits."""

    def settle(self, piece: Piece) -> None:
        """Brings the piece's grid up to date."""


class Writer:
    """Writes by any decoder: each piece has a state, and each step feeds a column to all of them."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._seated: dict[Piece, Any] = {}
        self._kept: dict[Piece, Any] = {}

    def sit(self, piece: Piece) -> None:
        self._seated[piece] = self._kept.pop(piece, None) or self._begun(piece)

    def rise(self, piece: Piece, *, again: bool) -> None:
        state = self._seated.pop(piece, None) or self._kept.pop(piece, None)
        if again:
            self._kept[piece] = state

    def step(self) -> None:
        for piece in self._seated:
            if piece.slide():
                self._seated[piece] = self._begun(piece)
        states = list(self._seated.values())
        answers = self._decoder.feed_each(states, [piece.last for piece in self._seated])
        for piece, logits in zip(self._seated, answers, strict=True):
            piece.write(logits)

    def settle(self, piece: Piece) -> None:
        """It is."""

    def _begun(self, piece: Piece) -> Any:
        state = self._decoder.begin(piece.wish.rows, piece.room)
        prompt = piece.prompt()
        if prompt.shape[1]:
            self._decoder.feed(state, prompt)
        return state


class Ensemble:
    """So many seats, and who sits there or waits. Safe to be used by several threads.

    After every `breath` columns of all pieces, where that is given, whoever pulls one may look around.
    """

    def __init__(self, writer: Writes, seats: int, *, breath: int | None = None) -> None:
        self._writer, self.seats, self._breath = writer, seats, breath
        self._waiting: deque[Piece] = deque()
        self._seated: dict[Piece, int] = {}  # with the column at which each sat down
        self._failed: dict[Piece, Exception] = {}
        self._lock = RLock()

    def chunks(self, piece: Piece) -> Iterator[Chunk | None]:
        """The piece in chunks, and None now and then between them; ends early once the piece is cancelled."""
        with self._lock:
            self._waiting.append(piece)
        written = 0
        try:
            while True:
                while not piece.due:
                    with self._lock:
                        if not self._has(piece):
                            return
                        written += self._step()
                    if self._breath and written >= self._breath:
                        written = 0
                        yield None
                with self._lock:
                    self._writer.settle(piece)
                    chunk = piece.take()
                yield chunk
        finally:
            with self._lock:
                self._failed.pop(piece, None)
                self._leave(piece)

    def _has(self, piece: Piece) -> bool:
        """Whether the piece is still written. Raises what went wrong with it."""
        if error := self._failed.pop(piece, None):
            raise error
        return piece in self._seated or piece in self._waiting

    def _step(self) -> int:
        """One column of each who sits; how many that were."""
        for piece in (*self._seated, *self._waiting):
            if piece.wish.cancelled():
                self._leave(piece)
        self._seat()
        pieces = list(self._seated)
        if not pieces:
            return 0
        try:
            self._writer.step()
        except Exception as error:
            for piece in pieces:
                self._fail(piece, error)
            return len(pieces)
        for piece in pieces:
            if piece.over:
                self._writer.settle(piece)
                self._leave(piece)
        return len(pieces)

    def _seat(self) -> None:
        if self._waiting and len(self._seated) == self.seats:
            longest = max(self._seated, key=lambda piece: piece.column - self._seated[piece])
            if longest.column - self._seated[longest] >= TURN:
                del self._seated[longest]
                self._writer.rise(longest, again=True)
                self._waiting.append(longest)
        while self._waiting and len(self._seated) < self.seats:
            piece = self._waiting.popleft()
            self._seated[piece] = piece.column
            try:
                self._writer.sit(piece)
            except Exception as error:
                self._fail(piece, error)

    def _fail(self, piece: Piece, error: Exception) -> None:
        """Whoever pulls the piece hears of it; the others write on."""
        self._failed[piece] = error
        self._leave(piece)

    def _leave(self, piece: Piece) -> None:
        if self._seated.pop(piece, None) is None and piece not in self._waiting:
            return
        if piece in self._waiting:
            self._waiting.remove(piece)
        self._writer.rise(piece, again=False)
