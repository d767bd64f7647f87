"""The decoder whole: columns of codes in, logits out, by torch.

Lives here: the weights, fused where they share an input; the layers, read once for all rows that pass through them, so that
both halves of guidance and several pieces pass together; a state with room for all that will be fed. What rows hear of each
other is a matter of whose they are, a `Hearing`: one state's here, several states', or the seats of `seats.py`. Conditions are
looked at by each layer, with their keys and values computed once, or stand before the codes in the melody models. Nothing in a
step waits for the device. Knows nothing of text, sound or sampling.

    decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, torch.device("cpu"), torch.float32)
    logits = decoder.feed(decoder.begin([text, nothing], most_frames=53), start)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.tensors import Tensors
from models.render.musicgen.text import ACTIVATIONS

__all__ = ["Hearing", "TorchDecoder", "TorchState", "positions"]

PROMPT_COLUMNS = 256  # read at once: keeps the scores of a long prompt small
EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Norm:
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, EPSILON)


@dataclass(frozen=True, slots=True)
class Look:
    """A layer's attention to the conditions."""

    norm: Norm
    query: Tensor
    key_value: Tensor
    out: Tensor


@dataclass(frozen=True, slots=True)
class Layer:
    own_norm: Norm
    query_key_value: Tensor
    own_out: Tensor
    look: Look | None
    inner_norm: Norm
    inward: Tensor
    back: Tensor


class Hearing(Protocol):
    """What rows that pass through the layers hear; heads stand before columns: (rows, heads, columns, head width)."""

    def own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """What came before in each row, and these keys and values, which are put away."""

    def told(self, layer: int, query: Tensor) -> Tensor:
        """The conditions of each row."""


@dataclass(slots=True)
class TorchState:
    """Keys and values (layers, rows, heads, room, head width), those of the conditions, the positions, and what is used."""

    keys: Tensor
    values: Tensor
    seen: list[tuple[Tensor, ...]]
    places: Tensor
    before: int
    length: int = 0

    def rewind(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"{self.length} columns were fed; {length} can't be kept")
        self.length = length


class OneState:
    """A state's rows, at the positions from `first` on."""

    def __init__(self, state: TorchState, first: int, count: int) -> None:
        last, device = first + count, state.keys.device
        if last > state.keys.shape[3]:
            raise ValueError("the state has no room left: begin one with more frames")
        self._state, self._last = state, last
        self._at = torch.arange(first, last, device=device)
        self._mask = torch.arange(last, device=device)[None] <= self._at[:, None] if count > 1 else None

    def own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        keys, values = self._state.keys[layer], self._state.values[layer]
        keys.index_copy_(2, self._at, key)
        values.index_copy_(2, self._at, value)
        keys, values = keys[:, :, : self._last], values[:, :, : self._last]
        return functional.scaled_dot_product_attention(query, keys, values, self._mask)

    def told(self, layer: int, query: Tensor) -> Tensor:
        key, value = self._state.seen[layer]
        return functional.scaled_dot_product_attention(query, key, value)


class SomeStates:
    """The rows of several states, one column each."""

    def __init__(self, states: Sequence[TorchState]) -> None:
        self._each = [OneState(state, state.before + state.length, 1) for state in states]
        self._rows = [state.keys.shape[1] for state in states]

    def own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        parts = zip(self._each, *(torch.split(rows, self._rows) for rows in (query, key, value)), strict=True)
        return torch.cat([one.own(layer, *rows) for one, *rows in parts])

    def told(self, layer: int, query: Tensor) -> Tensor:
        return torch.cat(
            [one.told(layer, rows) for one, rows in zip(self._each, torch.split(query, self._rows), strict=True)]
        )


def positions(count: int, width: int) -> Tensor:
    """Sinusoids (count, width): cosines, then sines, of wavelengths from 2 pi to 20,000 pi."""
    half = width // 2
    rates = torch.exp(torch.arange(half).float() * -(math.log(10_000) / (half - 1)))
    turns = torch.arange(count).float()[:, None] * rates[None]
    return functional.pad(torch.cat([turns.cos(), turns.sin()], dim=1), (0, width % 2))


