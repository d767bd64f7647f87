"""A MusicGen checkpoint as published for `transformers`: what its folder must hold and how large each model in it is.

Lives here: config.json of MusicgenForConditionalGeneration and MusicgenMelodyForConditionalGeneration read into shapes, the
tokenizer's and the preprocessor's settings, and the tensors beside them. Defaults are those of `transformers`, where a file
is silent. Everything wrong with a folder is a `BadCheckpoint`. Knows nothing of how the models compute.

    checkpoint = Checkpoint.of(Path("musicgen-small"))
    checkpoint.decoder.layers, checkpoint.codec.rate, checkpoint.melody
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from models.render.musicgen.protocol import DecoderShape
from models.render.musicgen.tensors import AGAIN, BadCheckpoint, Tensors, read_json

__all__ = ["Checkpoint", "CodecShape", "MelodyShape", "TextShape"]

MELODY, TEXT = "musicgen_melody", "musicgen"
FOREIGN = "Name a folder with a checkpoint of MusicGen as published for transformers."
TOKENS_MAX = 512  # where the tokenizer's settings name no limit: what T5 was trained on
SIZE_MAX = 1 << 20  # of any one number in a configuration
ACTIVATIONS = ("gelu", "relu", "silu", "gelu_new")

Value = TypeVar("Value", int, float, str, bool)


@dataclass(frozen=True, slots=True)
class TextShape:
    """The sizes of T5's encoder."""

    vocabulary: int
    width: int
    head_width: int
    inner: int
    layers: int
    heads: int
    buckets: int
    furthest: int
    epsilon: float
    activation: str
    gated: bool


@dataclass(frozen=True, slots=True)
class CodecShape:
    """The sizes of EnCodec; `kernel`, `last` and `residual` are those of its first, last and inner convolutions."""

    rate: int
    filters: int
    width: int
    ratios: tuple[int, ...]
    kernel: int
    last: int
    residual: int
    blocks: int
    growth: int
    compress: int
    lstm_layers: int
    causal: bool
    trim_right: float
    pad_mode: str
    shortcut: bool
    codebook_size: int
    used: int

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return math.prod(self.ratios)


@dataclass(frozen=True, slots=True)
class MelodyShape:
    """How a melody is heard: chroma of windows of `window` samples, `hop` apart, and how many of them the decoder gets."""

    chroma: int = 12
    length: int = 235
    window: int = 16384
    hop: int = 4096
    longest_s: int = 30


