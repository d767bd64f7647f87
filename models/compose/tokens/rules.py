"""What a section must obey, said before it is written: bars, metre, parts, tones, ranges, how much at once.

Lives here: the rules as values, and the pitch classes that a key and chords allow. `grammar` makes them hold, token by
token; what a request means in rules is the writer's to say.

    >>> allowed = tones_within(Key(0), ((0, 96, Chord(0)), (96, 192, Chord(4, "7"))))
    >>> [(start, sorted(classes)) for start, classes in allowed]
    [(0, [0, 2, 4, 5, 7, 9, 11]), (96, [0, 2, 4, 5, 8, 11])]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from models.compose.tokens.encode import Header
from models.compose.tokens.grid import HIGHEST, LONGEST, LOWEST
from models.compose.tokens.vocabulary import DRUMS
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.parts import Part

__all__ = ["ANY_TONE", "MANY_NOTES", "PartRules", "Played", "Rules", "Tones", "tones_within"]

Tones = Sequence[tuple[int, frozenset[int]]]
"""From which step of the section on which pitch classes may begin, in order; the first from step 0."""

ANY_TONE: Tones = ((0, frozenset(range(12))),)

MOST_AT_ONCE = 12

MANY_NOTES = 12
"""Notes on one pitch from which a part is stuck on it: fewer may be a pedal."""


@dataclass(frozen=True, slots=True)
class PartRules:
    """What one part must obey. Pitches are as they sound, not as they are told.

    `most_at_once` are notes that sound, of drums hits that start, together; `most_a_bar` are notes that begin in a
    bar; `longest` is the steps that a pitched note lasts at most, rounded up to a length.
    A part that `must_sound` does by the end of the section; one that was silent for `most_rest` bars sounds in the next.
    It begins notes in `least` bars, those before the section included. A pitched part with many notes on one pitch leaves it
    when it was there for `most_same` bars, and one that `varies` by the end of the section where it never had another;
    where range and tones have no other pitch, it may stay.
    """

    low: int = LOWEST
    high: int = HIGHEST
    most_at_once: int = MOST_AT_ONCE
    most_a_bar: int | None = None
    longest: int = LONGEST
    most_rest: int | None = None
    must_sound: bool = True
    least: int = 0
    most_same: int | None = None
    varies: bool = False
    drums: frozenset[int] = frozenset(range(len(DRUMS)))
    tones: Tones | None = None

    def __post_init__(self) -> None:
        if not LOWEST <= self.low <= self.high <= HIGHEST:
            raise ValueError(f"no such range: {self.low} to {self.high}; told pitches go from {LOWEST} to {HIGHEST}")
        if self.most_at_once < 1 or (self.most_a_bar or 1) < 1 or self.longest < 1 or not self.drums:
            raise ValueError("a part may have one note at least")


class Played(NamedTuple):
    """What a part has played: in how many bars it began notes, how many bars it rests since, and the `pitch` of its last notes:
    how many are the `same` one after the other, `since` which bar of the section, and whether the part ever had another.
    """

    bars: int = 0
    rests: int = 0
    pitch: int = -1
    same: int = 0
    since: int = 0
    varied: bool = False

    def on(self, pitch: int, bar: int) -> Played:
        """The same with a note more."""
        if pitch == self.pitch:
            return self._replace(same=self.same + 1)
        return self._replace(pitch=pitch, same=1, since=bar, varied=self.varied or self.same > 0)


@dataclass(frozen=True, slots=True)
class Rules:
    """A section to write.

    `lefts` has a number for each bar. `chords` are the tokens of the plan, two a bar, None where they are the model's
    (then among `plan_tokens`, unless that is empty). `given` are the events' tokens of parts in bars (from 0) that are
    there already. `before` are the tokens that come first, `start` and earlier sections; `ahead` those of bars that come
    later, marks and all. `tones` hold for all pitched parts that have none of their own. No note begins at step `last`
    or after. `sounding` are notes from earlier bars, by part: the step at which each ends, its pitch; `played` what the
    parts did there, in bars counted from the section's first, before it down from -1.
    """

    header: Header
    lefts: Sequence[int]
    chords: Sequence[int | None] = ()
    plan_tokens: frozenset[int] = frozenset()
    given: Mapping[tuple[Part, int], Sequence[int]] = field(default_factory=dict)
    before: Sequence[int] = ()
    ahead: Sequence[int] = ()
    tones: Tones = ANY_TONE
    parts: Mapping[Part, PartRules] = field(default_factory=dict)
    last: int | None = None
    sounding: Mapping[Part, Sequence[tuple[int, int]]] = field(default_factory=dict)
    played: Mapping[Part, Played] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.lefts or not self.header.voices:
            raise ValueError("a section has some bars and some parts")
        if self.chords and len(self.chords) != 2 * len(self.lefts):
            raise ValueError(f"{len(self.chords)} chords for {len(self.lefts)} bars")


def tones_within(key: Key, chords: Iterable[tuple[int, int, Chord]]) -> Tones:
    """What may begin under chords (from a step to a step) in a key: their tones, and the scale where it does not clash.

    A tone of the scale clashes that is a semitone from a chord's tone outside the scale: under E7, C major has no G and
    no A. Without chords it is the scale alone.
    """
    scale = frozenset(key.scale)
    spans = []
    for start, _, chord in chords:
        tones = frozenset(chord.pitch_classes) | {chord.lowest}
        foreign = {(tone + by) % 12 for tone in tones - scale for by in (1, 11)}
        spans.append((start, tones | (scale - foreign)))
    return tuple(spans) or ((0, scale),)
