"""The corpus in one compact file: numpy arrays and a page of JSON, read without running anything.

Lives here: saving and loading a list of pieces, exactly. What a piece means is in `piece`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder) / "corpus.npz", [])
    ...     load(Path(folder) / "corpus.npz")
    []
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compose.corpus.piece import Bar, Origin, Pair, Piece
from sessions.music.beats import Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part

__all__ = ["VERSION", "load", "save"]

VERSION = 1
"""Of the file's layout; another one is not read."""

_NO_CHORD = -1


class _Words(dict[Any, int]):
    """Values by their number, in order of appearance."""

    def __missing__(self, value: Any) -> int:
        self[value] = len(self)
        return self[value]


def save(path: Path, pieces: Sequence[Piece]) -> None:
    """Writes all pieces to one file; the same pieces give the same bytes."""
    kinds, keys, chords, meters = _Words(), _Words(), _Words(), _Words()
    about, bars, bpms, notes = [], [], [], []
    for piece in pieces:
        parts = [part for part in Part if part in piece.notes]
        about.append(
            {
                "source": piece.source, "name": piece.name, "licence": piece.licence, "origin": piece.origin.value,
                "style": piece.style, "human": piece.human, "energy": piece.energy, "song": piece.song,
                "bars": len(piece.bars), "parts": {part.value: len(piece.notes[part]) for part in parts},
            }
        )  # fmt: skip
        for bar, key, pair in zip(piece.bars, piece.keys, piece.chords, strict=True):
            first, second = (_NO_CHORD if chord is None else chords[str(chord)] for chord in pair)
            meter = meters[bar.meter.n, bar.meter.d]
            bars.append((bar.start, meter, kinds[bar.kind], keys[key.tonic, key.mode, key.name], first, second))
            bpms.append(bar.bpm)
        for part in parts:
            notes += [(note.start, note.length, note.pitch, note.velocity) for note in piece.notes[part]]
    table = np.array(notes, np.int32).reshape(-1, 4)
    page = {
        "version": VERSION, "pieces": about, "kinds": list(kinds), "keys": list(keys), "chords": list(chords),
        "meters": list(meters),
    }  # fmt: skip
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            page=np.frombuffer(json.dumps(page, ensure_ascii=False).encode(), np.uint8),
            bars=np.array(bars, np.int32).reshape(-1, 6),
            bpms=np.array(bpms, np.float64),
            times=np.ascontiguousarray(table[:, :2].T),
            sounds=np.ascontiguousarray(table[:, 2:].T.astype(np.uint8)),
        )


def load(path: Path) -> list[Piece]:
    """All pieces of a file. Raises ValueError where it is none of this layout, OSError where it can't be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            page = json.loads(arrays["page"].tobytes())
            columns = [arrays[name] for name in ("bars", "bpms", "times", "sounds")]
    except (KeyError, json.JSONDecodeError, EOFError) as error:
        raise ValueError(f"{path} holds no corpus: {error}; build one with python -m models.compose.corpus") from error
    if page.get("version") != VERSION:
        raise ValueError(f"{path} has layout {page.get('version')}, not {VERSION}; build it anew")
    return list(_pieces(page, *columns))


def _pieces(
    page: dict[str, Any], bars: npt.NDArray[Any], bpms: npt.NDArray[Any], times: npt.NDArray[Any],
    sounds: npt.NDArray[Any],
) -> Iterator[Piece]:  # fmt: skip
    keys = [Key(tonic, mode, name) for tonic, mode, name in page["keys"]]
    meters = [Meter(n, d) for n, d in page["meters"]]
    chords: list[Chord | None] = [*map(_chord, page["chords"]), None]  # so that -1 is none
    at = first_note = 0
    for about in page["pieces"]:
        rows, speeds = bars[at : at + about["bars"]].tolist(), bpms[at : at + about["bars"]].tolist()
        at += about["bars"]
        notes: dict[Part, tuple[Note, ...]] = {}
        for part, count in about["parts"].items():
            span = slice(first_note, first_note + count)
            columns = (*times[:, span].tolist(), *sounds[:, span].tolist())
            notes[Part(part)] = tuple(map(Note, *columns))
            first_note += count
        pairs: list[Pair] = [(chords[row[4]], chords[row[5]]) for row in rows]
        yield Piece(
            about["source"], about["name"], about["licence"], Origin(about["origin"]), about["style"], about["human"],
            tuple(Bar(row[0], meters[row[1]], bpm, page["kinds"][row[2]]) for row, bpm in zip(rows, speeds, strict=True)),
            tuple(keys[row[3]] for row in rows), tuple(pairs), notes, about["energy"], about["song"],
        )  # fmt: skip


@lru_cache(maxsize=4096)
def _chord(text: str) -> Chord:
    return Chord.parse(text)
