"""Sections into tokens: the header, the plan of chords, bars that come after, bars to write.

Lives here: the order in which things are said, for all who write tokens. A sequence is bar-major, with every part of
the header in every bar, so a bar is complete before the next begins:

    start (section HEADER plan PAIR+ [ahead BAR+] write BAR+)+ end
    HEADER := [Origin] [Kind] [Style] Tempo Num Den Mode [Energy] [Feel] (Part control*)+
    BAR    := Left PAIR (Part EVENT*)+             PAIR := Chord Chord, of the bar's two halves
    EVENT  := Hop* Position [Nudge] (Hit+ | ([Vel] Pitch Dur)+)

Pitches and chords are told from the tonic: `shift_of` is the way down or up to C, the same for all parts. Positions
rise within a part and bar, `Hop` goes on by a whole note; pitches and classes of drums rise within a position; `Vel`
is said where the part's level changes.

    >>> from models.compose.tokens.grid import quantise
    >>> from sessions.music.notes import Note
    >>> sheet = quantise({Part.BASS: [Note(960, 480, 38, 90)]}, (0, 96), human=False)
    >>> stretch = Stretch(sheet, ((Chord(2, "m"), None),), (1,))
    >>> VOCABULARY.words(bars_ids(stretch, (Part.BASS,), shift_of(Key(2, "minor")))[0])
    'Left_1 Chord_0_min Chord_none Part_bass Position_24 Pitch_36 Dur_12'
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.compose.corpus.piece import Origin, Pair
from models.compose.tokens.grid import Ints, Sheet
from models.compose.tokens.vocabulary import (
    CONTROLS,
    FRAME_STEPS,
    LEVEL_AT_START,
    LEVELS,
    MOST_LEFT,
    NUDGES,
    QUALITIES,
    VOCABULARY,
)
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.kinds import Kind
from sessions.music.parts import Part

__all__ = [
    "Header", "Section", "Stretch", "Voice", "bars_ids", "chord_id", "encode", "event_sizes", "header_ids", "left_id", "part_id",
    "plan_ids", "quality_of", "section_ids", "shift_of", "tempo_bin",
]  # fmt: skip

_BASE, _SIZE = VOCABULARY.base, VOCABULARY.size
_LEFT, _PART, _CHORD = _BASE["Left"], _BASE["Part"], _BASE["Chord"]
_POSITION, _HOP, _HIT, _VEL, _PITCH, _DUR = (_BASE[f] for f in ("Position", "Hop", "Hit", "Vel", "Pitch", "Dur"))
_NUDGE_ID: Ints = np.zeros(4, dtype=np.int32)
for _index, _nudge in enumerate(NUDGES):
    _NUDGE_ID[_nudge] = _BASE["Nudge"] + _index  # -1 is the last place

_PART_ID = {part: _PART + index for index, part in enumerate((Part.DRUMS, Part.BASS, Part.HARMONY, Part.MELODY))}
_QUALITY_INDEX = {name: index for index, name in enumerate(QUALITIES)}

STRUCTURE, CHORDS = -1, -2
"""Owners of tokens that are no part's event: bar marks and part marks, and the chords of a bar."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A part in a header with what is said of it: control families, such as Density, to their bins (from 0)."""

    part: Part
    controls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """What a section is told before its chords; None is left unsaid. `energy` is a bin from 0."""

    bpm: float
    meter: Meter
    key: Key
    voices: tuple[Voice, ...]
    origin: Origin | None = None
    kind: Kind | None = None
    style: str | None = None
    energy: int | None = None
    human: bool | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts in the order in which each bar tells them."""
        return tuple(voice.part for voice in self.voices)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bars to tell: notes on the grid, a pair of chords for each bar, and how many bars are left in each."""

    sheet: Sheet
    pairs: Sequence[Pair]
    lefts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a sequence; `ahead` are bars that come after, or given parts, perhaps of fewer parts."""

    header: Header
    write: Stretch
    ahead: Stretch | None = None


def shift_of(key: Key) -> int:
    """Semitones from the key to one on C by the nearest way, -6 to 5.

    >>> [shift_of(Key(tonic)) for tonic in (0, 5, 6, 7, 11)]
    [0, -5, -6, 5, 1]
    """
    return (6 - key.tonic) % 12 - 6


def tempo_bin(bpm: float) -> int:
    """The bin of a tempo, each 16% above the one before.

    >>> tempo_bin(40.0), tempo_bin(120.0), tempo_bin(240.0)
    (0, 7, 11)
    """
    share = math.log(max(bpm, LOWEST_BPM) / LOWEST_BPM) / math.log(HIGHEST_BPM / LOWEST_BPM)
    return min(int(share * _SIZE["Tempo"]), _SIZE["Tempo"] - 1)


@lru_cache(maxsize=1024)
def quality_of(quality: str) -> str:
    """The quality of `QUALITIES` by which a chord's own is told.

    >>> [quality_of(quality) for quality in ("", "m9", "7#9", "6", "sus2", "dim7", "7b5")]
    ['maj', 'm7', '7', 'maj', 'sus', 'dim', '7']
    """
    tones = {interval % 12 for interval in Chord(0, quality).intervals}
    if 4 not in tones and 3 not in tones:
        return "5" if tones <= {0, 7} else "sus"
    if 4 in tones:
        plain = "aug" if 8 in tones and 7 not in tones else "maj"
        return "7" if 10 in tones else "maj7" if 11 in tones else plain
    if 6 in tones and 7 not in tones:
        return "m7b5" if 10 in tones else "dim"
    return "m7" if 10 in tones else "min"


def chord_id(chord: Chord | None, shift: int) -> int:
    """The token of a chord, in a key that is `shift` away from C."""
    if chord is None:
        return _CHORD
    return _CHORD + 1 + (chord.root + shift) % 12 * len(QUALITIES) + _QUALITY_INDEX[quality_of(chord.quality)]


def left_id(left: int) -> int:
    """The mark of a bar with which so many bars are left, itself counted."""
    return _LEFT + min(left, MOST_LEFT + 1) - 1


def part_id(part: Part) -> int:
    """The mark of a part."""
    return _PART_ID[part]


def header_ids(header: Header) -> list[int]:
    """`section` and all that the header says."""
    ids = [_BASE["section"]]
    said = (("Origin", header.origin), ("Kind", header.kind), ("Style", header.style))
    ids += [VOCABULARY.id(f"{family}_{value}") for family, value in said if value]
    ids += [
        _BASE["Tempo"] + tempo_bin(header.bpm),
        _BASE["Num"] + header.meter.n - 1,
        VOCABULARY.id(f"Den_{header.meter.d}"),
        VOCABULARY.id(f"Mode_{header.key.mode.replace(' ', '-')}"),
    ]
    if header.energy is not None:
        ids.append(_BASE["Energy"] + header.energy)
    if header.human is not None:
        ids.append(_BASE["Feel"] + int(header.human))
    for voice in header.voices:
        ids.append(_PART_ID[voice.part])
        ids += [_BASE[family] + voice.controls[family] for family in CONTROLS if family in voice.controls]
    return ids


def plan_ids(pairs: Sequence[Pair], shift: int) -> list[int]:
    """`plan` and the chords of all bars to write."""
    return [_BASE["plan"], *(chord_id(chord, shift) for pair in pairs for chord in pair)]


def bars_ids(
    stretch: Stretch, parts: Sequence[Part], shift: int, levels: Mapping[Part, int] | None = None
) -> tuple[Ints, NDArray[np.int8]]:
    """Bars as tokens, and the owner of each: the part's place in `parts`, `STRUCTURE` or `CHORDS`.

    `levels` is each part's level before the first bar, for bars that are told one by one.
    """
    sheet, before = stretch.sheet, levels or {}
    told = [_events(sheet, part, shift, before.get(part, LEVEL_AT_START)) for part in parts]
    count = len(sheet)
    sizes = np.empty((count, len(parts) + 1), dtype=np.int64)
    sizes[:, 0] = 3
    for place, (_, size) in enumerate(told):
        sizes[:, place + 1] = size + 1
    heads = np.cumsum(sizes).reshape(sizes.shape)
    total = int(heads[-1, -1]) if count else 0
    heads -= sizes
    ids = np.empty(total, dtype=np.int32)
    owners = np.full(total, STRUCTURE, dtype=np.int8)
    bar = heads[:, 0]
    ids[bar] = [left_id(left) for left in stretch.lefts]
    chords = np.array([chord_id(chord, shift) for pair in stretch.pairs for chord in pair], dtype=np.int32)
    ids[bar + 1], ids[bar + 2] = chords[::2], chords[1::2]
    owners[bar + 1] = owners[bar + 2] = CHORDS
    for place, (events, size) in enumerate(told):
        head = heads[:, place + 1]
        ids[head] = _PART_ID[parts[place]]
        where = np.arange(len(events)) + np.repeat(head + 1 - (np.cumsum(size) - size), size)
        ids[where] = events
        owners[where] = place
    return ids, owners


def _events(sheet: Sheet, part: Part, shift: int, level: int) -> tuple[Ints, NDArray[np.int64]]:
    """The events of a part, one bar's after the other's, and how many tokens each bar has."""
    line = sheet.parts.get(part)
    if line is None or not len(line):
        return np.empty(0, dtype=np.int32), np.zeros(len(sheet), dtype=np.int64)
    count = len(line)
    drums = part is Part.DRUMS
    pos, bars = line.pos, line.bars
    new = np.ones(count, dtype=np.bool_)
    new[1:] = (pos[1:] != pos[:-1]) | (bars[1:] != bars[:-1])
    frame = pos // FRAME_STEPS
    hops = frame.copy()
    hops[1:] -= np.where(bars[1:] == bars[:-1], frame[:-1], 0)
    sizes = new.astype(np.int64) + (1 if drums else 2)
    if hops.any():
        sizes += hops
    nudged = new & (line.nudge != 0) if sheet.human else None
    if nudged is not None:
        sizes += nudged
    louder = None
    if not drums:
        louder = line.level != np.concatenate(([level], line.level[:-1]))
        sizes += louder
    ends = np.cumsum(sizes)
    ids = np.full(int(ends[-1]), _HOP, dtype=np.int32)
    if drums:
        ids[ends - 1] = _HIT + line.pitch * LEVELS + line.level
        last = ends - 2
    else:
        ids[ends - 1] = _DUR + line.dur
        ids[ends - 2] = _PITCH + line.pitch + shift
        last = ends - 3
        if louder is not None:
            ids[last[louder]] = _VEL + line.level[louder]
            last = last - louder
    if nudged is not None:
        ids[last[nudged]] = _NUDGE_ID[line.nudge[nudged]]
        last = last - nudged
    ids[last[new]] = _POSITION + pos[new] % FRAME_STEPS
    running = np.concatenate(([0], ends))
    return ids, np.diff(running[line.at])


def event_sizes(sheet: Sheet, part: Part) -> NDArray[np.int64]:
    """How many tokens a part's events have in each bar."""
    return _events(sheet, part, 0, LEVEL_AT_START)[1]


def section_ids(section: Section) -> Ints:
    """A whole section, from `section` to its last event."""
    header = section.header
    shift = shift_of(header.key)
    pieces = [np.array([*header_ids(header), *plan_ids(section.write.pairs, shift)], dtype=np.int32)]
    if section.ahead is not None:
        some = tuple(part for part in header.parts if part in section.ahead.sheet.parts)
        pieces += [VOCABULARY.range("ahead"), bars_ids(section.ahead, some, shift)[0]]
    pieces += [VOCABULARY.range("write"), bars_ids(section.write, header.parts, shift)[0]]
    return np.concatenate(pieces)


def encode(sections: Sequence[Section]) -> Ints:
    """A whole sequence, from `start` to `end`."""
    edges = VOCABULARY.range("start"), VOCABULARY.range("end")
    return np.concatenate((edges[0], *(section_ids(section) for section in sections), edges[1]))
