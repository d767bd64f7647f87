"""Own: the engine of this machine, with its models from elsewhere where a user names them, ready to be loaded.

load = own_engine(musicgen=Path("musicgen-small"))
engine = load()         # heavy: half a second, in whatever thread may take it
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import default_packed
from bridge.ports.audiocraft import find_python, opener

if TYPE_CHECKING:
    from models.engine import Engine

__all__ = ["own_engine"]


def own_engine(
    soundfont: Path | None = None,
    weights: Path | None = None,
    musicgen: Path | None = None,
    precision: str | None = None,
    audiocraft: Path | None = None,
) -> Callable[[], Engine]:
    """The composers and the sampler, with weights and a soundfont from elsewhere, or with those that are included.

    MusicGen's weights are loaded for the first section that asks for them, by our own runtime or by the audiocraft of
    another Python. Raises Refused where that Python is none.
    """
    opens = opener(find_python(audiocraft)) if audiocraft is not None else None

    def load() -> Engine:
        from models.engine import Engine  # numpy and scipy

        return Engine(
            soundfont=soundfont,
            weights=weights,
            musicgen=musicgen,
            precision=precision,
            packed=default_packed(),
            audiocraft=opens,
        )

    return load
