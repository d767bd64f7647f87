"""The arranger's music, to learn from where real music is missing: all parts, all styles, under real songs' harmony.

Lives here: the requests that the arranger is given, and its answers in the normal form. A request is its own truth: key, chords,
kind, energy and tempo are what was asked. Songs that are held out stay so here, under whatever style.

    >>> piece = next(arranged([], sections=1, seed=1))
    >>> piece.origin.value, piece.style, len(piece.notes), piece.source
    ('rules', 'house', 4, 'arranged')
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

import numpy as np

from models.compose.arranger import Arranger
from models.compose.composer import Parent
from models.compose.corpus.charts import ChartBar, ChartSection, Song, read_billboard, read_progressions
from models.compose.corpus.labels import pairs_over
from models.compose.corpus.midi import is_played
from models.compose.corpus.piece import Bar, Origin, Pair, Piece, Skipped, held_out
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, Meter, beats_of
from sessions.music.chords import Chord, Chords
from sessions.music.keys import MODES, Key
from sessions.music.kinds import Kind
from sessions.music.notes import Note, bars_of, untangled
from sessions.music.parts import NOTE_PARTS, PITCHED_PARTS, Part
from sessions.music.pitches import format_range
from sessions.music.section import Request, parse_request
from sessions.music.styles import STYLE_TABLE, STYLES, Style
from sessions.music.values import decimal

__all__ = ["SECTIONS", "arranged", "read_under_billboard", "read_under_progressions"]

SOURCE, LICENCE = "arranged", "CC0-1.0"
SECTIONS = 2700
"""Sections under the charts' songs by default, with those under progressions about as many notes as all songs of bands have."""
PROGRESSION_SECTIONS = 300
PROGRESSION_SEED = 1
SHORTEST, LONGEST = 8, 16
"""Bars of a section."""

OWN_HARMONY = {"ambient": 0.6, "techno": 0.6, "metal": 0.5, "dubstep": 0.4, "dnb": 0.4, "trap": 0.4,
               "jazz": 0.4, "house": 0.3, "latin": 0.3}  # fmt: skip
PLAIN_OWN_HARMONY = 0.15
"""How often a style goes over the arranger's own chords: the songs of the charts are pop, rock, soul and country."""

ANOTHER_METER, ANOTHER_KIND, ANOTHER_TEMPO, GOES_ON, STEERED = 0.3, 0.3, 0.15, 0.4, 0.4
"""How often a song's metre, its section's kind and the style's tempo give way, a second section follows, controls are set."""
METERS = (
    "3/4",
    "6/8",
    "12/8",
    "5/4",
    "7/8",
    "2/4",
    "2/2",
    "9/8",
    "7/4",
    "5/8",
    "6/4",
    "3/8",
    "10/8",
    "11/8",
    "4/8",
    "13/8",
)
"""Metres to give way to, the usual ones first; each is half as likely again as the next."""
METER_FALL = 0.8
TEMPO_SPREAD = 0.12
CHORD_GRID_TICKS = 240

_ENERGY = {
    Kind.INTRO: 0.35, Kind.VERSE: 0.5, Kind.PRECHORUS: 0.6, Kind.CHORUS: 0.75, Kind.BRIDGE: 0.5, Kind.DROP: 0.85,
    Kind.BREAKDOWN: 0.3, Kind.OUTRO: 0.35, Kind.LOOP: 0.55,
}  # fmt: skip
_MOODS = {
    "Dark": -0.1, "Sad": -0.2, "Tender": -0.25, "Peaceful": -0.3, "Relaxed": -0.2, "Lonely": -0.2, "Excited": 0.3,
    "Triumphant": 0.25, "Joyful": 0.15, "Rebellious": 0.3, "Empowered": 0.25, "Playful": 0.1,
}  # fmt: skip
"""What a progression's mood does to the energy."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the sections of one piece share."""

    style: Style
    meter: Meter
    bpm: float
    key: Key
    shift: int
    song: Song | None


def read_under_billboard(folder: Path) -> Iterator[Piece | Skipped]:
    """The arranger's music under the songs of the Billboard charts."""
    yield from arranged(list(read_billboard(folder)))


def read_under_progressions(folder: Path) -> Iterator[Piece | Skipped]:
    """The arranger's music under a book's progressions."""
    yield from arranged(list(read_progressions(folder)), sections=PROGRESSION_SECTIONS, seed=PROGRESSION_SEED)


