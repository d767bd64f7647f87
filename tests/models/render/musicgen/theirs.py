"""What `transformers` makes of the same weights: codes and sound of its own `generate`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.models.render.musicgen.published import tokens


def generated(
    model: Any, text: str, frames: int, *, guidance: float = 3.0, **more: Any
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Greedy codes (codebooks, frames) and their sound (channels, frames) by the model's own generate, a prompt first."""
    ids = tokens(text)
    channels = model.decoder.config.audio_channels
    delays = model.decoder.config.num_codebooks // channels - 1
    played: list[torch.Tensor] = []
    decode = model.audio_encoder.decode

    def listening(codes: torch.Tensor, *rest: Any, **named: Any) -> Any:
        played.append(codes[0, 0].clone())
        return decode(codes, *rest, **named)

    model.audio_encoder.decode = listening
    try:
        sound = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            guidance_scale=guidance,
            max_new_tokens=frames + delays,
            **more,
        )
    finally:
        model.audio_encoder.decode = decode
    return torch.stack(played, dim=1).flatten(0, 1).numpy(), sound[0].numpy()
