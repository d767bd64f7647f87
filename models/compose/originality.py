"""Originality: which melodic runs of a section stand in the music that the weights were trained on.

Lives here: the index of the melodic runs of the training music, transposition and rhythm aside, and the search for them in new
notes. A run counts as copied where it is longer than eight notes and has at least four different intervals: from each note on,
the shortest run that is one is what the index holds, so a line has a copied run exactly where one of these stands in it. The
index is a Bloom filter: it forgets nothing, and takes 6 of 10,000 other runs for known ones, so it errs on the strict side.
Runs that follow each other may come from several pieces and are told as one.

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
from functools import cached_property
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

LONGEST_NOTES = 65
"""A run that takes more notes to have four different intervals is one note said over and over, and nobody's."""

WIDEST = 31
"""Semitones: wider leaps count as this wide."""

BITS_PER_RUN = 16
HASHES = 8
SMALLEST_BITS = 1 << 10
TOGETHER_TICKS = 40
"""Notes that start within a 24th of a beat are one onset."""

ODD = 0x9E3779B97F4A7C15
_ALL_BITS = (1 << 64) - 1
_VERSION = 2
_Keys = NDArray[np.uint64]


class BadIndex(ValueError):
    """The file is no index of runs; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A copied run: the index of its first note in the line, and how many notes it has."""

    first: int
    notes: int


class RunIndex:
    """The melodic runs of some music."""

    def __init__(self, bits: NDArray[np.uint8], runs: int) -> None:
        self._bits = bits
        self._read = bits.data  # one byte of it comes ten times sooner than one of the array
        self.runs = runs

    @classmethod
    def build(cls, lines: Iterable[Sequence[int]]) -> RunIndex:
        """The index of lines of MIDI pitches."""
        found = [keys for line in lines if (keys := _runs_of(line)[2]).size]
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

    @cached_property
    def sha256(self) -> str:
        """Names the index in a certificate."""
        return hashlib.sha256(self._bits.tobytes()).hexdigest()

    def known(self, keys: _Keys) -> NDArray[np.bool_]:
        """Which runs stand in the index."""
        places = self._places(keys)
        return np.asarray((self._bits[places >> np.uint64(3)] & _mask(places)).astype(bool).all(axis=1))

    def copied(self, line: Sequence[int]) -> list[Run]:
        """The copied runs of a line of pitches, each as far as known ones overlap, in order."""
        first, notes, keys = _runs_of(line)
        if not keys.size:
            return []
        known = self.known(keys)
        runs: list[Run] = []
        for begin, count in zip(first[known].tolist(), notes[known].tolist(), strict=True):
            last = runs[-1] if runs else None
            if last is not None and begin < last.first + last.notes:
                runs[-1] = Run(last.first, max(last.notes, begin + count - last.first))
            else:
                runs.append(Run(begin, count))
        return runs

    def longest(self, line: Sequence[int]) -> int:
        """Notes of the longest copied run; 0 where there is none."""
        return max((run.notes for run in self.copied(line)), default=0)

    def ending(self, line: Sequence[int]) -> int:
        """Notes of the longest of the runs that count, and end with the line's last note, that is known; 0 where none is.

        What `copied` finds in a line, found note by note while it grows: 5 us, whatever stood before.
        """
        longest = key = 0
        different: set[int] = set()
        earlier: set[int] = set()
        end = len(line) - 1
        for intervals, begin in enumerate(range(end - 1, max(-1, end - LONGEST_NOTES), -1), 1):
            step = min(max(line[begin + 1] - line[begin], -WIDEST), WIDEST) + WIDEST
            key = (step + 1 + ODD * key) & _ALL_BITS
            different.add(step)
            if intervals > 1:
                earlier.add(step)
            if len(earlier) >= FEWEST_INTERVALS and intervals > INTERVALS:
                break  # a run without its last note already
            if len(different) >= FEWEST_INTERVALS and intervals >= INTERVALS and self._has(key):
                longest = intervals + 1
        return longest

    def _has(self, key: int) -> bool:
        """`known` for the sum of one run's intervals."""
        key = _mix(key)
        first, step, size = _mix(key), _mix(key ^ ODD) | 1, len(self._read) * 8
        places = (((first + step * number) & _ALL_BITS) % size for number in range(HASHES))
        return all(self._read[place >> 3] >> (place & 7) & 1 for place in places)

    def _places(self, keys: _Keys) -> _Keys:
        size = np.uint64(self._bits.size * 8)
        first, step = _mixed(keys), _mixed(keys ^ np.uint64(ODD)) | np.uint64(1)
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


def _runs_of(line: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64], _Keys]:
    """From each note on the shortest run that counts: its first note, its notes, and a number for its intervals."""
    steps = np.clip(np.diff(np.asarray(line, np.int64)), -WIDEST, WIDEST) + WIDEST
    first, last = _shortest(steps.tolist())
    if not first:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64)
    begin, end = np.array(first, np.int64), np.array(last, np.int64)
    # Sums of intervals times powers of an odd number, modulo 2^64: a power's inverse moves a sum to where it would begin.
    up, down = _powers(len(steps))
    sums = np.concatenate(
        (np.zeros(1, np.uint64), np.cumsum(up * (steps.astype(np.uint64) + np.uint64(1)), dtype=np.uint64))
    )
    return begin, end - begin + 1, np.asarray(_mixed((sums[end] - sums[begin]) * down[begin]))


def _shortest(steps: Sequence[int]) -> tuple[list[int], list[int]]:
    """Where the shortest runs that count begin and end, as indices of intervals, the end behind the last."""
    counts = [0] * (2 * WIDEST + 1)
    first: list[int] = []
    last: list[int] = []
    different = end = 0
    for begin, step in enumerate(steps):
        while end < len(steps) and (different < FEWEST_INTERVALS or end - begin < INTERVALS):
            different += counts[steps[end]] == 0
            counts[steps[end]] += 1
            end += 1
        if different < FEWEST_INTERVALS or end - begin < INTERVALS:
            break
        if end - begin < LONGEST_NOTES:
            first.append(begin)
            last.append(end)
        counts[step] -= 1
        different -= counts[step] == 0
    return first, last


def _powers(count: int) -> tuple[_Keys, _Keys]:
    """Powers of an odd number and of its inverse, modulo 2^64."""
    return _row(ODD, count), _row(pow(ODD, -1, 1 << 64), count)


def _row(base: int, count: int) -> _Keys:
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _mixed(keys: _Keys) -> _Keys:
    """Splitmix64's finaliser: every bit of the key moves every bit of the result."""
    mixed = keys + np.uint64(ODD)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _mix(key: int) -> int:
    """`_mixed` of one number."""
    mixed = (key + ODD) & _ALL_BITS
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _ALL_BITS
    return mixed ^ (mixed >> 31)


def _mask(places: _Keys) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
