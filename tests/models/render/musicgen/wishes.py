"""What several pieces are asked for at once, and codes pulled in turns."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.render.musicgen.engine import Engine
from models.render.musicgen.piece import Chunk
from tests.models.render.musicgen.published import TEXT, Kind

__all__ = ["in_turns", "wishes_of"]


def wishes_of(kind: Kind) -> list[dict[str, Any]]:
    """Of every kind, long and short."""
    before = np.arange(40 * kind.channels).reshape(4 * kind.channels, 10) % 64
    return [
        {"text": TEXT, "seconds": 0.8, "seed": 1},
        {"text": "a bass", "seconds": 1.7, "seed": 2, "guidance": 1.0, "top_k": 5},
        {"text": None, "seconds": 0.3, "seed": 3, "top_k": 0, "top_p": 0.8},
        {"text": "drums and " * 12, "seconds": 1.1, "seed": 1, "temperature": 1.4},
        {"text": TEXT, "seconds": 0.5, "greedy": True, "continue_from": before},
    ]


def in_turns(engine: Engine, wishes: list[dict[str, Any]]) -> list[NDArray[np.int64]]:
    """The codes of pieces that are pulled in turns, each beginning later than the one before."""
    streams = []
    for wish in wishes:
        given: Any = {"seed": 7, "guidance": 3.0, **wish}
        text, seconds, seed, guidance = (given.pop(name) for name in ("text", "seconds", "seed", "guidance"))
        streams.append(engine._chunks(engine._wish(text, seconds, seed, guidance, given)))
    found: list[list[torch.Tensor]] = [[] for _ in streams]
    going = set(range(len(streams)))
    for turn in count():
        for number in [number for number in sorted(going) if number <= turn]:
            chunk = next(streams[number], "over")
            if chunk == "over":
                going.discard(number)
            elif isinstance(chunk, Chunk):
                found[number].append(chunk.codes)
        if not going:
            break
    return [torch.cat(parts, dim=1).numpy() for parts in found]
