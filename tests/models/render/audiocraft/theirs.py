"""What audiocraft itself makes: a tiny checkpoint in its own form, and what it plays of one. Run under the Python that has it.

    python theirs.py make FOLDER               # state_dict.bin and compression_state_dict.bin, random weights
    python theirs.py play FOLDER JOBS OUT      # JOBS: a JSON list; OUT: an npz with sound0, codes0, sound1, ...

A job is {"text": ..., "seconds": ..., "seed": ..., "greedy": ..., "heard": an npy file to go on from, or none}; it is played
by what audiocraft shows to everybody, as its own documentation does it.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[4] / "models" / "render" / "audiocraft"))
worker = importlib.import_module("worker")  # what it puts in the place of libraries that aren't needed

RATE = 32_000
CODEC: dict[str, Any] = {
    "compression_model": "encodec",
    "device": "cpu",
    "encodec": {
        "autoencoder": "seanet",
        "quantizer": "rvq",
        "sample_rate": RATE,
        "channels": 1,
        "causal": False,
        "renormalize": False,
    },
    "seanet": {
        "dimension": 16,
        "channels": 1,
        "causal": False,
        "n_filters": 4,
        "n_residual_layers": 1,
        "ratios": [8, 5, 4, 4],
        "activation": "ELU",
        "activation_params": {"alpha": 1.0},
        "norm": "weight_norm",
        "norm_params": {},
        "kernel_size": 7,
        "residual_kernel_size": 3,
        "last_kernel_size": 7,
        "dilation_base": 2,
        "pad_mode": "constant",
        "true_skip": True,
        "compress": 2,
        "lstm": 2,
        "disable_norm_outer_blocks": 0,
        "decoder": {"trim_right_ratio": 1.0, "final_activation": None, "final_activation_params": None},
        "encoder": {},
    },
    "rvq": {"n_q": 4, "q_dropout": False, "bins": 256, "kmeans_init": False},
}
DECODER: dict[str, Any] = {
    "lm_model": "transformer_lm",
    "device": "cpu",
    "dtype": "float32",
    "codebooks_pattern": {
        "modeling": "delay",
        "delay": {"delays": [0, 1, 2, 3], "flatten_first": 0, "empty_initial": 0},
    },
    "transformer_lm": {
        "dim": 32,
        "num_heads": 4,
        "num_layers": 2,
        "hidden_scale": 4,
        "n_q": 4,
        "card": 256,
        "dropout": 0.0,
        "emb_lr": None,
        "activation": "gelu",
        "norm_first": True,
        "bias_ff": False,
        "bias_attn": False,
        "bias_proj": False,
        "past_context": None,
        "causal": True,
        "custom": False,
        "memory_efficient": True,
        "attention_as_float32": False,
        "layer_scale": None,
        "positional_embedding": "sin",
        "norm": "layer_norm",
        "weight_init": "gaussian",
        "depthwise_init": "current",
        "zero_bias_init": True,
        "kv_repeat": 1,
        "two_step_cfg": False,
    },
    "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": 3.0},
    "attribute_dropout": {},
    "fuser": {
        "cross_attention_pos_emb": False,
        "cross_attention_pos_emb_scale": 1,
        "sum": [],
        "prepend": [],
        "cross": ["description"],
        "input_interpolate": [],
    },
    "conditioners": {
        "description": {
            "model": "t5",
            "t5": {"name": "t5-small", "finetune": False, "word_dropout": 0.3, "normalize_text": False},
        }
    },
    "dataset": {"segment_duration": 20},
    "interleave_stereo_codebooks": {"use": False, "per_timestep": False},
    "compression_model_n_q": None,
}


def make(folder: Path) -> None:
    """Random weights in the form of `audiocraft.utils.export`, spread so far that their answers differ."""
    import torch
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, settings, build in (
        ("compression_state_dict.bin", CODEC, builders.get_compression_model),
        ("state_dict.bin", DECODER, builders.get_lm_model),
    ):
        config = OmegaConf.create(settings)
        model = build(config)
        with torch.no_grad():
            for place, tensor in model.state_dict().items():
                if place.endswith("embed"):
                    tensor.add_(torch.randn_like(tensor) * 0.3)
                elif name == "state_dict.bin" and place.endswith("weight") and tensor.dim() == 2:
                    tensor.copy_(torch.randn_like(tensor) * tensor.shape[1] ** -0.5)
                elif name == "state_dict.bin" and "norm" in place:
                    tensor.add_(torch.randn_like(tensor) * 0.3)
        told = {"xp.cfg": OmegaConf.to_yaml(config), "version": "1.3.0", "exported": True}
        torch.save({"best_state": model.state_dict(), **told}, folder / name)


def play(folder: Path, jobs: list[dict[str, Any]], out: Path) -> None:
    """By a model that audiocraft loads from the folder, one job after the other."""
    import torch
    from audiocraft.models import MusicGen

    torch.set_num_threads(worker.threads())  # sums are rounded as they are shared out
    model = MusicGen.get_pretrained(str(folder), device="cpu")
    made: dict[str, Any] = {}
    for number, job in enumerate(jobs):
        before = None if job.get("heard") is None else torch.from_numpy(np.load(job["heard"]))
        known = 0.0 if before is None else before.shape[-1] / model.sample_rate
        model.set_generation_params(
            duration=known + job["seconds"], use_sampling=not job.get("greedy", False), cfg_coef=3.0, extend_stride=12
        )
        torch.manual_seed(job["seed"])
        if before is not None:
            sound, codes = model.generate_continuation(before, model.sample_rate, [job["text"]], return_tokens=True)
        elif job["text"] is None:
            sound, codes = model.generate_unconditional(1, return_tokens=True)
        else:
            sound, codes = model.generate([job["text"]], return_tokens=True)
        made |= {f"sound{number}": sound[0].numpy(), f"codes{number}": codes[0].numpy()}
    np.savez(out, **made)


if __name__ == "__main__":
    worker.stand_in()
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        play(Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()), Path(sys.argv[4]))
