"""Sections for tests: random requests, what holds for every section, and small measures of music."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from models.compose.arranger import Arranger
from models.compose.composer import BarNotes, Parent
from sessions.music.chords import Chords
from sessions.music.keys import MODES
from sessions.music.kinds import Kind
from sessions.music.notes import Bars, Note
from sessions.music.parts import PITCHED_PARTS, Part
from sessions.music.section import Request, parse_request
from sessions.music.styles import STYLES

TONICS = ("C", "C#", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
METERS = tuple(f"{n}/{d}" for d in (2, 4, 8, 16) for n in range(1, 17))
PROGRESSIONS = (
    "Am F C G",
    "Dm7/1 G7/1.5 Cmaj7 Ebdim7/0.5",
    "F#m7b5/C B7#9",
    "E5",
    "C/2 Db/2",
    "Am/0.25 Bb/0.25 Baug",
    "Gsus4/3 Ab13/F#",
)


def section(**fields: Any) -> list[BarNotes]:
    """The bars of a section; fields are the request's, `__` stands for the dot of a control."""
    return list(Arranger().stream(request(**fields)))


def request(**fields: Any) -> Request:
    """A request; without a seed it has 0."""
    return parse_request({name.replace("__", "."): value for name, value in fields.items()})


def child(parent: Parent, **fields: Any) -> Request:
    """A request that follows a take; `context` is what to do with it."""
    fields["context"] = f"take-1 {fields['context']}"
    return parse_request({name.replace("__", "."): value for name, value in fields.items()}, parent=parent.request)


def following(parent: Parent, **fields: Any) -> list[BarNotes]:
    """The bars of a section that follows a take."""
    return list(Arranger().stream(child(parent, **fields), parent))


def played(bars: Sequence[BarNotes], part: Part) -> list[Note]:
    return [note for bar in bars for note in bar[part]]


def bars_of(parent: Parent) -> list[BarNotes]:
    """The bars of a take as the arranger gave them."""
    numbers = range(1, parent.request.bars + 1)
    return [{part: parent.bars[part, number] for part in parent.request.note_parts} for number in numbers]


def as_bars(bars: Sequence[BarNotes]) -> Bars:
    return {(part, index + 1): notes for index, bar in enumerate(bars) for part, notes in bar.items()}


def parent_of(request: Request) -> Parent:
    arranger = Arranger()
    return Parent(request, as_bars(list(arranger.stream(request))), arranger.chords(request))


def random_fields(dice: random.Random, **fixed: Any) -> dict[str, Any]:
    """Fields of a request, any that the contract allows."""
    fields: dict[str, Any] = {
        "kind": dice.choice(list(Kind)).value,
        "style": dice.choice(STYLES),
        "bars": dice.choice((1, 1, 2, 3, 4, 5, 7, 8, 8, 12, 16, 24)),
        "bpm": round(dice.uniform(40, 240), 3),
        "meter": dice.choice(("4/4", "3/4", "6/8", dice.choice(METERS), dice.choice(METERS))),
        "key": f"{dice.choice(TONICS)} {dice.choice(list(MODES))}",
        "energy": dice.random(),
        "density": dice.random(),
        "temperature": dice.choice((0, 0.5, 1, 1, 2)),
        "seed": dice.randrange(2**32),
        "parts": ",".join(dice.sample(("drums", "bass", "harmony", "melody"), dice.randint(1, 4))),
    }
    if dice.random() < 0.3:
        fields["chords"] = dice.choice(PROGRESSIONS)
    for part in fields["parts"].split(","):
        if dice.random() < 0.2:
            fields[f"{part}.density"] = dice.random()
        if dice.random() < 0.2:
            fields[f"{part}.velocity"] = dice.random()
        if part != "drums" and dice.random() < 0.3:
            low = dice.randint(1, 7)
            fields[f"{part}.range"] = dice.choice((f"C{low}-G{low}", f"F#{low}-E{low + 1}", f"Bb{low}-C{low + 2}"))
    if "harmony" in fields["parts"] and dice.random() < 0.3:
        fields["harmony.polyphony"] = dice.randint(1, 6)
    return fields | fixed


def assert_lawful(request: Request, bars: Sequence[Mapping[Part, tuple[Note, ...]]], *, foreign: str = "") -> None:
    """What holds for every section; `foreign` are chords that it may be on besides the request's own."""
    assert len(bars) == request.bars
    chords = Chords.parse(foreign) if foreign else request.chords
    spans = chords.over(request.bars, request.meter) if chords else ()
    for part in request.note_parts:
        notes = [note for bar in bars for note in bar[part]]
        assert notes, f"{part} is silent"
        for index, bar in enumerate(bars):
            assert set(bar) == set(request.note_parts)
            start = index * request.ticks_per_bar
            assert all(start <= note.start < start + request.ticks_per_bar for note in bar[part])
            assert list(bar[part]) == sorted(bar[part])
        assert all(note.end <= request.total_ticks for note in notes)
        _assert_apart(notes)
        if part is Part.DRUMS:
            assert all(35 <= note.pitch <= 81 for note in notes)
        if part in PITCHED_PARTS:
            low, high = request.pitch_range(part) or (0, 127)
            assert all(low <= note.pitch <= high for note in notes), part
            for note in notes:
                allowed = set(request.key.scale)
                for span in spans:
                    if span.start <= note.start < span.end:
                        allowed |= {*span.chord.pitch_classes, span.chord.lowest}
                assert note.pitch % 12 in allowed, (part, note)
        if part in (Part.BASS, Part.MELODY):
            assert most_at_once(notes) == 1, part
    polyphony = request.control(Part.HARMONY, "polyphony")
    if polyphony is not None:
        assert most_at_once([note for bar in bars for note in bar[Part.HARMONY]]) <= int(polyphony)


def _assert_apart(notes: Sequence[Note]) -> None:
    free: dict[int, int] = {}
    for note in sorted(notes):
        assert note.start >= free.get(note.pitch, 0), note
        free[note.pitch] = note.end


def most_at_once(notes: Sequence[Note]) -> int:
    edges = sorted([(note.start, 1) for note in notes] + [(note.end, -1) for note in notes])
    most = now = 0
    for _, change in edges:
        now += change
        most = max(most, now)
    return most


def loudness(notes: Sequence[Note]) -> float:
    return sum(note.velocity for note in notes) / len(notes)


def places(
    bars: Sequence[Mapping[Part, tuple[Note, ...]]], part: Part, bar_ticks: int
) -> list[frozenset[tuple[int, int]]]:
    """For each bar the sixteenths and pitches that are played."""
    return [
        frozenset((round((note.start - index * bar_ticks) / 240), note.pitch) for note in bar[part])
        for index, bar in enumerate(bars)
    ]


def likeness(one: Sequence[frozenset[tuple[int, int]]], other: Sequence[frozenset[tuple[int, int]]]) -> float:
    """How much of two sections is the same, bar by bar: 0 to 1."""
    pairs = list(zip(one, other, strict=False))
    return sum(len(a & b) / max(1, len(a | b)) for a, b in pairs) / len(pairs)


def rises(numbers: Sequence[float]) -> bool:
    """True where numbers never fall, and end higher than they start."""
    return all(later >= earlier for earlier, later in pairwise(numbers)) and numbers[-1] > numbers[0]
