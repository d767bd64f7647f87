"""What a prompt's hints come to: those that a request can hold, and those that it can't, with the reason.

Lives here: the bridge from the reading of free text to the fields. A prompt is never refused; what it says and can't
have is left out, and whoever wants to tell the asker finds it here.

    >>> hints = read_hints("dubstep at 300 bpm, 16 bars")
    >>> hints.taken, hints.passed_over
    ({'style': 'dubstep', 'bars': 16}, {'bpm': 'bpm: 300.0 is out of range; ask for 40 to 240'})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sessions.errors import Refused
from sessions.music.fields import FIELD_TABLE
from sessions.music.prompt import read_prompt

__all__ = ["Hints", "read_hints"]


@dataclass(frozen=True, slots=True)
class Hints:
    """By field: the values that a prompt speaks of, and why others can't be had."""

    taken: Mapping[str, Any]
    passed_over: Mapping[str, str]


def read_hints(prompt: str) -> Hints:
    """The fields that a prompt speaks of; nothing in it is refused."""
    taken: dict[str, Any] = {}
    passed_over: dict[str, str] = {}
    for name, text in read_prompt(prompt).items():
        try:
            taken[name] = FIELD_TABLE[name].read(text)
        except Refused as no:  # 300 bpm in free text is not an order
            passed_over[name] = no.advice
    return Hints(taken, passed_over)
