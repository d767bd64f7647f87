"""Walking bass: a quarter to each beat, from chord to chord by step.

Lives here: choosing the tones between one root and the next. Each note takes the tone that leads best to the root to come:
by step or small leap, tones of the chord on the strong beats, never the same tone twice.

    >>> from models.compose.arranger.plan import plan_of
    >>> from models.compose.arranger.steps import steps_on
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "jazz", "bars": 1, "chords": "Dm7", "seed": 1}))
    >>> steps = steps_on(plan.idiom.basses[0].pattern, plan.bars[0].cells)
    >>> notes = walk(plan, plan.bars[0], steps, 38, (28, 50))
    >>> notes[0].pitch % 12, len(notes)
    (2, 4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.arranger.pitches import in_range
from models.compose.arranger.touch import velocity
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.plan import Bar, Plan
    from models.compose.arranger.steps import Step

__all__ = ["walk"]

SKIP_SHARE = 0.75
"""Notes off the beat are this long, so that the skip is heard."""
STRIDE = 2.0
"""Semitones that a walk covers on average from note to note."""
WIDEST_STEP = 9
REPEAT_COST, FOREIGN_COST = 7.0, 1.2
OFF_BEAT = 0.4
"""Places weaker than this are between the beats."""


def walk(plan: Plan, bar: Bar, steps: Sequence[Step], last: int, pitches: tuple[int, int]) -> list[Note]:
    """A bar of walking on the given steps, starting near the pitch played last."""
    notes: list[Note] = []
    for i, step in enumerate(steps):
        span, tones = plan.span_at(step.tick), plan.tones_at(step.tick)
        starts_chord = span.start >= bar.start if not notes else plan.span_at(notes[-1].start).start != span.start
        pool = in_range((tones.bass,) if starts_chord else tones.ladder, *pitches) or in_range(tones.chord, *pitches)
        target, left = _target(plan, bar, steps, i, last, pitches)
        costs = {pitch: _cost(pitch, last, target, left, pitches) for pitch in pool}
        for pitch in pool:
            if pitch % 12 not in tones.chord:
                costs[pitch] += FOREIGN_COST * step.weight
            chance = spot(plan.request.seed, "walk", bar.index, step.place, pitch)
            costs[pitch] += (0.6 + 1.2 * plan.request.temperature) * chance
        last = min(pool, key=lambda pitch: (costs[pitch], pitch))
        following = steps[i + 1].tick if i + 1 < len(steps) else bar.end
        length = max(1, min(step.length, following - step.tick, span.end - step.tick))
        if step.weight < OFF_BEAT:
            length = max(1, round(length * SKIP_SHARE))
        notes.append(Note(step.tick, length, last, velocity(plan, bar, step, Part.BASS, "")))
    return notes


def _cost(pitch: int, last: int, target: int, left: int, pitches: tuple[int, int]) -> float:
    """How badly a pitch continues a walk that has so many notes left to its target."""
    away = abs(pitch - last)
    pace = 0.6 * abs(abs(target - pitch) - STRIDE * left) if left else 0.3 * abs(pitch - target)
    leap = 1.5 * max(0, away - 4) + (30.0 if away > WIDEST_STEP else 0.0)
    edge = 0.15 * max(0, abs(pitch - _centre(pitches)) - 6)
    return pace + leap + edge + (REPEAT_COST if away == 0 else 0.0)


def _centre(pitches: tuple[int, int]) -> int:
    return sum(pitches) // 2 - 2


def _target(
    plan: Plan, bar: Bar, steps: Sequence[Step], i: int, last: int, pitches: tuple[int, int]
) -> tuple[int, int]:
    """The next root near the walk, and how many notes lie before it."""
    coming = next(
        (step.tick for step in steps[i + 1 :] if plan.span_index(step.tick) != plan.span_index(steps[i].tick)), bar.end
    )
    left = sum(steps[i].tick < step.tick < coming for step in steps)
    root = plan.tones_at(coming if coming < plan.end else 0).bass
    options = in_range((root,), *pitches) or [last]
    return min(options, key=lambda pitch: (abs(pitch - last) + 0.5 * abs(pitch - _centre(pitches)), pitch)), left + 1
