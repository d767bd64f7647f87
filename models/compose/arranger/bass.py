"""Bass: the line below, on the chord's root, in step with the kick.

Lives here: reading a style's bass pattern in a bar, meeting the kick, turning its signs into tones of the chord that sounds.
Lines that walk are in `walk`.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "rock", "bars": 1, "chords": "E", "seed": 1}))
    >>> Bass(plan, lambda bar: (0,)).write(plan.bars[0])[0].pitch % 12
    4
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.pitches import along, fold, nearest
from models.compose.arranger.steps import Step, spare_steps, steps_on, with_next
from models.compose.arranger.touch import is_played, velocity
from models.compose.arranger.walk import walk
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.compose.arranger.idiom import Bass as Line
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Bass"]

KICK_TOGETHER, KICK_APART = 0.4, 0.2
"""How much sooner a note with a kick comes in, and how much later one without, in lines that lock fully."""
KICK_RANK = 0.3
"""From which density on a line that locks answers a kick for which it has no note."""
ROOTS = "RrOo"
ROOT_LOUDNESS = 100.0
GHOST_TICKS = 90
HELD_GATE = 0.98
CENTRE = 0.35
"""Where in its range the bass likes its roots, from the bottom."""
APPROACH_ABOVE = 0.4
"""How often a step towards the next root comes from above."""


class Bass:
    """The bass player of one section."""

    def __init__(
        self,
        plan: Plan,
        kicks: Callable[[Bar], Sequence[int]],
        learned: Sequence[Sequence[Step]] = (),
        last: int | None = None,
    ) -> None:
        self._plan = plan
        self._kicks = kicks
        self._learned = learned
        self._low, self._high = plan.part_range(Part.BASS)
        self._home = self._low + int(CENTRE * (self._high - self._low))
        self._last = self._home if last is None else last

    def heard(self, notes: Sequence[Note]) -> None:
        """What the part played last, so that the next note is near it."""
        if notes:
            self._last = notes[-1].pitch

    def write(self, bar: Bar) -> list[Note]:
        """The notes of a bar."""
        plan = self._plan
        if bar.index < plan.enters(Part.BASS):
            return []
        if bar.opens and bar.index:
            self._last = self._home  # a line that comes back comes back where it was
        line = self._line(bar)
        if plan.manner.sustains or (plan.manner.holds and bar.is_last):
            steps = []
        else:
            steps = self._chosen(bar, line)
        steps = self._rooted(bar, steps)
        if line.walks and not self._learned and len(steps) > 1:
            notes = walk(plan, bar, steps, self._last, (self._low, self._high))
        else:
            notes = [self._note(bar, step, following) for step, following in with_next(steps, bar.end)]
        self.heard(notes)
        return [replace(note, length=max(1, round(note.length * self._gate(bar, line)))) for note in notes]

    def _line(self, bar: Bar) -> Line:
        lines = self._plan.idiom.basses
        return lines[self._plan.variant("bass line", bar.phrase.letter, len(lines))]

    def _gate(self, bar: Bar, line: Line) -> float:
        held = self._plan.manner.sustains or (self._plan.manner.holds and bar.is_last)
        return HELD_GATE if held or self._learned else line.gate

    def _chosen(self, bar: Bar, line: Line) -> list[Step]:
        plan, density = self._plan, self._plan.density(Part.BASS, bar)
        if self._learned:
            steps = [step.moved(bar.start) for step in self._learned[bar.index % len(self._learned)]]
            lock = 0.0
        else:
            steps, lock = steps_on(line.pattern, bar.cells), line.lock
        kicks = set(self._kicks(bar)) if lock else set()
        chosen = []
        for step in steps:
            late = lock * (KICK_APART if step.tick not in kicks else -KICK_TOGETHER)
            if is_played(plan, bar, step, "bass", density, late):
                chosen.append(step)
        spare = spare_steps(bar.cells, steps, plan.request.seed, "bass", finest=2 if line.walks else 1)
        chosen += [replace(step, sign="R") for step in spare if is_played(plan, bar, step, "bass", density)]
        for tick in sorted(kicks - {step.tick for step in steps}):
            place = f"kick/{tick - bar.start}"
            step = Step(tick, bar.cells[0].step_ticks, KICK_RANK + 0.2 * (1 - lock), 92, "R", 0.5, place)
            if lock >= 0.5 and is_played(plan, bar, step, "bass", density):
                chosen.append(step)
        return sorted({step.tick: step for step in chosen}.values(), key=lambda step: step.tick)

    def _rooted(self, bar: Bar, steps: list[Step]) -> list[Step]:
        """Each chord that starts in this bar begins with its root, and so does a bar that would be empty."""
        plan, rooted = self._plan, list(steps)
        for span in plan.spans[plan.span_index(bar.start) : plan.span_index(bar.end - 1) + 1]:
            start, end = max(span.start, bar.start), min(span.end, bar.end)
            first = next((step for step in rooted if start <= step.tick < end), None)
            is_new = span.start >= bar.start
            if first is not None and is_new and first.sign not in ROOTS:
                rooted[rooted.index(first)] = replace(first, sign="R", loudness=ROOT_LOUDNESS)
            elif first is None and (is_new or not (rooted or plan.grid.bars_per_unit > 1)):
                rooted.append(Step(start, end - start, 0.0, ROOT_LOUDNESS, "R", 1.0, f"root/{start - bar.start}"))
        return sorted(rooted, key=lambda step: step.tick)

    def _note(self, bar: Bar, step: Step, following: int) -> Note:
        plan = self._plan
        span = plan.span_at(step.tick)
        pitch = self._pitch(bar, step)
        if step.sign in "RrOoFfLl":
            self._last = pitch if step.sign in "Rr" else self._last
        until = min(span.end, following)
        length = max(1, min(step.length, until - step.tick))
        if step.sign in "Gg":
            length = min(GHOST_TICKS, length)
        loud = velocity(plan, bar, step, Part.BASS, "", 0.55 if step.sign in "Gg" else 1.0)
        return Note(step.tick, length, pitch, loud)

    def _root(self, tick: int) -> int:
        """The root of the chord at a tick, near the last root and not far from where the bass likes to be."""
        bass, centre = self._plan.tones_at(tick).bass, self._home
        options = [pitch for pitch in range(self._low, self._high + 1) if pitch % 12 == bass]
        if not options:
            tones = self._plan.tones_at(tick)
            return nearest(tones.chord, centre, self._low, self._high, otherwise=tones.ladder)
        return min(options, key=lambda pitch: (abs(pitch - self._last) + 1.2 * abs(pitch - centre), pitch))

    def _pitch(self, bar: Bar, step: Step) -> int:
        tones, root, sign = self._plan.tones_at(step.tick), self._root(step.tick), step.sign.upper()
        if sign in "AW":
            return self._approach(bar, step, root)
        wish = {"O": root + 12, "F": root + 7, "L": root - 5, "T": root + 4, "S": root + 10}.get(sign)
        if wish is None:
            return root
        if sign == "O":
            return wish if wish <= self._high else root
        pool = (
            tones.chord
            if sign == "T" or any((tone - wish) % 12 in (0, 1, 11) for tone in tones.chord)
            else tones.ladder
        )
        return fold(nearest(pool, wish), self._low, self._high)

    def _approach(self, bar: Bar, step: Step, root: int) -> int:
        """A step of the scale beside the root that comes next."""
        plan = self._plan
        coming = plan.span_at(step.tick).end
        if coming >= plan.end:
            coming = bar.end if bar.end < plan.end else 0
        target = self._root(coming)
        above = spot(plan.request.seed, "approach", bar.phrase.letter, step.place) < APPROACH_ABOVE
        ladder = plan.tones_at(step.tick).ladder
        pitch = along(ladder, target, 1 if above else -1)
        if not self._low <= pitch <= self._high:
            pitch = along(ladder, target, -1 if above else 1)
        return pitch if self._low <= pitch <= self._high else root
