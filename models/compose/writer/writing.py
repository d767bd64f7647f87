"""Writing: a section in windows, its bars as notes, and what was found when they were held against the training music.

Lives here: how a scene becomes rules, window by window; how tokens become the notes that leave; what is written again
because it was known before. A window ends where the model can't look back further; the next one begins with the last bars
of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models.compose.arranger.dice import spot
from models.compose.corpus.piece import half_of
from models.compose.runtime.runtime import ContextFull
from models.compose.tokens.decode import Reading, read_bar
from models.compose.tokens.encode import Section, Stretch, bars_ids, plan_ids, section_ids, shift_of
from models.compose.tokens.rules import PartRules, Played, Rules
from models.compose.tokens.vocabulary import STEP_TICKS, VOCABULARY
from models.compose.writer.brief import header_of, pairs_of, rules_of, tones_of, window_of
from models.compose.writer.scene import Earlier, stretch_of
from models.compose.writer.steer import steering_of
from models.compose.writer.unlike import Unlike
from models.compose.writer.window import Model, Taste, Window
from sessions.music.notes import Note
from sessions.music.parts import Part

if TYPE_CHECKING:
    from models.compose.arranger.plan import Plan
    from models.compose.composer import BarNotes
    from models.compose.originality import RunIndex
    from models.compose.writer.scene import Scene
    from models.provenance import Originality
    from sessions.music.section import Request

__all__ = ["Scribe"]

WINDOW_BARS = 16
"""Bars that one plan of chords holds."""

GOES_BACK_BARS = 4
"""Bars of one window that the next one is told."""

MOST_BEFORE, MOST_AHEAD = 320, 280
"""Tokens of what came before and of what comes after."""

ATTEMPTS = 2
"""How often a bar is written before pitches are changed of what is known in it."""

BARS_A_START = 4
"""In one bar of so many each part begins notes at least."""

ROOM = 1.4
"""A window ends where this much of its longest bar has no room any more."""

COOLING = 0.9
"""Of the temperature asked for: the model was trained on little music, and strays when it is taken at its word."""

TOUCH = 4
"""Velocities lie this far around the middle of their level."""

LINES = frozenset({Part.BASS, Part.MELODY})
"""Parts with one note at a time."""

MARKS = 4
"""Tokens of a bar before its first part's events: its mark, two chords, the part's mark."""

_START = VOCABULARY.id("start")


class Scribe:
    """Writes one section, once."""

    def __init__(
        self, model: Model, request: Request, plan: Plan, scene: Scene, *, index: RunIndex | None = None
    ) -> None:
        self._model, self._request, self._plan, self._scene = model, request, plan, scene
        self._header = header_of(request, plan, scene.order)
        self._rules = rules_of(request, plan)
        self._tones = tones_of(request, plan)
        self._pairs = pairs_of(request, plan, half_of(request.meter))
        self._shift = shift_of(request.key)
        self._told: dict[tuple[Part, int], tuple[Note, ...]] = {**scene.given, **scene.kept}
        self._kept_notes = {
            part: [note for (owner, _), notes in sorted(scene.kept.items()) if owner is part for note in notes]
            for part in request.note_parts
        }
        self._unlike = Unlike(
            index, self._rules, self._tones, self._told, bars=request.bars, bar_ticks=request.ticks_per_bar
        )

    @property
    def originality(self) -> Originality | None:
        """What was found in the bars that are written; None without an index."""
        return self._unlike.found(self._request.note_parts)

    def bars(self) -> Iterator[BarNotes]:
        """The section's bars in order."""
        scene, parts = self._scene, self._request.note_parts
        written = self._written()
        for bar in range(1, self._request.bars + 1):
            if scene.first <= bar <= scene.last:
                next(written)
            yield {part: self._told.get((part, bar), ()) for part in parts}

    def _written(self) -> Iterator[int]:
        """Writes the scene's bars in windows; says which are done."""
        bar, earlier, crowded = self._scene.first, self._scene.earlier, 1
        while bar <= self._scene.last:
            begun = bar
            try:
                for bar in self._window(begun, earlier, crowded):
                    yield bar
                    bar += 1
            except ContextFull:
                # More than the model can look at: it is told less, and may say less.
                crowded = crowded + 1 if bar == begun else 1
            earlier = self._going_back(bar, crowded) if bar > self._scene.first else earlier

    def _window(self, first: int, earlier: Earlier | None, crowded: int) -> Iterator[int]:
        """Writes bars from `first` on until the window is full. Raises ContextFull."""
        taste = Taste(self._request.temperature * COOLING)
        window = Window(
            self._model,
            self._rules_from(first, earlier, crowded),
            first=first,
            seed=self._request.seed,
            taste=taste,
            caution=self._unlike.caution(first, self._shift),
            steering=steering_of(self._request, self._told, first),
        )
        start = (first - 1) * self._request.ticks_per_bar
        end = self._request.total_ticks - start
        reading = Reading(self._request.meter, self._shift, bool(self._header.human), end)
        used, longest, attempts = window.used, 0, 0
        for bar in window.bars():
            notes, after = read_bar(bar.ids, reading)
            fresh = self._as_they_leave(bar.number, notes, start)
            known = self._unlike.known(bar.number, fresh)
            attempts += 1
            if known and attempts < ATTEMPTS:
                window.again()
                continue
            for part in known:
                fresh[part] = self._unlike.changed(part, bar.number, fresh[part])
            self._told |= {(part, bar.number): some for part, some in fresh.items()}
            reading, attempts = after, 0
            longest, used = max(longest, window.used - used), window.used
            yield bar.number
            if used + ROOM * longest > self._model.context:
                return

    def _rules_from(self, first: int, earlier: Earlier | None, crowded: int) -> Rules:
        """What holds for the bars from `first` on, as many as one window may have."""
        request, scene = self._request, self._scene
        until = min(scene.last, first - 1 + max(1, WINDOW_BARS // crowded))
        bars = range(first, until + 1)
        step = (first - 1) * request.ticks_per_bar // STEP_TICKS
        parts = {}
        for part, rules in self._rules.items():
            most = max(1, (rules.most_a_bar or 1) // crowded)
            sounds = any(notes for (owner, _), notes in self._told.items() if owner is part)
            must = until == scene.last and not sounds
            parts[part] = replace(rules, must_sound=must, least=-(-until // BARS_A_START), most_a_bar=most)
        for part in scene.order:
            parts.setdefault(part, PartRules(must_sound=False))
        return Rules(
            self._header,
            [self._left(bar) for bar in bars],
            chords=plan_ids(self._pairs[first - 1 : until], self._shift)[1:],
            given={(part, bar - first): self._events(part, bar) for part, bar in scene.given if bar in bars},
            before=(_START, *self._before(earlier, MOST_BEFORE // crowded)),
            ahead=self._ahead(bars, MOST_AHEAD // crowded),
            tones=window_of(self._tones, step),
            parts=parts,
            sounding=self._sounding(first, step),
            played={part: self._played(part, first) for part in self._rules},
        )

    def _left(self, bar: int) -> int:
        return self._request.bars - bar + 1

    def _events(self, part: Part, bar: int) -> list[int]:
        """A given cell as tokens; its level is said anew, for nobody knows what was told before it."""
        lefts = [self._left(bar)]
        stretch = stretch_of(self._scene.given, self._header, (part,), range(bar, bar + 1), self._pairs, lefts)
        ids, _ = bars_ids(stretch, (part,), self._shift, {part: -1})
        return [int(token) for token in ids[MARKS:]]

    def _before(self, earlier: Earlier | None, most: int) -> list[int]:
        """The last bars of what came before, as many as so many tokens hold."""
        if earlier is None:
            return []
        whole = earlier.stretch
        for count in range(len(whole.sheet), 0, -1):
            sheet = whole.sheet.window(len(whole.sheet) - count, count, beyond=whole.sheet.beyond)
            stretch = Stretch(sheet, whole.pairs[-count:], whole.lefts[-count:])
            ids = section_ids(Section(earlier.header, stretch))
            if len(ids) <= most:
                return [int(token) for token in ids]
        return []

    def _ahead(self, bars: range, most: int) -> list[int]:
        """The bars that come later, as many as so many tokens hold; of what is given while it is written, the window's."""
        scene = self._scene
        later = sorted({bar for _, bar in scene.ahead if bar > bars.start and (bar in bars or bar > scene.last)})
        while later:
            parts = [part for part in scene.order if any(scene.ahead.get((part, bar)) for bar in later)]
            if not parts:
                break
            lefts = [self._left(bar) for bar in later]
            stretch = stretch_of(scene.ahead, self._header, parts, range(later[0], later[-1] + 1), self._pairs, lefts)
            ids, _ = bars_ids(stretch, parts, self._shift)
            if len(ids) <= most:
                return [int(token) for token in ids]
            later.pop()
        return []

    def _sounding(self, first: int, step: int) -> dict[Part, list[tuple[int, int]]]:
        """Pitched notes from earlier bars that still sound: when each ends, in the window's steps, and its pitch."""
        start = (first - 1) * self._request.ticks_per_bar
        sounding: dict[Part, list[tuple[int, int]]] = {}
        for (part, bar), notes in self._told.items():
            if bar < first and part.is_pitched and part in self._rules:
                ends = [(-(-note.end // STEP_TICKS) - step, note.pitch) for note in notes if note.end > start]
                sounding.setdefault(part, []).extend(ends)
        return sounding

    def _played(self, part: Part, first: int) -> Played:
        """What a part did in the bars before a window, which count down from -1."""
        played, end = Played(), 0
        for bar in range(1, first):
            notes = self._told.get((part, bar), ())
            rests = end <= (bar - 1) * self._request.ticks_per_bar and not notes
            played = played._replace(bars=played.bars + bool(notes), rests=played.rests + 1 if rests else 0)
            for note in notes if part.is_pitched else ():
                played = played.on(note.pitch, bar - first)
            end = max(end, *(note.end for note in notes), 0)
        return played

    def _going_back(self, bar: int, crowded: int) -> Earlier | None:
        """The bars before this one, for the next window to go on from."""
        bars = range(max(1, bar - max(1, GOES_BACK_BARS // crowded)), bar)
        parts = [part for part in self._scene.order if any(self._told.get((part, one)) for one in bars)]
        if not parts:
            return None
        header = replace(self._header, voices=tuple(voice for voice in self._header.voices if voice.part in parts))
        lefts = [self._left(one) for one in bars]
        return Earlier(header, stretch_of(self._told, header, parts, bars, self._pairs, lefts))

    def _as_they_leave(self, bar: int, notes: dict[Part, tuple[Note, ...]], start: int) -> dict[Part, tuple[Note, ...]]:
        """The new notes of a bar with a hand's unevenness, ending where what is kept goes on."""
        fresh = {}
        for part in self._request.note_parts:
            if (part, bar) in self._scene.kept:
                continue
            some = (replace(note, start=note.start + start, velocity=self._touched(part, note)) for note in notes[part])
            some = (self._not_before_its_chord(part, note) for note in some)
            fresh[part] = tuple(sorted(self._cut(part, note) for note in some))
        return fresh

    def _not_before_its_chord(self, part: Part, note: Note) -> Note:
        """A note that is played a little early comes on time where the chord before has no such tone."""
        early = -note.start % STEP_TICKS
        if not early or not part.is_pitched or note.length <= early:
            return note
        here = window_of(self._tones, note.start // STEP_TICKS)[0][1]
        return note if note.pitch % 12 in here else replace(note, start=note.start + early, length=note.length - early)

    def _touched(self, part: Part, note: Note) -> int:
        by = spot(self._request.seed, "touch", part, note.start, note.pitch)
        return min(127, max(1, note.velocity + round((2 * by - 1) * TOUCH)))

    def _cut(self, part: Part, note: Note) -> Note:
        """A note that ends where a kept one on its pitch, or in its line, begins."""
        ends = [
            kept.start
            for kept in self._kept_notes.get(part, ())
            if note.start < kept.start < note.end and (part in LINES or kept.pitch == note.pitch)
        ]
        return replace(note, length=min(ends) - note.start) if ends else note
