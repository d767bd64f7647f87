"""Bars ahead: what the band plays next, told what was played so far, by the transformer or by the rules.

Lives here: the situation in which coming bars are written, and the two who write them. The transformer is told the past
bars, the player's among them, as an earlier section and writes the wanted parts of the coming ones, in which nobody knows
what the player will do. The rules go round in phrases on the chords that the player's notes ask for. Who writes is given
the same situation again gives the same bars.

    >>> from sessions.music.chords import Chord
    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"bars": 1, "parts": "bass", "seed": 7})
    >>> situation = Situation(request, first=0, origin=0, halves=((Chord(9, "m"), Chord(9, "m")),) * 16)
    >>> [len(bar[Part.BASS]) > 0 for bar in RulesAhead().ahead(situation)]
    [True]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from models.compose.arranger import Arranger
from models.compose.arranger.dice import spot
from models.compose.arranger.follow import HIGHEST_SEED
from models.compose.arranger.harmony import chords_text
from models.compose.arranger.plan import plan_of
from models.compose.composer import BarNotes, Parent
from models.compose.writer.ear import CYCLE_BARS, Halves, spans_of
from models.compose.writer.scene import EARLIER_BARS, Scene, earlier_of
from models.compose.writer.writing import Scribe
from sessions.music.chords import Chords
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part

if TYPE_CHECKING:
    from models.compose.originality import RunIndex
    from models.compose.writer.window import Model
    from sessions.music.section import Request

__all__ = ["MOST_AHEAD_BARS", "Ahead", "RulesAhead", "Situation", "bars_ahead", "end_of_halves", "origin_of"]

MOST_AHEAD_BARS = 8
"""Bars that are planned at once, at most."""

GOES_ON_BARS = 2 * CYCLE_BARS
"""A bar is told that so many are left where a cycle begins, and one less in each bar after: the end never comes."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where coming bars begin.

    `request` has the wanted parts, the number of bars to write, and the key as it is heard. Bars count from 0 at the first
    one that was accompanied: `first` is the first to write, `origin` the first that is told. `before` are all parts' notes
    of the told bars, by part and bar from 1, in ticks from the origin; `halves` the chords from the origin on, a while
    beyond what is to be written.
    """

    request: Request
    first: int
    origin: int
    halves: tuple[Halves, ...]
    before: Mapping[tuple[Part, int], tuple[Note, ...]] = field(default_factory=dict)


def origin_of(first: int) -> int:
    """The first bar that is told where `first` is written."""
    return max(0, first - EARLIER_BARS)


def end_of_halves(first: int) -> int:
    """The bar up to which chords are known where `first` is written."""
    return first + GOES_ON_BARS - first % CYCLE_BARS


@runtime_checkable
class Ahead(Protocol):
    """Who writes coming bars."""

    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        """The coming bars in order, their notes in ticks from the situation's origin; they may ring on beyond the last."""


class RulesAhead:
    """The arranger, in phrases that begin where the cycle does."""

    def ahead(self, situation: Situation) -> Iterator[BarNotes]:
        """The coming bars, cut out of the phrases that they lie in."""
        request, until = situation.request, situation.first + situation.request.bars
        for phrase in range(situation.first // CYCLE_BARS, (until - 1) // CYCLE_BARS + 1):
            begin = phrase * CYCLE_BARS
            if begin >= situation.origin + len(situation.halves):
                return
            halves = situation.halves[begin - situation.origin : begin - situation.origin + CYCLE_BARS]
            text = chords_text(spans_of(halves, request), request.ticks_per_bar)
            asked = replace(request, bars=len(halves), chords=Chords.parse(text), context=None)
            by = (begin - situation.origin) * request.ticks_per_bar
            for bar, written in enumerate(Arranger().stream(asked), begin):
                if situation.first <= bar < until:
                    yield {
                        part: tuple(replace(note, start=note.start + by) for note in notes)
                        for part, notes in written.items()
                    }


def bars_ahead(model: Model, index: RunIndex | None, situation: Situation) -> Iterator[BarNotes]:
    """The coming bars, as a model writes them; the index, where there is one, keeps it from what it learned by heart."""
    told, wanted = situation.first - situation.origin, situation.request.note_parts
    seed = int(spot(situation.request.seed, "ahead", situation.first) * HIGHEST_SEED)
    request = replace(situation.request, bars=len(situation.halves), chords=None, context=None, seed=seed)
    spans = spans_of(situation.halves, request)
    # Chords that the player's notes ask for may leave the scale, as those may that somebody named.
    plan = plan_of(request, spans, given=True)
    parts = [part for part in NOTE_PARTS if any(situation.before.get((part, bar)) for bar in range(1, told + 1))]
    order = (*(part for part in parts if part not in wanted), *wanted)
    parent = Parent(request, situation.before, chords_text(spans, request.ticks_per_bar))
    scene = Scene(
        wanted,
        told + 1,
        told + situation.request.bars,
        kept={cell: notes for cell, notes in situation.before.items() if cell[0] in wanted},
        earlier=earlier_of(parent, told, order, total=request.bars) if told else None,
    )
    scribe = Scribe(model, request, plan, scene, index=index)
    for bar, written in enumerate(scribe.bars(), 1):
        if bar > told:
            yield written
        if bar == told + situation.request.bars:
            return
