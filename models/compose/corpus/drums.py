"""Drums alone: Groove's human playing, programmed clips, drum-machine presets.

Lives here: what these sets know of style, energy and feel, and how an electronic kit's numbers become General MIDI's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.compose.corpus.build import Label, build, notes_from
from models.compose.corpus.files import each_file, name_of, read_table
from models.compose.corpus.midi import Ints, Song, grid
from models.compose.corpus.piece import Piece, Skipped
from sessions.music.beats import Meter
from sessions.music.parts import Part

__all__ = ["read_clips", "read_groove", "read_presets"]

# The Roland TD-11's own numbers, to General MIDI's; the rest agree. Hi-hat edges, snare rim, tom rims, cymbal edges.
_TD11 = {22: 42, 26: 46, 40: 38, 58: 43, 47: 45, 50: 48, 52: 57, 55: 49, 59: 51}

_GROOVE_STYLES = {
    "rock": "rock", "punk": "rock", "funk": "funk", "soul": "funk", "gospel": "funk", "afrobeat": "funk",
    "neworleans": "funk", "hiphop": "hip-hop", "jazz": "jazz", "latin": "latin", "afrocuban": "latin",
    "highlife": "latin", "pop": "pop", "country": "pop", "reggae": "reggae", "blues": "swing",
    "middleeastern": "folk", "jazz/swing": "swing", "jazz/funk": "funk", "dance/disco": "disco",
    "dance/breakbeat": "electronic", "neworleans/shuffle": "swing", "rock/shuffle": "swing", "latin/reggaeton": "latin",
    "neworleans/chacha": "latin", "funk/latin": "latin",
}  # fmt: skip
_CLIP_STYLES = {
    "afro": "latin", "blues": "swing", "bossa": "latin", "breakbeat": "electronic", "country": "pop",
    "dancehall": "reggae", "disco": "disco", "dnb": "dnb", "electro": "electronic", "funk": "funk", "garage": "house",
    "hip-hop": "hip-hop", "house": "house", "jazz": "jazz", "latin": "latin", "lo-fi": "lo-fi", "metal": "metal",
    "miami-bass": "electronic", "pop": "pop", "punk": "rock", "reggae": "reggae", "rnb": "hip-hop", "rock": "rock",
    "samba": "latin", "techno": "techno", "trap": "trap",
}  # fmt: skip
_PRESET_STYLES = {"hip": "hip-hop", "hiphop": "hip-hop"}
MOST_ENERGY = 5.0
"""Clips are marked from 1 to 5; a piece's energy is 0 to 1."""


def read_groove(folder: Path) -> Iterator[Piece | Skipped]:
    """Performances to a click: beats and fills, with style, tempo and metre from the set's table."""
    about = {row["midi_filename"]: row for row in read_table(folder / "info.csv")}

    def make(path: Path, song: Song) -> Piece:
        row = about.get(path.relative_to(folder).as_posix())
        if row is None:
            raise ValueError("info.csv does not name it")
        style = _GROOVE_STYLES.get(row["style"]) or _GROOVE_STYLES.get(row["style"].partition("/")[0], "")
        meter = Meter.parse(row["time_signature"].replace("-", "/"))
        bars = grid([(0, meter.n, meter.d)], [(0, float(row["bpm"]))], song.end)
        label = Label(folder.name, row["id"] + "_" + row["beat_type"], "CC-BY-4.0", style, human=True)
        return build(label, bars, {Part.DRUMS: notes_from(_general(_hits(song)))})

    yield from each_file(folder, make)


def read_clips(folder: Path) -> Iterator[Piece | Skipped]:
    """Grooves put together from clips of one genre; energy is the mean of the clips'."""
    clips: dict[str, float] = {}
    page = folder / "clips.jsonl"
    for line in page.read_text(encoding="utf-8").splitlines() if page.is_file() else ():
        clip = json.loads(line)
        if isinstance(clip.get("energy"), int | float):
            clips[clip["id"]] = float(clip["energy"])
    genres = {row["file"]: row["genre"] for row in read_table(folder / "assembled" / "index.tsv")}

    def make(path: Path, song: Song) -> Piece:
        energies = [clips[name] for name in re.findall(r"[A-Z]\d{3}", path.stem) if name in clips]
        energy = (float(np.mean(energies)) - 1) / (MOST_ENERGY - 1) if energies else None
        label = Label(
            folder.name, name_of(folder, path), "CC0-1.0", _CLIP_STYLES.get(genres.get(path.name, ""), ""),
            None if energy is None else round(min(max(energy, 0.0), 1.0), 3), human=False,
        )  # fmt: skip
        bars = tuple(replace(bar, kind="loop") for bar in grid(song.meters, song.tempos, song.end))
        return build(label, bars, {Part.DRUMS: notes_from(_hits(song))})

    yield from each_file(folder, make, "assembled")


def read_presets(folder: Path) -> Iterator[Piece | Skipped]:
    """Bars of drum machines, with their swing."""

    def make(path: Path, song: Song) -> Piece:
        style = next((style for word, style in _PRESET_STYLES.items() if word in path.stem.lower()), "electronic")
        bars = tuple(replace(bar, kind="loop") for bar in grid(song.meters, song.tempos, song.end))
        label = Label(folder.name, name_of(folder, path), "MIT", style, human=False)
        return build(label, bars, {Part.DRUMS: notes_from(_hits(song))})

    yield from each_file(folder, make)


def _hits(song: Song) -> Ints:
    return np.concatenate([track.notes for track in song.tracks])


def _general(rows: Ints) -> Ints:
    table = np.arange(128)
    for number, general in _TD11.items():
        table[number] = general
    rows = rows.copy()
    rows[:, 2] = table[rows[:, 2]]
    return rows
