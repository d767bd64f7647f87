"""Small MIDI files for tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

Rows = Sequence[tuple[int, int, int]]
"""(start, length, pitch) in ticks, 480 a quarter."""


@dataclass(frozen=True, slots=True)
class Line:
    """One track: its notes, name, program and channel."""

    rows: Rows
    name: str = ""
    program: int = 0
    channel: int = 0


def write_midi(path: Path, *lines: Line, bpm: float = 120.0, meter: tuple[int, int] = (4, 4)) -> Path:
    """Writes a file of several tracks, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])])
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    file = mido.MidiFile(ticks_per_beat=480, tracks=[head])
    for line in lines:
        events = sorted(
            [(start, 1, pitch) for start, _, pitch in line.rows]
            + [(start + length, 0, pitch) for start, length, pitch in line.rows]
        )
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=line.name)])
        track.append(mido.Message("program_change", program=line.program, channel=line.channel))
        at = 0
        for time, on, pitch in events:
            track.append(mido.Message("note_on", note=pitch, velocity=100 * on, time=time - at, channel=line.channel))
            at = time
        file.tracks.append(track)
    file.save(path)
    return path


SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def tune(seed: int, notes: int = 64, shift: int = 0) -> Rows:
    """A tune of eighths that another seed does not have."""
    dice = random.Random(seed)
    return [(i * 240, 220, shift + dice.choice(SCALE)) for i in range(notes)]


def band(seed: int, shift: int = 0) -> tuple[Line, ...]:
    """Eight bars of drums, bass, pad and lead."""
    beats, bars = range(32), range(8)
    return (
        Line([(i * 480, 60, 36 if i % 2 == 0 else 38) for i in beats], "drums", channel=9),
        Line([(i * 480, 400, 36 + shift + (0, 5, 7, 0)[i // 4 % 4]) for i in beats], "Bass", 33, 1),
        Line([(b * 1920, 1900, shift + step) for b in bars for step in (55, 60, 64)], "Pad", 89, 2),
        Line(tune(seed, shift=shift), "Lead", 81, 3),
    )
