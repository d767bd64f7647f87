"""The whole model: a decoder-only transformer of Llama's shape, from token ids to logits.

Lives here: the shape as a value, the layers, the first weights, a cache that is a value, and weights on disk under the
names that `transformers` gives them, so that LlamaForCausalLM loads the folder unchanged and computes the same. Knows
nothing of music, of what a token means or of how it is trained. Needs torch and safetensors: nothing that plays imports
this file, the runtime reads the same folder without torch.

    >>> model = Transformer(Shape(vocabulary=32, width=64, layers=2, heads=2, kv_heads=1, inner=96))
    >>> model.forward(torch.tensor([[1, 5, 9]])).shape
    torch.Size([1, 3, 32])
    >>> logits, cache = model.step(torch.tensor([[1, 5]]))
    >>> logits, cache = model.step(torch.tensor([[9]]), cache)  # goes on where the cache ends; the old one stays as it was
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Cache", "Shape", "Transformer", "load", "save"]

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
BLOCK = 256  # queries that attend together; half as many or twice as many is slower on CPU
SPREAD = 0.02  # of the first weights; those that write into the stream start smaller by sqrt(2 * layers), as in GPT-2


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the model is. `head` numbers a head, so that `heads * head` need not be the width."""

    vocabulary: int
    width: int = 256
    layers: int = 8
    heads: int = 4
    kv_heads: int = 2
    inner: int = 704
    head: int = 64
    context: int = 1024
    theta: float = 10_000.0
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads or self.head % 2:
            raise ValueError("heads must be a multiple of kv_heads, and a head's size even")

    def config(self) -> dict[str, object]:
        """config.json as `transformers` writes it for LlamaForCausalLM."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head,
            "intermediate_size": self.inner,
            "max_position_embeddings": self.context,
            "rope_theta": self.theta,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.theta},
            "rms_norm_eps": self.epsilon,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "attention_dropout": 0.0,
            "tie_word_embeddings": True,
            "initializer_range": SPREAD,
            "use_cache": True,
            "torch_dtype": "float32",
        }

    @classmethod
    def of_config(cls, config: Mapping[str, object]) -> Shape:
        """The shape that a config.json tells. Raises ValueError where it is of another kind of model."""
        wanted = {"model_type": "llama", "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False}
        for name, value in wanted.items():
            if config.get(name, value) != value:
                raise ValueError(f"config.json says {name} {config[name]!r}; this model needs {value!r}")

        def number(name: str) -> float:
            value = config.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"config.json needs a number for {name}, got {value!r}")
            return value

        return cls(
            vocabulary=int(number("vocab_size")),
            width=int(number("hidden_size")),
            layers=int(number("num_hidden_layers")),
            heads=int(number("num_attention_heads")),
            kv_heads=int(number("num_key_value_heads")),
            inner=int(number("intermediate_size")),
            head=int(number("head_dim")),
            context=int(number("max_position_embeddings")),
            theta=float(number("rope_theta")),
            epsilon=float(number("rms_norm_eps")),
        )


class Turns(NamedTuple):
    """Cosines and sines by which queries and keys are turned, (time, 1, head): what tells positions apart."""

    cosines: Tensor
    sines: Tensor


class Cache(NamedTuple):
    """What was read so far: keys and values of each layer, (rows, time, kv heads, head). A value: no call changes it."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def length(self) -> int:
        return self.keys[0].shape[1]


class Norm(nn.Module):
    """Root mean square norm, without a mean and without a bias; the mean is taken in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)
        return self.weight.to(x.dtype) * wide.to(x.dtype)


class Attention(nn.Module):
    """Causal attention with fewer heads for keys and values than for queries."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.head, self.groups = shape.head, shape.heads // shape.kv_heads
        self.q_proj = nn.Linear(shape.width, shape.heads * shape.head, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.width, bias=False)

    def project(self, x: Tensor, turns: Turns) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (..., time, heads, head), the first two turned to their positions."""
        queries, keys, values = (
            project(x).view(*x.shape[:-1], -1, self.head) for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        return turned(queries, turns), turned(keys, turns), values

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """(rows, time, heads, head) of what each query sees. There may be earlier keys than the first query's.

        Written out, a block of queries against the keys up to its end: on CPU that trains 3 times as fast in bfloat16 as
        scaled_dot_product_attention (159,000 to 51,000 tokens a second, layer and core at 512 tokens).
        """
        rows, new, heads, size = queries.shape
        old, kv_heads = keys.shape[1] - new, heads // self.groups
        if queries.is_cuda and not old:
            q, k, v = (x.transpose(1, 2) for x in (queries, keys, values))
            return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2)
        queries = queries.reshape(rows, new, kv_heads, self.groups, size).permute(0, 2, 3, 1, 4)
        keys, values = keys.permute(0, 2, 3, 1), values.permute(0, 2, 1, 3)
        out = []
        for first in range(0, new, BLOCK):
            count = min(BLOCK, new - first)
            seen = old + first + count
            block = queries[:, :, :, first : first + count].reshape(rows * kv_heads, self.groups * count, size)
            scores = torch.bmm(block * size**-0.5, keys[..., :seen].reshape(-1, size, seen))
            scores = scores.view(-1, self.groups, count, seen) + hidden(count, seen, like=scores)
            weights = torch.softmax(scores, dim=-1, dtype=scores.dtype).view(-1, self.groups * count, seen)
            out.append(torch.bmm(weights, values[:, :, :seen].reshape(-1, seen, size)).view(rows, heads, count, size))
        return torch.cat(out, dim=2).transpose(1, 2)


def hidden(count: int, seen: int, *, like: Tensor) -> Tensor:
    """What is added to the scores of the last `count` of `seen` tokens: minus infinity for tokens that come later."""
    return torch.full((count, seen), -torch.inf, dtype=like.dtype, device=like.device).triu(seen - count + 1)


class Gate(nn.Module):
    """SwiGLU: the feed-forward half of a layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    """Attention, then feed-forward, each added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)
        self.mlp = Gate(shape)

    def read(self, x: Tensor, turns: Turns, old: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor, Tensor]:
        """The stream after this layer, with all keys and values so far; x is (rows, time, width)."""
        queries, keys, values = self.self_attn.project(self.input_layernorm(x), turns)
        if old is not None:
            keys, values = torch.cat((old[0], keys), dim=1), torch.cat((old[1], values), dim=1)
        x = x + self.self_attn.o_proj(self.self_attn.attend(queries, keys, values).flatten(-2))
        return x + self.mlp(self.post_attention_layernorm(x)), keys, values

    def packed(self, x: Tensor, turns: Turns, documents: Sequence[int], places: Tensor | None) -> Tensor:
        """The stream after this layer, for documents laid end to end; x is (time, width).

        With `places`, where each token stands in rows as long as the longest document, attention runs over those rows.
        """
        attention = self.self_attn
        several = attention.project(self.input_layernorm(x), turns)
        if places is None:
            parts = zip(*(torch.split(part, list(documents)) for part in several), strict=True)
            seen = torch.cat([attention.attend(q[None], k[None], v[None])[0] for q, k, v in parts])
        else:
            room = len(documents) * max(documents)
            rows = (
                part.new_zeros(room, *part.shape[1:])
                .index_copy(0, places, part)
                .view(len(documents), -1, *part.shape[1:])
                for part in several
            )
            seen = attention.attend(*rows).flatten(0, 1)[places]
        x = x + attention.o_proj(seen.flatten(-2))
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Body(nn.Module):
    """Everything but the logits; a module of its own since `transformers` names it `model`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)


