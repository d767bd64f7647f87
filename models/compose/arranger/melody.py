"""Melody: motifs on chords, phrase by phrase.

Lives here: a phrase is written at once. Its bars say and answer a motif as the style's schemes have it; strong and long notes are
tones of the chord, the others go by step between them; the line follows an arc, breathes, and ends where the section's harmony
ends. Shapes come from `motif`.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "pop", "bars": 4, "key": "C", "seed": 1}))
    >>> player = Melody(plan)
    >>> all(note.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for bar in plan.bars for note in player.write(bar))
    True
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.compose.arranger.data.kinds import Ending
from models.compose.arranger.dice import Dice, spot
from models.compose.arranger.motif import draw_heights, is_core, vary_heights
from models.compose.arranger.pitches import along, in_range, nearest
from models.compose.arranger.steps import Step, spare_steps, steps_on
from models.compose.arranger.touch import is_played, velocity
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.kinds import Kind
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.form import Phrase
    from models.compose.arranger.idiom import Tune
    from models.compose.arranger.material import Motif
    from models.compose.arranger.plan import Bar, Plan

__all__ = ["Melody"]

SHORTEST_UNIT_TICKS = 3 * TICKS_PER_BEAT
"""Bars shorter than this say a motif together."""
ARCS = ((0, 1, 3, 1), (0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 0, 2), (0, 0, 2, 3), (1, 0, 2, 0))
"""Shapes of a phrase, in steps of the scale from its start to its end."""
LETTER_LIFT = {"A": 0, "B": 2, "C": -1, "D": 1}
KIND_LIFT = {Kind.CHORUS: 1, Kind.DROP: 1, Kind.PRECHORUS: 1, Kind.BREAKDOWN: -1, Kind.OUTRO: -1}
HEIGHT = 0.42
"""Where in its range the tune is at home."""
STRONG = 0.5
"""Places at least as strong carry tones of the chord."""
WIDEST_LEAP = 9
LAST_NOTE_BY, LAST_NOTE_UNTIL, REST_UNTIL = 0.62, 0.86, 0.97
"""In the last bar of a phrase: by when the last note starts, and until when it sounds, or at a close."""
RIFF_BREATH = 0.35
"""Tunes that breathe less than this are riffs: they go on through the ends of phrases."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A bar, or some short ones, that say one motif."""

    start: int
    end: int
    bars: tuple[Bar, ...]
    sign: str
    is_last: bool


class Melody:
    """The lead of one section."""

    def __init__(self, plan: Plan, learned: Sequence[Motif] = (), last: int | None = None) -> None:
        self._plan = plan
        self._seed = plan.request.seed
        self._learned = learned
        low, high = plan.part_range(Part.MELODY)
        self._low, self._high = low, high
        self._rungs = in_range(plan.request.key.scale, low, high)
        self._last = last if last is not None else self._rungs[int(HEIGHT * len(self._rungs))]
        self._phrase = -1
        self._written: list[Note] = []

    def write(self, bar: Bar) -> list[Note]:
        """The notes of a bar."""
        if bar.index < self._plan.enters(Part.MELODY):
            return []
        if bar.phrase.index != self._phrase:
            self._phrase = bar.phrase.index
            self._written = self._write_phrase(bar.phrase)
        return [note for note in self._written if bar.start <= note.start < bar.end]

    def heard(self, notes: Sequence[Note]) -> None:
        """What the part played last, so that the next phrase is near it."""
        if notes:
            self._last = notes[-1].pitch

    def _write_phrase(self, phrase: Phrase) -> list[Note]:
        tunes = self._plan.idiom.tunes
        tune = tunes[self._plan.variant("tune", phrase.letter, len(tunes))]
        units = self._units(phrase, tune)
        arc = Dice(self._seed, "arc", phrase.letter).pick(ARCS)
        notes: list[Note] = []
        said: dict[str, int] = {}
        for i, unit in enumerate(units):
            rise = arc[min(len(arc) - 1, i * len(arc) // len(units))]
            steps, heights = self._motif(unit, phrase, tune, said.get(unit.sign, 0))
            said[unit.sign] = said.get(unit.sign, 0) + 1
            chosen = [pair for pair in zip(steps, heights, strict=True) if self._is_played(pair[0], unit)]
            chosen = self._breathed(unit, i == len(units) // 2 - 1, tune, chosen)
            notes += self._pitched(unit, phrase, tune, chosen, rise)
        return _in_turn(notes)

    def _units(self, phrase: Phrase, tune: Tune) -> list[_Unit]:
        plan = self._plan
        together = 1
        while together * plan.grid.bar_ticks * plan.grid.pace < SHORTEST_UNIT_TICKS:
            together *= 2
        groups = [plan.bars[at : min(at + together, phrase.end)] for at in range(phrase.first, phrase.end, together)]
        scheme = Dice(self._seed, "scheme", phrase.letter).pick(tune.schemes)
        signs = scheme if len(groups) > 2 else "ab"
        signs = (signs * (len(groups) // len(signs) + 1))[: len(groups)]
        if len(groups) > len(scheme):
            signs = signs[:-1] + "c"
        last = len(groups) - 1
        return [_Unit(group[0].start, group[-1].end, group, signs[i], i == last) for i, group in enumerate(groups)]

    def _motif(self, unit: _Unit, phrase: Phrase, tune: Tune, said: int) -> tuple[list[Step], list[int]]:
        number = "abcd".index(unit.sign)
        if self._learned and number < len(self._learned):
            motif = self._learned[number]
            steps, heights = [step.moved(unit.start) for step in motif.steps], list(motif.heights)
            inside = [(step, height) for step, height in zip(steps, heights, strict=True) if step.tick < unit.end]
            steps, heights = [step for step, _ in inside], [height for _, height in inside]
        else:
            dice = Dice(self._seed, "motif", phrase.letter, unit.sign)
            rhythm = tune.rhythms[(dice.below(len(tune.rhythms)) + number) % len(tune.rhythms)]
            echoes = any(cell.in_threes for cell in unit.bars[0].cells)
            steps = [step for bar in unit.bars for step in steps_on(rhythm, bar.cells, echoes=echoes)]
            spare = spare_steps(
                [cell for bar in unit.bars for cell in bar.cells], steps, self._seed, f"melody {unit.sign}"
            )
            steps = sorted([*steps, *spare], key=lambda step: step.tick)
            steps = [replace(step, place=f"{unit.sign}{step.place}") for step in steps]
            leap = tune.leap * (0.6 + 0.4 * self._plan.request.temperature)
            heights = draw_heights(steps, dice, leap)
        if said or phrase.take:
            heights = vary_heights(heights, Dice(self._seed, "vary", unit.start), self._plan.request.temperature)
        return steps, heights

    def _bar_of(self, tick: int, unit: _Unit) -> Bar:
        return next(bar for bar in reversed(unit.bars) if bar.start <= tick)

    def _is_played(self, step: Step, unit: _Unit) -> bool:
        bar = self._bar_of(step.tick, unit)
        return is_played(self._plan, bar, step, "melody", self._plan.density(Part.MELODY, bar))

    def _breathed(
        self, unit: _Unit, halfway: bool, tune: Tune, chosen: list[tuple[Step, int]]
    ) -> list[tuple[Step, int]]:
        """A phrase ends on a long note, and may take a breath halfway."""
        is_end = unit.is_last and (tune.breath >= RIFF_BREATH or unit.bars[-1].is_last)
        if is_end:
            latest = unit.start + LAST_NOTE_BY * (unit.end - unit.start)
            ends = [i for i, (step, _) in enumerate(chosen) if step.tick <= latest and is_core(step)]
            return chosen[: ends[-1] + 1] if ends else chosen[:1]
        if halfway and spot(self._seed, "breath", unit.start) < tune.breath:
            cell = unit.bars[-1].cells[-1]
            return [pair for pair in chosen if pair[0].tick < cell.start] or chosen[:1]
        return chosen

    def _pitched(
        self, unit: _Unit, phrase: Phrase, tune: Tune, chosen: list[tuple[Step, int]], rise: int
    ) -> list[Note]:
        plan = self._plan
        lift = LETTER_LIFT[phrase.letter] + KIND_LIFT.get(plan.request.kind, 0) + rise
        home = int(HEIGHT * len(self._rungs)) + lift
        is_end = unit.is_last and (tune.breath >= RIFF_BREATH or unit.bars[-1].is_last)
        pitches: dict[int, int] = {}
        for i, (step, height) in enumerate(chosen):
            if is_core(step) or not pitches:
                final = is_end and i == len(chosen) - 1
                pitches[i] = self._final(step, phrase) if final else self._tone(step, home + height)
                self._last = pitches[i]
        notes = []
        for i, (step, _) in enumerate(chosen):
            if i not in pitches:
                later = next((pitches[k] for k in range(i + 1, len(chosen)) if k in pitches), pitches[i - 1])
                pitches[i] = self._decoration(step, pitches[i - 1], later)
            bar = self._bar_of(step.tick, unit)
            following = chosen[i + 1][0].tick if i + 1 < len(chosen) else unit.end
            length = self._length(step, following, unit, tune, final=is_end and i == len(chosen) - 1, phrase=phrase)
            high = (pitches[i] - self._low) / max(1, self._high - self._low) - 0.5
            loud = velocity(plan, bar, replace(step, loudness=step.loudness + 10 * high), Part.MELODY, "")
            notes.append(Note(step.tick, length, pitches[i], loud))
        return notes

    def _length(self, step: Step, following: int, unit: _Unit, tune: Tune, *, final: bool, phrase: Phrase) -> int:
        if final:
            share = REST_UNTIL if phrase.is_last and self._plan.manner.holds else LAST_NOTE_UNTIL
            until = unit.start + round(share * (unit.end - unit.start))
        else:
            held = max(step.length, TICKS_PER_BEAT // 2 if tune.gate > 0.85 else 0)
            if self._plan.manner.sustains:
                held = max(held, 2 * TICKS_PER_BEAT)
            until = min(following, step.tick + round(held * tune.gate))
        return max(1, min(until, self._plan.end, following if not final else until) - step.tick)

    def _tone(self, step: Step, rung: int) -> int:
        """The pitch for a height: reflected into the range, on the chord where it is strong or long, near the tone before."""
        tones = self._plan.tones_at(step.tick)
        span = 2 * (len(self._rungs) - 1)
        rung = abs((rung + span) % span) if span else 0
        pitch = self._rungs[rung if rung < len(self._rungs) else span - rung]
        long = step.length >= TICKS_PER_BEAT
        pitch = nearest(tones.chord if step.weight >= STRONG or long else tones.ladder, pitch, self._low, self._high)
        if abs(pitch - self._last) > WIDEST_LEAP:
            nearer = pitch + (12 if pitch < self._last else -12)
            pitch = nearer if self._low <= nearer <= self._high else pitch
        return pitch

    def _decoration(self, step: Step, before: int, later: int) -> int:
        """A passing tone towards the next tone of the motif, or a neighbour where both are near."""
        ladder = self._plan.tones_at(step.tick).ladder
        if abs(later - before) > 2:
            pitch = along(ladder, before, 1 if later > before else -1)
        else:
            chance = spot(self._seed, "neighbour", step.place)
            pitch = before if chance < 0.25 else along(ladder, before, 1 if chance < 0.65 else -1)
        if not self._low <= pitch <= self._high or pitch % 12 not in ladder:
            return nearest(ladder, before, self._low, self._high)
        return pitch

    def _final(self, step: Step, phrase: Phrase) -> int:
        """The last tone of a phrase: at home where the section closes, else a tone of the chord that asks or answers."""
        plan = self._plan
        tones, tonic = plan.tones_at(step.tick), plan.request.key.tonic
        closes = phrase.is_last and plan.manner.ending in (Ending.REST, Ending.CLOSE)
        wanted = tones.chord
        if (closes or phrase.index % 2) and tonic in tones.chord:
            wanted = (tonic,)
        elif not phrase.index % 2 and len(tones.chord) > 1:
            wanted = tuple(tone for tone in tones.chord if tone != tonic)
        return nearest(wanted, self._last, self._low, self._high)


def _in_turn(notes: list[Note]) -> list[Note]:
    """One note at a time: each ends where the next begins at the latest."""
    return [
        replace(note, length=min(note.length, later.start - note.start)) if later else note
        for note, later in zip(notes, [*notes[1:], None], strict=True)
        if later is None or later.start > note.start
    ]
