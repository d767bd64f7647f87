"""Pitches: the small arithmetic of lines, shared by the players.

Lives here: finding a tone near a pitch, going along a ladder, staying in a range. Knows no style.

    >>> nearest((0, 4, 7), 65), along((0, 2, 4, 5, 7, 9, 11), 60, 2), along((0, 2, 4, 5, 7, 9, 11), 60, -1)
    (64, 64, 59)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["along", "fold", "in_range", "nearest"]


def nearest(tones: Sequence[int], pitch: int, low: int = 0, high: int = 127, *, otherwise: Sequence[int] = ()) -> int:
    """The pitch of one of the pitch classes next to another pitch, the lower where two are as near, within a range.

    Narrow ranges may hold none of a few tones: then one of those that are wanted `otherwise`.
    """
    for wanted in (tones, otherwise):
        for away in range(128):
            for candidate in (pitch - away, pitch + away):
                if low <= candidate <= high and candidate % 12 in wanted:
                    return candidate
    raise ValueError(f"none of {tones} and {otherwise} between {low} and {high}")


def in_range(tones: Sequence[int], low: int, high: int) -> list[int]:
    """All pitches of some pitch classes in a range."""
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in tones]


def along(ladder: Sequence[int], pitch: int, steps: int) -> int:
    """The pitch so many rungs up or down a ladder of pitch classes; from between two rungs the first step is to the next."""
    while steps:
        pitch += 1 if steps > 0 else -1
        if pitch % 12 in ladder:
            steps += -1 if steps > 0 else 1
    return pitch


def fold(pitch: int, low: int, high: int) -> int:
    """A pitch moved by octaves into a range, or as near to it as octaves go.

    >>> fold(72, 40, 60), fold(30, 40, 60)
    (60, 42)
    """
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch
