"""Drums: the groove of each bar, thinned or filled, with its crashes.

Lives here: choosing grooves for letters, playing their lines from the density and the energy of a bar on, leaving out what a kind
of section leaves out. Fills and rolls are in `fills`. Where the kick falls is told to the bass by `kicks`, whoever plays.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "house", "bars": 1, "seed": 1}))
    >>> Drums(plan).kicks(plan.bars[0])
    (0, 960, 1920, 2880)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.data.kit import CRASH, HATS, KICK, KICKS, PIECES, SNARES, TIMEKEEPERS
from models.compose.arranger.fills import fill_of, roll_of
from models.compose.arranger.steps import Step, spare_steps, steps_on
from models.compose.arranger.touch import is_played, velocity
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.idiom import Groove
    from models.compose.arranger.material import Hit
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Drums"]

SHORTEST_STEP_MS = 75
"""Sixteenths quicker than this are left to the dense; hands and hats have limits."""
QUICK_RANK = 0.3
CRASH_LEVEL, PHRASE_CRASH_LEVEL = 0.3, 0.55
CRASH_EVERY_BARS = 8
THIN_RANK = 0.35
"""How much later backbeats come in where the kick is away."""
ROLL_STROKES = 2
MEET_RANK = 0.25
"""From which density on the kick meets a bass that was there before."""


class Drums:
    """The drummer of one section."""

    def __init__(
        self, plan: Plan, learned: Sequence[tuple[Hit, ...]] = (), bass_onsets: Sequence[tuple[int, ...]] = ()
    ) -> None:
        self._plan = plan
        self._seed = plan.request.seed
        self._learned = learned
        self._bass_onsets = bass_onsets

    def write(self, bar: Bar) -> list[Note]:
        """The notes of a bar."""
        plan = self._plan
        if plan.manner.holds and bar.is_last and bar.index:
            return self._last_stroke(bar)
        notes = [note for step, pitch in self._steps(bar) for note in self._strokes(bar, step, pitch)]
        fill = roll_of(plan, bar) or fill_of(plan, bar)
        if fill:
            notes = [note for note in notes if note.start < fill.start or note.pitch in fill.beside]
            notes += [note for step, pitch in fill.strokes for note in self._strokes(bar, step, pitch)]
        return self._crashed(bar, notes)

    def heard(self, notes: Sequence[Note]) -> None:
        """Drums need not go on from anything."""

    def kicks(self, bar: Bar) -> tuple[int, ...]:
        """Where the kick falls in a bar as its groove has it, for others to meet it."""
        return tuple(
            sorted({step.tick for step, pitch in self._groove_steps(bar) if pitch in KICKS and step.rank < 0.4})
        )

    def _groove(self, bar: Bar) -> Groove:
        grooves = self._plan.idiom.grooves
        return grooves[self._plan.variant("groove", bar.phrase.letter, len(grooves))]

    def _groove_steps(self, bar: Bar) -> list[tuple[Step, int]]:
        if self._learned:
            hits = self._learned[bar.index % len(self._learned)]
            return [(hit.step.moved(bar.start), hit.pitch) for hit in hits]
        steps = []
        for line in self._groove(bar).lines:
            pitch = PIECES[line.piece]
            if line.layer <= bar.level:
                steps += [(step, pitch) for step in steps_on(line.pattern, bar.cells, echoes=pitch in TIMEKEEPERS)]
        return steps + self._met_bass(bar, steps)

    def _met_bass(self, bar: Bar, steps: list[tuple[Step, int]]) -> list[tuple[Step, int]]:
        """Kicks for a bass that was there before."""
        if not self._bass_onsets:
            return []
        kicked = [step.tick for step, pitch in steps if pitch in KICKS]
        places = [(cell, slot) for cell in bar.cells for slot in cell.slots if slot.offset % (2 * cell.step_ticks) == 0]
        met = []
        for onset in self._bass_onsets[bar.index % len(self._bass_onsets)]:
            cell, slot = min(places, key=lambda place: abs(place[0].start + place[1].offset - bar.start - onset))
            tick = cell.start + slot.offset
            if abs(tick - bar.start - onset) <= cell.step_ticks // 2 and tick not in kicked:
                met.append(
                    (Step(tick, cell.step_ticks, MEET_RANK, 92.0, "x", cell.weight, f"meet {tick - bar.start}"), KICK)
                )
        return met

    def _steps(self, bar: Bar) -> list[tuple[Step, int]]:
        plan, density = self._plan, self._plan.density(Part.DRUMS, bar)
        whole_kit = bar.index >= int(plan.manner.kit_from * plan.request.bars)
        chosen = []
        written = self._groove_steps(bar)
        hats = [step for step, pitch in written if pitch in HATS]
        spare = [(step, PIECES["hat"]) for step in spare_steps(bar.cells, hats, self._seed, "drums")]
        for step, pitch in [*written, *spare]:
            late = 0.0
            if plan.manner.drops_kick or not whole_kit:
                if pitch in KICKS:
                    continue
                late = THIN_RANK if pitch in SNARES else 0.0
            if self._is_quick(bar, step):
                late += QUICK_RANK
            if is_played(plan, bar, step, f"drums/{pitch}", density, late):
                chosen.append((step, pitch))
        return _choked(chosen)

    def _is_quick(self, bar: Bar, step: Step) -> bool:
        cell = next(cell for cell in reversed(bar.cells) if cell.start <= step.tick)
        odd = (step.tick - cell.start) % max(1, 2 * cell.step_ticks)
        return bool(odd) and cell.step_ticks < self._plan.milliseconds(SHORTEST_STEP_MS) and step.rank > 0

    def _strokes(self, bar: Bar, step: Step, pitch: int) -> list[Note]:
        loud = velocity(self._plan, bar, step, Part.DRUMS, f"{pitch}")
        if step.sign != "z":
            return [Note(step.tick, max(1, step.length // 2), pitch, loud)]
        length = max(2, step.length // ROLL_STROKES)
        return [
            Note(step.tick + i * length, length // 2, pitch, max(1, loud - 14 + 7 * i)) for i in range(ROLL_STROKES)
        ]

    def _crashed(self, bar: Bar, notes: list[Note]) -> list[Note]:
        plan = self._plan
        opens = bar.index == 0 and (plan.manner.hits or bar.level > PHRASE_CRASH_LEVEL) and bar.level > CRASH_LEVEL / 2
        turns = bar.opens and bar.index % CRASH_EVERY_BARS == 0 and bar.index and bar.level > CRASH_LEVEL
        if not (opens or turns) or plan.idiom.fills == "none" or plan.manner.drops_kick or plan.manner.kit_from:
            return notes
        loud = min(127, round(108 * plan.force(Part.DRUMS, bar)))
        notes = [note for note in notes if note.start > bar.start or note.pitch not in HATS | {CRASH}]
        if not any(note.start == bar.start and note.pitch in KICKS for note in notes):
            notes.append(Note(bar.start, TICKS_PER_BEAT // 8, KICK, loud))
        return [*notes, Note(bar.start, min(2 * TICKS_PER_BEAT, plan.end - bar.start), CRASH, loud)]

    def _last_stroke(self, bar: Bar) -> list[Note]:
        plan = self._plan
        loud = max(1, min(127, round(96 * plan.force(Part.DRUMS, bar))))
        ring = min(4 * TICKS_PER_BEAT, bar.end - bar.start)
        cymbal = CRASH if bar.level > CRASH_LEVEL / 2 and plan.idiom.fills not in ("none", "soft") else PIECES["ride"]
        return [Note(bar.start, min(ring, TICKS_PER_BEAT // 4), KICK, loud), Note(bar.start, ring, cymbal, loud)]


def _choked(chosen: list[tuple[Step, int]]) -> list[tuple[Step, int]]:
    """One stroke a place: an open hat silences the closed one, the second kick gives way to the first."""
    by_place: dict[tuple[int, int], Step] = {}
    for step, pitch in chosen:
        before = by_place.get((step.tick, pitch))
        if before is None or before.loudness < step.loudness:
            by_place[step.tick, pitch] = step
    opened = {tick for tick, pitch in by_place if pitch == PIECES["open"]}
    kicked = {tick for tick, pitch in by_place if pitch == KICK}
    return [
        (step, pitch)
        for (tick, pitch), step in sorted(by_place.items())
        if not (pitch == PIECES["hat"] and tick in opened) and not (pitch == PIECES["kick2"] and tick in kicked)
    ]
