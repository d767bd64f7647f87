"""The tiny T5 that audiocraft looks for on the hub, laid into its cache; and a checkpoint of audiocraft's for `transformers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    EncodecConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    T5Config,
    T5EncoderModel,
)

from tests.models.render.audiocraft.theirs import CODEC, DECODER, RATE
from tests.models.render.musicgen.published import LONGEST, pieces, publish

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = T5Config(
    vocab_size=64,
    d_model=512,  # what audiocraft knows t5-small by
    d_kv=8,
    d_ff=48,
    num_layers=2,
    num_heads=3,
    relative_attention_max_distance=16,
    relative_attention_num_buckets=8,
)
SETTINGS = {"model_max_length": LONGEST, "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
RENAMED = (
    ("linears.", "lm_heads."),
    ("emb.", "model.decoder.embed_tokens."),
    ("transformer.", "model.decoder."),
    ("out_norm.", "model.decoder.layer_norm."),
    ("cross_attention.", "encoder_attn."),
    ("linear1.", "fc1."),
    ("linear2.", "fc2."),
    ("norm1.", "self_attn_layer_norm."),
    ("norm_cross.", "encoder_attn_layer_norm."),
    ("norm2.", "final_layer_norm."),
)


def text_encoder(cache: Path) -> Any:
    """T5 in the hub's cache, as `t5-small`; the model as well."""
    torch.manual_seed(3)
    made = T5EncoderModel(TEXT).eval()
    place = cache / "hub" / "models--t5-small"
    folder = place / "snapshots" / COMMIT
    made.save_pretrained(folder)
    pieces().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "T5Tokenizer", **SETTINGS}))
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    return made


def for_transformers(folder: Path, encoder: Any, out: Path) -> Path:
    """audiocraft's checkpoint, weight by weight, as one is published for `transformers`."""
    sizes, codec = DECODER["transformer_lm"], CODEC["seanet"]
    config = MusicgenConfig(
        text_encoder=TEXT,
        audio_encoder=EncodecConfig(
            target_bandwidths=[1.6],  # four codebooks of 256
            sampling_rate=RATE,
            hidden_size=codec["dimension"],
            num_filters=codec["n_filters"],
            upsampling_ratios=codec["ratios"],
            codebook_size=CODEC["rvq"]["bins"],
            use_causal_conv=False,
            use_conv_shortcut=False,
            pad_mode=codec["pad_mode"],
            chunk_length_s=None,
        ),
        decoder=MusicgenDecoderConfig(
            vocab_size=sizes["card"],
            num_hidden_layers=sizes["num_layers"],
            ffn_dim=sizes["hidden_scale"] * sizes["dim"],
            num_attention_heads=sizes["num_heads"],
            hidden_size=sizes["dim"],
            num_codebooks=sizes["n_q"],
            pad_token_id=sizes["card"],
            bos_token_id=sizes["card"],
        ),
    )
    made = MusicgenForConditionalGeneration(config)
    weights = {f"text_encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    weights |= _decoder(_state(folder / "state_dict.bin")) | _codec(_state(folder / "compression_state_dict.bin"))
    missing, unknown = made.load_state_dict(weights, strict=False)
    assert not unknown, unknown
    assert all("embed_positions" in name or "embed_tokens" in name for name in missing), missing
    made.generation_config.pad_token_id = made.generation_config.decoder_start_token_id = sizes["card"]
    return publish(made.eval(), out)


def _state(file: Path) -> dict[str, torch.Tensor]:
    return dict(torch.load(file, weights_only=True)["best_state"])


def _decoder(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = {}
    for name, tensor in state.items():
        if name.startswith("condition_provider.conditioners.description.output_proj."):
            found[f"enc_to_dec_proj.{name.rpartition('.')[2]}"] = tensor
            continue
        for theirs, other in RENAMED:
            name = name.replace(theirs, other)
        if name.endswith("in_proj_weight"):
            for which, third in zip("qkv", tensor.chunk(3), strict=True):
                found[f"decoder.{name.replace('in_proj_weight', f'{which}_proj.weight')}"] = third
        else:
            found[f"decoder.{name}"] = tensor
    return found


def _codec(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = {}
    for name, tensor in state.items():
        name = name.replace(".model.", ".layers.").replace(".conv.conv.", ".conv.").replace(".convtr.convtr.", ".conv.")
        name = name.replace("quantizer.vq.layers.", "quantizer.layers.").replace("._codebook.", ".codebook.")
        name = name.replace("weight_g", "parametrizations.weight.original0")
        name = name.replace("weight_v", "parametrizations.weight.original1")
        found[f"audio_encoder.{name}"] = tensor
    return found
