"""Whose music the weights learned from: names, origins and licences, and the licence files that travel with the weights.

Lives here: what is to be known of each set, as data. How many pieces of it were learned from, the corpus says.

    >>> SOURCES["groove"].licence
    'CC-BY-4.0'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.compose.corpus.piece import Origin

if TYPE_CHECKING:
    from models.compose.corpus.piece import Piece

__all__ = ["SOURCES", "Counts", "Source", "copy_licences", "counted"]


@dataclass(frozen=True, slots=True)
class Source:
    """A set: what it is called, whose it is, its licence in a word, where it is from, and the folders of its licence files."""

    title: str
    by: str
    licence: str
    origin: str
    folders: tuple[str, ...] = ()


SOURCES: dict[str, Source] = {
    "freedoom": Source("Freedoom's music", "the Freedoom project's composers (CREDITS-MUSIC)", "BSD-3-Clause",
                       "github.com/freedoom/freedoom"),
    "blasphemer": Source("Blasphemer's music", "Jute Gyte, ax34 and others (CREDITS.md)", "BSD-3-Clause",
                         "github.com/Catoptromancy/blasphemer"),
    "easyrpg_rtp": Source("EasyRPG RTP's music", "Juan Manuel Nigretti; one piece by Someoneman (CC0)", "CC-BY-4.0",
                          "github.com/EasyRPG/RTP"),
    "lmms_artistic2": Source("LMMS' example songs", "their authors, named in the files' names", "Artistic-2.0",
                             "github.com/LMMS/lmms, data/projects"),
    "lmms_ccby_bsd": Source("LMMS' example songs", "Farbro (Tectonic, CC BY, no version told); Saber (FinalStep, BSD)",
                            "CC-BY and BSD", "github.com/LMMS/lmms, data/projects"),
    "basslines_mit": Source("Bass patterns", "Helge Sverre", "MIT", "github.com/HelgeSverre/basslines"),
    "groove": Source("Groove MIDI Dataset 1.0.0", "Google LLC (Magenta); Gillick, Roberts, Engel, Eck, Bamman, ICML 2019",
                     "CC-BY-4.0", "magenta.tensorflow.org/datasets/groove"),
    "drum_clips_cc0": Source("Composable drum patterns", "Simon Heimler and contributors, given to the public", "CC0-1.0",
                             "github.com/Fannon/composable-drum-patterns"),
    "drum_presets_mit": Source("Drum-machine presets", "Stu Freen", "MIT", "github.com/stufreen/web-drum-sequencer"),
    "openhymnal": Source("Open Hymnal", "the Open Hymnal project", "public domain", "github.com/mzealey/openhymnal"),
    "mutopia_pd": Source("Mutopia, public domain", "the Mutopia project's volunteers", "public domain",
                         "mutopiaproject.org"),
    "mutopia_ccby": Source("Mutopia, CC BY", "composers and typesetters, one by one in licences/mutopia_ccby/index.tsv",
                           "CC-BY-2.5, 3.0 and 4.0", "mutopiaproject.org"),
    "openscore_quartets": Source("OpenScore String Quartets", "OpenScore's volunteers", "CC0-1.0",
                                 "github.com/OpenScore/StringQuartets"),
    "openscore_lieder": Source("OpenScore Lieder", "OpenScore's volunteers", "CC0-1.0", "github.com/OpenScore/Lieder"),
    "openewld_pd": Source("OpenEWLD, tunes out of copyright", "collected by Federico Simonetta", "MIT",
                          "github.com/00sapo/OpenEWLD"),
    "arranged": Source("StarBridge's arranger, by rules, under chords of the McGill Billboard annotations and of chord lists",
                       "notes by rules; chords: Burgoyne, Wild, Fujinaga, ISMIR 2011 (CC0), and Ludovic Drolez (MIT)",
                       "Apache-2.0 over CC0-1.0 and MIT",
                       "ddmal.music.mcgill.ca, github.com/ldrolez/free-midi-chords",
                       ("mcgill_billboard", "chord_progressions_mit")),
}  # fmt: skip

_LICENCE_FILES = ("LICEN[CS]E*", "COPYING*", "CREDITS*", "AUTHORS*", "CC0*")
_TABLES = {"mutopia_ccby": ("index.tsv",)}
"""Attribution that is a table."""


@dataclass(slots=True)
class Counts:
    """What of a set was learned from, and what was kept back; notes and bars of what was learned from."""

    pieces: int = 0
    bars: int = 0
    notes: int = 0
    kept_back: int = 0
    is_real: bool = True

    def to_fields(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def counted(pieces: Iterable[Piece]) -> dict[str, Counts]:
    """The counts of each set."""
    found: dict[str, Counts] = {}
    for piece in pieces:
        counts = found.setdefault(piece.source, Counts(is_real=piece.origin is Origin.REAL))
        if piece.held_out:
            counts.kept_back += 1
        else:
            counts.pieces += 1
            counts.bars += len(piece.bars)
            counts.notes += sum(len(notes) for notes in piece.notes.values())
    return dict(sorted(found.items(), key=lambda row: -row[1].notes))


def copy_licences(data: Path, sets: Sequence[str], out: Path) -> dict[str, int]:
    """Copies each set's licence files to a folder of its name; says how many each has. Raises ValueError where one has none."""
    copied: Counter[str] = Counter()
    for name in sets:
        for folder in SOURCES[name].folders or (name,):
            patterns = (*_LICENCE_FILES, *_TABLES.get(folder, ()))
            files = sorted({path for pattern in patterns for path in (data / folder).glob(pattern) if path.is_file()})
            if not files:
                raise ValueError(f"{folder} has no licence file in the data folder; weights do not ship without")
            (out / folder).mkdir(parents=True, exist_ok=True)
            for path in files:
                (out / folder / path.name).write_bytes(path.read_bytes())
                copied[folder] += 1
    return dict(copied)
