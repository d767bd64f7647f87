"""The decoder whole: columns of codes in, logits out, by torch.

Lives here: the weights, fused where they share an input; a state with room for all that will be fed; one layer, read once
for every row of it, so that both halves of guidance pass together. Conditions are looked at by each layer, with their keys
and values computed once, or stand before the codes in the melody models. Nothing in a step waits for the device, and on a GPU
the shapes within a step change only once in `PAGE` steps, so that a graph of it can be kept. Knows nothing of text, sound or
sampling.

    decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, torch.device("cpu"), torch.float32)
    logits = decoder.feed(decoder.begin([text, nothing], most_frames=53), start)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.tensors import Tensors
from models.render.musicgen.text import ACTIVATIONS

__all__ = ["TorchDecoder", "TorchState", "positions"]

PAGE = 256  # keys that a GPU looks at more when a piece grows past them
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
        self.page = PAGE if codes.is_cuda else 1

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

    @torch.inference_mode()
    def begin(self, conditions: Sequence[Tensor], most_frames: int) -> TorchState:
        shape, weight = self._shape, self._codes
        given = torch.stack(list(conditions)).to(weight)
        before = given.shape[1] if shape.prefix else 0
        room = before + most_frames
        room = self._paged(room)
        size = (shape.layers, len(conditions), shape.heads, room, shape.head_width)
        seen = [self._split(functional.linear(given, layer.look.key_value)) for layer in self._layers if layer.look]
        places = positions(room, shape.width).to(weight)
        state = TorchState(weight.new_zeros(size), weight.new_zeros(size), seen, places, before)
        if shape.prefix:
            self._read(state, given, first=0)
        return state

    @torch.inference_mode()
    def feed(self, state: TorchState, codes: Tensor) -> Tensor:
        for part in torch.split(codes, PROMPT_COLUMNS, dim=1):
            first = state.before + state.length
            if first + part.shape[1] > state.keys.shape[3]:
                raise ValueError("the state has no room left: begin one with more frames")
            books = torch.arange(self._shape.codebooks, device=codes.device)[:, None]
            x = self._codes[books, part].sum(0).expand(state.keys.shape[1], -1, -1)
            x = self._read(state, x, first)
            state.length += part.shape[1]
        logits = functional.linear(self._norm(x[:, -1]), self._heads)
        return logits.float().view(-1, self._shape.codebooks, self._shape.vocabulary)

    def _read(self, state: TorchState, x: Tensor, first: int) -> Tensor:
        """Reads embeddings (rows, count, width) as positions from `first` on; their keys and values go into the state."""
        count = x.shape[1]
        last = first + count
        bound = self._paged(last)
        at = torch.arange(first, last, device=x.device)
        mask = torch.arange(bound, device=x.device)[None] <= at[:, None] if count > 1 or bound > last else None
        x = x + state.places[first:last]
        act = ACTIVATIONS[self._shape.activation]
        for number, layer in enumerate(self._layers):
            fused = functional.linear(layer.own_norm(x), layer.query_key_value)
            query, key, value = self._split(fused)
            keys, values = state.keys[number], state.values[number]
            keys.index_copy_(2, at, key)
            values.index_copy_(2, at, value)
            heard = functional.scaled_dot_product_attention(query, keys[:, :, :bound], values[:, :, :bound], mask)
            x = x + functional.linear(self._joined(heard), layer.own_out)
            if layer.look:
                (query,) = self._split(functional.linear(layer.look.norm(x), layer.look.query))
                key, value = state.seen[number]
                heard = functional.scaled_dot_product_attention(query, key, value)
                x = x + functional.linear(self._joined(heard), layer.look.out)
            x = x + functional.linear(act(functional.linear(layer.inner_norm(x), layer.inward)), layer.back)
        return x

    def _paged(self, keys: int) -> int:
        return -(-keys // self.page) * self.page

    def _split(self, fused: Tensor) -> tuple[Tensor, ...]:
        rows, count, _ = fused.shape
        return fused.view(rows, count, -1, self._shape.heads, self._shape.head_width).permute(2, 0, 3, 1, 4).unbind()

    def _joined(self, heard: Tensor) -> Tensor:
        rows, _, count, _ = heard.shape
        return heard.transpose(1, 2).reshape(rows, count, -1)
