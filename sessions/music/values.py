"""Plain values from outside, read strictly: numbers, whole numbers and short texts.

Lives here: what every reader of fields shares, with the one mercy that many clients need: a number may come as text,
and a whole number as a float. Knows nothing of music. Every refusal starts with the name of the field.

    >>> whole("bars", 8.0), whole("bars", "8"), number("bpm", "140")
    (8, 8, 140.0)
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING
from unicodedata import category

from sessions.errors import Code, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["decimal", "nearest", "number", "shown", "text", "whole"]

LONGEST_SHOWN = 40
"""Characters of a foreign value that a refusal repeats."""

LONGEST_NUMBER = 40
"""Characters of a number that comes as text."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def shown(value: object) -> str:
    """A foreign value as a refusal repeats it: one short line that can always be written as UTF-8.

    >>> shown("x" * 100)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    if not isinstance(value, str | int | float) or (isinstance(value, int) and value.bit_length() > 128):
        return f"this {type(value).__name__}"
    line = ascii(value[: LONGEST_SHOWN + 1]) if isinstance(value, str) else repr(value)
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 2] + "..."


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that someone most likely meant, or None."""
    found = get_close_matches(word[:LONGEST_SHOWN].lower(), list(words), n=1, cutoff=0.6)
    return found[0] if found else None


def number(name: str, value: object) -> float:
    """A finite number: an int, a float, or a text that writes one. Raises Refused."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(Code.BAD_VALUE, f"{name}: {shown(value)} is not a number; send a number")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise Refused(Code.BAD_VALUE, f"{name}: {shown(value)} is not a finite number; send one")
    return result


def whole(name: str, value: object) -> int:
    """A whole number: an int, a whole float, or a text that writes one. Raises Refused."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    result = number(name, value)
    if not result.is_integer():
        raise Refused(Code.BAD_VALUE, f"{name}: {shown(value)} is not a whole number; send one without a fraction")
    return int(result)


def text(name: str, value: object, longest: int) -> str:
    """A text of at most `longest` characters, without control characters, its blanks single. Raises Refused."""
    if not isinstance(value, str):
        raise Refused(Code.BAD_VALUE, f"{name}: {shown(value)} is not a text; send a text")
    if len(value) > longest:
        raise Refused(Code.TOO_LARGE, f"{name}: {len(value)} characters are too many; send at most {longest}")
    result = " ".join(value.split())
    if any(category(char) in {"Cc", "Cs"} for char in result):
        raise Refused(Code.BAD_VALUE, f"{name}: it holds control characters or broken Unicode; send plain text")
    return result


def decimal(value: float, decimals: int = 6) -> str:
    """A number as people write it: `1`, `0.7`, `12.5`.

    >>> decimal(1.0), decimal(0.7), decimal(12.53125)
    ('1', '0.7', '12.53125')
    """
    written = f"{value:.{decimals}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
