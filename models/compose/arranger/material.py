"""Material: what a section took from the one before it, in the shape in which players read their own patterns.

Lives here: small records alone. `listen` fills them from notes; `drums`, `bass`, `comp` and `melody` play from them as they do
from the patterns of a style. Steps count their ticks from the start of their bar.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.compose.arranger.steps import Step

__all__ = ["Hit", "Material", "Motif"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke on a piece of the kit."""

    step: Step
    pitch: int


@dataclass(frozen=True, slots=True)
class Motif:
    """A bar of tune: its rhythm, its heights in steps of the scale from the first note, and that note's pitch."""

    steps: tuple[Step, ...]
    heights: tuple[int, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Material:
    """What was heard, a bar or two of each; empty where a part was not there."""

    drums: tuple[tuple[Hit, ...], ...] = ()
    bass: tuple[tuple[Step, ...], ...] = ()
    comp: tuple[tuple[Step, ...], ...] = ()
    motifs: tuple[Motif, ...] = ()
    kicks: tuple[tuple[int, ...], ...] = ()
