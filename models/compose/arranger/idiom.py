"""Idioms: how a style is played, as records that the files in `styles` fill in.

Lives here: the shape of that data and the readers of its short texts. What the players make of it is in `drums`, `bass`, `comp`
and `melody`; what a style is called and how it swings is in `sessions.music.styles`.

    >>> [line.piece for line in groove("kick X...|....|X...|....   snare @0.4 ....|X...|....|X...").lines]
    ['kick', 'snare']
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from models.compose.arranger.data.kit import PIECES
from models.compose.arranger.patterns import Pattern, read_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Bass", "Comp", "Feel", "Groove", "How", "Idiom", "Line", "Tune", "groove"]

_LINE = re.compile(r"([a-z][a-z0-9-]*)(?:\s+@([\d.]+))?\s+((?:[^\s|]{4}\|)*[^\s|]{4})(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """What one piece of the kit plays, from a level of energy on."""

    piece: str
    pattern: Pattern
    layer: float = 0.0


@dataclass(frozen=True, slots=True)
class Groove:
    """Lines that go together."""

    lines: tuple[Line, ...]


def groove(text: str) -> Groove:
    """Reads lines of `PIECE [@LAYER] PATTERN`; raises ValueError where one cannot be read."""
    lines = tuple(
        Line(piece, read_pattern(pattern), float(layer or 0)) for piece, layer, pattern in _LINE.findall(text)
    )
    left = "".join(_LINE.sub("", text).split())
    if left or not lines or any(line.piece not in PIECES for line in lines):
        raise ValueError(f"no groove: {left or text}")
    return Groove(lines)


@dataclass(frozen=True, slots=True)
class Bass:
    """A bass line: its pattern, how much of each note sounds, how much it looks for the kick, or that it walks."""

    pattern: Pattern
    gate: float = 0.9
    lock: float = 0.0
    walks: bool = False


class How(StrEnum):
    """Ways to play chords."""

    PAD = "pad"
    BLOCK = "block"
    STRUM = "strum"
    ARP = "arp"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Comp:
    """A way to accompany, from a level of energy on; `order` is how an arpeggio goes through the voices."""

    how: How
    pattern: Pattern
    gate: float = 0.9
    layer: float = 0.0
    order: tuple[int, ...] = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Tune:
    """How melodies go: rhythms of motifs, how often they leap, how much they rest, how long notes are."""

    rhythms: tuple[Pattern, ...]
    leap: float = 0.25
    breath: float = 0.5
    gate: float = 0.92
    schemes: tuple[str, ...] = ("abac", "aabc", "abcd")


@dataclass(frozen=True, slots=True)
class Feel:
    """Human timing: how loose in milliseconds, how late the backbeat lies, how uneven the touch is (of 127)."""

    loose_ms: float = 4.0
    late_ms: float = 0.0
    touch: int = 7


@dataclass(frozen=True, slots=True)
class Idiom:
    """A style as it is played; ranges are the pitches that suit each part."""

    name: str
    tempo: tuple[float, float]
    harmony: str
    colours: Mapping[str, float]
    grooves: tuple[Groove, ...]
    fills: str
    basses: tuple[Bass, ...]
    comps: tuple[Comp, ...]
    tunes: tuple[Tune, ...]
    feel: Feel = field(default_factory=Feel)
    chord_units: int = 1
    voices: int = 3
    three: tuple[int, int, int] = (0, 2, 3)
    four_on_floor: bool = False
    bass_range: tuple[int, int] = (28, 50)
    harmony_range: tuple[int, int] = (50, 76)
    melody_range: tuple[int, int] = (62, 84)
