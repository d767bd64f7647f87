"""The arranger: music by rules.

Lives here: the composer that needs no weights, and what renderers ask of it. One room of small files: `data` and `styles` are
what it knows, `plan` settles a section, a file a player writes the notes, `feel` and `law` let them out.
"""

from __future__ import annotations

from models.compose.arranger.arranger import Arranger
from models.compose.arranger.idiom import Sounds
from models.compose.arranger.styles import idiom_of
from models.compose.arranger.texture import texture_notes

__all__ = ["Arranger", "Sounds", "sounds_of", "texture_notes"]


def sounds_of(style: str) -> Sounds:
    """The General MIDI programs that suit a style, by its canonical name."""
    return idiom_of(style).sounds
