"""The engine: text, a melody and what came before become sound, as it is written.

Lives here: what may be asked for, and the way from conditions to codes to sound. Many streams may be open at once: they are
written together, by one ensemble, whoever of them is pulled. Codes stay on the device; what is heard comes from there, or from one
of the processor's threads that write, while the next chunk is written. Knows nothing of notes, parts or sections.

    engine = load(folder, precision="bfloat16")
    for chunk in engine.stream("dark dubstep, 140 bpm", seconds=10, seed=7):   # float32 (channels, frames)
        ...
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from models.render.musicgen.checkpoint import Checkpoint
from models.render.musicgen.codec import Codec
from models.render.musicgen.conditions import Conditions
from models.render.musicgen.decoder import TorchDecoder
from models.render.musicgen.ensemble import Ensemble, Writer
from models.render.musicgen.ferry import Ferry, Sent
from models.render.musicgen.graphs import TOLD, SeatWriter, seats_that_fit
from models.render.musicgen.piece import KEPT_S, Chunk, Piece, Wish, never, window_of
from models.render.musicgen.sampling import Choice, one_thread
from models.render.musicgen.tensors import BadCheckpoint

if TYPE_CHECKING:
    from models.render.musicgen.cpu.crew import Crew

__all__ = ["Engine", "load"]

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
FEW_BITS = ("int8", "int4")  # on a processor's cores, by kernels of our own
HEARD_AGAIN_S = 2.0  # of what a piece goes on from, played to the codec so that its LSTM is warm
SEATS = 8  # pieces that a processor's cores write together; more wait for their turn
BREATH = 8  # columns that they write between two looks around: a quarter of a second or so
SECONDS_MAX = 3600.0
GUIDANCE_MAX = 100.0

Codes = NDArray[np.int64]
Floats = NDArray[np.float32]


DAMAGED = (
    "The decoder answered with what is no number: its weights are damaged, or their range is too wide for this precision. Fetch "
    "the checkpoint again, or load it as float32."
)


class More(TypedDict, total=False):
    """What a piece may be asked for beside its text, length, seed and guidance."""

    melody: ArrayLike | None  # a sound at the engine's rate, (frames,) or (channels, frames), whose chroma is followed
    continue_from: ArrayLike | None  # a sound at the engine's rate, or int64 codes (codebooks, frames), to go on from
    greedy: bool  # the likeliest codes, nothing drawn
    temperature: float
    top_k: int  # 0 is all
    top_p: float
    cancelled: Callable[[], bool] | None  # asked before each step; yes ends the piece early
    breaths: bool  # chunks of no length come in between, so that whoever serves others as well can look around
    progress: Callable[[float], None] | None  # told how far it is, by who has no sound before the end


class Engine:
    """One checkpoint, loaded."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        conditions: Conditions,
        codec: Codec,
        ensemble: Ensemble,
        crew: Crew | None = None,
    ) -> None:
        """A crew that writes codes has one of its own play them meanwhile."""
        self._conditions, self._codec, self._ensemble = conditions, codec, ensemble
        self._crew = crew if crew is not None and crew.helps else None
        self._device, self._shape = codec.device, checkpoint.decoder
        self._ferry = Ferry(codec.device)
        self._ahead = 1 if self._crew else self._ferry.ahead  # chunks whose sound may be on its way
        self._hop = checkpoint.codec.hop
        self.sample_rate = checkpoint.codec.rate
        self.channels = checkpoint.decoder.channels

    @property
    def takes_melody(self) -> bool:
        """Whether the checkpoint is one of the melody models."""
        return self._conditions.takes_melody

    @property
    def at_once(self) -> int:
        """Streams that are better open side by side than one after another."""
        return self._ensemble.seats

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
        wish = self._wish(text, seconds, seed, guidance, more)
        return self._sound(wish, round(seconds * self.sample_rate), breaths=more.get("breaths", False))

    def generate_codes(
        self, text: str | None, seconds: float = 10, seed: int = 7, guidance: float = 3.0, **more: Unpack[More]
    ) -> Codes:
        """The codes (codebooks, frames) that `stream` plays, for the same arguments; fewer where it is cancelled.

        Greedy codes in float32 are those of `transformers` with max_new_tokens = frames + codebooks / channels - 1.
        """
        wish = self._wish(text, seconds, seed, guidance, more)
        sent = []
        for chunk in self._chunks(wish):
            if chunk is not None:
                with self._ferry.aside(chunk.codes, chunk.fine):
                    sent.append(self._ferry.send(chunk.codes, chunk.fine))
        parts = [_fine(one).numpy() for one in sent]
        return np.concatenate([np.zeros((self._shape.codebooks, 0), np.int64), *parts], axis=1)

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
        prompt = torch.zeros(self._shape.codebooks, 0, dtype=torch.int64, device=self._device)
        if (given := more.get("continue_from")) is not None:
            before = np.asarray(given)
            codes = np.issubdtype(before.dtype, np.integer)
            prompt = self._as_codes(before) if codes else self._as_codes(self.encode(before))
            prompt = prompt[:, -round(KEPT_S * self.frame_rate) :]
        melody = more.get("melody")
        sung = None if melody is None else self._as_sound(np.asarray(melody), 1)[0]
        rows = self._conditions.rows(text, guided=guidance > 1, melody=sung)
        return Wish(rows, frames, prompt, guidance, choice, seed, more.get("cancelled") or never)

    def _sound(self, wish: Wish, samples: int, *, breaths: bool) -> Iterator[Floats]:
        voice = self._codec.voice()
        again = wish.prompt[:, -round(HEARD_AGAIN_S * self.frame_rate) :]
        skip, done = again.shape[1] * self._hop, 0
        if skip:
            with self._ferry.aside(again):
                skip -= voice.push(again).shape[1]

        def played(chunk: Chunk) -> Sent:
            nonlocal skip, done
            with self._ferry.aside(chunk.codes, chunk.fine):
                sound = voice.push(chunk.codes, final=chunk.final)
                skip, sound = max(0, skip - sound.shape[1]), sound[:, skip:]
                sound = sound[:, : samples - done]
                done += sound.shape[1]
                return self._ferry.send(sound, chunk.fine)

        under_way: deque[Future[Sent]] = deque()
        fresh = True  # nothing is heard yet, and somebody waits for it
        for chunk in self._chunks(wish):
            if chunk is not None:
                under_way.append(self._aside(partial(played, chunk), after=under_way, at_once=fresh or chunk.final))
                fresh = False
            while under_way and (len(under_way) > self._ahead or (self._crew and under_way[0].done())):
                yield from _heard(under_way.popleft())
            if chunk is None and breaths:
                yield np.zeros((self.channels, 0), np.float32)
        while under_way and not wish.cancelled():
            yield from _heard(under_way.popleft())

    def _aside(self, task: Callable[[], Sent], *, after: Sequence[Future[Sent]], at_once: bool) -> Future[Sent]:
        """What comes of a task, after that of the last one: by a helper, while codes are written, or at once by all of them."""
        if after:
            after[-1].exception()  # it has come, as it may
        if self._crew is not None and not at_once:
            return self._crew.aside(partial(_alone, task))
        future: Future[Sent] = Future()
        future.set_result(task())
        return future

    def _chunks(self, wish: Wish) -> Iterator[Chunk | None]:
        return self._ensemble.chunks(Piece(wish, self._shape, frame_rate=self.frame_rate, device=self._device))

    def _as_codes(self, codes: NDArray[Any]) -> Tensor:
        shape = self._shape
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


