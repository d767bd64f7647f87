"""The scene: what is there already when a section is written, from the take that its context names.

Lives here: which notes stay as they are, which parts are played by others, what came before and what comes after. Plans
and chords of a context are the arranger's (`arranger.follow`), so both composers mean the same by continue, accompany,
vary and bars.

    >>> from models.compose.arranger.follow import set_up
    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"bars": 4, "seed": 1})
    >>> scene = scene_of(request, set_up(request, None))
    >>> scene.order == request.note_parts, scene.first, scene.last
    (True, 1, 4)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.plan import plan_of
from models.compose.corpus.piece import half_of
from models.compose.tokens.encode import Header, Stretch
from models.compose.tokens.grid import quantise
from models.compose.tokens.vocabulary import STEP_TICKS
from models.compose.writer.brief import header_of, pairs_of
from sessions.music.chords import Chords
from sessions.music.notes import Bars, Note
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.references import ContextMode

if TYPE_CHECKING:
    from models.compose.arranger.follow import Setting
    from models.compose.composer import Parent
    from models.compose.corpus.piece import Pair
    from sessions.music.section import Request

__all__ = ["Earlier", "Scene", "earlier_of", "scene_of", "stretch_of"]

EARLIER_BARS = 8
"""Bars of what came before that are told, at most."""

AHEAD_BARS = 4
"""Bars of what comes after that are told, at most."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Bars that came before, as a section of their own."""

    header: Header
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Scene:
    """Bars `first` to `last` are written, the parts in this order.

    `kept` are cells that leave as they are; `given` those that the model is told and does not write, the kept ones among
    the bars to write included. `ahead` are the cells of later bars, by bar, that it is told before it begins.
    """

    order: tuple[Part, ...]
    first: int
    last: int
    kept: Bars = field(default_factory=dict)
    given: Bars = field(default_factory=dict)
    ahead: Bars = field(default_factory=dict)
    earlier: Earlier | None = None


def scene_of(request: Request, setting: Setting) -> Scene:
    """What is there for a request, in the setting that the arranger found for it."""
    context, parent = setting.context, setting.parent
    if context is None or parent is None:
        return Scene(request.note_parts, 1, request.bars)
    match context.mode:
        case ContextMode.CONTINUE:
            earlier = earlier_of(parent, parent.request.bars, parent.request.note_parts)
            return Scene(request.note_parts, 1, request.bars, earlier=earlier)
        case ContextMode.ACCOMPANY:
            return _accompany(request, parent)
        case ContextMode.VARY:
            return _vary(request, parent)
        case ContextMode.BARS:
            return _bars(request, parent, context.first or 1, context.last or 1)


def _accompany(request: Request, parent: Parent) -> Scene:
    """The take's parts are played by others and go round where the section is longer than the take."""
    others = tuple(part for part in parent.request.note_parts if part not in request.note_parts)
    order = (*others, *request.note_parts)
    if not others or parent.request.meter != request.meter:
        return Scene(request.note_parts, 1, request.bars)
    given = {}
    for bar in range(1, request.bars + 1):
        source = (bar - 1) % parent.request.bars + 1
        by = (bar - source) * request.ticks_per_bar
        for part in others:
            notes = parent.bars.get((part, source), ())
            given[part, bar] = tuple(replace(note, start=note.start + by) for note in notes)
    return Scene(order, 1, request.bars, given=given, ahead=given)


def _vary(request: Request, parent: Parent) -> Scene:
    """Some bars of some parts are new, as many as the strength says, one at least where it says anything."""
    cells = [
        (part, bar)
        for part in request.note_parts
        for bar in range(1, min(request.bars, parent.request.bars) + 1)
        if part in parent.request.note_parts
    ]
    draws = {cell: spot(request.seed, "varied", *cell) for cell in cells}
    kept = {cell for cell, draw in draws.items() if draw >= request.strength}
    if kept and request.strength > 0 and len(kept) == len(cells):
        kept.remove(min(cells, key=lambda cell: draws[cell]))
    notes = {cell: _within(request, parent.bars.get(cell, ())) for cell in kept}
    return Scene(request.note_parts, 1, request.bars, kept=notes, given=notes)


