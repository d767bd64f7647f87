"""Work: what an engine is given and what it hands out, as plain records.

Light on purpose: whoever talks with an engine imports this and nothing heavier.

    for output in engine.work(Work("ana/1", request), cancelled=lambda: False):
        match output:
            case BarWritten(part=part, bar=bar, notes=notes): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.compose.composer import Parent
from models.provenance import Originality, Provenance
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.section import Request

__all__ = [
    "COMPOSING",
    "BarWritten",
    "Finished",
    "Output",
    "Parent",
    "Progress",
    "Provenance",
    "StemPreview",
    "StemRendered",
    "Work",
]


COMPOSING = "composing"
"""The stage in which notes are written; the last bar is where it is done."""


@dataclass(frozen=True, slots=True)
class Work:
    """One section to make."""

    section: str
    request: Request
    context: Parent | None = None


@dataclass(frozen=True, slots=True)
class BarWritten:
    """One part of one bar, whole; notes in ticks from the section's start."""

    part: Part
    bar: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is, from 0 to 1."""

    stage: str
    done: float


@dataclass(frozen=True, slots=True)
class StemPreview:
    """A piece of what a part sounds like for now, from frame `start` of `frames`: heard while better is made, and in no take.

    A part's next `version` begins anew, and takes the place of the one before.
    """

    part: str
    by: str
    version: int
    start: int
    frames: int
    rate: int
    channels: int
    pcm: bytes
    """16 bits a value, little-endian, the channels in turn."""


@dataclass(frozen=True, slots=True)
class StemRendered:
    """A WAV file: a part's stem, or `mix`; `made` says by whom and how well, where a take should say so stem by stem."""

    part: str
    wav: bytes
    frames: int
    rate: int
    made: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    """All is handed out. No renderer where only notes were asked for."""

    composer: Provenance
    renderer: Provenance | None
    chords: str
    originality: Originality | None = None
    stems: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By part: who made its stem and what was measured; empty where there is no more to say than the renderer."""


Output = BarWritten | Progress | StemPreview | StemRendered | Finished
