"""Seats: a step of several pieces over buffers that never move, so that a GPU can be told once and then only be told again.

Lives here: two rows a seat, with the text and without it, of keys and values, of what the conditions say, and of all that a
step must know: positions, codes, draws, choices; and the step, from the last column of each seat to its next. Every number that
changes is in a buffer, none in Python: what a step does depends on how many seats it passes and how many keys it looks at,
and on nothing else. Nothing in it waits for the device. Knows nothing of pieces.

How many keys are looked at grows by pages: one graph for each size and page. In bfloat16 a key of MusicGen-small is 0.2 MB in
both rows of a seat, its weights are 720 MB: half a page too many is 3% of a step, where all 1,503 of a window would be a third.

    seats = Seats.of(decoder, count=16, room=1536, told=64)
    seats.step(4, 512)          # the first four seats; none of them holds more than 512 positions
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.decoder import TorchDecoder, TorchState, positions
from models.render.musicgen.sampling import BLOCK, Choice, chosen_each

__all__ = ["OPEN", "PAGE", "ROWS", "Seats"]

ROWS = 2  # a seat
PAGE = 256  # keys
OPEN = -1  # stands in a column where a code is to be written


@dataclass(frozen=True, slots=True)
class Seats:
    """The buffers; the first dimension of most is a seat."""

    decoder: TorchDecoder
    keys: Tensor  # (layers, rows, heads, room, head width)
    values: Tensor
    told_keys: Tensor  # (layers, rows, heads, told, head width); 0 long where conditions are fed before the codes
    told_values: Tensor
    told: Tensor  # (rows,) how many of them
    places: Tensor  # (room, width)
    live: Tensor  # (seats,) whether somebody sits here
    at: Tensor  # (seats,) the position of the column that is fed
    fresh: Tensor  # (seats, codebooks) that column
    turn: Tensor  # (seats,) which column of the block is written
    columns: Tensor  # (seats, codebooks, BLOCK) what is known of them, and then what was written
    race: Tensor  # (seats, BLOCK, codebooks, vocabulary) their draws
    fine: Tensor  # (seats,) whether all logits were numbers
    guidance: Tensor  # (seats, 1, 1), as all that follow
    alone: Tensor  # one row is all
    greedy: Tensor
    temperature: Tensor
    least: Tensor  # where among rising logits the likeliest `top_k` begin
    tail: Tensor  # 1 - top_p

    @classmethod
    @torch.inference_mode()
    def of(cls, decoder: TorchDecoder, *, count: int, room: int, told: int) -> Seats:
        """Empty seats with `room` positions, a whole number of pages, and as many conditions as are told."""
        shape, like = decoder.shape, decoder.like
        rows, told = ROWS * count, 0 if shape.prefix else told
        kept = (shape.layers, rows, shape.heads, room, shape.head_width)
        heard = (*kept[:3], told, shape.head_width)

        def whole(*size: int, value: int = 0) -> Tensor:
            return torch.full(size, value, dtype=torch.int64, device=like.device)

        def real(*size: int, value: float = 1.0) -> Tensor:
            return torch.full(size, value, dtype=torch.float32, device=like.device)

        each = (count, 1, 1)
        return cls(
            decoder=decoder,
            keys=like.new_zeros(kept),
            values=like.new_zeros(kept),
            told_keys=like.new_zeros(heard),
            told_values=like.new_zeros(heard),
            told=whole(rows, value=1),
            places=positions(room, shape.width).to(like),
            live=whole(count).bool(),
            at=whole(count),
            fresh=whole(count, shape.codebooks, value=shape.pad),
            turn=whole(count),
            columns=whole(count, shape.codebooks, BLOCK, value=OPEN),
            race=real(count, BLOCK, shape.codebooks, shape.vocabulary),
            fine=whole(count).bool(),
            guidance=real(*each),
            alone=whole(*each).bool(),
            greedy=whole(*each).bool(),
            temperature=real(*each),
            least=whole(*each),
            tail=real(*each, value=0.0),
        )

    @property
    def count(self) -> int:
        return len(self.at)

    @property
    def room(self) -> int:
        return self.keys.shape[3]

    def state(self, seat: int, *, before: int, told: int) -> TorchState:
        """What a seat has read, as a state of its own: a prompt is fed to it."""
        rows = slice(ROWS * seat, ROWS * (seat + 1))
        lines = zip(self.told_keys[:, rows, :, :told], self.told_values[:, rows, :, :told], strict=True)
        return TorchState(self.keys[:, rows], self.values[:, rows], list(lines), self.places, before)

    @torch.inference_mode()
    def tell(self, seat: int, conditions: Tensor) -> None:
        """Keys and values of conditions (rows, length, width)."""
        rows, length = slice(ROWS * seat, ROWS * (seat + 1)), conditions.shape[1]
        for layer, (key, value) in enumerate(self.decoder.seen(conditions)):
            self.told_keys[layer, rows, :, :length] = key
            self.told_values[layer, rows, :, :length] = value
        self.told[rows] = length

    @torch.inference_mode()
    def choose(self, seat: int, choice: Choice, guidance: float, *, alone: bool) -> None:
        """How codes are chosen here."""
        vocabulary = self.decoder.shape.vocabulary
        self.guidance[seat], self.alone[seat], self.greedy[seat] = guidance, alone, choice.greedy
        self.temperature[seat], self.tail[seat] = choice.temperature, 1 - choice.top_p
        self.least[seat] = vocabulary - min(choice.top_k or vocabulary, vocabulary)

    @torch.inference_mode()
    def move(self, seat: int, to: int) -> None:
        """All of a seat to another one."""
        for buffer in (self.keys, self.values, self.told_keys, self.told_values):
            pairs = buffer.view(len(buffer), self.count, ROWS, *buffer.shape[2:])
            pairs[:, to].copy_(pairs[:, seat])
        self.told.view(self.count, ROWS)[to] = self.told.view(self.count, ROWS)[seat]
        for buffer in self._each:
            buffer[to].copy_(buffer[seat])

    @torch.inference_mode()
    def take_over(self, old: Seats) -> None:
        """All that was in smaller seats."""
        for name in ("keys", "values", "told_keys", "told_values"):
            had = getattr(old, name)
            getattr(self, name)[:, :, :, : had.shape[3]] = had
        self.told.copy_(old.told)
        for mine, theirs in zip(self._each, old._each, strict=True):
            mine.copy_(theirs)

    @property
    def _each(self) -> tuple[Tensor, ...]:
        """The buffers whose first dimension is a seat."""
        return (
            self.live, self.at, self.fresh, self.turn, self.columns, self.race, self.fine,
            self.guidance, self.alone, self.greedy, self.temperature, self.least, self.tail,
        )  # fmt: skip

    @torch.inference_mode()
    def step(self, count: int, bound: int) -> None:
        """A column for each who sits in the first seats, none of whom is at a position of `bound` or above."""
        decoder, shape = self.decoder, self.decoder.shape
        live, at, turn = self.live[:count], self.at[:count], self.turn[:count]
        fresh, columns = self.fresh[:count], self.columns[:count]
        x = decoder.embedded(fresh) + self.places.index_select(0, at)
        x = x[:, None].expand(-1, ROWS, -1).reshape(ROWS * count, 1, shape.width)
        logits = decoder.logits(decoder.through(x, Seated(self, count, bound))[:, 0])
        told, untold = logits.view(count, ROWS, shape.codebooks, shape.vocabulary).unbind(1)
        mixed = torch.where(self.alone[:count], told, untold + (told - untold) * self.guidance[:count])
        race = self.race[:count].gather(1, turn.view(-1, 1, 1, 1).expand(-1, 1, *mixed.shape[1:]))[:, 0]
        drawn = chosen_each(
            mixed,
            race,
            greedy=self.greedy[:count],
            temperature=self.temperature[:count],
            least=self.least[:count],
            tail=self.tail[:count],
        )
        here = turn.view(-1, 1, 1).expand(-1, shape.codebooks, 1)
        known = columns.gather(2, here)[..., 0]
        codes = torch.where(known == OPEN, drawn, known)
        columns.scatter_(2, here, torch.where(live[:, None], codes, known)[..., None])
        fresh.copy_(torch.where(live[:, None], codes, fresh))
        self.fine[:count].logical_and_(torch.isfinite(mixed).flatten(1).all(1) | ~live)
        at.add_(live)
        turn.add_(live)


class Seated:
    """What the rows of the first seats hear: a `Hearing`."""

    def __init__(self, seats: Seats, count: int, bound: int) -> None:
        self._seats, self._rows, self._bound = seats, ROWS * count, bound
        at = seats.at[:count, None].expand(-1, ROWS).reshape(-1)
        _, _, heads, _, width = seats.keys.shape
        self._place = at.view(-1, 1, 1, 1).expand(-1, heads, 1, width)
        upto = torch.arange(bound, device=at.device)
        self._mask = (upto <= at[:, None])[:, None, None]
        upto = torch.arange(seats.told_keys.shape[3], device=at.device)
        self._told = (upto < seats.told[: self._rows, None])[:, None, None]

    def own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        keys, values = self._seats.keys[layer, : self._rows], self._seats.values[layer, : self._rows]
        keys.scatter_(2, self._place, key)
        values.scatter_(2, self._place, value)
        keys, values = keys[:, :, : self._bound], values[:, :, : self._bound]
        return functional.scaled_dot_product_attention(query, keys, values, self._mask)

    def told(self, layer: int, query: Tensor) -> Tensor:
        keys, values = self._seats.told_keys[layer, : self._rows], self._seats.told_values[layer, : self._rows]
        return functional.scaled_dot_product_attention(query, keys, values, self._told)
