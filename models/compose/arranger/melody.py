"""Melody: themes on chords, phrase by phrase.

Lives here: a phrase is written at once. Strong and long notes are tones of the chord, the others go by step between them; the
line breathes, and ends where the section's harmony ends. What it says comes from `themes`.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> plan = plan_of(parse_request({"style": "pop", "bars": 4, "key": "C", "seed": 1}))
    >>> player = Melody(plan)
    >>> all(note.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for bar in plan.bars for note in player.write(bar))
    True
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from models.compose.arranger.data.kinds import Ending
from models.compose.arranger.dice import spot
from models.compose.arranger.motif import is_core
from models.compose.arranger.pitches import along, in_range, nearest
from models.compose.arranger.themes import HEIGHT, Saying, Themes, Unit
from models.compose.arranger.touch import is_played, velocity
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.form import Phrase
    from models.compose.arranger.idiom import Tune
    from models.compose.arranger.material import Motif
    from models.compose.arranger.plan import Bar, Plan
    from models.compose.arranger.steps import Step

__all__ = ["Melody"]

STRONG = 0.6
"""Places at least as strong carry tones of the chord."""
REACH = 7
"""How far, in semitones, the chord and the tone before may pull a tone from where its motif has it."""
LEAP_COST, REPEAT_COST, STRONG_COST, LONG_COST = 0.85, 0.9, 9.0, 4.0
"""What it costs, in semitones from there: each semitone beyond a step, saying a tone again, leaving the chord."""
LAST_NOTE_BY, LAST_NOTE_UNTIL, REST_UNTIL = 0.62, 0.86, 0.97
"""In the last bar of a phrase: by when the last note starts, and until when it sounds, or at a close."""
RIFF_BREATH = 0.35
"""Tunes that breathe less than this are riffs: they go on through the ends of phrases."""
LEGATO_GATE = 0.85
PASSING = 2
"""Tones further apart than this many semitones have a passing tone between them, nearer ones a neighbour."""


class Melody:
    """The lead of one section."""

    def __init__(self, plan: Plan, learned: Sequence[Motif] = (), last: int | None = None) -> None:
        self._plan = plan
        self._seed = plan.request.seed
        self._themes = Themes(plan, learned)
        self._low, self._high = plan.part_range(Part.MELODY)
        self._home = self._themes.rungs[int(HEIGHT * len(self._themes.rungs))]
        self._last, self._goes_on = (self._home, False) if last is None else (last, True)
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
            self._last, self._goes_on = notes[-1].pitch, True

    def _write_phrase(self, phrase: Phrase) -> list[Note]:
        tune, sayings = self._themes.tune(phrase.letter), self._themes.sayings(phrase)
        if not self._goes_on:
            self._last = self._home  # after a breath a theme starts where it started before
        self._goes_on = False
        notes: list[Note] = []
        for i, saying in enumerate(sayings):
            halfway = i == len(sayings) // 2 - 1
            notes += self._pitched(phrase, tune, saying, self._chosen(saying, tune, halfway=halfway))
        turns = [replace(note, length=min(note.length, later.start - note.start)) for note, later in pairwise(notes)]
        return [*turns, *notes[-1:]]

    def _chosen(self, saying: Saying, tune: Tune, *, halfway: bool) -> list[tuple[Step, int]]:
        """What is played of a motif. A phrase ends on a long note, and may take a breath halfway."""
        unit = saying.unit
        chosen = [pair for pair in saying.steps if self._is_played(pair[0], unit)]
        if _ends(unit, tune):
            latest = unit.start + LAST_NOTE_BY * (unit.end - unit.start)
            ends = [i for i, (step, _) in enumerate(chosen) if step.tick <= latest and is_core(step)]
            return chosen[: ends[-1] + 1] if ends else chosen[:1]
        if halfway and spot(self._seed, "breath", unit.start) < tune.breath:
            cell = unit.bars[-1].cells[-1]
            return [pair for pair in chosen if pair[0].tick < cell.start] or chosen[:1]
        return chosen

    def _is_played(self, step: Step, unit: Unit) -> bool:
        bar = unit.bar_of(step.tick)
        return is_played(self._plan, bar, step, "melody", self._plan.density(Part.MELODY, bar))

    def _pitched(self, phrase: Phrase, tune: Tune, saying: Saying, chosen: list[tuple[Step, int]]) -> list[Note]:
        unit, pitches = saying.unit, dict[int, int]()
        last = len(chosen) - 1 if _ends(unit, tune) else None
        for i, (step, height) in enumerate(chosen):
            if is_core(step) or not pitches:
                pitch = self._final(step, phrase) if i == last else self._tone(step, saying.home + height, tune.leap)
                self._last = pitches[i] = pitch
        notes = []
        for i, (step, _) in enumerate(chosen):
            if i not in pitches:
                later = next((pitches[k] for k in range(i + 1, len(chosen)) if k in pitches), pitches[i - 1])
                pitches[i] = self._decoration(step, pitches[i - 1], later)
            following = chosen[i + 1][0].tick if i + 1 < len(chosen) else unit.end
            until = self._last_until(unit, phrase) if i == last else self._until(step, following, tune)
            high = (pitches[i] - self._low) / max(1, self._high - self._low) - 0.5
            louder = replace(step, loudness=step.loudness + 10 * high)
            loud = velocity(self._plan, unit.bar_of(step.tick), louder, Part.MELODY, "")
            notes.append(Note(step.tick, max(1, min(until, self._plan.end) - step.tick), pitches[i], loud))
        return notes

    def _last_until(self, unit: Unit, phrase: Phrase) -> int:
        share = REST_UNTIL if phrase.is_last and self._plan.manner.holds else LAST_NOTE_UNTIL
        return unit.start + round(share * (unit.end - unit.start))

    def _until(self, step: Step, following: int, tune: Tune) -> int:
        held = max(step.length, TICKS_PER_BEAT // 2 if tune.gate > LEGATO_GATE else 0)
        if self._plan.manner.sustains:
            held = max(held, 2 * TICKS_PER_BEAT)
        return min(following, step.tick + round(held * tune.gate))

    def _tone(self, step: Step, rung: int, leap: float) -> int:
        """The pitch for a height: reflected into the range, on the chord where it is strong or long, near the one before."""
        tones, rungs = self._plan.tones_at(step.tick), self._themes.rungs
        there_and_back = [*rungs, *rungs[-2:0:-1]]
        target = there_and_back[rung % len(there_and_back)]
        options = in_range(tones.ladder, max(self._low, target - REACH), min(self._high, target + REACH))
        off_chord = STRONG_COST if step.weight >= STRONG else LONG_COST if step.length >= TICKS_PER_BEAT else 0.0

        def cost(pitch: int) -> tuple[float, int]:
            away = abs(pitch - self._last)
            leaps = max(0, away - PASSING) * LEAP_COST * (1.3 - leap) + (REPEAT_COST if away == 0 else 0.0)
            return abs(pitch - target) + leaps + (0.0 if pitch % 12 in tones.chord else off_chord), pitch

        return min(options, key=cost) if options else nearest(tones.ladder, target, self._low, self._high)

    def _decoration(self, step: Step, before: int, later: int) -> int:
        """A passing tone towards the next tone of the motif, or a neighbour where both are near."""
        ladder = self._plan.tones_at(step.tick).ladder
        if abs(later - before) > PASSING:
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
        return nearest(wanted, self._last, self._low, self._high, otherwise=tones.ladder)


def _ends(unit: Unit, tune: Tune) -> bool:
    """True for a unit that ends its phrase with a long note and a rest."""
    return unit.is_last and (tune.breath >= RIFF_BREATH or unit.bars[-1].is_last)
