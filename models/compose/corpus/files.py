"""Going through a folder of MIDI files, so that a bad one is told and skipped.

Lives here: the loop that all MIDI readers share, and reading their tables.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from models.compose.corpus.midi import Song, read_midi
from models.compose.corpus.piece import Piece, Skipped

__all__ = ["each_file", "name_of", "read_table"]


def each_file(folder: Path, make: Callable[[Path, Song], Piece], under: str = "") -> Iterator[Piece | Skipped]:
    """A piece for each MIDI file below `folder / under`, in order of their names."""
    for path in sorted((folder / under).rglob("*.mid")):
        try:
            yield make(path, read_midi(path))
        except ValueError as error:
            yield Skipped(folder.name, name_of(folder, path), str(error))


def name_of(folder: Path, path: Path) -> str:
    """A file's name in its set, unique and without the ending."""
    return path.relative_to(folder).with_suffix("").as_posix()


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of an index beside the files, by the names in its first line; nothing where there is none."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            return list(csv.DictReader(file))
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
