"""Listening: taking material from notes, whoever played them.

Lives here: what comes back from bar to bar becomes the groove, with how often it came as its rank; the first bars of a tune become
motifs. Swing is taken off, since it is put on again.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.notes import Note
    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"style": "house", "bars": 2, "parts": "drums", "seed": 1})
    >>> bars = {(Part.DRUMS, bar): (Note(bar * 3840 - 3840, 60, 36, 100),) for bar in (1, 2)}
    >>> [hit.pitch for hit in listen(plan_of(request), bars).drums[0]]
    [36]
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from models.compose.arranger.data.kit import KICKS, PIECES
from models.compose.arranger.feel import Feel
from models.compose.arranger.material import Hit, Material, Motif
from models.compose.arranger.steps import Step
from sessions.music.parts import Part

if TYPE_CHECKING:
    from models.compose.arranger.plan import Plan
    from sessions.music.notes import Bars, Note

__all__ = ["listen"]

LEAST_SHARE = 0.2
"""What comes in fewer bars than this is a fill or an accident."""
LONGEST_PATTERN_BARS = 2
LEAST_BARS_FOR_TWO = 6
"""A pattern of two bars is only heard as one from so many bars on."""
LOUDEST_LEARNED = 118.0
CHORD_NOTES = 1.7
"""With fewer notes at once than this, a part plays lines, and its rhythm is no comping."""
MOTIFS = 2
CYMBALS = {PIECES["crash"], PIECES["crash2"], PIECES["splash"], PIECES["china"]}


def listen(plan: Plan, bars: Bars) -> Material:
    """The material of a section, given the plan that its request makes."""
    ear = _Ear(plan, bars)
    return Material(ear.drums(), ear.bass(), ear.comp(), ear.motifs(), ear.kicks())


class _Ear:
    def __init__(self, plan: Plan, bars: Bars) -> None:
        self._plan, self._bars = plan, bars
        self._feel = Feel(plan)
        count = plan.request.bars
        # The last bar mostly has a fill or a close.
        self._heard = plan.bars[: max(1, count - 1)]
        self._cycle = LONGEST_PATTERN_BARS if count >= LEAST_BARS_FOR_TWO else 1
        self._places = [self._straight_places(index) for index in range(count)]

    def _straight_places(self, index: int) -> list[tuple[int, int, float]]:
        """The places of a bar: where they sound, where they are written, and how strong they are."""
        places = []
        for cell in self._plan.bars[index].cells:
            for slot in cell.slots:
                tick = cell.start + slot.offset
                weight = cell.weight if slot.offset == 0 else cell.weight / 2 if slot.step == 2 else cell.weight / 4
                places.append((self._feel.bent(tick), tick, weight))
        return places

    def _written(self, note: Note, index: int) -> tuple[int, float]:
        _, tick, weight = min(self._places[index], key=lambda place: (abs(place[0] - note.start), place[0]))
        return tick - self._plan.bars[index].start, weight

    def _notes(self, part: Part, index: int) -> tuple[Note, ...]:
        return self._bars.get((part, index + 1), ())

    def _gathered(self, part: Part, name: object) -> list[dict[tuple[int, object], list[tuple[Note, int, float]]]]:
        """By bar of the cycle: the notes at each place, under what they are to their part."""
        gathered: list[dict[tuple[int, object], list[tuple[Note, int, float]]]] = [
            defaultdict(list) for _ in range(self._cycle)
        ]
        for bar in self._heard:
            seen = set()
            for note in self._notes(part, bar.index):
                offset, weight = self._written(note, bar.index)
                key = (offset, note.pitch if name == "pitch" else "")
                if key not in seen:
                    seen.add(key)
                    gathered[bar.index % self._cycle][key].append((note, bar.index, weight))
        return gathered

    def _step(
        self, offset: int, notes: list[tuple[Note, int, float]], part: Part, cycle_bar: int, sign: str
    ) -> Step | None:
        played = [bar for bar in self._heard if bar.index % self._cycle == cycle_bar and self._notes(part, bar.index)]
        share = len(notes) / max(1, len(played))
        if share < LEAST_SHARE:
            return None
        density = max(0.1, max(self._plan.density(part, self._plan.bars[index]) for _, index, _ in notes))
        loud = [note.velocity / self._plan.force(part, self._plan.bars[index]) for note, index, _ in notes]
        length = max(1, round(sum(note.length for note, _, _ in notes) / len(notes)))
        rank = min(1.0, 2 * density * (1 - share))
        return Step(
            offset, length, rank, min(LOUDEST_LEARNED, sum(loud) / len(loud)), sign, notes[0][2], f"heard {offset}"
        )

    def drums(self) -> tuple[tuple[Hit, ...], ...]:
        """The groove, without crashes."""
        cycle = []
        for index, gathered in enumerate(self._gathered(Part.DRUMS, "pitch")):
            hits = []
            for (offset, pitch), notes in sorted(gathered.items(), key=lambda item: str(item[0])):
                step = self._step(offset, notes, Part.DRUMS, index, "x")
                if step and isinstance(pitch, int) and pitch not in CYMBALS:
                    hits.append(Hit(step, pitch))
            cycle.append(tuple(sorted(hits, key=lambda hit: (hit.step.tick, hit.pitch))))
        return tuple(cycle) if all(cycle) else ()

    def bass(self) -> tuple[tuple[Step, ...], ...]:
        """The line's rhythm, each note by what it is to its chord."""
        cycle = []
        for index, gathered in enumerate(self._gathered(Part.BASS, "")):
            steps = []
            for (offset, _), notes in sorted(gathered.items(), key=lambda item: str(item[0])):
                signs = [self._sign(note, bar_index) for note, bar_index, _ in notes]
                step = self._step(offset, notes, Part.BASS, index, max(sorted(set(signs)), key=signs.count))
                steps += [step] if step else []
            cycle.append(tuple(sorted(steps, key=lambda step: step.tick)))
        return tuple(cycle) if all(cycle) else ()

    def _sign(self, note: Note, index: int) -> str:
        offset, _ = self._written(note, index)
        root = self._plan.tones_at(self._plan.bars[index].start + offset).bass
        low = min(
            (other.pitch for other in self._notes(Part.BASS, index) if other.pitch % 12 == root), default=note.pitch
        )
        interval = (note.pitch - root) % 12
        if interval == 0:
            return "O" if note.pitch > low else "R"
        return "T" if interval in (3, 4) else "F" if interval == 7 else "S" if interval in (9, 10, 11) else "A"

    def comp(self) -> tuple[tuple[Step, ...], ...]:
        """The rhythm of the chords; nothing where the part plays lines."""
        cycle = []
        for index, gathered in enumerate(self._gathered(Part.HARMONY, "")):
            steps = []
            for (offset, _), notes in sorted(gathered.items(), key=lambda item: str(item[0])):
                step = self._step(offset, notes, Part.HARMONY, index, "x")
                steps += [step] if step else []
            cycle.append(tuple(sorted(steps, key=lambda step: step.tick)))
        heard = [(bar.index, note) for bar in self._heard for note in self._notes(Part.HARMONY, bar.index)]
        strokes = {(index, self._written(note, index)[0]) for index, note in heard}
        return tuple(cycle) if all(cycle) and len(heard) >= CHORD_NOTES * len(strokes) else ()

    def motifs(self) -> tuple[Motif, ...]:
        """The first bars of the tune."""
        scale = self._plan.request.key.scale
        motifs: list[Motif] = []
        for bar in self._plan.bars:
            notes = sorted(self._notes(Part.MELODY, bar.index))
            if not notes or len(motifs) == MOTIFS:
                continue
            steps: list[Step] = []
            heights: list[int] = []
            for note in notes:
                offset, weight = self._written(note, bar.index)
                if steps and steps[-1].tick >= offset:
                    continue
                loud = min(LOUDEST_LEARNED, note.velocity / self._plan.force(Part.MELODY, bar))
                rank = 0.0 if weight >= 0.5 or not steps else 0.2
                steps.append(Step(offset, note.length, rank, loud, "x", weight, f"heard {offset}"))
                heights.append(_height(note.pitch, scale) - _height(notes[0].pitch, scale))
            motifs.append(Motif(tuple(steps), tuple(heights), notes[0].pitch))
        return tuple(motifs)

    def kicks(self) -> tuple[tuple[int, ...], ...]:
        """Where the kick falls in each bar, in ticks of the straight grid from the bar's start."""
        return tuple(
            tuple(
                sorted(
                    {self._written(note, index)[0] for note in self._notes(Part.DRUMS, index) if note.pitch in KICKS}
                )
            )
            for index in range(self._plan.request.bars)
        )


def _height(pitch: int, scale: tuple[int, ...]) -> int:
    """A pitch as a number of scale steps; what lies between two steps counts as the lower."""
    octave, tone = divmod(pitch - scale[0], 12)
    return octave * len(scale) + sum((step - scale[0]) % 12 <= tone for step in scale) - 1
