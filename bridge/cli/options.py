"""Options that several commands have: what an engine is made of. Each says its name and its help once.

def serve(weights: Weights = None, soundfont: SoundfontFile = None) -> None: ...
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AudiocraftPython", "MusicgenFolder", "MusicgenPrecision", "SoundfontFile", "Weights"]

Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="DIR", help="The folder of the composer's weights; some are included."),
]
SoundfontFile = Annotated[
    Path | None,
    typer.Option(
        "--soundfont", metavar="F", help="The soundfont (SF2 or SF3) that the sampler plays; a small one is included."
    ),
]
MusicgenFolder = Annotated[
    Path | None,
    typer.Option(
        "--musicgen", metavar="DIR", help="A MusicGen checkpoint for renderer musicgen; a fetched one is found."
    ),
]
AudiocraftPython = Annotated[
    Path | None,
    typer.Option(
        "--audiocraft",
        metavar="PYTHON",
        help="Play --musicgen (a folder, or a name on the hub) by audiocraft, in that Python or environment.",
    ),
]
MusicgenPrecision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="P",
        help="How MusicGen is played: float32, bfloat16, int8, int4; int4 without a GPU.",
    ),
]
