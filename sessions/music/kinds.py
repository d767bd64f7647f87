"""Kinds of sections, of renderers, of authors and of ends: short vocabularies.

>>> Kind("drop")
<Kind.DROP: 'drop'>
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Author", "Kind", "Renderer", "Tail"]


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


class Tail(StrEnum):
    """What becomes of the sound that a section's end would cut; `auto` leaves it to the section's kind."""

    AUTO = "auto"
    CUT = "cut"
    LOOP = "loop"
    RING = "ring"