class Transformer(nn.Module):
    """The model. Its embedding is its last layer as well."""

    def __init__(self, shape: Shape, *, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        dice = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.dim() == 2:
                    into_stream = name.endswith(("o_proj.weight", "down_proj.weight"))
                    weight.normal_(0.0, SPREAD / (2 * shape.layers) ** 0.5 if into_stream else SPREAD, generator=dice)

    @property
    def embedding(self) -> Tensor:
        return self.model.embed_tokens.weight

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.model.layers if isinstance(layer, Layer))

    def forward(self, ids: Tensor) -> Tensor:
        """Logits after each token, (rows, time, vocabulary), of ids (rows, time) that all begin at position 0."""
        logits, _ = self.step(ids)
        return logits

    def step(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """The same for tokens that come after those in `cache`, with the cache that holds them as well."""
        before = cache.length if cache else 0
        if before + ids.shape[1] > self.shape.context:
            raise ValueError(f"{before + ids.shape[1]} tokens do not fit a context of {self.shape.context}")
        x = functional.embedding(ids, self.embedding)
        turns = self.turns(torch.arange(before, before + ids.shape[1], device=ids.device))
        keys, values = [], []
        for number, layer in enumerate(self.layers):
            x, k, v = layer.read(x, turns, (cache.keys[number], cache.values[number]) if cache else None)
            keys.append(k)
            values.append(v)
        return functional.linear(self.model.norm(x), self.embedding), Cache(tuple(keys), tuple(values))

    def packed(self, ids: Tensor, documents: Sequence[int], *, rows: bool | None = None) -> Tensor:
        """Logits (time, vocabulary) of documents laid end to end in ids (time,); none sees another.

        `documents` are their lengths. Nothing is spent on padding; attention alone runs document by document, or over
        padded `rows`, which a GPU does faster and so does by default.
        """
        longest = max(documents)
        if longest > self.shape.context:
            raise ValueError(f"a document of {longest} tokens does not fit a context of {self.shape.context}")
        x = functional.embedding(ids, self.embedding)
        positions = torch.cat([torch.arange(n) for n in documents]).to(ids.device)
        places = None
        if ids.is_cuda if rows is None else rows:
            places = torch.cat([torch.arange(n) + row * longest for row, n in enumerate(documents)]).to(ids.device)
        turns = self.turns(positions)
        for layer in self.layers:
            x = layer.packed(x, turns, documents, places)
        return functional.linear(self.model.norm(x), self.embedding)

    def turns(self, positions: Tensor) -> Turns:
        """The angles of rotary position embedding, worked out in float32."""
        halves = torch.arange(0, self.shape.head, 2, device=positions.device).float() / self.shape.head
        angles = positions.float()[:, None] * (1.0 / self.shape.theta**halves)
        angles = torch.cat((angles, angles), dim=-1)[:, None]
        return Turns(angles.cos(), angles.sin())


def turned(x: Tensor, turns: Turns) -> Tensor:
    """Each half of a head's numbers turned against the other, as Llama pairs them."""
    first, second = x.chunk(2, dim=-1)
    return x * turns.cosines.to(x.dtype) + torch.cat((-second, first), dim=-1) * turns.sines.to(x.dtype)


def save(model: Transformer, folder: Path, *, more: Mapping[str, object] | None = None) -> None:
    """Writes config.json and model.safetensors (float32). `more` goes into config.json, where others ignore it."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.detach().float().cpu().contiguous() for name, weight in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    config = {**model.shape.config(), **(more or {})}
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load(folder: Path) -> Transformer:
    """The model of a folder. Raises ValueError or OSError where it is no such model."""
    model = Transformer(Shape.of_config(json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))))
    weights = {name: weight.float() for name, weight in load_file(folder / WEIGHTS_FILE).items()}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f"{folder / WEIGHTS_FILE} does not hold the weights that config.json tells: {error}"
        ) from error
    return model
