"""Checkpoints as they are published, made by `transformers`: random weights, tiny or small, text or melody, mono or stereo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    MusicgenMelodyConfig,
    MusicgenMelodyDecoderConfig,
    MusicgenMelodyForConditionalGeneration,
    T5Config,
)
from transformers.utils.logging import disable_progress_bar

TEXT = "dark dubstep, 140 bpm"
WORDS = "▁ ▁dark ▁dub step , ▁140 ▁bpm ▁a ▁b a b c d e k m p r s t u 0 1 4".split()
LONGEST = 24  # tokens

disable_progress_bar()  # its monitor is a thread that stays


@dataclass(frozen=True)
class Kind:
    """What a checkpoint is like."""

    melody: bool = False
    channels: int = 1
    small: bool = False  # or tiny
    same_width: bool = False  # text encoder and decoder, so that nothing is projected
    feed_forward: str = "relu"
    shortcut: bool = False
    causal: bool = False
    pad_mode: str = "reflect"
    chroma_length: int = 11


def model(kind: Kind, seed: int = 0) -> Any:
    """The model by `transformers`, with its weights spread so far that its answers differ."""
    torch.manual_seed(seed)
    codes = 256 if kind.small else 64
    width = 128 if kind.small else 32
    text = T5Config(
        vocab_size=64,
        d_model=width if kind.same_width else width // 2 + 8,
        d_kv=8,
        d_ff=48,
        num_layers=3 if kind.small else 2,
        num_heads=3,
        feed_forward_proj=kind.feed_forward,
        relative_attention_max_distance=16,
        relative_attention_num_buckets=8,
    )
    codec = EncodecConfig(
        target_bandwidths=[1.6 if kind.small else 1.2],  # four codebooks
        sampling_rate=32_000,
        hidden_size=16,
        num_filters=4,
        upsampling_ratios=[8, 5, 4, 4],
        codebook_size=codes,
        use_causal_conv=kind.causal,
        use_conv_shortcut=kind.shortcut,
        pad_mode=kind.pad_mode,
        chunk_length_s=None,
    )
    sizes: dict[str, Any] = {
        "vocab_size": codes,
        "num_hidden_layers": 4 if kind.small else 2,
        "ffn_dim": 4 * width,
        "num_attention_heads": 4,
        "hidden_size": width,
        "num_codebooks": 4 * kind.channels,
        "audio_channels": kind.channels,
        "pad_token_id": codes,
        "bos_token_id": codes,
    }
    if kind.melody:
        decoder = MusicgenMelodyDecoderConfig(**sizes)
        config = MusicgenMelodyConfig(
            text_encoder=text, audio_encoder=codec, decoder=decoder, chroma_length=kind.chroma_length
        )
        made = MusicgenMelodyForConditionalGeneration(config)
    else:
        config = MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=MusicgenDecoderConfig(**sizes))
        made = MusicgenForConditionalGeneration(config)
    with torch.no_grad():
        for name, tensor in [*made.named_parameters(), *made.named_buffers()]:
            if name.endswith(("embed", "norm.weight", "norm.bias")):
                tensor.add_(torch.randn_like(tensor) * 0.3)
            elif name.startswith(("decoder.", "enc_to_dec", "audio_enc_to_dec")) and name.endswith(".weight"):
                tensor.copy_(torch.randn_like(tensor) * tensor.shape[1] ** -0.5)
    made.generation_config.pad_token_id = codes
    made.generation_config.decoder_start_token_id = codes
    return made.eval()


@cache
def pieces() -> Tokenizer:
    """A tokenizer of T5's kind, with few pieces."""
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0)]
    vocabulary += [(word, -2.0 - len(WORDS) / (1 + number)) for number, word in enumerate(WORDS)]
    made = Tokenizer(models.Unigram(vocabulary, unk_id=2))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return made


def publish(made: Any, folder: Path, **how: Any) -> Path:
    """Writes a folder as one is published."""
    made.save_pretrained(folder, **how)
    pieces().save(str(folder / "tokenizer.json"))
    settings = {"model_max_length": LONGEST, "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def rewritten(folder: Path, file: str, **changes: Any) -> None:
    """Changes values in a JSON file; a name with a dot is one inside a part."""
    found = json.loads((folder / file).read_text())
    for name, value in changes.items():
        *parts, last = name.split("__")
        inner = found
        for part in parts:
            inner = inner[part]
        inner[last] = value
    (folder / file).write_text(json.dumps(found))


def tokens(text: str) -> torch.Tensor:
    """A text's tokens (1, tokens), as the processor of `transformers` gives them."""
    return torch.tensor([pieces().encode(text).ids])
