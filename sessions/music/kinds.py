"""Kinds of sections and kinds of renderers: two short vocabularies.

>>> Kind("drop")
<Kind.DROP: 'drop'>
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Author", "Kind", "Renderer"]


class Kind(StrEnum):
    """What a section is in a piece."""

    INTRO = "intro"
    VERSE = "verse"
    PRECHORUS = "prechorus"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    DROP = "drop"
    BREAKDOWN = "breakdown"
    OUTRO = "outro"
    LOOP = "loop"


class Renderer(StrEnum):
    """What makes the stems; `auto` leaves it to the engine."""

    AUTO = "auto"
    SAMPLER = "sampler"
    MUSICGEN = "musicgen"


class Author(StrEnum):
    """What writes the notes; `auto` leaves it to the engine."""

    AUTO = "auto"
    TRANSFORMER = "transformer"
    ARRANGER = "arranger"
