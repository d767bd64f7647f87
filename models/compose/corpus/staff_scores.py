"""Scores as MIDI: hymns, Mutopia's songs, marches, ragtime and piano music, string quartets.

Lives here: what these sets know of style, and the tempo where a score has none. Parts are found in `staves`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from models.compose.corpus.barlines import with_upbeats
from models.compose.corpus.build import Label, build, notes_from
from models.compose.corpus.files import each_file, name_of, read_table
from models.compose.corpus.midi import Song, grid
from models.compose.corpus.piece import Piece, Skipped
from models.compose.corpus.staves import parts_by_staff

__all__ = ["read_hymns", "read_mutopia", "read_quartets"]

_STYLES = {
    "jazz": "ragtime", "hymn": "hymn", "gospel": "hymn", "march": "march", "song": "song", "folk": "folk",
    "popular / dance": "song",
}  # fmt: skip
_UNTOLD_BPM = {"ragtime": 84.0, "march": 112.0, "hymn": 96.0, "song": 92.0, "folk": 104.0, "classical": 92.0}
_LILYPONDS_BPM = 60.0
"""What LilyPond writes where a score tells no tempo."""


def read_hymns(folder: Path) -> Iterator[Piece | Skipped]:
    """Hymns in four voices."""

    def make(path: Path, song: Song) -> Piece:
        name = name_of(folder, path)
        return _piece(Label(folder.name, name, "Public-Domain", "hymn", song=_tune(name), human=False), song)

    yield from each_file(folder, make)


def read_mutopia(folder: Path) -> Iterator[Piece | Skipped]:
    """Scores of many kinds; the set's table has styles, and licences one by one."""
    about = {row["file"]: row for row in read_table(folder / "index.tsv")}

    def make(path: Path, song: Song) -> Piece:
        row = about.get(path.name, {})
        style = _STYLES.get(row.get("style", "").lower(), "classical")
        licence = row.get("licence") or ("Public Domain" if folder.name.endswith("pd") else "CC-BY")
        licence = licence.replace("Creative Commons Attribution ", "CC-BY-").replace(" ", "-")
        if all(bpm == _LILYPONDS_BPM for _, bpm in song.tempos):
            song = Song(song.tracks, song.meters, ((0, _UNTOLD_BPM[style]),), song.signatures)
        return _piece(Label(folder.name, name_of(folder, path), licence, style, human=False), song)

    yield from each_file(folder, make)


def read_quartets(folder: Path) -> Iterator[Piece | Skipped]:
    """String quartets, all movements of a work in one piece."""

    def make(path: Path, song: Song) -> Piece:
        return _piece(Label(folder.name, name_of(folder, path), "CC0-1.0", "classical", human=False), song)

    yield from each_file(folder, make)


def _tune(name: str) -> str:
    """A hymn's tune, by which versions belong together: `Text-Tune_Isorhythmic` has the tune `Tune`.

    >>> _tune("A_Mighty_Fortress_Is_Our_God-Ein_Feste_Burg_Rhythmic")
    'Ein_Feste_Burg'
    """
    tune = name.partition("-")[2] or name
    return re.sub(r"_(Isorhythmic|Rhythmic|Original)$", "", tune)


def _piece(label: Label, song: Song) -> Piece:
    found = parts_by_staff(song.tracks)
    bars = with_upbeats(grid(song.meters, song.tempos, song.end), found)
    return build(label, bars, {part: notes_from(rows) for part, rows in found.items()}, song.signatures)
