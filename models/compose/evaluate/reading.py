"""One file of other people's music, MIDI or MusicXML, as a piece; with the libraries of the plain install.

Lives here: which files are music, reading one, and finding its parts by what kind of file it is. Tracks that are named as our
parts are these parts; a band's are found by `roles`, a score's staves by `staves`. Whatever is wrong with a file is an
`Unreadable`, whose text says what.

    piece = read_music(Path("song.mid"))
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mido
import numpy as np

from models.compose.corpus.barlines import with_upbeats
from models.compose.corpus.beat import in_time
from models.compose.corpus.build import Label, build, infer_harmony, notes_from
from models.compose.corpus.labels import pairs_over
from models.compose.corpus.midi import FASTEST_BPM, SLOWEST_BPM, Ints, Song, Track, grid
from models.compose.corpus.musicxml import read_score
from models.compose.corpus.piece import Origin, Piece
from models.compose.corpus.roles import parts_by_role
from models.compose.corpus.scores import bars_of_score, chord_of
from models.compose.corpus.staves import parts_by_staff
from models.compose.corpus.voices import roles_of
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.parts import NOTE_PARTS, Part

__all__ = ["ENDINGS", "Unreadable", "music_below", "read_midi", "read_music"]

MIDI_ENDINGS = (".mid", ".midi", ".smf")
SCORE_ENDINGS = (".mxl", ".musicxml", ".xml")
ENDINGS = (*MIDI_ENDINGS, *SCORE_ENDINGS)

FILE_BYTES_MAX = 16 << 20
"""The largest file that is read; a long symphony as MIDI has one."""
NOTES_MAX = 500_000
WHY_MAX = 300
"""Characters of what is wrong with a file; it may be quoted."""
BEATS_MAX = 50_000
"""Nobody plays seven hours; a broken file may say so."""

DRUM_CHANNEL = 9
UNSAID = "unknown"
_BAND_PROGRAMS = frozenset((*range(24, 40), 62, 63, *range(80, 104)))
"""Guitars, basses, synthesizers: what is written for these is a band's, without drums as well."""


class Unreadable(ValueError):
    """The file holds no music that can be read; the text says why."""


def music_below(path: Path) -> Iterator[Path]:
    """The file itself, or all music in a folder and its folders, in order of their names."""
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file())
    else:
        yield path


def read_music(path: Path, source: str = "given") -> Piece:
    """The piece in a file. Raises Unreadable, and nothing else."""
    try:
        if not path.is_file():
            raise Unreadable("there is no such file")
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Unreadable(f"it is larger than {FILE_BYTES_MAX >> 20} MB, which no piece of music is")
        label = Label(source, path.name, UNSAID)
        return _from_score(path, label) if path.suffix.lower() in SCORE_ENDINGS else _from_midi(path, label)
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    except (ValueError, ArithmeticError, LookupError) as error:
        raise Unreadable(str(error)[:WHY_MAX]) from error


def _from_midi(path: Path, label: Label) -> Piece:
    song = read_midi(path)
    if song.end > BEATS_MAX * TICKS_PER_BEAT:
        raise Unreadable(f"it lasts more than {BEATS_MAX:,} beats; is a time in it broken?")
    named = _by_name(song)
    if named is not None:
        bars = grid(song.meters, song.tempos, song.end)
        return build(label, bars, {part: notes_from(rows) for part, rows in named.items()}, song.signatures)
    if _is_score(song):
        found = parts_by_staff(song.tracks)
        bars = with_upbeats(grid(song.meters, song.tempos, song.end), found)
    else:
        song = in_time(song)
        bars = grid(song.meters, song.tempos, song.end)
        found = parts_by_role(song.tracks, bars)
    return build(label, bars, {part: notes_from(rows) for part, rows in found.items()}, song.signatures)


def _by_name(song: Song) -> Mapping[Part, Ints] | None:
    """The parts of a file whose every track is named after one, as ours are."""
    names = [track.name.lower() for track in song.tracks]
    if len(set(names)) < len(names) or not set(names) <= {part.value for part in NOTE_PARTS}:
        return None
    return {Part(name): track.notes for name, track in zip(names, song.tracks, strict=True)}


def _is_score(song: Song) -> bool:
    """Whether the tracks are staves of one score, not a band."""
    return not any(track.is_drum or track.program in _BAND_PROGRAMS for track in song.tracks)


