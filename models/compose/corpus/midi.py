"""MIDI files, read into tracks and bars on our ticks.

Lives here: symusic's reading (a hundred times faster than mido on these files), the change of units, and bars made of
time signatures. Who plays what is found in `roles`; where a file's bar lines are wrong, `barlines` knows better.

    >>> [bar.start for bar in grid([(0, 3, 4)], [(0, 90.0)], 6000)]
    [0, 2880, 5760]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compose.corpus.piece import Bar
from sessions.music.beats import METER_UNITS, MOST_METER_BEATS, TICKS_PER_BEAT, Meter

__all__ = ["Ints", "Song", "Track", "grid", "is_played", "read_midi"]

Ints = npt.NDArray[np.int64]

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
"""What a tempo event is believed within."""

STEP_TICKS = TICKS_PER_BEAT // 24
TOLERANCE_TICKS = 6
"""A file with 96 ticks a quarter writes our 40 as 4 x 10; with 256, at most 3.75 off."""

PLAYED_SHARE = 0.1
"""Of onsets off the grid above which somebody played."""


@dataclass(frozen=True, slots=True)
class Track:
    """Notes of one instrument: an array of rows start, length, pitch, velocity, sorted."""

    name: str
    program: int
    is_drum: bool
    notes: Ints


@dataclass(frozen=True, slots=True)
class Song:
    """A file's content: `meters` are (tick, n, d), `tempos` (tick, bpm), `signatures` (tick, sharps, is minor)."""

    tracks: tuple[Track, ...]
    meters: tuple[tuple[int, int, int], ...]
    tempos: tuple[tuple[int, float], ...]
    signatures: tuple[tuple[int, int, bool], ...]

    @property
    def end(self) -> int:
        """The tick at which the last note ends."""
        return max((int((track.notes[:, 0] + track.notes[:, 1]).max()) for track in self.tracks), default=0)


def read_midi(path: Path) -> Song:
    """The file's tracks with notes. Raises ValueError where it is no MIDI file that can be read."""
    from symusic import Score

    try:
        score: Any = Score(str(path))
    except (RuntimeError, OSError) as error:
        raise ValueError(f"no MIDI file: {error}") from error
    if not score.ticks_per_quarter:
        raise ValueError("its time is counted in film frames")
    scale: float = TICKS_PER_BEAT / score.ticks_per_quarter

    def tick(time: int) -> int:
        return round(time * scale)

    tracks = []
    for track in score.tracks:
        columns = track.notes.numpy()
        start = np.rint(columns["time"] * scale).astype(np.int64)
        end = np.rint((columns["time"] + columns["duration"]) * scale).astype(np.int64)
        rows = np.stack([start, np.maximum(end - start, 1), columns["pitch"], columns["velocity"]], axis=1)
        rows = rows[(rows[:, 3] > 0) & (rows[:, 2] >= 0) & (rows[:, 2] <= 127)].astype(np.int64)
        if len(rows):
            rows = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
            tracks.append(Track(track.name.strip(), int(track.program), bool(track.is_drum), rows))
    if not tracks:
        raise ValueError("it has no notes")
    return Song(
        tuple(tracks),
        tuple((tick(t.time), int(t.numerator), int(t.denominator)) for t in score.time_signatures),
        tuple((tick(t.time), min(max(float(t.qpm), SLOWEST_BPM), FASTEST_BPM)) for t in score.tempos),
        tuple((tick(k.time), int(k.key), bool(k.tonality)) for k in score.key_signatures),
    )


def grid(meters: Sequence[tuple[int, int, int]], tempos: Sequence[tuple[int, float]], end: int) -> tuple[Bar, ...]:
    """Bars from 0 until `end` is covered; a change inside a bar cuts it where a metre can say so, else waits for its end.

    Metres beyond what we can write are split: 24/8 becomes 12/8 twice.
    """
    changes = {max(tick, 0): _meter(n, d) for tick, n, d in meters}
    changes.setdefault(0, Meter(4, 4))
    times = sorted(changes)
    bars: list[tuple[int, Meter]] = []
    at, meter, upcoming = 0, changes[0], 1
    while at < end or not bars:
        while upcoming < len(times) and times[upcoming] <= at:
            meter = changes[times[upcoming]]
            upcoming += 1
        here = meter
        if upcoming < len(times) and times[upcoming] < at + meter.ticks_per_bar:
            here = _exactly(times[upcoming] - at) or meter
        bars.append((at, here))
        at += here.ticks_per_bar
    return tuple(Bar(start, meter, bpm) for (start, meter), bpm in zip(bars, _speeds(bars, tempos), strict=True))


def is_played(onsets: Ints) -> bool:
    """True where the onsets stand off the grid of 24 steps a quarter as often as only players' do."""
    off = np.abs((onsets + STEP_TICKS // 2) % STEP_TICKS - STEP_TICKS // 2) > TOLERANCE_TICKS
    return bool(len(onsets)) and float(off.mean()) > PLAYED_SHARE


def _meter(n: int, d: int) -> Meter:
    while d > METER_UNITS[-1] and n % 2 == 0:
        n, d = n // 2, d // 2
    if d == 1:
        n, d = 2 * n, 2
    while n > MOST_METER_BEATS and n % 2 == 0:
        n //= 2
    return Meter(n, d) if 1 <= n <= MOST_METER_BEATS and d in METER_UNITS else Meter(4, 4)


def _exactly(ticks: int) -> Meter | None:
    """The metre of a bar that long, in the largest units."""
    for d in METER_UNITS[1:]:
        n, rest = divmod(ticks * d, 4 * TICKS_PER_BEAT)
        if rest == 0 and 1 <= n <= MOST_METER_BEATS:
            return Meter(n, d)
    return None


def _speeds(bars: Sequence[tuple[int, Meter]], tempos: Sequence[tuple[int, float]]) -> list[float]:
    """Each bar's tempo: the one in force at its start, or where it changes within the bar's first unit, the new one."""
    ordered = sorted(tempos, key=lambda change: change[0])  # of two at once the later one counts
    ordered = ordered if ordered and ordered[0][0] <= 0 else [(0, ordered[0][1] if ordered else 120.0), *ordered]
    ticks = np.array([tick for tick, _ in ordered])
    limits = np.array([start + meter.ticks_per_unit // 2 for start, meter in bars])
    return [round(ordered[place][1], 3) for place in np.searchsorted(ticks, limits, "right") - 1]