def _bars(request: Request, parent: Parent, first: int, last: int) -> Scene:
    """The bars before and after stay; parts that were not asked for play on in the bars between."""
    end = min(parent.request.bars, request.bars)
    kept = {
        (part, bar): _within(request, parent.bars.get((part, bar), ()))
        for part in request.note_parts
        for bar in range(1, end + 1)
        if not first <= bar <= last
    }
    others = tuple(part for part in parent.request.note_parts if part not in request.note_parts)
    order = (*others, *request.note_parts)
    given = {(part, bar): parent.bars.get((part, bar), ()) for part in others for bar in range(first, last + 1)}
    ahead = {
        (part, bar): parent.bars.get((part, bar), ())
        for part in order
        for bar in range(last + 1, min(end, last + AHEAD_BARS) + 1)
    }
    earlier = earlier_of(parent, first - 1, order, total=request.bars) if first > 1 else None
    # What lies beyond the take's own end is written as well.
    until = last if end == request.bars else request.bars
    given |= {cell: notes for cell, notes in kept.items() if last < cell[1] <= until}
    given |= {
        (part, bar): parent.bars.get((part, bar), ()) if bar <= end else ()
        for part in others
        for bar in range(last + 1, until + 1)
    }
    return Scene(order, first, until, kept=kept, given=given, ahead=ahead if until == last else {}, earlier=earlier)


def _within(request: Request, notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes as a section can hold them that may be shorter than their take."""
    end = request.total_ticks
    return tuple(replace(note, length=min(note.length, end - note.start)) for note in notes)


def earlier_of(parent: Parent, last: int, parts: Sequence[Part], *, total: int | None = None) -> Earlier | None:
    """The take's bars up to `last`; `total` are the bars of the whole, where it goes on."""
    request = parent.request
    parts = [part for part in parts if any(parent.bars.get((part, bar)) for bar in range(1, last + 1))]
    first = max(1, last - EARLIER_BARS + 1)
    if not parts or last < first:
        return None
    bare = replace(request, context=None)
    spans = Chords.parse(parent.chords).over(request.bars, request.meter) if parent.chords else None
    plan = plan_of(bare, spans)
    header = replace(header_of(replace(bare, parts=tuple(parts)), plan, parts), energy=None)
    header = replace(header, voices=tuple(replace(voice, controls={}) for voice in header.voices))
    pairs = pairs_of(bare, plan, half_of(request.meter))
    cells = {(part, bar): parent.bars.get((part, bar), ()) for part in parts for bar in range(first, last + 1)}
    lefts = [(total or last) - bar + 1 for bar in range(first, last + 1)]
    return Earlier(header, stretch_of(cells, header, parts, range(first, last + 1), pairs, lefts))


def stretch_of(
    cells: Bars, header: Header, parts: Sequence[Part], bars: range, pairs: Sequence[Pair], lefts: Sequence[int]
) -> Stretch:
    """Some bars of some parts as the tokens tell them; `pairs` are those of the whole section."""
    ticks = header.meter.ticks_per_bar
    start = (bars.start - 1) * ticks
    notes = {
        part: [replace(note, start=note.start - start) for bar in bars for note in cells.get((part, bar), ())]
        for part in sorted(parts, key=NOTE_PARTS.index)
    }
    starts = [index * ticks // STEP_TICKS for index in range(len(bars) + 1)]
    beyond = (lefts[-1] - 1) * ticks // STEP_TICKS
    sheet = quantise(notes, starts, human=bool(header.human), beyond=beyond)
    return Stretch(sheet, [pairs[bar - 1] for bar in bars], lefts)
