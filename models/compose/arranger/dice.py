"""Chance that can be had again: every decision draws from dice named by the seed and the purpose.

Lives here: the only randomness of the arranger. Dice are seeded by a SHA-256 of seed and purpose, so that two parts, two
bars or two platforms never disturb each other; only `random.Random.random` is used, whose numbers Python promises to keep.

    >>> Dice(7, "drums", 3).unit() == Dice(7, "drums", 3).unit()
    True
    >>> Dice(7, "drums", 3).unit() == Dice(7, "bass", 3).unit()
    False
"""

from __future__ import annotations

import random
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dice", "spot"]

T = TypeVar("T")


def _number(seed: int, purpose: tuple[object, ...]) -> int:
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def spot(seed: int, *purpose: object) -> float:
    """One number in [0, 1) for one purpose, where a whole set of dice is too much."""
    return (_number(seed, purpose) >> 11) / (1 << 53)


class Dice:
    """A stream of chances for one purpose."""

    __slots__ = ("_random",)

    def __init__(self, seed: int, *purpose: object) -> None:
        self._random = random.Random(_number(seed, purpose))

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()

    def chance(self, probability: float) -> bool:
        """True with a probability; draws once whatever it is."""
        return self._random.random() < probability

    def spread(self, amount: float) -> float:
        """A number in [-amount, amount)."""
        return (2.0 * self._random.random() - 1.0) * amount

    def below(self, count: int) -> int:
        """A whole number from 0 up to `count`, exclusive."""
        return int(self._random.random() * count)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both inclusive."""
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all alike."""
        return options[self.below(len(options))]

    def weigh(self, options: Sequence[tuple[T, float]]) -> T:
        """One of the options, by weight."""
        mark = self._random.random() * sum(weight for _, weight in options)
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        return options[-1][0]
