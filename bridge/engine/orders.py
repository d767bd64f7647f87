"""Orders: what a server asks an engine for, as work for the models.

>>> read_work({"section": "ana/1", "request": {"bars": 1}, "context": None}).section
'ana/1'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.work import Parent, Work
from sessions.errors import Code, Refused
from sessions.music import Note, Part, parse_request, read_note

__all__ = ["read_work"]


def read_work(message: Mapping[str, Any]) -> Work:
    """What an `engine.work` asks for. Raises Refused."""
    try:
        context = message["context"]
        return Work(
            section=message["section"],
            request=parse_request(message["request"]),
            context=None if context is None else _read_parent(context),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused(
            Code.FAILED, f"this engine can't read the server's order ({error!r}); update the older one"
        ) from None


def _read_parent(context: Mapping[str, Any]) -> Parent:
    bars: dict[tuple[Part, int], tuple[Note, ...]] = {
        (Part(part), int(bar)): tuple(read_note(note) for note in notes) for part, bar, notes in context["bars"]
    }
    return Parent(parse_request(context["request"]), bars, str(context["chords"]))
