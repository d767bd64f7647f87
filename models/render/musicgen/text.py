"""Text: a prompt becomes the states of T5's encoder.

Lives here: the tokenizer as its published file has it, relative position buckets, RMS norm, attention without scale, and
the feed-forward layer, gated or not: in float32, even where the weights are kept in half of that. A text that is too long is
cut as `transformers` cuts it, keeping the end mark. Knows nothing of music.

>>> buckets(torch.tensor([-200, -1, 0, 1, 7, 8, 200]), count=32, furthest=128).tolist()
[15, 1, 0, 17, 23, 24, 31]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.checkpoint import TextShape
from models.render.musicgen.tensors import AGAIN, BadCheckpoint, Tensors

__all__ = ["ACTIVATIONS", "TextEncoder", "buckets", "tokenizer"]

TOKENIZER = "tokenizer.json"
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_new": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
    "silu": functional.silu,
}


def tokenizer(folder: Path, shape: TextShape, tokens_max: int) -> Tokenizer:
    """The folder's tokenizer, which cuts what is too long. Raises BadCheckpoint."""
    path = folder / TOKENIZER
    if not path.is_file():
        raise BadCheckpoint(f"{folder} lacks {TOKENIZER}, without which no text can be read. {AGAIN}")
    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception for whatever is wrong
        raise BadCheckpoint(f"{path} is no tokenizer ({error}). {AGAIN}") from None
    if found.get_vocab_size() > shape.vocabulary:
        raise BadCheckpoint(
            f"{path} knows {found.get_vocab_size()} pieces, the text encoder {shape.vocabulary}: "
            f"the files don't belong together. {AGAIN}"
        )
    found.no_padding()
    found.enable_truncation(tokens_max)
    return found


def buckets(distances: Tensor, *, count: int, furthest: int) -> Tensor:
    """The bucket of each distance from query to key: half of them for each side, near ones each, far ones by logarithm."""
    side = count // 2
    near = side // 2
    size = distances.abs()
    far = near + (torch.log(size.float() / near) / math.log(furthest / near) * (side - near)).to(torch.int64)
    return torch.where(distances > 0, side, 0) + torch.where(size < near, size, far.clamp(max=side - 1))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights; `query_key_value` and a gated `inward` are fused by rows."""

    attention_norm: Tensor
    query_key_value: Tensor
    outward: Tensor
    inner_norm: Tensor
    inward: Tensor
    back: Tensor


class TextEncoder:
    """T5's encoder."""

    def __init__(self, shape: TextShape, pieces: Tensor, bias: Tensor, layers: list[Layer], norm: Tensor) -> None:
        self._shape, self._pieces, self._bias = shape, pieces, bias
        self._layers, self._norm = layers, norm

    @classmethod
    def read(cls, tensors: Tensors, shape: TextShape, device: torch.device, *, small: bool = False) -> TextEncoder:
        """Takes the encoder's weights, to be kept in half the room where they are to be `small`. Raises BadCheckpoint."""
        width, inner, across = shape.width, shape.inner, shape.heads * shape.head_width

        def take(name: str, *size: int) -> Tensor:
            return tensors.take(f"text_encoder.{name}", size).to(device)

        def kept(*parts: Tensor) -> Tensor:
            whole = torch.cat(parts) if len(parts) > 1 else parts[0]
            return halved(whole) if small else whole

        def layer(number: int) -> Layer:
            own, ffn = f"encoder.block.{number}.layer.0", f"encoder.block.{number}.layer.1"
            inward = ("wi_0", "wi_1") if shape.gated else ("wi",)
            return Layer(
                take(f"{own}.layer_norm.weight", width),
                kept(*(take(f"{own}.SelfAttention.{name}.weight", across, width) for name in "qkv")),
                kept(take(f"{own}.SelfAttention.o.weight", width, across)),
                take(f"{ffn}.layer_norm.weight", width),
                kept(*(take(f"{ffn}.DenseReluDense.{name}.weight", inner, width) for name in inward)),
                kept(take(f"{ffn}.DenseReluDense.wo.weight", width, inner)),
            )

        bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        shared = "shared.weight" if "text_encoder.shared.weight" in tensors else "encoder.embed_tokens.weight"
        return cls(
            shape,
            kept(take(shared, shape.vocabulary, width)),
            take(bias, shape.buckets, shape.heads),
            [layer(number) for number in range(shape.layers)],
            take("encoder.final_layer_norm.weight", width),
        )

    @torch.inference_mode()
    def states(self, tokens: list[int]) -> Tensor:
        """The encoder's last states (tokens, width)."""
        shape, device = self._shape, self._pieces.device
        x = self._pieces[torch.tensor(tokens, device=device)].float()
        places = torch.arange(len(tokens), device=device)
        distances = buckets(places[None] - places[:, None], count=shape.buckets, furthest=shape.furthest)
        bias = self._bias[distances].permute(2, 0, 1)
        act = ACTIVATIONS[shape.activation]
        for layer in self._layers:
            fused = _linear(self._normed(x, layer.attention_norm), layer.query_key_value)
            query, key, value = fused.view(len(tokens), 3, shape.heads, -1).permute(1, 2, 0, 3)
            scores = torch.softmax(query @ key.transpose(1, 2) + bias, dim=-1)
            x = x + _linear((scores @ value).transpose(0, 1).reshape(len(tokens), -1), layer.outward)
            inner = _linear(self._normed(x, layer.inner_norm), layer.inward)
            if shape.gated:
                gate, inner = inner.chunk(2, dim=-1)
                inner = act(gate) * inner
            else:
                inner = act(inner)
            x = x + _linear(inner, layer.back)
        return self._normed(x, self._norm)

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self._shape.epsilon))


def halved(weight: Tensor) -> Tensor:
    """Half as many bytes: bfloat16 where that is all there is to a weight, float16 where none is too large for it."""
    brief, half = weight.to(torch.bfloat16), weight.to(torch.float16)
    return brief if torch.equal(brief.float(), weight) or not torch.isfinite(half).all() else half


def _linear(x: Tensor, weight: Tensor) -> Tensor:
    """In float32, to which a weight is widened for as long as it takes."""
    return functional.linear(x, weight.float())
