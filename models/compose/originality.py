"""Originality: which melodic runs of a section stand in the music that the weights were trained on.

Lives here: the index of all nine-note runs of the training music, transposition and rhythm aside, and the search for them in
new notes. A run counts as copied where it is longer than eight notes, has at least four different intervals, and each
nine notes of it stand in the index. The index is a Bloom filter: it forgets nothing, and takes 6 of 10,000 other runs for known
ones, so it errs on the strict side. A chain of known runs may come from several pieces and counts all the same.

    >>> tune = [60, 62, 64, 67, 65, 64, 62, 69, 67, 60]
    >>> index = RunIndex.build([tune])
    >>> index.copied([pitch + 3 for pitch in tune])
    [Run(first=0, notes=10)]
    >>> index.copied([60, 64, 67, 72] * 5)
    []
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.music.notes import Note

__all__ = ["FEWEST_INTERVALS", "RUN_NOTES", "BadIndex", "Run", "RunIndex", "bottom_line", "top_line"]

RUN_NOTES = 9
"""Notes of the shortest run that counts as copied."""

FEWEST_INTERVALS = 4
"""Different intervals that a run must have to be anybody's tune: scales and arpeggios are everybody's."""

INTERVALS = RUN_NOTES - 1
WIDEST = 31
"""Semitones: wider leaps count as this wide, so that an interval takes six bits."""

BITS_PER_RUN = 16
HASHES = 8
SMALLEST_BITS = 1 << 10
TOGETHER_TICKS = 40
"""Notes that start within a 24th of a beat are one onset."""

_VERSION = 1
_Keys = NDArray[np.uint64]


class BadIndex(ValueError):
    """The file is no index of runs; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A copied run: the index of its first note in the line, and how many notes it has."""

    first: int
    notes: int


class RunIndex:
    """All nine-note runs of some music."""

    def __init__(self, bits: NDArray[np.uint8], runs: int) -> None:
        self._bits = bits
        self.runs = runs

    @classmethod
    def build(cls, lines: Iterable[Sequence[int]]) -> RunIndex:
        """The index of lines of MIDI pitches."""
        found = [keys for line in lines if (keys := _keys_of(line)).size]
        keys = np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64)
        bits = np.zeros(max(SMALLEST_BITS, int(keys.size) * BITS_PER_RUN) // 8 + 1, np.uint8)
        index = cls(bits, int(keys.size))
        places = index._places(keys).ravel()
        np.bitwise_or.at(bits, places >> np.uint64(3), _mask(places))
        return index

    @classmethod
    def load(cls, path: Path) -> RunIndex:
        """The index in a file. Raises BadIndex, saying what to do."""
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
                if int(stored["version"]) != _VERSION:
                    raise BadIndex(f"{path}: written by another version; build it again")
                return cls(np.array(stored["bits"], np.uint8), int(stored["runs"]))
        except BadIndex:
            raise
        except (OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise BadIndex(
                f"{path}: no index of melodic runs ({error}); put the file that came with the weights there"
            ) from error

    def save(self, path: Path) -> None:
        """Writes the index; the same index gives the same bytes."""
        arrays: dict[str, Any] = {"version": np.int64(_VERSION), "runs": np.int64(self.runs), "bits": self._bits}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @property
    def sha256(self) -> str:
        """Names the index in a certificate."""
        return hashlib.sha256(self._bits.tobytes()).hexdigest()

    def known(self, keys: _Keys) -> NDArray[np.bool_]:
        """Which runs stand in the index."""
        places = self._places(keys)
        return np.asarray((self._bits[places >> np.uint64(3)] & _mask(places)).astype(bool).all(axis=1))

    def copied(self, line: Sequence[int]) -> list[Run]:
        """The copied runs of a line of pitches, each as long as it goes, in order."""
        keys = _keys_of(line)
        if not keys.size:
            return []
        steps = np.diff(np.asarray(line, np.int64))
        runs = []
        first: int | None = None
        for place, is_known in enumerate([*self.known(keys).tolist(), False]):
            if is_known and first is None:
                first = place
            elif not is_known and first is not None:
                last = place - 1 + INTERVALS
                if len(set(steps[first:last].tolist())) >= FEWEST_INTERVALS:
                    runs.append(Run(first, last - first + 1))
                first = None
        return runs

    def longest(self, line: Sequence[int]) -> int:
        """Notes of the longest copied run; 0 where there is none."""
        return max((run.notes for run in self.copied(line)), default=0)

    def _places(self, keys: _Keys) -> _Keys:
        size = np.uint64(self._bits.size * 8)
        first, step = _mixed(keys), _mixed(keys ^ np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
        return np.asarray((first[:, None] + step[:, None] * np.arange(HASHES, dtype=np.uint64)[None, :]) % size)


def top_line(notes: Iterable[Note]) -> list[Note]:
    """The highest note of each onset, in order.

    >>> [note.pitch for note in top_line([Note(0, 9, 60, 90), Note(10, 9, 64, 90), Note(960, 9, 62, 90)])]
    [64, 62]
    """
    return _line(notes, highest=True)


def bottom_line(notes: Iterable[Note]) -> list[Note]:
    """The lowest note of each onset, in order."""
    return _line(notes, highest=False)


def _line(notes: Iterable[Note], *, highest: bool) -> list[Note]:
    line: list[Note] = []
    onset = 0
    for note in sorted(notes):
        if line and note.start - onset < TOGETHER_TICKS:
            if (note.pitch > line[-1].pitch) == highest:
                line[-1] = note
        else:
            line.append(note)
            onset = note.start
    return line


def _keys_of(line: Sequence[int]) -> _Keys:
    """Each run of nine notes as one number, six bits an interval."""
    steps = np.clip(np.diff(np.asarray(line, np.int64)), -WIDEST, WIDEST) + WIDEST
    if steps.size < INTERVALS:
        return np.zeros(0, np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(steps.astype(np.uint64), INTERVALS)
    return np.asarray((windows << (np.arange(INTERVALS, dtype=np.uint64) * np.uint64(6))).sum(axis=1, dtype=np.uint64))


def _mixed(keys: _Keys) -> _Keys:
    """Splitmix64's finaliser: every bit of the key moves every bit of the result."""
    mixed = keys + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _mask(places: _Keys) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
