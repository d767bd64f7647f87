"""Comping: how the chords are played.

Lives here: choosing a style's way for the energy of a phrase, and playing it: pads, struck blocks, strummed strings, arpeggios,
broken chords. Which pitches a chord has is in `voicing`.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> fields = {"style": "pop", "kind": "breakdown", "bars": 1, "chords": "Am", "harmony.polyphony": 3, "seed": 1}
    >>> plan = plan_of(parse_request(fields))
    >>> sorted({note.pitch % 12 for note in Comping(plan).write(plan.bars[0])})
    [0, 4, 9]
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.compose.arranger.idiom import Comp, How
from models.compose.arranger.patterns import read_pattern
from models.compose.arranger.steps import Step, spare_steps, steps_on, with_next
from models.compose.arranger.touch import is_played, velocity
from models.compose.arranger.voicing import voice
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Comping"]

BALANCE = 0.8
"""Chords are softer than the tune by this."""
STRUM_MS = 9.0
"""Between the strings of a strummed chord."""
PAD = Comp(How.PAD, read_pattern("X---|----|----|----"))
LOW_RANK = 0.07
"""Broken chords have the low voice on steps up to this rank, the upper voices on the others."""
EVEN_LOUDNESS, EVENNESS = 98.0, 0.3
"""Chords are struck more evenly than drums: this share of a pattern's accents is left around this loudness."""
CHOICES = 2
"""Ways that a phrase chooses from: the liveliest that its energy allows."""


