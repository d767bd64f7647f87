"""The drum kit: pieces by name, as General MIDI numbers them.

Lives here: data alone. Grooves and fills write names, files and synthesizers want numbers; the numbers 35 to 81 are all that
General MIDI has.

    >>> PIECES["kick"], PIECES["triangle"]
    (36, 81)
"""

from __future__ import annotations

__all__ = [
    "CRASH",
    "HATS",
    "HIGHEST_PIECE",
    "KICK",
    "KICKS",
    "LOWEST_PIECE",
    "PIECES",
    "SNARE",
    "SNARES",
    "TIMEKEEPERS",
]

LOWEST_PIECE, HIGHEST_PIECE = 35, 81

PIECES = {
    "kick": 36, "kick2": 35, "snare": 38, "snare2": 40, "rim": 37, "clap": 39,
    "hat": 42, "pedal": 44, "open": 46, "crash": 49, "crash2": 57, "china": 52, "splash": 55, "ride": 51, "bell": 53,
    "floor": 41, "low": 45, "mid": 47, "high": 50,
    "tambourine": 54, "cowbell": 56, "shaker": 70, "cabasa": 69, "triangle": 81, "claves": 75, "block": 76, "guiro": 73,
    "conga-mute": 62, "conga": 63, "conga-low": 64, "bongo": 60, "bongo-low": 61, "timbale": 65, "timbale-low": 66,
    "agogo": 67, "agogo-low": 68,
}  # fmt: skip

KICK, SNARE, CRASH = PIECES["kick"], PIECES["snare"], PIECES["crash"]
KICKS = frozenset({35, 36})
SNARES = frozenset({37, 38, 39, 40})
HATS = frozenset({42, 44, 46})
TIMEKEEPERS = HATS | {PIECES[name] for name in ("ride", "bell", "shaker", "cabasa", "tambourine", "triangle")}
"""Pieces that mark the beat all through, in the added places of long beats too."""
