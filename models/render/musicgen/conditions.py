"""Conditions: what the decoder is told, from a text and a melody, one row for each half of guidance.

Lives here: text states projected to the decoder's width, a melody's chroma before them where the checkpoint takes one, and the
row that is told nothing. Knows nothing of codes.

    conditions = Conditions.read(checkpoint, torch.device("cpu"))
    conditions.rows("dark dubstep", guided=True, melody=None)   # two tensors (length, width)
"""

from __future__ import annotations

import math

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from models.render.musicgen.checkpoint import Checkpoint, MelodyShape
from models.render.musicgen.chroma import heard
from models.render.musicgen.tensors import Tensors
from models.render.musicgen.text import TextEncoder, tokenizer

__all__ = ["Conditions"]

Projection = tuple[Tensor, Tensor]


class Conditions:
    """Reads texts and hears melodies for one checkpoint's decoder; in float32, for both are short."""

    def __init__(
        self, pieces: Tokenizer, encoder: TextEncoder, to_decoder: Projection | None, width: int, device: torch.device
    ) -> None:
        self._pieces, self._encoder, self._to_decoder = pieces, encoder, to_decoder
        self._width, self._device = width, device
        self._melody: MelodyShape | None = None
        self._melody_to_decoder: Projection | None = None
        self._rate = 0

    @classmethod
    def read(cls, checkpoint: Checkpoint, device: torch.device, *, small: bool = False) -> Conditions:
        """Takes the weights of the text encoder and of the projections; the encoder's take half as much room where it is
        to be `small`. Raises BadCheckpoint."""
        text, tensors, width = checkpoint.text, checkpoint.tensors, checkpoint.decoder.width
        found = cls(
            tokenizer(checkpoint.folder, text, checkpoint.tokens_max),
            TextEncoder.read(tensors, text, device, small=small),
            _projection(tensors, "enc_to_dec_proj", text.width, width, device),
            width,
            device,
        )
        if checkpoint.melody is not None:
            found._melody, found._rate = checkpoint.melody, checkpoint.codec.rate
            found._melody_to_decoder = _projection(
                tensors, "audio_enc_to_dec_proj", checkpoint.melody.chroma, width, device
            )
        return found

    @property
    def takes_melody(self) -> bool:
        return self._melody is not None

    @torch.inference_mode()
    def rows(self, text: str | None, *, guided: bool, melody: Tensor | None) -> list[Tensor]:
        """Rows (length, width): with text and melody, then, where guided, without. No text and no melody is one row.

        The melody is a mono sound (frames,) at the codec's rate. Raises ValueError where the checkpoint takes none.
        """
        if melody is not None and self._melody is None:
            raise ValueError("this checkpoint takes no melody; load one of the melody models, or leave the melody out")
        told = self._told(text)
        silent = torch.zeros_like(told)
        if self._melody is None:
            return [told, silent] if guided and text is not None else [told]
        none = functional.one_hot(torch.zeros(1, dtype=torch.int64, device=self._device), self._melody.chroma).float()
        sung = none if melody is None else heard(melody.to(self._device), self._melody, self._rate)
        rows = [torch.cat([self._before(sung), told])]
        if guided and (text is not None or melody is not None):
            rows.append(torch.cat([self._before(none), silent]))
        return rows

    def _told(self, text: str | None) -> Tensor:
        if text is None:
            return torch.zeros(1, self._width, device=self._device)
        return _projected(self._encoder.states(self._pieces.encode(text).ids), self._to_decoder)

    def _before(self, chroma: Tensor) -> Tensor:
        """Chroma as the decoder's first embeddings, repeated or cut to the length that it was taught."""
        assert self._melody is not None
        embedded = _projected(chroma, self._melody_to_decoder)
        return embedded.repeat(math.ceil(self._melody.length / len(embedded)), 1)[: self._melody.length]


def _projection(tensors: Tensors, name: str, into: int, out: int, device: torch.device) -> Projection | None:
    """Weight and bias; none where the widths are the same, as `transformers` has it."""
    if into == out:
        return None
    return tensors.take(f"{name}.weight", (out, into)).to(device), tensors.take(f"{name}.bias", (out,)).to(device)


def _projected(states: Tensor, projection: Projection | None) -> Tensor:
    return states if projection is None else functional.linear(states, *projection)
