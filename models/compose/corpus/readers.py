"""The sets that are read, each with its reader.

Lives here: the registry. `read(folder)` yields pieces, and `Skipped` for what is no music to learn from; a file that
can't be read is one of these and never ends the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.compose.corpus import arranged, bands, drums, scores, staff_scores
from models.compose.corpus.piece import Piece, Skipped

__all__ = ["READERS", "Reader"]


@dataclass(frozen=True, slots=True)
class Reader:
    """One set: its folder, what reads it, and the files that it counts by."""

    folder: str
    read: Callable[[Path], Iterator[Piece | Skipped]]
    files: str = "**/*.mid"


READERS = (
    Reader("freedoom", bands.read_freedoom),
    Reader("blasphemer", bands.read_blasphemer),
    Reader("easyrpg_rtp", bands.read_easyrpg),
    Reader("lmms_artistic2", bands.read_lmms),
    Reader("lmms_ccby_bsd", bands.read_lmms),
    Reader("basslines_mit", bands.read_basslines),
    Reader("groove", drums.read_groove),
    Reader("drum_clips_cc0", drums.read_clips),
    Reader("drum_presets_mit", drums.read_presets),
    Reader("openhymnal", staff_scores.read_hymns),
    Reader("mutopia_pd", staff_scores.read_mutopia),
    Reader("mutopia_ccby", staff_scores.read_mutopia),
    Reader("openscore_quartets", staff_scores.read_quartets),
    Reader("openscore_lieder", scores.read_lieder, "scores/**/*.mxl"),
    Reader("openewld_pd", scores.read_openewld, "dataset/**/*.mxl"),
    Reader("mcgill_billboard", arranged.read_under_billboard, "*/salami_chords.txt"),
    Reader("chord_progressions_mit", arranged.read_under_progressions, "progressions.jsonl"),
)