def _alone(task: Callable[[], Sent]) -> Sent:
    """By one thread: the others write codes."""
    with one_thread():
        return task()


def _heard(played: Future[Sent]) -> Iterator[Floats]:
    """A chunk's sound, where it has any."""
    sound = _fine(played.result())
    if sound.shape[1]:
        yield sound.numpy()


def _fine(sent: Sent) -> Tensor:
    """What was sent with whether it is made of numbers. Raises BadCheckpoint where it isn't."""
    found, fine = sent.come()
    if not bool(fine):
        raise BadCheckpoint(DAMAGED)
    return found


def by_graphs(decoder: TorchDecoder, checkpoint: Checkpoint) -> Ensemble:
    """As many seats as the GPU has memory for, and their graphs."""
    window = window_of(checkpoint.decoder, checkpoint.codec.rate / checkpoint.codec.hop)
    before = checkpoint.melody.length + TOLD if checkpoint.melody else 0
    seats = seats_that_fit(decoder, before + window)
    writer = SeatWriter(decoder, seats=seats, window=window, before=before)
    writer.warm()
    return Ensemble(writer, seats)


def load(
    folder: Path, device: str, precision: str, packed: Path | None = None, told: Callable[[float], None] | None = None
) -> Engine:
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
    if told is not None:
        checkpoint = replace(checkpoint, tensors=checkpoint.tensors.telling(told))
    ensemble: Ensemble
    crew = None
    if precision in FEW_BITS:
        from models.render.musicgen.cpu.decoder import CpuDecoder  # takes a second to import

        few = CpuDecoder.read(checkpoint.tensors, checkpoint.decoder, precision, packed=packed)
        ensemble, crew = Ensemble(Writer(few), SEATS, breath=BREATH), few.crew
    else:
        decoder = TorchDecoder.read(checkpoint.tensors, checkpoint.decoder, where, PRECISIONS[precision])
        ensemble = (
            Ensemble(Writer(decoder), SEATS, breath=BREATH) if device == "cpu" else by_graphs(decoder, checkpoint)
        )
    small, channels = precision in FEW_BITS, checkpoint.decoder.channels
    conditions = Conditions.read(checkpoint, where, small=small)
    codec = Codec.read(checkpoint.tensors, checkpoint.codec, channels, where, small=small)
    return Engine(checkpoint, conditions, codec, ensemble, crew)
