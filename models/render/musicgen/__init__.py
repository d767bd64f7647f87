"""MusicGen: text, and a melody where the checkpoint takes one, become sound, in a runtime of our own.

`tensors` and `checkpoint` read a folder as published for `transformers`; `text`, `chroma` and `conditions` are what the decoder
is told; `protocol` says what a decoder is and `decoder` is one, by torch; `pattern` and `sampling` write its codes; `layers` and
`codec` play them; `engine` holds it all together. Nothing here knows roles, the network, the log or the wall clock.

    engine = load(folder, device="cpu", precision="bfloat16")
    for chunk in engine.stream("dark dubstep, 140 bpm", seconds=10, seed=7, guidance=3.0):
        ...   # float32 (channels, frames) at engine.sample_rate
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.render.musicgen.engine import Engine

__all__ = ["load"]


def load(
    folder: str | Path,
    device: str = "cpu",
    precision: str = "float32",
    *,
    packed: str | Path | None = None,
    told: Callable[[float], None] | None = None,
) -> Engine:
    """The checkpoint in a folder, as published for `transformers`; `device` is cpu or cuda.

    `packed` is a file for these very weights in few bits: read where it is there and whole, else written. `told` hears how far
    loading is, from 0 to 1; what it raises ends it. Raises BadCheckpoint, which says what is wrong with the folder, and ValueError
    for a device or precision that isn't here.
    """
    try:
        from models.render.musicgen import engine
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "tokenizers"):
            raise
        raise ModuleNotFoundError(
            f"MusicGen needs {error.name}: install it with pip install 'starbridge[musicgen]'", name=error.name
        ) from None
    return engine.load(Path(folder), device, precision, Path(packed) if packed else None, told)
