"""Nonces: what each signed command carries so that it can't be given a second time.

A nonce is any text, and is remembered for ever, for what was signed once could be sent again at any time. One of the form
`SERIES#NUMBER` counts upwards in its series: of that only the last number is remembered, and whatever is not greater has been
used, or never will be. So a connection that counts, as our engine's and the studio's do, costs one series, however much it says.

>>> used = {}
>>> use(used, "a1b2#7")
>>> is_used(used, "a1b2#7"), is_used(used, "a1b2#6"), is_used(used, "a1b2#8"), is_used(used, "c3d4")
(True, True, False, False)
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["is_used", "series_of", "use"]

MAX_DIGITS = 15
"""Of a number; JSON keeps so many exactly."""


def series_of(nonce: str) -> tuple[str, int]:
    """A nonce's series and number; one that does not count is a series by itself, at 0."""
    series, mark, digits = nonce.rpartition("#")
    counts = bool(mark) and digits.isascii() and digits.isdecimal() and not digits.startswith("0")
    return (series, int(digits)) if counts and len(digits) <= MAX_DIGITS else (nonce, 0)


def is_used(used: Mapping[str, int], nonce: str) -> bool:
    """Whether one of a member's commands carried it, or a later one of its series."""
    series, number = series_of(nonce)
    return number <= used.get(series, -1)


def use(used: dict[str, int], nonce: str) -> None:
    """Remember it."""
    series, number = series_of(nonce)
    used[series] = max(number, used.get(series, 0))
