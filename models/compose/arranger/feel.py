"""Feel: swing, and hands that are not machines.

Lives here: moving notes from the straight grid on which they are written. Swing bends the beat as the style's table says; the
backbeat may lie late; temperature and style loosen the rest by milliseconds. A note stays in its bar and ends in its section.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "swing", "bars": 1, "bpm": 120, "seed": 1}))
    >>> Feel(plan).bent(480), Feel(plan).bent(960)
    (640, 960)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.data.kit import KICKS, SNARES
from models.compose.arranger.dice import spot
from models.compose.arranger.patterns import STEPS
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.styles import STYLE_TABLE

if TYPE_CHECKING:
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Feel"]

FULL_SWING = 1 / 6
"""A full triplet moves the second of a pair by this share of the pair."""
STRAIGHTENS_FROM, STRAIGHT_AT = 150.0, 330.0
"""Swung eighths get straighter as the beat gets quicker: from this tempo on, straight at that one."""
LATE_SHARE = {Part.BASS: 0.4, Part.HARMONY: 0.5, Part.MELODY: 0.3}
"""How much of the backbeat's lateness the other parts share."""


class Feel:
    """The feel of one section."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        style = STYLE_TABLE[plan.request.style]
        swing, tempo = style.swing, plan.request.bpm * plan.grid.pace
        if style.swing_ticks == TICKS_PER_BEAT // 2:
            swing *= min(1.0, max(0.0, float((STRAIGHT_AT - tempo) / (STRAIGHT_AT - STRAIGHTENS_FROM))))
        self._late = swing * FULL_SWING
        self._pair_steps = 2 * style.swing_ticks * STEPS // TICKS_PER_BEAT
        feel = plan.idiom.feel
        loose = feel.loose_ms * min(1.0, plan.request.temperature)
        self._loose, self._lag = plan.milliseconds(loose), plan.milliseconds(feel.late_ms)

    def played(self, notes: list[Note], bar: Bar, part: Part) -> list[Note]:
        """The notes of a bar as they are played."""
        return [self._moved(note, bar, part) for note in notes]

    def bent(self, tick: int) -> int:
        """Where swing moves a place of the straight grid."""
        if not self._late or tick >= self._plan.end:
            return tick
        cell = self._plan.grid.cell_at(tick)
        if not cell.swings:
            return tick
        pair = self._pair_steps * cell.step_ticks
        into = (tick - cell.start) % pair
        half, shift = pair // 2, round(self._late * pair)
        if into <= half:
            return tick - into + into * (half + shift) // half
        return tick - into + half + shift + (into - half) * (half - shift) // (pair - half)

    def _moved(self, note: Note, bar: Bar, part: Part) -> Note:
        start, end = self.bent(note.start), self.bent(note.end)
        # Tones struck together stay together; each drum is a hand or foot of its own.
        hand = note.pitch if part is Part.DRUMS else ""
        wander = round(self._loose * (2 * spot(self._plan.request.seed, "loose", part, note.start, hand) - 1))
        if part is not Part.DRUMS:
            wander += round(self._lag * LATE_SHARE[part])
        elif note.pitch in KICKS:
            wander //= 2
        elif note.pitch in SNARES:
            wander += self._lag
        # A chord's notes do not slip into the chord before.
        span = self._plan.span_at(note.start)
        start = min(max(start + wander, bar.start, span.start), bar.end - 1, max(span.end - 1, note.start))
        return Note(start, max(1, min(end, self._plan.end) - start), note.pitch, note.velocity)
