"""Songs of many tracks: Freedoom, Blasphemer, EasyRPG, LMMS, and single bass lines.

Lives here: what is special in these sets, their styles above all. Who plays what is found in `roles`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.compose.corpus.beat import in_time
from models.compose.corpus.build import Label, build, notes_from
from models.compose.corpus.files import each_file, name_of
from models.compose.corpus.midi import Song, Track, grid
from models.compose.corpus.piece import Bar, Piece, Skipped
from models.compose.corpus.roles import parts_by_role

__all__ = ["read_basslines", "read_blasphemer", "read_easyrpg", "read_freedoom", "read_lmms"]

_DISTORTED = (29, 30)
_ORCHESTRA = (*range(40, 80),)
METAL_BPM = 140.0
METAL_KICKS = 1.5
"""Bass-drum hits a beat from which rock with distorted guitars is metal."""
GUITAR_SHARE = 0.12
ORCHESTRA_SHARE = 0.75

_LMMS_STYLES = {"ReggaeTry": "reggae", "ReggaetonTry": "latin", "Crunk": "hip-hop", "Drum": "dnb"}
_BASS_STYLES = {"dnb": "dnb", "houseTechno": "house", "trance": "techno", "uk": "house", "urban": "hip-hop"}
_BASS_NAMES = {"trapBoom": "trap", "techWalk": "techno", "acidLine": "techno", "walkingBass": "jazz"}


def read_freedoom(folder: Path) -> Iterator[Piece | Skipped]:
    """Songs for a shooter: rock, metal, synth, ambient."""
    yield from _songs(folder, "BSD-3-Clause", game=True)


def read_blasphemer(folder: Path) -> Iterator[Piece | Skipped]:
    """The same kind, fantasy and metal."""
    yield from _songs(folder, "BSD-3-Clause", game=True)


def read_easyrpg(folder: Path) -> Iterator[Piece | Skipped]:
    """Music for role-playing games; one piece is CC0."""
    for made in _songs(folder, "CC-BY-4.0", game=True):
        yield replace(made, licence="CC0-1.0") if isinstance(made, Piece) and made.name == "Boss 3" else made


def read_lmms(folder: Path) -> Iterator[Piece | Skipped]:
    """Electronic songs whose track names guess the part; the CC BY ones tell no version."""
    yield from _songs(folder, "Artistic-2.0" if "artistic" in folder.name else "CC-BY", game=False)


def read_basslines(folder: Path) -> Iterator[Piece | Skipped]:
    """Bass patterns of a bar, repeated."""

    def make(path: Path, song: Song) -> Piece:
        name = name_of(folder, path)
        genre, _, pattern = name.partition("_")
        style = _BASS_NAMES.get(pattern, _BASS_STYLES.get(genre, ""))
        bars = tuple(replace(bar, kind="loop") for bar in grid(song.meters, song.tempos, song.end))
        parts = {part: notes_from(rows) for part, rows in parts_by_role(song.tracks, bars).items()}
        return build(Label(folder.name, name, "MIT", style), bars, parts)

    yield from each_file(folder, make)


def _songs(folder: Path, licence: str, *, game: bool) -> Iterator[Piece | Skipped]:
    def make(path: Path, song: Song) -> Piece:
        name, song = name_of(folder, path), in_time(song)
        bars = grid(song.meters, song.tempos, song.end)
        style = _game_style(song.tracks, bars) if game else _lmms_style(name)
        parts = {part: notes_from(rows) for part, rows in parts_by_role(song.tracks, bars).items()}
        return build(Label(folder.name, name, licence, style, song=_song(name)), bars, parts, song.signatures)

    yield from each_file(folder, make)


def _game_style(tracks: Sequence[Track], bars: Sequence[Bar]) -> str:
    """Metal and rock by their guitars and drums, orchestral by its instruments; else only that it is game music."""
    pitched = [track for track in tracks if not track.is_drum]
    total = sum(len(track.notes) for track in pitched) or 1
    distorted = sum(len(track.notes) for track in pitched if track.program in _DISTORTED) / total
    orchestra = sum(len(track.notes) for track in pitched if track.program in _ORCHESTRA) / total
    hits = [track.notes for track in tracks if track.is_drum]
    if hits and distorted > GUITAR_SHARE:
        beats = max(bars[-1].end / 960, 1.0)
        kicks = sum(int(np.isin(rows[:, 2], (35, 36)).sum()) for rows in hits) / beats
        speed = float(np.median([bar.bpm for bar in bars]))
        return "metal" if speed >= METAL_BPM or kicks >= METAL_KICKS else "rock"
    if orchestra > ORCHESTRA_SHARE and sum(map(len, hits)) < total / 4:
        return "orchestral"
    return "game"


def _lmms_style(name: str) -> str:
    return next((style for word, style in _LMMS_STYLES.items() if word in name), "electronic")


def _song(name: str) -> str:
    """What versions of a song share: names of old tracks are a date, a slot and a hash."""
    match = re.search(r"\d{4}-\d\d-\d\d_(.+)_[0-9a-f]{8}$", name)
    return match[1] if match else name.rpartition("/")[2]