def arranged(songs: Sequence[Song], *, sections: int = SECTIONS, seed: int = 0) -> Iterator[Piece]:
    """Pieces of one or two sections, `sections` in all; the same songs and seed give the same music."""
    made = number = 0
    while made < sections:
        dice = Random(f"{seed}/{number}")
        style = STYLE_TABLE[STYLES[number % len(STYLES)]]
        number += 1
        own = not songs or dice.random() < OWN_HARMONY.get(style.name, PLAIN_OWN_HARMONY)
        frame = _frame(style, None if own else dice.choice(songs), dice)
        count = min(sections - made, 2 if dice.random() < GOES_ON else 1)
        piece = _piece(frame, count, f"{style.name}-{seed}-{number - 1:05}", dice)
        if piece is not None:
            made += count
            yield piece


def _frame(style: Style, song: Song | None, dice: Random) -> _Frame:
    tonic = dice.randrange(12)
    if song is None:
        mode = style.mode if dice.random() < 0.4 else dice.choice(list(MODES))
        meter, shift = Meter(4, 4), 0
    else:
        mode, shift = song.key.mode, (tonic - song.key.tonic) % 12
        meter = song.sections[0].bars[0].meter
    if dice.random() < ANOTHER_METER:
        meter = Meter.parse(dice.choices(METERS, [METER_FALL**i for i in range(len(METERS))])[0])
    bpm = dice.uniform(50, 200) if dice.random() < ANOTHER_TEMPO else style.bpm * 2 ** dice.gauss(0, TEMPO_SPREAD)
    return _Frame(style, meter, round(min(HIGHEST_BPM, max(LOWEST_BPM, bpm)), 1), Key(tonic, mode), shift, song)


def _piece(frame: _Frame, count: int, name: str, dice: Random) -> Piece | None:
    """A piece of so many sections; None where the song has none of a fitting length."""
    chosen = _sections(frame.song, count, dice)
    if frame.song is not None and not chosen:
        return None
    arranger, parent = Arranger(), None
    bars: list[Bar] = []
    pairs: list[Pair] = []
    notes: dict[Part, list[Note]] = {part: [] for part in NOTE_PARTS}
    energies = []
    for index in range(count):
        request = _request(frame, chosen[index % len(chosen)] if chosen else None, parent, dice)
        offset = bars[-1].end if bars else 0
        played = list(arranger.stream(request, parent))
        chords = arranger.chords(request, parent)
        by_part = {part: [note for bar in played for note in bar.get(part, ())] for part in NOTE_PARTS}
        for part, row in by_part.items():
            notes[part] += [Note(note.start + offset, note.length, note.pitch, note.velocity) for note in row]
        ticks = request.ticks_per_bar
        fresh = [Bar(offset + i * ticks, request.meter, request.bpm, str(request.kind)) for i in range(request.bars)]
        spans = Chords.parse(chords).over(request.bars, request.meter)
        pairs += pairs_over(fresh, [(offset + span.start, span.chord) for span in spans])
        bars += fresh
        energies.append(request.energy)
        parent = Parent(request, bars_of(by_part, request), chords)
    rows = {part: untangled(row) for part, row in notes.items() if row}
    starts = np.array([note.start for row in rows.values() for note in row], np.int64)
    return Piece(
        SOURCE, name, LICENCE, Origin.RULES, frame.style.name, is_played(starts),
        tuple(bars), (frame.key,) * len(bars), tuple(pairs), rows, round(sum(energies) / count, 3), _song_of(frame.song),
    )  # fmt: skip


