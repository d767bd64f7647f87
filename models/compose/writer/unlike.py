"""Unlike: the new notes of a bar, changed until no melodic run of them stands in the training music.

Lives here: the highest and the lowest line of each part, onset by onset, held against the index of runs while they grow; and the
search for other pitches where a run is known. A run can only become known with an onset, so what is clean up to one onset and
has none that ends with the next is clean: the search goes through a bar once, moves the note with which a known run would end
by as little as will do, goes back where nothing will, and at last leaves an onset out. Notes that were there before stay as
they are. Knows no tokens and no model.

    >>> from models.compose.tokens.rules import ANY_TONE
    >>> tune = [60, 62, 64, 67, 65, 64, 62, 69, 67, 60]
    >>> bar = tuple(Note(tick * 480, 480, pitch, 90) for tick, pitch in enumerate(tune))
    >>> unlike = Unlike(RunIndex.build([tune]), {Part.MELODY: PartRules()}, ANY_TONE, {}, bars=1, bar_ticks=4800)
    >>> unlike.known(1, {Part.MELODY: bar})
    [<Part.MELODY: 'melody'>]
    >>> [note.pitch for note in unlike.changed(Part.MELODY, 1, bar)]
    [60, 62, 64, 67, 65, 64, 62, 69, 69, 60]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.compose.originality import LONGEST_NOTES, RUN_NOTES, TOGETHER_TICKS, RunIndex, bottom_line, top_line
from models.compose.tokens.rules import PartRules, Tones
from models.compose.tokens.vocabulary import STEP_TICKS
from models.compose.writer.caution import Caution
from models.provenance import Originality
from sessions.music.notes import Note
from sessions.music.parts import PITCHED_PARTS, Part

__all__ = ["Unlike"]

MOVES = (2, -2, 1, -1, 3, -3, 4, -4, 5, -5, 7, -7, 6, -6, 8, -8, 9, -9, 10, -10, 11, -11, 12, -12)
"""Semitones by which a note is moved, those tried first that a tune bears best."""

NEAR = 4
"""Semitones by which both ends of a chord are moved at most, where moving one won't do."""

MOST_TRIES = 4000
"""Onsets that are tried for one bar of one part: 50 ms."""

Chord = tuple[Note, ...]


@dataclass(slots=True)
class _Onset:
    """Notes of a line that begin together: those that stay, and the new ones."""

    start: int
    fixed: Chord = ()
    fresh: Chord = ()


@dataclass(slots=True)
class _Past:
    """A part up to a bar: highest and lowest pitches of its onsets but the last, that one's notes, and those that sound on."""

    bar: int = 1
    tops: list[int] = field(default_factory=list)
    bottoms: list[int] = field(default_factory=list)
    last: Chord = ()
    late: Chord = ()

    @property
    def lines(self) -> tuple[list[int], list[int]]:
        """The highest and the lowest pitches of all onsets."""
        last = [note.pitch for note in self.last]
        return ([*self.tops, max(last)], [*self.bottoms, min(last)]) if last else ([], [])