class Fields:
    """One object of a configuration, whose values are checked as they are read."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, Mapping):
            raise BadCheckpoint(f"{where} is missing: this is no checkpoint of MusicGen. {FOREIGN}")
        self._values, self._where = values, where

    def get(self, name: str, default: Value) -> Value:
        """A value of the default's type, or the default; sizes are above zero."""
        value: Any = self._values.get(name)
        if value is None:
            return default
        if type(default) is float and type(value) is int:
            value = float(value)
        sized = type(value) in (int, float) and not 0 < value <= SIZE_MAX
        if sized or type(value) is not type(default):
            raise BadCheckpoint(f"{self._where}.{name} can't be {value!r}. {AGAIN}")
        return value

    def part(self, name: str) -> Fields:
        """An object inside this one."""
        return Fields(self._values.get(name), f"{self._where}: {name}")

    def numbers(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """A list of numbers above zero."""
        values = self._values.get(name, default)
        if not isinstance(values, list | tuple) or not values:
            raise BadCheckpoint(f"{self._where}.{name} can't be {values!r}. {AGAIN}")
        if not all(isinstance(value, int | float) and 0 < value <= SIZE_MAX for value in values):
            raise BadCheckpoint(f"{self._where}.{name} can't be {values!r}. {AGAIN}")
        return tuple(values)

    def must_be(self, **wanted: object) -> None:
        """Refuses what this runtime would play wrongly."""
        for name, value in wanted.items():
            found = self._values.get(name)
            if found is not None and found != value:
                raise BadCheckpoint(f"{self._where}.{name} is {found!r}; only {value!r} can be played. {FOREIGN}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a folder holds, checked as far as its configuration goes; tensors are checked as they are taken."""

    folder: Path
    tensors: Tensors
    text: TextShape
    decoder: DecoderShape
    codec: CodecShape
    melody: MelodyShape | None
    tokens_max: int

    @classmethod
    def of(cls, folder: Path) -> Checkpoint:
        """Reads a folder's configuration and the names in its files of weights. Raises BadCheckpoint."""
        if not folder.is_dir():
            raise BadCheckpoint(f"{folder} is no folder. {FOREIGN}")
        raw = read_json(folder / "config.json")
        kind = raw.get("model_type")
        if kind not in (TEXT, MELODY):
            raise BadCheckpoint(f"{folder / 'config.json'} is of a model {kind!r}. {FOREIGN}")
        config = Fields(raw, str(folder / "config.json"))
        text = _text(config.part("text_encoder"))
        decoder = _decoder(config.part("decoder"), prefix=kind == MELODY)
        codec = _codec(config.part("audio_encoder"))
        if codec.used * decoder.channels != decoder.codebooks or codec.codebook_size != decoder.vocabulary:
            raise BadCheckpoint(
                f"{folder}: the decoder writes {decoder.codebooks} codebooks of {decoder.vocabulary}, the codec plays "
                f"{codec.used} a channel of {codec.codebook_size}: the files don't belong together. {AGAIN}"
            )
        melody = _melody(config, folder, codec.rate) if kind == MELODY else None
        return cls(folder, Tensors.of(folder), text, decoder, codec, melody, _tokens_max(folder))


def _text(t5: Fields) -> TextShape:
    t5.must_be(model_type="t5")
    *gate, activation = t5.get("feed_forward_proj", "relu").split("-")
    if gate not in ([], ["gated"]):
        raise BadCheckpoint(f"The text encoder's feed_forward_proj can't be played. {FOREIGN}")
    if gate and activation == "gelu":
        activation = "gelu_new"  # as transformers reads T5 1.1
    if activation not in ACTIVATIONS:
        raise BadCheckpoint(f"The text encoder's activation {activation!r} can't be played. {FOREIGN}")
    return TextShape(
        vocabulary=t5.get("vocab_size", 32128),
        width=t5.get("d_model", 512),
        head_width=t5.get("d_kv", 64),
        inner=t5.get("d_ff", 2048),
        layers=t5.get("num_layers", 6),
        heads=t5.get("num_heads", 8),
        buckets=t5.get("relative_attention_num_buckets", 32),
        furthest=t5.get("relative_attention_max_distance", 128),
        epsilon=t5.get("layer_norm_epsilon", 1e-6),
        activation=activation,
        gated=bool(gate),
    )


def _decoder(fields: Fields, *, prefix: bool) -> DecoderShape:
    shape = DecoderShape(
        layers=fields.get("num_hidden_layers", 24),
        width=fields.get("hidden_size", 1024),
        heads=fields.get("num_attention_heads", 16),
        inner=fields.get("ffn_dim", 4096),
        vocabulary=fields.get("vocab_size", 2048),
        codebooks=fields.get("num_codebooks", 4),
        channels=fields.get("audio_channels", 1),
        activation=fields.get("activation_function", "gelu"),
        prefix=prefix,
    )
    fields.must_be(pad_token_id=shape.pad, bos_token_id=shape.pad, tie_word_embeddings=False)
    if shape.width % shape.heads or shape.channels not in (1, 2) or shape.codebooks % shape.channels:
        raise BadCheckpoint(f"The decoder's sizes contradict each other: {shape}. {AGAIN}")
    if shape.activation not in ACTIVATIONS:
        raise BadCheckpoint(f"The decoder's activation {shape.activation!r} can't be played. {FOREIGN}")
    return shape


def _codec(fields: Fields) -> CodecShape:
    fields.must_be(
        model_type="encodec", norm_type="weight_norm", audio_channels=1, normalize=False, chunk_length_s=None
    )
    if (pad_mode := fields.get("pad_mode", "reflect")) not in ("reflect", "replicate", "constant"):
        raise BadCheckpoint(f"The codec's pad_mode {pad_mode!r} can't be played. {FOREIGN}")
    rate = fields.get("sampling_rate", 24_000)
    ratios = tuple(int(ratio) for ratio in fields.numbers("upsampling_ratios", (8, 5, 4, 2)))
    if (size := fields.get("codebook_size", 1024)) < 2:
        raise BadCheckpoint(f"The codec's codebooks of {size} can say nothing. {AGAIN}")
    width = fields.get("hidden_size", 128)
    fields.must_be(codebook_dim=width)
    bandwidths = fields.numbers("target_bandwidths", (1.5, 3.0, 6.0, 12.0, 24.0))
    frames_a_second = math.ceil(rate / math.prod(ratios))
    return CodecShape(
        rate=rate,
        filters=fields.get("num_filters", 32),
        width=width,
        ratios=ratios,
        kernel=fields.get("kernel_size", 7),
        last=fields.get("last_kernel_size", 7),
        residual=fields.get("residual_kernel_size", 3),
        blocks=fields.get("num_residual_layers", 1),
        growth=fields.get("dilation_growth_rate", 2),
        compress=fields.get("compress", 2),
        lstm_layers=fields.get("num_lstm_layers", 2),
        causal=fields.get("use_causal_conv", True),
        trim_right=fields.get("trim_right_ratio", 1.0),
        pad_mode=pad_mode,
        shortcut=fields.get("use_conv_shortcut", True),
        codebook_size=size,
        used=max(1, math.floor(bandwidths[0] * 1000 / (math.log2(size) * frames_a_second))),
    )


def _melody(config: Fields, folder: Path, rate: int) -> MelodyShape:
    usual = MelodyShape()
    path = folder / "preprocessor_config.json"
    heard = Fields(read_json(path) if path.is_file() else {}, str(path))
    heard.must_be(sampling_rate=rate)
    return MelodyShape(
        chroma=config.get("num_chroma", usual.chroma),
        length=config.get("chroma_length", usual.length),
        window=heard.get("n_fft", usual.window),
        hop=heard.get("hop_length", usual.hop),
        longest_s=heard.get("chunk_length", usual.longest_s),
    )


def _tokens_max(folder: Path) -> int:
    path = folder / "tokenizer_config.json"
    most = read_json(path).get("model_max_length") if path.is_file() else None
    if isinstance(most, int) and 0 < most <= TOKENS_MAX:
        return most
    return TOKENS_MAX  # some name 10**30: none
