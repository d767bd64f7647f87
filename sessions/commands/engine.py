"""What an engine says: what it can do, and the section that it was given, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sessions.commands.base import Command
from sessions.errors import Code
from sessions.music import Note, Part, Renderer

__all__ = [
    "EngineAhead", "EngineBar", "EngineDone", "EngineFailed", "EngineProgress", "EngineReady", "EngineStem",
    "RendererOffer",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RendererOffer:
    """A renderer that an engine has, and what its sound may be used for."""

    name: Renderer
    licence: str
    note: str = ""
    commercial: bool = True


@dataclass(frozen=True, slots=True)
class EngineReady(Command):
    TYPE: ClassVar[str] = "engine.ready"
    name: str
    software: str
    renderers: tuple[RendererOffer, ...] = ()
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class EngineBar(Command):
    """One part of one bar, whole: notes in ticks from the section's start."""

    TYPE: ClassVar[str] = "engine.bar"
    section: str
    part: Part
    bar: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class EngineStem(Command):
    """Audio that was handed in as a blob: a part's stem, or `mix`."""

    TYPE: ClassVar[str] = "engine.stem"
    section: str
    part: str
    sha256: str
    frames: int
    rate: int


@dataclass(frozen=True, slots=True)
class EngineDone(Command):
    """All is there; by which composer and renderer (name, version, hash, licence), and how far it is its own.

    `stems` says, by part, who made a stem and what was measured, where that is more than the renderer's name; `unheard`, why sound
    that was asked for is missing, where the notes are worth having without.
    """

    TYPE: ClassVar[str] = "engine.done"
    section: str
    composer: Mapping[str, Any]
    renderer: Mapping[str, Any]
    chords: str = ""
    originality: Mapping[str, Any] = field(default_factory=dict)
    stems: Mapping[str, Any] = field(default_factory=dict)
    unheard: str = ""


@dataclass(frozen=True, slots=True)
class EngineFailed(Command):
    TYPE: ClassVar[str] = "engine.failed"
    section: str
    code: Code
    advice: str


@dataclass(frozen=True, slots=True)
class EngineProgress(Command):
    TYPE: ClassVar[str] = "engine.progress"
    QUERY: ClassVar[bool] = True
    section: str
    stage: str
    done: float


@dataclass(frozen=True, slots=True)
class EngineAhead(Command):
    """What an accompaniment plays from one tick of the session up to another: the notes that start there, by part."""

    TYPE: ClassVar[str] = "engine.ahead"
    section: str
    start: int
    end: int
    notes: Mapping[str, tuple[Note, ...]]