class Unlike:
    """Keeps one section apart from the music that an index knows. `told` are its notes so far, by part and bar from 1.

    Bars come in order; what is told of a bar must not change once a later one was asked for.
    """

    def __init__(
        self,
        index: RunIndex | None,
        rules: Mapping[Part, PartRules],
        tones: Tones,
        told: Mapping[tuple[Part, int], tuple[Note, ...]],
        *,
        bars: int,
        bar_ticks: int,
    ) -> None:
        self._index, self._rules, self._tones, self._told = index, rules, tones, told
        self._bars, self._bar_ticks = bars, bar_ticks
        self._pasts: dict[Part, _Past] = {}
        self._rewritten: dict[str, None] = {}

    def known(self, bar: int, fresh: Mapping[Part, Chord]) -> list[Part]:
        """The parts whose new notes of a bar make a run, with those before and after, that the index knows.

        They are to be written again or `changed`, and will be named as such. None without an index.
        """
        if self._index is None:
            return []
        some = ((part, fresh[part]) for part in PITCHED_PARTS if part in fresh)
        known = [part for part, notes in some if not self._search(self._index, part, bar, notes).is_clean()]
        self._rewritten |= {f"{part} {bar}": None for part in known}
        return known

    def changed(self, part: Part, bar: int, notes: Chord) -> Chord:
        """The new notes of a bar with no known run: other pitches here and there, at last fewer onsets.

        They stay as they are where nothing will do: what was there before may be a known run itself.
        """
        found = None if self._index is None else self._search(self._index, part, bar, notes).found()
        return notes if found is None else tuple(sorted(note for chord in found for note in chord))

    def caution(self, bar: int, shift: int) -> Caution | None:
        """What keeps the parts from known runs from a bar on, in which they are told `shift` semitones higher."""
        if self._index is None:
            return None
        lines = {}
        for part in (part for part in self._rules if part.is_pitched):
            past = self._past(part, bar)
            tops, bottoms = past.lines
            lines[part] = [pitch + shift for pitch in tops], [pitch + shift for pitch in bottoms]
        return Caution(self._index, lines, self._rewritten)

    def found(self, parts: Iterable[Part]) -> Originality | None:
        """What there is to be said of the section in the end; None without an index."""
        if self._index is None:
            return None
        lines = [line for part in parts if part.is_pitched for line in self._lines(part)]
        longest = max((self._index.longest([note.pitch for note in line]) for line in lines), default=0)
        return Originality(self._index.sha256, RUN_NOTES, longest, tuple(self._rewritten))

    def _lines(self, part: Part) -> tuple[list[Note], list[Note]]:
        notes = [note for bar in range(1, self._bars + 1) for note in self._told.get((part, bar), ())]
        return top_line(notes), bottom_line(notes)

    def _search(self, index: RunIndex, part: Part, bar: int, notes: Chord) -> _Search:
        past, later = self._past(part, bar), self._later(part, bar)
        return _Search(
            index,
            self._rules.get(part) or PartRules(),
            self._tones,
            (past.tops[-LONGEST_NOTES:], past.bottoms[-LONGEST_NOTES:]),
            _onsets((*past.last, *later), notes),
            around=(*past.late, *later),
            until=bar * self._bar_ticks,
        )

    def _past(self, part: Part, bar: int) -> _Past:
        past = self._pasts.setdefault(part, _Past())
        while past.bar < bar:
            notes = self._told.get((part, past.bar), ())
            onsets = _onsets((*past.last, *notes), ())
            for onset in onsets[:-1]:
                past.tops.append(max(note.pitch for note in onset.fixed))
                past.bottoms.append(min(note.pitch for note in onset.fixed))
            past.last = onsets[-1].fixed if onsets else ()
            past.late = tuple(note for note in (*past.late, *notes) if note.end > past.bar * self._bar_ticks)
            past.bar += 1
        return past

    def _later(self, part: Part, bar: int) -> list[Note]:
        """The notes after a bar that are there already, as many as a run can have."""
        later: list[Note] = []
        for one in range(bar + 1, self._bars + 1):
            later += self._told.get((part, one), ())
            if len({note.start // TOGETHER_TICKS for note in later}) > 2 * LONGEST_NOTES:
                break
        return later


class _Search:
    """One bar of one part, between what was and what comes."""

    def __init__(
        self,
        index: RunIndex,
        rules: PartRules,
        tones: Tones,
        lines: tuple[list[int], list[int]],
        onsets: Sequence[_Onset],
        *,
        around: Chord,
        until: int,
    ) -> None:
        self._index, self._rules, self._tones = index, rules, tones
        self._tops, self._bottoms = lines
        self._onsets, self._around, self._until = onsets, around, until
        new = [place for place, onset in enumerate(onsets) if onset.fresh]
        own = int(bool(onsets) and onsets[0].start < until)
        self._first, self._last = (new[0], new[-1]) if new else (own, own - 1)
        self._end = min(len(onsets), self._last + LONGEST_NOTES)
        self._done: list[Chord] = []
        self._tries = 0

    def is_clean(self) -> bool:
        """Whether the notes will do as they are."""
        for place in range(self._end):
            self._push(self._onsets[place].fresh, place)
            if self._is_known(place):
                return False
        return True

    def found(self) -> list[Chord] | None:
        """The new notes of each onset, as they will do; None where nothing does."""
        return self._done if self._goes_on(0) else None

    def _goes_on(self, place: int) -> bool:
        """Whether there is a way from an onset to the end."""
        if place == self._end:
            return True
        for chord in self._ways(place):
            if self._tries >= MOST_TRIES:
                return False
            self._tries += 1
            self._done.append(chord)
            pushed = self._push(chord, place)
            if not (pushed and self._is_known(place)) and self._goes_on(place + 1):
                return True
            if pushed:
                self._tops.pop()
                self._bottoms.pop()
            self._done.pop()
        return False

    def _push(self, chord: Chord, place: int) -> bool:
        """Puts an onset on the lines; false where there is none."""
        pitches = [note.pitch for note in (*self._onsets[place].fixed, *chord)]
        if pitches:
            self._tops.append(max(pitches))
            self._bottoms.append(min(pitches))
        return bool(pitches)

    def _is_known(self, place: int) -> bool:
        """Whether a known run ends with this onset in which there are new notes, or which is one for want of them."""
        if place < self._first:
            return False
        beyond = max(place - self._last, 0)
        if self._index.ending(self._tops) > beyond:
            return True
        return self._tops != self._bottoms and self._index.ending(self._bottoms) > beyond

    def _ways(self, place: int) -> Iterator[Chord]:
        """What an onset's new notes may be: as they are, moved a little, fewer."""
        onset = self._onsets[place]
        yield onset.fresh
        if not onset.fresh:
            return
        chord = tuple(sorted(onset.fresh, key=lambda note: note.pitch))
        for by in MOVES:
            yield from (way for end in {0, len(chord) - 1} if (way := self._moved(chord, end, by, place)))
        if len(chord) > 1:
            near = [by for by in MOVES if abs(by) <= NEAR]
            lower = (way for by in near if (way := self._moved(chord, 0, by, place)))
            yield from (way for low in lower for by in near if (way := self._moved(low, len(low) - 1, by, place)))
            for note in (chord[-1], chord[0]):
                rest = tuple(one for one in chord if one is not note)
                if min(one.start for one in rest) == onset.start:
                    yield rest
        if place < self._last or any(self._done):
            yield ()

    def _moved(self, chord: Chord, end: int, by: int, place: int) -> Chord | None:
        """The chord with one note moved, where the rules let it: one that sounds beyond the bar among others ends with it."""
        note = chord[end]
        pitch, rest = note.pitch + by, (*chord[:end], *chord[end + 1 :])
        length = note.length if self._rules.most_at_once == 1 else min(note.length, self._until - note.start)
        moved = replace(note, pitch=min(max(pitch, 0), 127), length=length)
        tones = self._tones[bisect_right(self._tones, note.start // STEP_TICKS, key=_step) - 1][1]
        if not self._rules.low <= pitch <= self._rules.high or pitch % 12 not in tones:
            return None
        others = [*rest, *self._around, *(one for other in self._done for one in other)]
        others += [one for onset in self._onsets[place + 1 :] for one in onset.fresh]
        clash = any(one.pitch == pitch and one.start < moved.end and note.start < one.end for one in others)
        return None if clash else (*chord[:end], moved, *chord[end + 1 :])


def _step(change: tuple[int, frozenset[int]]) -> int:
    return change[0]


def _onsets(fixed: Sequence[Note], fresh: Sequence[Note]) -> list[_Onset]:
    """Notes by onset, in order: as `top_line` takes them together."""
    onsets: list[_Onset] = []
    rows = sorted([(note.start, number, note) for number, some in enumerate((fixed, fresh)) for note in some])
    for start, is_fresh, note in rows:
        if not onsets or start - onsets[-1].start >= TOGETHER_TICKS:
            onsets.append(_Onset(start))
        if is_fresh:
            onsets[-1].fresh += (note,)
        else:
            onsets[-1].fixed += (note,)
    return onsets
