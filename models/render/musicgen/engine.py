"""The engine: text, a melody and what came before become sound, as it is written.

Lives here: the loop from conditions to codes to sound; pieces longer than the model was taught are written in windows, each of
which reads again what the last one wrote. An engine keeps nothing of a piece: many streams may be open at once. Codes stay on
the device until a chunk of them is due. Knows nothing of notes, parts or sections.

    engine = load(folder, precision="bfloat16")
    for chunk in engine.stream("dark dubstep, 140 bpm", seconds=10, seed=7):   # float32 (channels, frames)
        ...
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.codec import Codec
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.pattern import Grid
from models.render.musicgen.protocol import Decoder
from models.render.musicgen.sampling import Choice, chosen, guided
from models.render.musicgen.tensors import BadCheckpoint

__all__ = ["Engine", "load"]

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
FEW_BITS = ("int8", "int4")  # on a processor's cores, by kernels of our own
WINDOW_S = 30.0  # what MusicGen was taught at once
KEPT_S = 12.0  # of a full window, read again by the next one
HEARD_AGAIN_S = 2.0  # of what a piece goes on from, played to the codec so that its LSTM is warm
FIRST_S = 0.25  # of codes before the first sound
CHUNK_S = 0.5  # of codes for each later one
SECONDS_MAX = 3600.0
GUIDANCE_MAX = 100.0
SEEDS = 1 << 63  # more are not told apart

Codes = NDArray[np.int64]
Floats = NDArray[np.float32]


def never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wish:
    """What one piece is to be, checked."""

    rows: list[Tensor]
    frames: int
    prompt: Tensor
    guidance: float
    choice: Choice
    seed: int
    cancelled: Callable[[], bool]


class More(TypedDict, total=False):
    """What a piece may be asked for beside its text, length, seed and guidance."""

    melody: ArrayLike | None  # a sound at the engine's rate, (frames,) or (channels, frames), whose chroma is followed
    continue_from: ArrayLike | None  # a sound at the engine's rate, or int64 codes (codebooks, frames), to go on from
    greedy: bool  # the likeliest codes, nothing drawn
    temperature: float
    top_k: int  # 0 is all
    top_p: float
    cancelled: Callable[[], bool] | None  # asked before each step; yes ends the piece early


class Engine:
    """One checkpoint, loaded."""

    def __init__(self, checkpoint: Checkpoint, conditions: Conditions, decoder: Decoder, codec: Codec) -> None:
        self._conditions, self._decoder, self._codec = conditions, decoder, codec
        self._device = codec.device
        self._hop = checkpoint.codec.hop
        self.sample_rate = checkpoint.codec.rate
        self.channels = checkpoint.decoder.channels

    @property
    def takes_melody(self) -> bool:
        """Whether the checkpoint is one of the melody models."""
        return self._conditions.takes_melody

    @property
    def frame_rate(self) -> float:
        """Frames of codes a second."""
        return self.sample_rate / self._hop

    def stream(
        self, text: str | None, seconds: float = 10, seed: int = 7, guidance: float = 3.0, **more: Unpack[More]
    ) -> Iterator[Floats]:
        """Sound as it is written: chunks (channels, frames) that are round(seconds x sample_rate) long together.

        A text that is too long for the tokenizer is cut; None is nothing told. Raises ValueError at once for what can't be
        asked for, and BadCheckpoint while playing where the weights answer with what is no number.
        """
        return self._sound(self._wish(text, seconds, seed, guidance, more), round(seconds * self.sample_rate))

    def generate_codes(
        self, text: str | None, seconds: float = 10, seed: int = 7, guidance: float = 3.0, **more: Unpack[More]
    ) -> Codes:
        """The codes (codebooks, frames) that `stream` plays, for the same arguments; fewer where it is cancelled.

        Greedy codes in float32 are those of `transformers` with max_new_tokens = frames + codebooks / channels - 1.
        """
        wish = self._wish(text, seconds, seed, guidance, more)
        parts = [codes.cpu().numpy() for codes in self._codes(wish)]
        return np.concatenate([np.zeros((self._decoder.shape.codebooks, 0), np.int64), *parts], axis=1)

    def decode(self, codes: ArrayLike) -> Floats:
        """The sound (channels, frames) of codes (codebooks, frames)."""
        found = self._as_codes(np.asarray(codes))
        return self._codec.decode(found).cpu().numpy() if found.shape[1] else np.zeros((self.channels, 0), np.float32)

    def encode(self, sound: ArrayLike) -> Codes:
        """The codes of a sound (frames,) or (channels, frames) at the engine's rate."""
        return self._codec.encode(self._as_sound(np.asarray(sound), self.channels)).cpu().numpy()

    def _wish(self, text: str | None, seconds: float, seed: int, guidance: float, more: More) -> Wish:
        if not 0 < seconds <= SECONDS_MAX:
            raise ValueError(f"seconds must be above 0 and at most {SECONDS_MAX:g}, not {seconds}")
        if not 1 <= guidance <= GUIDANCE_MAX:
            raise ValueError(f"guidance must be from 1 (none) to {GUIDANCE_MAX:g}, not {guidance}")
        names = {option.name for option in fields(Choice)}
        choice = Choice(**{name: value for name, value in more.items() if name in names})  # type: ignore[arg-type]
        frames = max(1, math.ceil(round(seconds * self.sample_rate) / self._hop))
        prompt = torch.zeros(self._decoder.shape.codebooks, 0, dtype=torch.int64, device=self._device)
        if (given := more.get("continue_from")) is not None:
            before = np.asarray(given)
            codes = np.issubdtype(before.dtype, np.integer)
            prompt = self._as_codes(before) if codes else self._as_codes(self.encode(before))
            prompt = prompt[:, -round(KEPT_S * self.frame_rate) :]
        melody = more.get("melody")
        sung = None if melody is None else self._as_sound(np.asarray(melody), 1)[0]
        rows = self._conditions.rows(text, guided=guidance > 1, melody=sung)
        return Wish(rows, frames, prompt, guidance, choice, seed, more.get("cancelled") or never)

    def _sound(self, wish: Wish, samples: int) -> Iterator[Floats]:
        voice = self._codec.voice()
        again = wish.prompt[:, -round(HEARD_AGAIN_S * self.frame_rate) :]
        skip = again.shape[1] * self._hop
        if skip:
            skip -= voice.push(again).shape[1]
        done = frames = 0
        for codes in self._codes(wish):
            frames += codes.shape[1]
            sound = voice.push(codes, final=frames == wish.frames)
            skip, sound = max(0, skip - sound.shape[1]), sound[:, skip:]
            sound = sound[:, : samples - done]
            done += sound.shape[1]
            if sound.shape[1]:
                yield sound.cpu().numpy()

    def _codes(self, wish: Wish) -> Iterator[Tensor]:
        """Codes (codebooks, frames) of the piece in the chunks in which they are due, without the prompt."""
        chance = torch.Generator(self._device).manual_seed(wish.seed % SEEDS)
        shape = self._decoder.shape
        known = wish.prompt.shape[1]
        grid = Grid.of(wish.prompt, known + wish.frames, channels=shape.channels, pad=shape.pad)
        window = round(WINDOW_S * self.frame_rate) + grid.lags[-1]
        kept = round(KEPT_S * self.frame_rate)
        begun, told = 0, known
        due = known + max(1, round(FIRST_S * self.frame_rate))
        state = self._decoder.begin(wish.rows, min(grid.columns, window))
        fresh = grid.window(0, known + 1)
        fine = torch.ones((), dtype=torch.bool, device=self._device)
        for column in range(known + 1, grid.columns):
            if wish.cancelled():
                return
            if state.length + fresh.shape[1] > window:
                begun = column - kept
                fresh = grid.window(begun, column)
                state = self._decoder.begin(wish.rows, min(grid.columns - begun, window))
            logits = guided(self._decoder.feed(state, fresh), wish.guidance)
            fine = self._write(grid, column, logits, wish.choice, chance, fine)
            fresh = grid.cells[:, column : column + 1]
            ready = grid.known(column + 1)
            if ready >= due or column == grid.columns - 1:
                if not bool(fine):
                    raise BadCheckpoint(
                        "The decoder answered with what is no number: its weights are damaged, or their range is too wide "
                        "for this precision. Fetch the checkpoint again, or load it as float32."
                    )
                yield grid.frames(told, ready)
                told, due = ready, ready + round(CHUNK_S * self.frame_rate)

    @torch.inference_mode()
    def _write(
        self, grid: Grid, column: int, logits: Tensor, choice: Choice, chance: torch.Generator, fine: Tensor
    ) -> Tensor:
        """Writes a column, and says whether all logits were numbers so far; nothing here waits for the device."""
        grid.write(column, chosen(logits, choice, chance))
        return fine & torch.isfinite(logits).all()

    def _as_codes(self, codes: NDArray[Any]) -> Tensor:
        shape = self._decoder.shape
        fits = codes.ndim == 2 and len(codes) == shape.codebooks and np.issubdtype(codes.dtype, np.integer)
        if not fits or (codes.size and not (codes.min() >= 0 and codes.max() < shape.vocabulary)):
            raise ValueError(f"codes must be whole numbers ({shape.codebooks}, frames) below {shape.vocabulary}")
        return torch.as_tensor(codes.astype(np.int64), device=self._device)

    def _as_sound(self, sound: NDArray[Any], channels: int) -> Tensor:
        """Float32 (channels, frames): one channel is given to both sides, two become their mean where one is wanted."""
        sound = np.atleast_2d(sound).astype(np.float32)
        if sound.ndim != 2 or len(sound) not in (1, 2) or not sound.shape[1] or not np.isfinite(sound).all():
            raise ValueError("a sound must be finite numbers (frames,) or (1 or 2 channels, frames), and not empty")
        if len(sound) > channels:
            sound = sound.mean(axis=0, keepdims=True)
        return torch.tensor(np.broadcast_to(sound, (channels, sound.shape[1])), device=self._device)