def _sections(song: Song | None, count: int, dice: Random) -> list[tuple[str, tuple[ChartBar, ...]]]:
    """Kinds and bars of sections of a song that follow each other, each of a fitting length."""
    if song is None:
        return []
    usable = [section for section in song.sections if _is_usable(section)]
    if not usable:
        return []
    first = dice.randrange(len(usable))
    found = []
    for section in usable[first : first + count]:
        bars = section.bars
        if len(bars) < SHORTEST:  # again and again, in whole rounds
            most = LONGEST // len(bars)
            bars = bars * dice.randint(min(most, -(-SHORTEST // len(bars))), most)
        elif len(bars) > LONGEST:
            start = 4 * dice.randrange((len(bars) - SHORTEST) // 4 + 1)
            bars = bars[start : start + dice.choice((8, 12, 16))]
        found.append((section.kind, bars[:LONGEST]))
    return found


def _is_usable(section: ChartSection) -> bool:
    silent = sum(all(chord is None for chord, _ in bar.chords) for bar in section.bars)
    return len(section.bars) >= 2 and silent * 4 <= len(section.bars)


def _request(
    frame: _Frame, section: tuple[str, tuple[ChartBar, ...]] | None, parent: Parent | None, dice: Random
) -> Request:
    kind = Kind(section[0]) if section and section[0] else None
    if kind is None or dice.random() < ANOTHER_KIND:
        kind = dice.choice(list(Kind))
    mood = sum(_MOODS.get(word, 0.0) for word in frame.song.moods) if frame.song else 0.0
    energy = min(1.0, max(0.0, _ENERGY[kind] + mood + dice.gauss(0, 0.2)))
    fields: dict[str, object] = {
        "kind": str(kind),
        "style": frame.style.name,
        "bars": len(section[1]) if section else dice.choice((8, 8, 8, 12, 16, dice.randint(SHORTEST, LONGEST))),
        "bpm": frame.bpm,
        "meter": str(frame.meter),
        "key": str(frame.key),
        "energy": round(energy, 3),
        "density": round(min(1.0, max(0.0, dice.gauss(0.5, 0.22))), 3),
        "seed": dice.randrange(2**31),
        "temperature": round(dice.uniform(0.6, 1.4), 2),
        **(_controls(dice) if dice.random() < STEERED else {}),
    }
    if section:
        fields["chords"] = _chords_text(section[1], frame.meter, frame.shift)
    if parent is not None:
        fields["context"] = "take-1 continue"
    return parse_request(fields, parent=parent.request if parent else None)


def _controls(dice: Random) -> dict[str, object]:
    """A few controls, each over its whole range."""
    controls: dict[str, object] = {}
    for part in NOTE_PARTS:
        if dice.random() < 0.5:
            controls[f"{part}.density"] = round(dice.random(), 2)
        if dice.random() < 0.3:
            controls[f"{part}.velocity"] = round(dice.random(), 2)
    part = dice.choice(PITCHED_PARTS)
    if dice.random() < 0.5:
        low = dice.randint(*_LOWEST[part])
        controls[f"{part}.range"] = format_range(low, low + dice.randint(9, 26))
    if dice.random() < 0.4:
        controls["harmony.polyphony"] = dice.randint(1, 6)
    return controls


_LOWEST = {Part.BASS: (24, 40), Part.HARMONY: (40, 62), Part.MELODY: (48, 72)}
"""Between which pitches an asked range begins."""


def _chords_text(bars: Sequence[ChartBar], meter: Meter, shift: int) -> str:
    """The chords of a chart over bars of a metre, `shift` semitones higher; silence goes on with the chord before it."""
    spans: list[tuple[int, Chord]] = []
    sounding = next(chord for bar in bars for chord, _ in bar.chords if chord is not None)
    start = 0
    for bar in bars:
        place = 0.0
        for chord, share in bar.chords:
            at = start + round(place * meter.ticks_per_bar / CHORD_GRID_TICKS) * CHORD_GRID_TICKS
            sounding = chord or sounding
            if spans and spans[-1][0] == at:
                spans.pop()
            if not spans or spans[-1][1] != sounding:
                spans.append((at, sounding))
            place += share
        start += meter.ticks_per_bar
    ends = chain((at for at, _ in spans[1:]), (start,))
    return " ".join(
        f"{_moved(chord, shift)}/{decimal(beats_of(end - at), 6)}" for (at, chord), end in zip(spans, ends, strict=True)
    )


def _moved(chord: Chord, shift: int) -> Chord:
    bass = None if chord.bass is None else (chord.bass + shift) % 12
    return Chord((chord.root + shift) % 12, chord.quality, bass)


def _song_of(song: Song | None) -> str:
    """What versions under one song share, so named that it is held out here where the song itself is."""
    if song is None:
        return ""
    name = f"{song.source}/{song.song}"
    while held_out(SOURCE, name) != held_out(song.source, song.song):
        name += "~"
    return name
