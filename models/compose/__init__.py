"""Compose: what writes notes.

Lives here: the composers and the one way to get one. They know music and nothing of sessions, networks or clocks.

    composer = load()
    for bar in composer.stream(request, seed=7): ...   # bars of notes, in order, as they are written
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.composer import BarNotes, Composer, Parent, Provenance, Writing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BarNotes", "Composer", "Parent", "Provenance", "Writing", "load"]


def load(folder: Path | str | None = None) -> Composer:
    """The transformer with the weights of a folder, or with those that ship. Raises `models.compose.writer.BadWeights`."""
    from pathlib import Path

    from models.compose.writer import Transformer

    return Transformer.load(None if folder is None else Path(folder))
