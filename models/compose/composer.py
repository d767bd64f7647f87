"""Composers: what writes the notes of a section, whatever is inside.

Lives here: the protocol that arranger and transformer keep, and the values that go in and out. A composer knows no clock, no
network and no session; the same request, context and seed give the same notes.

    >>> from sessions.music.section import parse_request
    >>> from models.compose.arranger import Arranger
    >>> request = parse_request({"style": "house", "bars": 2, "parts": "bass", "seed": 7})
    >>> [len(bar[Part.BASS]) > 0 for bar in Arranger().stream(request)]
    [True, True]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.provenance import Originality, Provenance
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessions.music.notes import Bars, Note
    from sessions.music.section import Request

__all__ = ["BarNotes", "Composer", "Originality", "Parent", "Provenance", "Writing"]

BarNotes = dict[Part, tuple["Note", ...]]
"""One bar: for each part asked that has notes, the notes that start in it, in order, in ticks from the section's start."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The take that a section follows: its request, its notes and its chords as text, empty where nobody knows them."""

    request: Request
    bars: Bars
    chords: str = ""


class Writing:
    """A section as it is written: its bars in order, all parts of a bar together, and what is known of it besides.

    `chords` are those it is played on, as a request writes them; `originality` is for when the last bar is there, and None where
    the composer learned from no music that it could have copied.
    """

    def __init__(
        self, bars: Iterator[BarNotes], chords: str, found: Callable[[], Originality | None] = lambda: None
    ) -> None:
        self._bars, self._found = bars, found
        self.chords = chords

    @property
    def originality(self) -> Originality | None:
        """What was found in the bars that are written."""
        return self._found()

    def __iter__(self) -> Writing:
        return self

    def __next__(self) -> BarNotes:
        return next(self._bars)


class Composer(Protocol):
    """Writes sections bar by bar."""

    @property
    def provenance(self) -> Provenance:
        """What this composer is."""

    def stream(self, request: Request, context: Parent | None = None, *, seed: int | None = None) -> Writing:
        """The bars of a section in order; `seed` goes before the request's.

        `context` is the take that `request.context` names. Raises Refused where it does not fit the request.
        """
