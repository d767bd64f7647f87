"""audiocraft's MusicGen as far as the worker knows it, with noise for music; `environment.py` lays it down as `audiocraft.models`.

A checkpoint is a folder with JSON in `state_dict.bin`: {"channels": 1, "melody": false, "step_s": 0}. What it does
beside playing is in the words that it is given: crash, hang, raise, break.
"""

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

RATE, FRAME_RATE = 32_000, 50


class MusicGen:
    """Plays as many frames as it is told, step by step."""

    sample_rate, frame_rate, max_duration, device = RATE, FRAME_RATE, 30, "cpu"

    def __init__(self, settings: dict[str, Any]) -> None:
        self.audio_channels = settings.get("channels", 1)
        self._step_s = settings.get("step_s", 0.0)
        conditioners = {"description": 1} | ({"self_wav": 1} if settings.get("melody") else {})
        self.lm = SimpleNamespace(card=2048, condition_provider=SimpleNamespace(conditioners=conditioners))

    @staticmethod
    def get_pretrained(name: str) -> "MusicGen":
        print("what libraries say on their standard output")
        os.write(1, b"even past Python\n")
        return MusicGen(json.loads(Path(name, "state_dict.bin").read_text()))

    def set_generation_params(self, *, duration: float, cfg_coef: float, extend_stride: float, **more: Any) -> None:
        assert extend_stride < self.max_duration
        assert set(more) == {"use_sampling", "top_k", "top_p", "temperature"}
        self._frames, self._greedy, self._guidance = int(duration * FRAME_RATE), not more["use_sampling"], cfg_coef

    def set_custom_progress_callback(self, callback: Any) -> None:
        self._callback = callback

    def generate(self, words: list[str], progress: bool, return_tokens: bool) -> Any:
        return self._made(words[0], torch.zeros(self.audio_channels, 0))

    def generate_unconditional(self, samples: int, progress: bool, return_tokens: bool) -> Any:
        return self._made("", torch.zeros(self.audio_channels, 0))

    def generate_with_chroma(self, words: list[str], wave: Any, rate: int, progress: bool, return_tokens: bool) -> Any:
        assert (rate, wave.shape[:2]) == (RATE, (1, self.audio_channels))
        return self._made(f"{words[0]} {float(wave.abs().max()):.2f}", torch.zeros(self.audio_channels, 0))

    def generate_continuation(self, wave: Any, rate: int, words: list[str], progress: bool, return_tokens: bool) -> Any:
        assert (rate, wave.shape[2] % (RATE // FRAME_RATE)) == (RATE, 0)
        return self._made(words[0], wave[0])

    def _made(self, words: str, before: Any) -> Any:
        hop = RATE // FRAME_RATE
        frames = self._frames - before.shape[1] // hop
        if "crash" in words:
            sys.stderr.write("Segmentation fault, it says\n")
            sys.stderr.flush()
            os._exit(9)
        if "raise" in words:
            raise RuntimeError("CUDA out of\n memory")
        if "break" in words:
            frames -= 1
        while "hang" in words:
            time.sleep(60)
        for step in range(frames + 3):
            time.sleep(self._step_s)
            self._callback(step + 1, frames + 3)
        drawn = torch.zeros(4, frames, dtype=torch.int64) if self._greedy else torch.randint(2048, (4, frames))
        sound = torch.rand(self.audio_channels, frames * hop) - 0.5
        known = torch.zeros(4, before.shape[1] // hop, dtype=torch.int64)
        return torch.cat([before, sound], 1)[None], torch.cat([known, drawn], 1)[None]


def expected(seed: int, frames: int) -> Any:
    """The sound of a piece."""
    torch.manual_seed(seed)
    torch.randint(2048, (4, frames))
    return torch.rand(1, frames * RATE // FRAME_RATE) - 0.5