def load(folder: Path, device: str, precision: str) -> Engine:
    """The checkpoint in a folder. Raises BadCheckpoint, and ValueError for a device or precision that isn't there."""
    if precision not in (*PRECISIONS, *FEW_BITS):
        raise ValueError(f"precision must be one of {', '.join((*PRECISIONS, *FEW_BITS))}, not {precision!r}")
    if device not in ("cpu", "cuda") and not device.startswith("cuda:"):
        raise ValueError(f"device must be cpu or cuda, not {device!r}")
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError("torch finds no GPU here; load with device='cpu', or install torch for CUDA")
    if device != "cpu" and precision in FEW_BITS:
        raise ValueError(f"{precision} is for device='cpu'; a GPU plays bfloat16")
    where = torch.device(device)
    checkpoint = Checkpoint.of(folder)
    conditions = Conditions.read(checkpoint, where)
    decoder: Decoder
    if precision in FEW_BITS:
        from models.render.musicgen.cpu.decoder import CpuDecoder  # takes a second to import

        decoder = CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, precision)
    else:
        decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, where, PRECISIONS[precision])
    codec = Codec.read(checkpoint.tensors, checkpoint.codec, checkpoint.decoder.channels, where)
    return Engine(checkpoint, conditions, decoder, codec)
