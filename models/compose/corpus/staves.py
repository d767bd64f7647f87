"""Scores by staff: choirs, hymns, songs with piano, quartets, piano music. The top line is the tune, the lowest the bass.

Lives here: parts for music whose tracks are staves of one score. Songs of a band are read by `roles`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from models.compose.corpus.lines import lowest_line, top_line, without_doubles
from models.compose.corpus.midi import Ints, Track
from sessions.music.parts import Part

__all__ = ["parts_by_staff"]

_HANDS = re.compile(r"upper|lower|piano|left|right|\brh\b|\blh\b|up\b|down\b|organ|accomp|continuo", re.IGNORECASE)
_KEYBOARDS = range(8)
_ORGANS = range(16, 24)
_LONE_LINE = 1.15
"""Notes struck together in a staff that one voice could sing."""


def parts_by_staff(tracks: Sequence[Track]) -> dict[Part, Ints]:
    """Melody, harmony and bass of a score; drums where a track has them.

    A lone voice is a melody. A singer or a soloist over a keyboard has the melody, whatever the keyboard plays above.
    """
    drums = [track.notes for track in tracks if track.is_drum]
    pitched = [track for track in tracks if not track.is_drum]
    found = {Part.DRUMS: _joined(drums)} if drums else {}
    if not pitched:
        return found
    hands = [track for track in pitched if _is_hand(track)]
    soloists = [track for track in pitched if not _is_hand(track)]
    lead = max(soloists if soloists and hands else pitched, key=_height)
    melody, under = top_line(lead.notes)
    others = [track for track in pitched if track is not lead]
    if others:
        ground = min(hands if soloists and hands else others, key=_height)
        bass, over = lowest_line(ground.notes, strict=_struck(ground) < _LONE_LINE)
        rest = [under, over, *(track.notes for track in others if track is not ground)]
    elif _struck(lead) < _LONE_LINE:
        bass, rest = lead.notes[:0], []
        melody = lead.notes
    else:
        bass, over = lowest_line(under, strict=False)
        rest = [over]
    harmony = without_doubles(_joined(rest), _joined([melody, bass]))
    found |= {Part.BASS: bass, Part.HARMONY: harmony, Part.MELODY: melody}
    return {part: rows for part, rows in found.items() if len(rows)}


def _is_hand(track: Track) -> bool:
    return bool(_HANDS.search(track.name)) or (
        (track.program in _KEYBOARDS or track.program in _ORGANS) and _struck(track) >= _LONE_LINE
    )


def _height(track: Track) -> float:
    return float(track.notes[:, 2].mean())


def _struck(track: Track) -> float:
    return len(track.notes) / len(np.unique(track.notes[:, 0] // 20))


def _joined(tables: Sequence[Ints]) -> Ints:
    rows = np.concatenate([np.zeros((0, 4), np.int64), *tables])
    return rows[np.lexsort((rows[:, 2], rows[:, 0]))]