class TorchDecoder:
    """MusicGen's decoder in float32 or bfloat16 on whatever torch computes with."""

    def __init__(self, shape: DecoderShape, codes: Tensor, layers: list[Layer], norm: Norm, heads: Tensor) -> None:
        self._shape, self._codes, self._layers = shape, codes, layers
        self._norm, self._heads = norm, heads

    @classmethod
    def read(cls, tensors: Tensors, shape: DecoderShape, device: torch.device, dtype: torch.dtype) -> TorchDecoder:
        """Takes the decoder's weights. Raises BadCheckpoint."""
        width, inner = shape.width, shape.inner

        def take(name: str, *size: int) -> Tensor:
            return tensors.take(f"decoder.{name}", size).to(device, dtype)

        def norm(name: str) -> Norm:
            return Norm(take(f"{name}.weight", width), take(f"{name}.bias", width))

        def attention(name: str, *parts: str) -> Tensor:
            return torch.cat([take(f"{name}.{part}_proj.weight", width, width) for part in parts])

        def layer(number: int) -> Layer:
            name = f"model.decoder.layers.{number}"
            own, other = f"{name}.self_attn", f"{name}.encoder_attn"
            look = None
            if not shape.prefix:
                look = Look(
                    norm(f"{other}_layer_norm"),
                    attention(other, "q"),
                    attention(other, "k", "v"),
                    attention(other, "out"),
                )
            return Layer(
                norm(f"{own}_layer_norm"),
                attention(own, "q", "k", "v"),
                attention(own, "out"),
                look,
                norm(f"{name}.final_layer_norm"),
                take(f"{name}.fc1.weight", inner, width),
                take(f"{name}.fc2.weight", width, inner),
            )

        books = range(shape.codebooks)
        embedding = "model.decoder.embed_tokens"
        return cls(
            shape,
            torch.stack([take(f"{embedding}.{book}.weight", shape.vocabulary + 1, width) for book in books]),
            [layer(number) for number in range(shape.layers)],
            norm("model.decoder.layer_norm"),
            torch.cat([take(f"lm_heads.{book}.weight", shape.vocabulary, width) for book in books]),
        )

    @property
    def shape(self) -> DecoderShape:
        return self._shape

    @property
    def step_bytes(self) -> int:
        """Bytes of weights that each step reads."""
        read = [self._heads]
        for layer in self._layers:
            read += [layer.query_key_value, layer.own_out, layer.inward, layer.back]
            read += [layer.look.query, layer.look.out] if layer.look else []
        return sum(matrix.nbytes for matrix in read)

    @property
    def like(self) -> Tensor:
        """A tensor where and as the weights are."""
        return self._codes

    @torch.inference_mode()
    def begin(self, conditions: Sequence[Tensor], most_frames: int) -> TorchState:
        shape, weight = self._shape, self._codes
        given = torch.stack(list(conditions)).to(weight)
        before = given.shape[1] if shape.prefix else 0
        room = before + most_frames
        size = (shape.layers, len(conditions), shape.heads, room, shape.head_width)
        places = positions(room, shape.width).to(weight)
        state = TorchState(weight.new_zeros(size), weight.new_zeros(size), self.seen(given), places, before)
        if shape.prefix:
            self.precede(state, given)
        return state

    def precede(self, state: TorchState, conditions: Tensor) -> None:
        """Reads conditions (rows, length, width) before any codes."""
        before = conditions.shape[1]
        self.through(conditions + state.places[:before], OneState(state, 0, before))

    def seen(self, conditions: Tensor) -> list[tuple[Tensor, ...]]:
        """A layer's keys and values of conditions (rows, length, width); nothing where they are fed before the codes."""
        return [
            self._split(functional.linear(conditions, layer.look.key_value)) for layer in self._layers if layer.look
        ]

    @torch.inference_mode()
    def feed(self, state: TorchState, codes: Tensor) -> Tensor:
        for part in torch.split(codes, PROMPT_COLUMNS, dim=1):
            first, count = state.before + state.length, part.shape[1]
            hearing = OneState(state, first, count)
            x = self.embedded(part.T) + state.places[first : first + count]
            x = self.through(x.expand(state.keys.shape[1], -1, -1), hearing)
            state.length += count
        return self.logits(x[:, -1])

    @torch.inference_mode()
    def feed_each(self, states: Sequence[TorchState], columns: Sequence[Tensor]) -> list[Tensor]:
        hearing = SomeStates(states)
        embedded = self.embedded(torch.stack(list(columns)))
        placed = [
            (x + state.places[state.before + state.length]).expand(state.keys.shape[1], -1)
            for state, x in zip(states, embedded, strict=True)
        ]
        x = self.through(torch.cat(placed)[:, None], hearing)
        for state in states:
            state.length += 1
        return list(torch.split(self.logits(x[:, 0]), [state.keys.shape[1] for state in states]))

    def embedded(self, columns: Tensor) -> Tensor:
        """Columns (some, codebooks) as the layers take them (some, width), without their positions."""
        return self._codes[torch.arange(self._shape.codebooks, device=columns.device), columns].sum(1)

    def through(self, x: Tensor, hearing: Hearing) -> Tensor:
        """The layers, over embeddings (rows, columns, width) with their positions."""
        act = ACTIVATIONS[self._shape.activation]
        for number, layer in enumerate(self._layers):
            query, key, value = self._split(functional.linear(layer.own_norm(x), layer.query_key_value))
            x = x + functional.linear(self._joined(hearing.own(number, query, key, value)), layer.own_out)
            if layer.look:
                (query,) = self._split(functional.linear(layer.look.norm(x), layer.look.query))
                x = x + functional.linear(self._joined(hearing.told(number, query)), layer.look.out)
            x = x + functional.linear(act(functional.linear(layer.inner_norm(x), layer.inward)), layer.back)
        return x

    def logits(self, x: Tensor) -> Tensor:
        """Float32 (rows, codebooks, vocabulary) of what came through the layers (rows, width)."""
        said = functional.linear(self._norm(x), self._heads)
        return said.float().view(-1, self._shape.codebooks, self._shape.vocabulary)

    def _split(self, fused: Tensor) -> tuple[Tensor, ...]:
        rows, count, _ = fused.shape
        return fused.view(rows, count, -1, self._shape.heads, self._shape.head_width).permute(2, 0, 3, 1, 4).unbind()

    def _joined(self, heard: Tensor) -> Tensor:
        rows, _, count, _ = heard.shape
        return heard.transpose(1, 2).reshape(rows, count, -1)
