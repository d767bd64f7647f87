"""Compose: what writes notes.

Lives here: the composers and the one way to get one. They know music and nothing of sessions, networks or clocks.

    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"style": "reggae", "bars": 1, "parts": "bass", "seed": 7})
    >>> [len(bar) for bar in load().stream(request)]
    [1]
"""

from __future__ import annotations

from models.compose.composer import BarNotes, Composer, Parent, Provenance

__all__ = ["BarNotes", "Composer", "Parent", "Provenance", "load"]


def load() -> Composer:
    """The composer that ships."""
    from models.compose.arranger import Arranger

    return Arranger()
