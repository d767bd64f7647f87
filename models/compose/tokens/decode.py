"""Tokens back into sections and notes.

Lives here: reading what `encode` writes, whole sequences or bar by bar while they are written. Tokens say neither the
tonic nor the exact tempo, so who reads says the tonic; a tempo is the middle of its bin. Anything that breaks the order
of a sequence is a ValueError; sequences that the grammar let through never do.

    >>> from models.compose.tokens.encode import Section, Stretch, Header, Voice, encode
    >>> from models.compose.tokens.grid import quantise
    >>> sheet = quantise({Part.BASS: [Note(960, 480, 38, 90)]}, (0, 96), human=False)
    >>> header = Header(120.0, Meter(4, 4), Key(2, "minor"), (Voice(Part.BASS),))
    >>> section, = decode(encode([Section(header, Stretch(sheet, ((None, None),), (1,)))]), tonic=2)
    >>> section.write.sheet.to_notes()
    {<Part.BASS: 'bass'>: (Note(start=960, length=480, pitch=38, velocity=88),)}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np

from models.compose.corpus.piece import Origin, Pair
from models.compose.tokens.encode import Header, Section, Stretch, Voice, shift_of
from models.compose.tokens.grid import Line, Sheet
from models.compose.tokens.vocabulary import (
    CONTROLS,
    FRAME_STEPS,
    LEVEL_AT_START,
    LEVELS,
    MOST_LEFT,
    NUDGES,
    QUALITIES,
    STEP_TICKS,
    VOCABULARY,
)
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, METER_UNITS, Meter
from sessions.music.chords import Chord
from sessions.music.keys import MODES, Key
from sessions.music.kinds import Kind
from sessions.music.notes import Note
from sessions.music.parts import NOTE_PARTS, Part
from sessions.music.pitches import HIGHEST_PITCH

__all__ = ["Reading", "chord_of", "decode", "read_bar", "tempo_of"]

_BASE, _SIZE = VOCABULARY.base, VOCABULARY.size
_FAMILY = [VOCABULARY.family(token) for token in range(len(VOCABULARY))]
_MODES = tuple(MODES)
_NAMES = {"maj": "", "min": "m", "sus": "sus4"}
_CHORD_NAMES = tuple(_NAMES.get(quality, quality) for quality in QUALITIES)

Rows = list[tuple[int, int, int, int, int]]
"""Notes of one part and bar: position, nudge, pitch or class, length's index, level."""


def tempo_of(index: int) -> float:
    """The tempo in the middle of a bin.

    >>> tempo_of(7)
    123.0
    """
    return float(round(LOWEST_BPM * (HIGHEST_BPM / LOWEST_BPM) ** ((index + 0.5) / _SIZE["Tempo"])))