def _from_score(path: Path, label: Label) -> Piece:
    score = read_score(path)
    bars, _ = bars_of_score(score)
    notes = roles_of(score.parts, bars)
    if not any(notes.values()):
        raise Unreadable("it has no notes")
    changes = [(m.start, m.fifths, m.mode == "minor") for m in score.measures if m.fifths is not None]
    keys, chords = infer_harmony(bars, notes, changes)
    symbols = [(symbol.start, chord) for symbol in score.symbols if (chord := chord_of(symbol)) is not None]
    if symbols:
        chords = pairs_over(bars, symbols)
    facts = label.source, label.name, label.licence, Origin.REAL, "", False
    return Piece(*facts, bars, keys, chords, notes)


def read_midi(path: Path) -> Song:
    """The file's tracks with notes, one for each channel and program of a track. Raises Unreadable where it is no MIDI file.

    As the corpus reads it, on mido: a hundred times slower, which for what is judged does not matter.
    """
    try:
        file = mido.MidiFile(path, clip=True)
    except Exception as error:  # mido tells broken bytes by whatever they break
        raise Unreadable(f"no MIDI file: {str(error) or type(error).__name__}") from error
    if file.ticks_per_beat <= 0:
        raise Unreadable("its time is counted in film frames")
    scale: float = TICKS_PER_BEAT / file.ticks_per_beat
    reading = _Reading(scale)
    for number, track in enumerate(file.tracks):
        reading.track(number, track)
        if reading.count > NOTES_MAX:
            raise Unreadable(f"it has more than {NOTES_MAX:,} notes")
    tracks = tuple(_track(*key, reading.names.get(key[0], ""), rows) for key, rows in sorted(reading.notes.items()))
    if not tracks:
        raise Unreadable("it has no notes")
    return Song(
        tracks,
        tuple(sorted(reading.meters, key=lambda change: change[0])),
        tuple(sorted(reading.tempos, key=lambda change: change[0])),
        tuple(sorted(reading.signatures, key=lambda change: change[0])),
    )


def _track(number: int, channel: int, program: int, name: str, rows: list[tuple[int, int, int, int]]) -> Track:
    return Track(name.strip(), program, channel == DRUM_CHANNEL, np.array(sorted(rows), dtype=np.int64))


class _Reading:
    """What the events of a file come to."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self.notes: dict[tuple[int, int, int], list[tuple[int, int, int, int]]] = defaultdict(list)
        self.names: dict[int, str] = {}
        self.meters: list[tuple[int, int, int]] = []
        self.tempos: list[tuple[int, float]] = []
        self.signatures: list[tuple[int, int, bool]] = []
        self.count = 0

    def track(self, number: int, events: Any) -> None:
        """Reads one track. A note that never ends, ends with its track."""
        now = 0
        programs: dict[int, int] = {}
        on: dict[tuple[int, int], deque[tuple[int, int, int]]] = defaultdict(deque)
        for event in events:
            now += event.time
            if event.is_meta:
                self._meta(number, now, event)
            elif event.type == "program_change":
                programs[event.channel] = event.program
            elif event.type == "note_on" and event.velocity > 0:
                on[event.channel, event.note].append((now, event.velocity, programs.get(event.channel, 0)))
            elif event.type in ("note_on", "note_off") and on[event.channel, event.note]:
                self._note(number, event.channel, event.note, *on[event.channel, event.note].popleft(), now)
        for (channel, pitch), rows in on.items():
            for row in rows:
                self._note(number, channel, pitch, *row, now)

    def _note(self, number: int, channel: int, pitch: int, start: int, velocity: int, program: int, end: int) -> None:
        first, last = self._tick(start), self._tick(end)
        self.notes[number, channel, program].append((first, max(last - first, 1), pitch, velocity))
        self.count += 1

    def _tick(self, time: int) -> int:
        return round(time * self._scale)

    def _meta(self, number: int, now: int, event: Any) -> None:
        if event.type == "track_name":
            self.names.setdefault(number, event.name)
        elif event.type == "time_signature" and event.numerator:
            self.meters.append((self._tick(now), event.numerator, event.denominator))
        elif event.type == "set_tempo" and event.tempo:
            bpm = min(max(mido.tempo2bpm(event.tempo), SLOWEST_BPM), FASTEST_BPM)
            self.tempos.append((self._tick(now), float(bpm)))
        elif event.type == "key_signature":
            minor = event.key.endswith("m")
            names = _MINORS if minor else _MAJORS
            self.signatures.append((self._tick(now), names.index(event.key.removesuffix("m")) - _MOST_FLATS, minor))


_MOST_FLATS = 7
_MAJORS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINORS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
