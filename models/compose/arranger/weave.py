"""Weaving: old notes and new ones in one section.

Lives here: which bars and beats keep the parent's notes when a take is varied or some of its bars are written anew. Chords and
material are settled before, in `follow`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from sessions.music.parts import Part
from sessions.music.references import ContextMode

if TYPE_CHECKING:
    from models.compose.arranger.follow import Setting
    from models.compose.arranger.law import Law
    from models.compose.arranger.plan import Bar
    from sessions.music.notes import Note

__all__ = ["keeps", "woven"]


def keeps(setting: Setting, bar: Bar) -> bool:
    """True for a bar that stays as it was, note by note."""
    context, parent = setting.context, setting.parent
    if context is None or parent is None or context.mode is not ContextMode.BARS:
        return False
    first, last = context.first or 1, context.last or 1
    return not first <= bar.index + 1 <= last and bar.index < parent.request.bars


def woven(setting: Setting, part: Part, bar: Bar, fresh: list[Note], law: Law) -> tuple[Note, ...]:
    """A bar of one part as it leaves."""
    parent, context = setting.parent, setting.context
    if parent is None or context is None:
        return law.upheld(fresh, bar)
    old = parent.bars.get((part, bar.index + 1), ())
    if keeps(setting, bar):
        end = setting.plan.end
        kept = tuple(replace(note, length=min(note.length, end - note.start)) for note in old)
        law.heard(kept)
        return kept
    if context.mode is ContextMode.BARS:
        if bar.index >= parent.request.bars:  # the section goes on where the take had ended
            return law.upheld(fresh, bar)
        last = context.last or 1
        until = min(setting.plan.end, last * setting.plan.grid.bar_ticks)
        return law.upheld(fresh, bar, until, speaks_up=bar.index + 1 == last)
    has_part = part in parent.request.parts
    if context.mode is ContextMode.VARY and has_part and bar.index < parent.request.bars:
        return law.upheld(_mixed(setting, part, bar, list(old), fresh), bar)
    return law.upheld(fresh, bar)


def _mixed(setting: Setting, part: Part, bar: Bar, old: list[Note], fresh: list[Note]) -> list[Note]:
    """Beats of the old bar and of the new one, as many as the strength says.

    Chords change by whole bars, lest two ways of playing collide.
    """
    seed, share = setting.plan.request.seed, setting.plan.request.strength
    if part is Part.HARMONY:
        return fresh if spot(seed, "varied", part, bar.index) < share else old
    notes: list[Note] = []
    for i, cell in enumerate(bar.cells):
        source = fresh if spot(seed, "varied", part, bar.index, i) < share else old
        # A hand may be early or late; a note belongs to the beat that it is written for.
        start = cell.start - cell.step_ticks // 2 if i else bar.start
        end = cell.end - cell.step_ticks // 2 if i + 1 < len(bar.cells) else bar.end
        notes += [note for note in source if start <= note.start < end]
    return notes