class Comping:
    """The chord player of one section."""

    def __init__(self, plan: Plan, learned: Sequence[Sequence[Step]] = (), before: tuple[int, ...] = ()) -> None:
        self._plan = plan
        self._learned = learned
        asked = plan.request.control(Part.HARMONY, "polyphony")
        self._voices = plan.idiom.voices if asked is None else int(asked)
        self._rings = asked is not None
        self._range = plan.part_range(Part.HARMONY)
        self._before = before
        self._voiced: dict[int, tuple[int, ...]] = {}

    def write(self, bar: Bar) -> list[Note]:
        """The notes of a bar."""
        plan = self._plan
        if bar.index < plan.enters(Part.HARMONY):
            return []
        comp = self._comp(bar)
        if comp.how is How.PAD:
            return self._pad(bar)
        steps = [step for step in self._steps(bar, comp) if self._is_played(bar, step)]
        if comp.how is How.ARP:
            return self._arpeggio(bar, comp, steps)
        if comp.how is How.BROKEN:
            return self._broken(bar, comp, steps)
        return self._struck(bar, comp, steps)

    def heard(self, notes: Sequence[Note]) -> None:
        """What the part played last, so that the next chord is near it."""
        if notes:
            self._before = tuple(sorted({note.pitch for note in notes if note.start == notes[-1].start}))

    def _comp(self, bar: Bar) -> Comp:
        plan = self._plan
        if plan.manner.holds and bar.is_last:
            return PAD
        level = plan.bars[bar.phrase.first].level
        ways = [comp for comp in plan.idiom.comps if comp.layer <= level] or [plan.idiom.comps[0]]
        ways = ways[:CHOICES] if plan.manner.sustains else ways[-CHOICES:]
        return ways[plan.variant("comp", bar.phrase.letter, len(ways))]

    def _steps(self, bar: Bar, comp: Comp) -> list[Step]:
        if self._learned:
            return [step.moved(bar.start) for step in self._learned[bar.index % len(self._learned)]]
        steps = steps_on(comp.pattern, bar.cells, echoes=comp.how in (How.ARP, How.BROKEN))
        spare = spare_steps(bar.cells, steps, self._plan.request.seed, "harmony", finest=2)
        steps = [replace(step, loudness=EVEN_LOUDNESS + EVENNESS * (step.loudness - EVEN_LOUDNESS)) for step in steps]
        return sorted([*steps, *spare], key=lambda step: step.tick)

    def _is_played(self, bar: Bar, step: Step) -> bool:
        return is_played(self._plan, bar, step, "harmony", self._plan.density(Part.HARMONY, bar))

    def _chord(self, tick: int) -> tuple[int, ...]:
        index = self._plan.span_index(tick)
        if index not in self._voiced:
            self._before = voice(self._plan.tones_of(index).chord, self._voices, self._range, self._before)
            self._voiced[index] = self._before
        return self._voiced[index]

    def _pad(self, bar: Bar) -> list[Note]:
        """Chords held until the next one; what a style adds at high density are further strokes."""
        plan = self._plan
        holds = plan.idiom.harmony == "ambient"
        attacks = {span.start: 100.0 for span in plan.spans if bar.start <= span.start < bar.end}
        if plan.grid.bars_per_unit == 1 and not holds:
            attacks.setdefault(bar.start, 96.0)
        if bar.index == plan.enters(Part.HARMONY):
            attacks.setdefault(bar.start, 100.0)
        for step in spare_steps(bar.cells, [], plan.request.seed, "harmony", finest=2):
            if step.tick not in attacks and step.rank > 0 and self._is_played(bar, step):
                attacks[step.tick] = step.loudness
        notes = []
        ticks = sorted(attacks)
        for tick, following in zip(ticks, [*ticks[1:], plan.end], strict=False):
            until = min(
                following, plan.span_at(tick).end, plan.end if holds or plan.grid.bars_per_unit > 1 else bar.end
            )
            step = Step(tick, until - tick, 0.0, attacks[tick], "X", 1.0, f"pad/{tick - bar.start}")
            loud = velocity(plan, bar, step, Part.HARMONY, "", BALANCE)
            notes += [Note(tick, until - tick, pitch, loud) for pitch in self._chord(tick)]
        return notes

    def _struck(self, bar: Bar, comp: Comp, steps: list[Step]) -> list[Note]:
        plan, notes = self._plan, []
        strum = plan.milliseconds(STRUM_MS) if comp.how is How.STRUM else 0
        gate = 1.0 if self._learned else comp.gate
        for step, following in with_next(steps, bar.end):
            until = min(following, plan.span_at(step.tick).end, plan.end)
            length = max(1, min(round(step.length * gate), until - step.tick))
            loud = velocity(plan, bar, step, Part.HARMONY, "", BALANCE)
            chord = self._chord(step.tick)
            strings = chord if step.weight >= 0.25 else chord[::-1]  # up-strokes lie on the weak sixteenths
            for i, pitch in enumerate(strings):
                late = min(i * strum, length // 2, max(0, bar.end - 1 - step.tick))
                notes.append(Note(step.tick + late, max(1, length - late), pitch, max(1, loud - 2 * i)))
        return self._answered(bar, notes)

    def _arpeggio(self, bar: Bar, comp: Comp, steps: list[Step]) -> list[Note]:
        plan, notes = self._plan, []
        place, span_before = 0, -1
        for i, step in enumerate(steps):
            span = plan.span_at(step.tick)
            place = place if span.start == span_before else 0
            span_before = span.start
            chord = self._chord(step.tick)
            pitch = chord[comp.order[place % len(comp.order)] % len(chord)] if chord else None
            place += 1
            rings = self._rings or comp.gate >= RINGING_GATE
            later = i + (len(chord) if rings else 1)
            until = min(steps[later].tick if later < len(steps) else bar.end, span.end, plan.end)
            length = until - step.tick if rings else min(round(step.length * comp.gate), until - step.tick)
            if pitch is not None:
                loud = velocity(plan, bar, step, Part.HARMONY, "", BALANCE)
                notes.append(Note(step.tick, max(1, length), pitch, loud))
        return self._answered(bar, notes)

    def _broken(self, bar: Bar, comp: Comp, steps: list[Step]) -> list[Note]:
        """The lowest voice and the upper ones in turn, as pianists accompany."""
        plan, notes = self._plan, []
        low = [step for step in steps if step.rank <= LOW_RANK]
        high = [step for step in steps if step.rank > LOW_RANK]
        for hand, others in ((low, False), (high, True)):
            for step, following in with_next(hand, bar.end):
                chord = self._chord(step.tick)
                pitches = (chord[1:] or chord) if others else chord[:1]
                if others and len(chord) == 1 and any(s.tick == step.tick for s in low):
                    continue
                until = min(following, plan.span_at(step.tick).end, plan.end)
                loud = velocity(plan, bar, step, Part.HARMONY, "", BALANCE * (0.92 if others else 1.0))
                notes += [Note(step.tick, max(1, until - step.tick), pitch, loud) for pitch in pitches]
        return self._answered(bar, notes)

    def _answered(self, bar: Bar, notes: list[Note]) -> list[Note]:
        """Each chord that starts in the bar is heard, even where the pattern has no stroke for it."""
        plan = self._plan
        for span in plan.spans[plan.span_index(bar.start) : plan.span_index(bar.end - 1) + 1]:
            start, end = max(span.start, bar.start), min(span.end, bar.end)
            if span.start < bar.start or any(start <= note.start < end for note in notes):
                continue
            length = min(end - start, TICKS_PER_BEAT)
            step = Step(start, length, 0.0, 92, "X", 0.5, f"answer/{start - bar.start}")
            loud = velocity(plan, bar, step, Part.HARMONY, "", BALANCE)
            notes += [Note(start, length, pitch, loud) for pitch in self._chord(start)]
        return notes


RINGING_GATE = 0.8
"""Arpeggios held at least this long let their tones ring into each other."""
