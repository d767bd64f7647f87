"""Near-duplicates, found by what they play and dropped: the longest version stays.

Lives here: fingerprints that neither key nor tempo changes. A tune's are runs of intervals with the rhythm's ratios,
drums' are bars of struck steps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.compose.corpus.piece import Piece, Skipped
from sessions.music.parts import PITCHED_PARTS, Part

__all__ = ["fingerprints", "without_duplicates"]

RUN = 7
"""Intervals in a tune's fingerprint."""
SAME_SHARE = 0.6
SAME_DRUMS_SHARE = 0.9
"""Of the smaller piece's fingerprints that the larger one has, from which they are one piece."""
FEWEST = 12
"""Fingerprints below which a tune is too short to tell."""
FEWEST_BARS = 1
COMMONEST = 40
"""A fingerprint in more pieces than this is a scale or a stock beat and points at nobody."""


def without_duplicates(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Skipped]]:
    """The pieces without near-duplicates, in their order, and what was dropped for which other."""
    prints = [fingerprints(piece) for piece in pieces]
    sizes = [len(mine) for mine in prints]
    order = sorted(range(len(pieces)), key=lambda place: (-sizes[place], place))
    holders: dict[int, list[int]] = defaultdict(list)
    kept, dropped = set(), []
    for place in order:
        alone = set(pieces[place].notes) <= {Part.DRUMS}
        shared = Counter(
            other for one in prints[place] for other in holders.get(one, ()) if len(holders[one]) <= COMMONEST
        )
        twin, count = shared.most_common(1)[0] if shared else (-1, 0)
        enough = sizes[place] >= (FEWEST_BARS if alone else FEWEST)
        if enough and count >= (SAME_DRUMS_SHARE if alone else SAME_SHARE) * sizes[place]:
            other = pieces[twin]
            reason = f"{count} of {sizes[place]} fingerprints are those of {other.source}/{other.name}"
            dropped.append(Skipped(pieces[place].source, pieces[place].name, reason))
            continue
        kept.add(place)
        for one in prints[place]:
            holders[one].append(place)
    return [piece for place, piece in enumerate(pieces) if place in kept], dropped


def fingerprints(piece: Piece) -> set[int]:
    """What is alike in two versions of one piece, as numbers."""
    if set(piece.notes) <= {Part.DRUMS}:
        return _drum_prints(piece)
    found: set[int] = set()
    for part in PITCHED_PARTS:
        row = piece.notes.get(part, ())
        # A chord is its top note here: inner voices come and go between versions.
        tops: dict[int, int] = {}
        for note in row:
            tops[note.start // 60] = max(note.pitch, tops.get(note.start // 60, 0))
        starts = np.array(sorted(tops), np.int64)
        pitches = np.array([tops[start] for start in starts.tolist()], np.int64)
        found |= _runs(starts, pitches)
    return found


def _runs(starts: npt.NDArray[np.int64], pitches: npt.NDArray[np.int64]) -> set[int]:
    steps, gaps = np.diff(pitches), np.diff(starts).astype(np.float64)
    if len(steps) < RUN:
        return set()
    ratios = np.rint(2 * np.log2(np.maximum(gaps[1:], 1) / np.maximum(gaps[:-1], 1))).astype(np.int64).clip(-8, 8)
    found = set()
    table, rhythm = steps.tolist(), [0, *ratios.tolist()]
    for place in range(len(table) - RUN + 1):
        run = table[place : place + RUN]
        # hash(-1) is hash(-2), so all are moved above zero; hashes of whole numbers are the same in every process.
        if len(set(run)) >= 3:  # repeated notes and trills are everybody's
            found.add(hash((*(step + 128 for step in run), *(ratio + 8 for ratio in rhythm[place + 1 : place + RUN]))))
    return found


def _drum_prints(piece: Piece) -> set[int]:
    starts = [bar.start for bar in piece.bars]
    bars: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
    row = piece.notes.get(Part.DRUMS, ())
    places = np.searchsorted(np.array(starts), np.array([note.start for note in row], np.int64), "right") - 1
    for note, place in zip(row, places.tolist(), strict=True):
        bars[place].add(((note.start - starts[place] + 40) // 80, note.pitch, note.velocity // 32))
    return {hash(tuple(sorted(struck))) for struck in bars.values()}
