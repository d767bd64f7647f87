"""From notes by part and bars to a piece: trimmed, untangled, with its keys and chords inferred where none are told.

Lives here: what every reader does last. Where notes come from is the readers' business.

    >>> from sessions.music.beats import Meter
    >>> bars = (Bar(0, Meter(4, 4), 100.0), Bar(3840, Meter(4, 4), 100.0))
    >>> notes = {Part.HARMONY: [Note(0, 3840, pitch, 80) for pitch in (57, 60, 64)]}
    >>> made = build(Label("set", "song", "CC0"), bars, notes)
    >>> len(made.bars), str(made.chords[0][0])
    (1, 'Am')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.compose.corpus.harmony import infer_chords
from models.compose.corpus.keys import Floats, infer_keys, signature_hints
from models.compose.corpus.midi import Ints, is_played
from models.compose.corpus.piece import Bar, Origin, Pair, Piece, half_of
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.keys import Key
from sessions.music.notes import Note, untangled
from sessions.music.parts import PITCHED_PARTS, Part

__all__ = ["Label", "build", "infer_harmony", "notes_from", "weights_of"]

PART_WEIGHT = {Part.BASS: 1.0, Part.HARMONY: 1.0, Part.MELODY: 0.6}
"""How much a part's notes tell of the chord; tunes pass through strange notes."""


FIRST_WEIGHT = 2.0
"""How much more than the rest of a half bar the first half of its first unit tells of the chord."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader knows of a piece beside its notes; `human` None is found out."""

    source: str
    name: str
    licence: str
    style: str = ""
    energy: float | None = None
    song: str = ""
    human: bool | None = None


def build(
    label: Label,
    bars: Sequence[Bar],
    notes: Mapping[Part, Iterable[Note]],
    signatures: Sequence[tuple[int, int, bool]] = (),
    *,
    trim: bool = True,
) -> Piece:
    """The piece, without the empty bars around it; `signatures` are (tick, sharps, is minor) to help with the keys.

    Raises ValueError where there are no notes.
    """
    clean = {part: untangled(notes[part]) for part in Part if notes.get(part)}
    clean = {part: row for part, row in clean.items() if row}
    if not clean:
        raise ValueError("it has no notes")
    first = min(row[0].start for row in clean.values()) if trim else 0
    last = max(row[-1].start for row in clean.values())
    bars = [bar for bar in bars if bar.end > first and (bar.start <= last or not trim)]
    if not bars or bars[-1].end <= last:
        raise ValueError("its bars end before its notes do")
    zero, end = bars[0].start, bars[-1].end
    moved = {part: tuple(_within(note, zero, end) for note in row) for part, row in clean.items()}
    bars = tuple(replace(bar, start=bar.start - zero) for bar in bars)
    keys, chords = infer_harmony(bars, moved, [(tick - zero, sharps, minor) for tick, sharps, minor in signatures])
    played = label.human
    if played is None:
        played = is_played(np.array([note.start for row in moved.values() for note in row], np.int64))
    return Piece(
        label.source, label.name, label.licence, Origin.REAL, label.style, played, bars, keys, chords, moved,
        label.energy, label.song,
    )  # fmt: skip


def infer_harmony(
    bars: Sequence[Bar],
    notes: Mapping[Part, Sequence[Note]],
    signatures: Sequence[tuple[int, int, bool]] = (),
) -> tuple[tuple[Key, ...], tuple[Pair, ...]]:
    """A key for each bar and chords for its halves, from the pitched parts."""
    edges, owners = [], []
    for number, bar in enumerate(bars):
        middle = bar.start + half_of(bar.meter)
        unit = min(bar.meter.ticks_per_unit, TICKS_PER_BEAT)
        for start in (bar.start, middle) if middle < bar.end else (bar.start,):
            edges += [start, start + unit // 2]  # what sounds on the first unit is weighed apart
            owners.append(number)
    edges.append(bars[-1].end)
    total, bass = (FIRST_WEIGHT * weights[0::2] + weights[1::2] for weights in weights_of(np.array(edges), notes))
    if not total.any():
        return tuple(Key(0) for _ in bars), tuple((None, None) for _ in bars)
    groups = np.array(owners)
    by_bar, bass_by_bar = np.zeros((len(bars), 12)), np.zeros((len(bars), 12))
    np.add.at(by_bar, groups, total)
    np.add.at(bass_by_bar, groups, bass)
    keys = infer_keys(by_bar, bass_by_bar, signature_hints(signatures, [bar.start for bar in bars]))
    found = infer_chords(total, bass, [keys[owner] for owner in owners])
    pairs = []
    place = 0
    for number in range(len(bars)):
        count = 2 if place + 1 < len(owners) and owners[place + 1] == number else 1
        pairs.append((found[place], found[place + count - 1]))
        place += count
    return keys, tuple(pairs)


def weights_of(edges: Ints, notes: Mapping[Part, Sequence[Note]]) -> tuple[Floats, Floats]:
    """Between each two edges, the ticks that each pitch class sounds: all pitched parts, and the bass.

    Where no bass part plays, the lowest notes are the bass.
    """
    count = len(edges) - 1
    total, bass, low = np.zeros((count, 12)), np.zeros((count, 12)), np.zeros((count, 128))
    for part in PITCHED_PARTS:
        row = notes.get(part, ())
        if not row:
            continue
        table = np.array([(note.start, note.end, note.pitch) for note in row], np.int64)
        first = np.searchsorted(edges, table[:, 0], "right") - 1
        final = np.searchsorted(edges, table[:, 1], "left")
        spans = np.clip(final - first, 1, None)
        which = np.repeat(np.arange(len(table)), spans)
        cell = np.repeat(first, spans) + np.arange(len(which)) - np.repeat(np.cumsum(spans) - spans, spans)
        inside = (cell >= 0) & (cell < count)
        which, cell = which[inside], cell[inside]
        ticks = np.minimum(table[which, 1], edges[cell + 1]) - np.maximum(table[which, 0], edges[cell])
        np.add.at(total, (cell, table[which, 2] % 12), PART_WEIGHT[part] * ticks)
        np.add.at(low, (cell, table[which, 2]), ticks)
        if part is Part.BASS:
            np.add.at(bass, (cell, table[which, 2] % 12), ticks)
    without = np.flatnonzero((bass.sum(1) <= 0) & (low.sum(1) > 0))
    lowest = (low[without] > 0).argmax(1)
    bass[without, lowest % 12] = low[without, lowest]
    return total, bass


def notes_from(rows: Ints) -> list[Note]:
    """Rows of start, length, pitch, velocity as notes."""
    return [Note(*row) for row in rows.tolist()]


def _within(note: Note, zero: int, end: int) -> Note:
    start = note.start - zero
    return Note(start, min(note.length, end - note.start), note.pitch, note.velocity)