def chord_of(token: int, shift: int) -> Chord | None:
    """The chord that a token says, in a key that is `shift` away from C."""
    index = token - _BASE["Chord"] - 1
    if index < 0:
        return None
    degree, quality = divmod(index, len(QUALITIES))
    return Chord((degree - shift) % 12, _CHORD_NAMES[quality])


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a section that is being written has been read: where the next bar starts, and each part's level.

    `end` is the tick at which all notes have ended; `shift` and `human` are the section's.
    """

    meter: Meter
    shift: int
    human: bool
    end: int
    tick: int = 0
    levels: Mapping[Part, int] = field(default_factory=dict)


def read_bar(ids: Iterable[int], reading: Reading) -> tuple[dict[Part, tuple[Note, ...]], Reading]:
    """The notes of one bar, from its mark to its last event, and the reading of the next. Raises ValueError."""
    tokens = _Tokens(ids)
    levels = dict(reading.levels)
    steps = reading.meter.ticks_per_bar // STEP_TICKS
    _, _, rows = tokens.bar(steps, reading.shift, levels)
    tokens.finish()
    beyond = max(reading.end - reading.tick - reading.meter.ticks_per_bar, 0) // STEP_TICKS
    sheet = _sheet([rows], list(rows), steps, human=reading.human, beyond=beyond)
    return sheet.to_notes(reading.tick), replace(
        reading, tick=reading.tick + reading.meter.ticks_per_bar, levels=levels
    )


def decode(ids: Iterable[int], *, tonic: int = 0) -> list[Section]:
    """All sections of a sequence from `start` to `end`; the tonic is that of each. Raises ValueError.

    Where a header does not say whether somebody played, it is taken for played if a note is nudged.
    """
    tokens = _Tokens(ids)
    tokens.take("start")
    sections = []
    while tokens.family == "section":
        sections.append(tokens.section(tonic))
    tokens.take("end")
    tokens.finish()
    return sections


class _Tokens:
    """A cursor over tokens, one method for each rule of the order."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._ids = [int(token) for token in ids]
        self._at = 0

    @property
    def family(self) -> str:
        return _FAMILY[self._ids[self._at]] if self._at < len(self._ids) else ""

    def take(self, family: str) -> int:
        """The place in its family of the next token, which must be of this family."""
        if self.family != family:
            self._fail(f"{family} should stand here")
        self._at += 1
        return self._ids[self._at - 1] - _BASE[family]

    def may(self, family: str) -> int | None:
        return self.take(family) if self.family == family else None

    def finish(self) -> None:
        if self._at < len(self._ids):
            self._fail("nothing should follow")

    def section(self, tonic: int) -> Section:
        header = self.header(tonic)
        shift = shift_of(header.key)
        steps = header.meter.ticks_per_bar // STEP_TICKS
        self.take("plan")
        plan = []
        while self.family == "Chord":
            plan.append(self.take("Chord"))
        begin = self._at
        ahead = self.stretch(steps, shift, header, "ahead") if self.family == "ahead" else None
        write = self.stretch(steps, shift, header, "write")
        if header.human is None and any(_FAMILY[token] == "Nudge" for token in self._ids[begin : self._at]):
            write = replace(write, sheet=replace(write.sheet, human=True))
            ahead = ahead and replace(ahead, sheet=replace(ahead.sheet, human=True))
        if len(plan) != 2 * len(write.sheet):
            self._fail(f"{len(plan)} chords are planned for {len(write.sheet)} bars")
        if len(write.sheet.parts) != len(header.parts):
            self._fail("a part of the header is missing")
        return Section(header, write, ahead)

    def header(self, tonic: int) -> Header:
        self.take("section")
        origin, kind, style = self.may("Origin"), self.may("Kind"), self.may("Style")
        tempo, n, d, mode = self.take("Tempo"), self.take("Num"), self.take("Den"), self.take("Mode")
        energy, human = self.may("Energy"), self.may("Feel")
        voices = []
        while self.family == "Part":
            part = NOTE_PARTS[self.take("Part")]
            controls = {name: value for name in CONTROLS if (value := self.may(name)) is not None}
            voices.append(Voice(part, controls))
        if not voices or len({voice.part for voice in voices}) < len(voices):
            self._fail("a header names some parts, each once")
        return Header(
            bpm=tempo_of(tempo),
            meter=Meter(n + 1, METER_UNITS[d]),
            key=Key(tonic, _MODES[mode]),
            voices=tuple(voices),
            origin=None if origin is None else tuple(Origin)[origin],
            kind=None if kind is None else tuple(Kind)[kind],
            style=None if style is None else VOCABULARY.name(_BASE["Style"] + style).partition("_")[2],
            energy=energy,
            human=None if human is None else bool(human),
        )

    def stretch(self, steps: int, shift: int, header: Header, name: str) -> Stretch:
        self.take(name)
        levels: dict[Part, int] = {}
        lefts: list[int] = []
        pairs: list[Pair] = []
        bars: list[dict[Part, Rows]] = []
        while self.family == "Left":
            left, pair, rows = self.bar(steps, shift, levels)
            if bars and list(rows) != list(bars[0]):
                self._fail("each bar has the same parts in the same order")
            lefts.append(left)
            pairs.append(pair)
            bars.append(rows)
        if not bars:
            self._fail("a bar should stand here")
        parts = list(bars[0])
        if parts != [part for part in header.parts if part in parts]:
            self._fail("parts come in the header's order")
        beyond = (min(lefts[-1], MOST_LEFT + 1) - 1) * steps
        return Stretch(_sheet(bars, parts, steps, human=bool(header.human), beyond=beyond), pairs, lefts)

    def bar(self, steps: int, shift: int, levels: dict[Part, int]) -> tuple[int, Pair, dict[Part, Rows]]:
        left = self.take("Left") + 1
        first, second = self.take("Chord") + _BASE["Chord"], self.take("Chord") + _BASE["Chord"]
        rows: dict[Part, Rows] = {}
        while self.family == "Part":
            part = NOTE_PARTS[self.take("Part")]
            if part in rows:
                self._fail(f"{part} is told twice")
            rows[part] = self.events(part, steps, shift, levels)
        return left, (chord_of(first, shift), chord_of(second, shift)), rows

    def events(self, part: Part, steps: int, shift: int, levels: dict[Part, int]) -> Rows:
        rows: Rows = []
        frame, last = 0, -1
        while self.family in {"Hop", "Position"}:
            while self.may("Hop") is not None:
                frame += 1
            pos = frame * FRAME_STEPS + self.take("Position")
            if not last < pos < steps:
                self._fail(f"position {pos} comes after {last} in a bar of {steps}")
            last = pos
            nudge = self.may("Nudge")
            before, told = -1, len(rows)
            early = 0 if nudge is None else NUDGES[nudge]
            while self.family in {"Hit", "Vel", "Pitch"}:
                note = self._hit() if part is Part.DRUMS else self._pitched(part, shift, levels)
                rows.append((pos, early, *note))
                if rows[-1][2] <= before:
                    self._fail("pitches rise within a position")
                before = rows[-1][2]
            if len(rows) == told:
                self._fail("a note should stand here")
        return rows

    def _hit(self) -> tuple[int, int, int]:
        drum, level = divmod(self.take("Hit"), LEVELS)
        return drum, 0, level

    def _pitched(self, part: Part, shift: int, levels: dict[Part, int]) -> tuple[int, int, int]:
        level = self.may("Vel")
        if level is not None:
            levels[part] = level
        pitch = self.take("Pitch") - shift
        if not 0 <= pitch <= HIGHEST_PITCH:
            self._fail("the pitch lies beyond MIDI's in this key")
        return pitch, self.take("Dur"), levels.get(part, LEVEL_AT_START)

    def _fail(self, why: str) -> NoReturn:
        around = VOCABULARY.words(self._ids[max(self._at - 4, 0) : self._at + 2])
        raise ValueError(f"token {self._at} of {len(self._ids)} ({around}): {why}")


def _sheet(
    bars: Sequence[Mapping[Part, Rows]], parts: Sequence[Part], steps: int, *, human: bool, beyond: int
) -> Sheet:
    lines = {}
    for part in parts:
        at = np.cumsum([0, *(len(bar[part]) for bar in bars)], dtype=np.int32)
        columns = np.array([row for bar in bars for row in bar[part]], dtype=np.int32).reshape(-1, 5).T
        lines[part] = Line(at, *columns)
    return Sheet(np.arange(len(bars) + 1, dtype=np.int32) * steps, lines, human, beyond)
