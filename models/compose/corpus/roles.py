"""Who plays drums, bass, harmony and melody in a song of many tracks.

Lives here: how a track is judged (register, polyphony, program, name, loudness), which of several basses or leads has
the part in which bar, and what is left out: echoes, unison doubles, more than six voices of harmony. Files with known
staves are read by `staves`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from models.compose.corpus.lines import lowest_line, top_line, without_doubles
from models.compose.corpus.midi import Ints, Track
from models.compose.corpus.piece import Bar
from sessions.music.parts import Part

__all__ = ["MOST_VOICES", "Role", "parts_by_role", "without_echoes"]

MOST_VOICES = 6
"""Notes of harmony that sound at once; what is quieter or fuller goes first."""

ECHO_SHARE = 0.8
"""Of the smaller track's notes that the other plays just before: a delay effect written out."""
ECHO_WINDOW_TICKS = 1920
ECHO_LAGS = 3
MOST_ECHOES = 3.5
SOFTENING = 8.0
"""A track may hold the tune and its echoes both: then up to three delays explain it, and it grows softer and louder."""

ONE_VOICE, ONE_BASS = 1.3, 1.5
"""Notes that sound together on average in a track that is one line already, but for some overlap."""
BASS_ENOUGH = 3.0
LEAD_ENOUGH = 1.0
STOPGAP_ENOUGH, LONG_GAP = -2.0, 4
"""How good a track must be to fill a gap of that many bars between leads."""
LOWEST_TUNE = 52
"""In bars where a lead's notes lie below this on average, it plays riffs."""
LOWEST_HARMONY = 36
"""Harmony below this muddies a bass that plays in the same bar."""
SWITCH_COST = 6.0
"""Bars that a lead must be better for before the melody changes tracks while the old one plays on."""

_BASS_WORDS = re.compile(r"\bbas+\b|bass(?!oon)|\bsub\b", re.IGNORECASE)
_LEAD_WORDS = re.compile(r"lead|melod|solo|vocal|voice|theme|\bsing", re.IGNORECASE)
_BACK_WORDS = re.compile(r"harmony|chord|pad\b|rhythm|rythm|backing|accomp|string|choir", re.IGNORECASE)
_SOUND_EFFECTS = range(112, 128)
_BASSES = (*range(32, 40), 43, 58)
_LEADS = (*range(80, 88), *range(56, 58), *range(64, 80), 40, 22, 26, 27, 29, 30, 85, 53, 104)
_BACKS = (*range(88, 96), *range(48, 53), 4, 5, 6, *range(16, 21), 24, 25, 61, 62, 63)


@dataclass(frozen=True, slots=True)
class Role:
    """How well a track would play each part; `active` says in which bars it starts notes."""

    track: Track
    bass: float
    lead: float
    polyphony: float
    active: npt.NDArray[np.bool_]


def parts_by_role(tracks: Sequence[Track], bars: Sequence[Bar]) -> dict[Part, Ints]:
    """The parts of a song: rows of start, length, pitch, velocity for each part that it has."""
    drums = [track.notes for track in tracks if track.is_drum]
    pitched = without_echoes([track for track in tracks if not track.is_drum and track.program not in _SOUND_EFFECTS])
    edges = np.array([bar.start for bar in bars] + [bars[-1].end])
    roles = [_judged(track, edges, pitched) for track in pitched]
    bass, rest = _bass(roles, edges)
    melody, rest = _melody(roles, rest, edges)
    harmony = _harmony(rest, bass, melody, edges)
    found = {Part.DRUMS: _joined(drums), Part.BASS: bass, Part.HARMONY: harmony, Part.MELODY: melody}
    return {part: rows for part, rows in found.items() if len(rows)}


def without_echoes(tracks: Sequence[Track]) -> list[Track]:
    """The tracks without those that play another one's notes again, at once or a little later, mostly softer."""
    order = sorted(range(len(tracks)), key=lambda place: (-_loudness(tracks[place]), place))
    kept: list[int] = []
    for place in order:
        mine = tracks[place].notes
        if not any(_echoes(mine, tracks[other].notes) for other in kept):
            kept.append(place)
    return [tracks[place] for place in sorted(kept)]


def _loudness(track: Track) -> float:
    return float(track.notes[:, 3].mean()) * min(len(track.notes), 200)


def _echoes(mine: Ints, other: Ints) -> bool:
    """Whether most of my notes are the other's, all later by one and the same time."""
    if len(mine) > MOST_ECHOES * len(other) or not set(np.unique(mine[:, 2])) <= set(np.unique(other[:, 2])):
        return False
    waits = []
    for pitch in np.unique(mine[:, 2]).tolist():
        there = other[other[:, 2] == pitch, 0]
        if len(there):
            here = mine[mine[:, 2] == pitch, 0]
            for step in (1, 2):
                place = np.searchsorted(there, here, "right") - step
                waits.append((here - there[np.maximum(place, 0)])[place >= 0])
    if not waits:
        return False
    near = np.concatenate(waits)
    near = near[near <= ECHO_WINDOW_TICKS] // 20
    if not len(near):
        return False
    lags = np.sort(np.bincount(near))[::-1]
    return int(lags[0]) >= ECHO_SHARE * len(mine) or (
        int(lags[:ECHO_LAGS].sum()) >= ECHO_SHARE * len(mine) and float(mine[:, 3].std()) > SOFTENING
    )


def _judged(track: Track, edges: Ints, pitched: Sequence[Track]) -> Role:
    rows = track.notes
    start, length, pitch = rows[:, 0], rows[:, 1], rows[:, 2]
    middle = float(np.median(pitch))
    # Notes that are struck together, and sound together, on average.
    struck = len(rows) / len(np.unique(start // 20))
    together = float(length.sum()) / max(float(_covered(start, start + length)), 1.0)
    polyphony = max(struck, min(together, struck + 1.0))
    active = np.histogram(start, edges)[0] > 0
    lower = [float(np.median(other.notes[:, 2])) for other in pitched if other is not track]
    lowest = sum(middle < other for other in lower) / max(len(lower), 1)

    bass = 3.0 * (track.program in _BASSES) + 3.0 * bool(_BASS_WORDS.search(track.name))
    bass += float(np.interp(middle, [36, 43, 50, 58, 66], [3.0, 2.5, 1.0, -2.0, -6.0])) + 1.5 * (lowest - 0.5)
    bass -= 2.5 * max(polyphony - 1.15, 0.0)

    variety = len(np.unique(pitch % 12))
    held = float(np.median(length)) / 960
    lead = 1.5 * (track.program in _LEADS) + 3.0 * bool(_LEAD_WORDS.search(track.name))
    lead -= 1.5 * (track.program in _BACKS) + 2.0 * bool(_BACK_WORDS.search(track.name))
    lead -= 3.0 * (track.program in _BASSES or bool(_BASS_WORDS.search(track.name)))
    lead += float(np.interp(middle, [48, 58, 64, 72, 84, 96], [-3.0, -0.5, 1.0, 2.0, 1.5, -1.0]))
    lead -= 2.0 * min(max(polyphony - 1.2, 0.0), 2.0)
    lead += float(np.interp(variety, [1, 3, 5, 7], [-3.0, -1.0, 0.5, 1.0]))
    lead -= float(np.interp(held, [1.0, 4.0, 8.0], [0.0, 1.5, 3.0]))
    lead += (float(rows[:, 3].mean()) - 85.0) / 30.0
    lead -= _repetition(pitch)
    return Role(track, bass, lead, polyphony, active)


def _repetition(pitch: Ints) -> float:
    """0..3.8: how much of the track is one pitch again and again, or a figure that never changes."""
    if len(pitch) < 8:
        return 0.0
    same = float((pitch[1:] == pitch[:-1]).mean())
    return 3.5 * max(same - 0.4, 0.0) / 0.55


def _covered(start: Ints, end: Ints) -> int:
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(end[order])
    return int((reach - np.maximum(start, np.concatenate([[start[0]], reach[:-1]]))).clip(0).sum())


def _bass(roles: Sequence[Role], edges: Ints) -> tuple[Ints, list[Ints]]:
    """The bass, bar by bar from the best track that plays; what it leaves of each track."""
    able = [role.bass >= BASS_ENOUGH for role in roles]
    if not any(able):  # a piano's left hand or a cello may do, and then its lowest line is the bass
        able = [role.bass == max(other.bass for other in roles) and role.bass > -1.0 for role in roles]
    score = np.array([np.where(role.active & ok, role.bass + 20.0, 0.0) for role, ok in zip(roles, able, strict=True)])
    left = [role.track.notes for role in roles]
    if not len(score) or not score.any():
        return _joined([]), left
    owner = np.where(score.max(0) > 0, score.argmax(0), -1)
    taken = []
    for place, role in enumerate(roles):
        rows = role.track.notes
        mine = owner[_bar_of(rows, edges)] == place
        line, above = lowest_line(rows[mine], strict=role.polyphony < ONE_BASS)
        taken.append(line)
        left[place] = _joined([rows[~mine], above])
    return _joined(taken), left


def _melody(roles: Sequence[Role], left: Sequence[Ints], edges: Ints) -> tuple[Ints, list[Ints]]:
    """The melody: a path through the leads that changes tracks seldom; its top line."""
    rest = list(left)
    playing = np.array([_height(rows, edges) >= LOWEST_TUNE for rows in left]).reshape(len(left), len(edges) - 1)
    able = [place for place, role in enumerate(roles) if role.lead >= LEAD_ENOUGH and playing[place].any()]
    if not able:
        tunes = [place for place, role in enumerate(roles) if playing[place].any() and role.lead > -2.5]
        able = sorted(tunes, key=lambda place: roles[place].lead)[-1:]
    if not able:
        return _joined([]), rest
    gain = np.array([np.where(playing[place], 1.0 + max(roles[place].lead, 0.0), 0.0) for place in able])
    best, back = gain[:, 0], np.zeros(gain.shape, np.int64)
    for bar in range(1, gain.shape[1]):
        other = int(best.argmax())
        stays = best >= best[other] - SWITCH_COST
        back[:, bar] = np.where(stays, np.arange(len(able)), other)
        best = np.where(stays, best, best[other] - SWITCH_COST) + gain[:, bar]
    owner = np.zeros(gain.shape[1], np.int64)
    owner[-1] = best.argmax()
    for bar in range(len(owner) - 1, 0, -1):
        owner[bar - 1] = back[owner[bar], bar]
    owner = np.array([able[number] if playing[able[number], bar] else -1 for bar, number in enumerate(owner)])
    _fill(owner, roles, playing)
    taken = []
    for place in range(len(roles)):
        rows = left[place]
        mine = (owner == place)[_bar_of(rows, edges)]
        line, below = top_line(rows[mine], strict=roles[place].polyphony < ONE_VOICE)
        taken.append(line)
        rest[place] = _joined([rows[~mine], below])
    return _joined(taken), rest


def _fill(owner: Ints, roles: Sequence[Role], playing: npt.NDArray[np.bool_]) -> None:
    """Where no lead plays for a while, the next best track that does has the tune."""
    first = 0
    for has_none, run in groupby((owner < 0).tolist()):
        end = first + len(list(run))
        if has_none and end - first >= LONG_GAP:
            share = playing[:, first:end].mean(1)
            fit = [role.lead if part >= 0.5 else -np.inf for role, part in zip(roles, share, strict=True)]
            best = int(np.argmax(fit))
            if fit[best] >= STOPGAP_ENOUGH:
                owner[first:end][playing[best, first:end]] = best
        first = end


def _harmony(rest: Sequence[Ints], bass: Ints, melody: Ints, edges: Ints) -> Ints:
    """What is left, without what bass or melody play at the same time, at most six voices."""
    rows = without_doubles(_joined(rest), _joined([bass, melody]))
    with_bass = np.isin(_bar_of(rows, edges), _bar_of(bass, edges))
    rows = rows[~with_bass | (rows[:, 2] >= LOWEST_HARMONY)]
    if not len(rows):
        return rows
    kept: list[int] = []
    sounding: list[tuple[int, int, int]] = []  # end, pitch, place
    order = np.lexsort((-rows[:, 3], rows[:, 0]))
    for place in order.tolist():
        start, length, pitch, _ = rows[place].tolist()
        sounding = [held for held in sounding if held[0] > start + 20]
        if len(sounding) < MOST_VOICES:
            sounding.append((start + length, pitch, place))
            kept.append(place)
    chosen: Ints = rows[np.sort(np.array(kept))]
    return chosen


def _height(rows: Ints, edges: Ints) -> npt.NDArray[np.float64]:
    """The mean pitch of what starts in each bar, 0 where nothing does."""
    places = _bar_of(rows, edges)
    count = np.bincount(places, minlength=len(edges) - 1)
    total: npt.NDArray[np.float64] = np.bincount(places, rows[:, 2], len(edges) - 1) / np.maximum(count, 1)
    return total


def _bar_of(rows: Ints, edges: Ints) -> Ints:
    bars: Ints = np.clip(np.searchsorted(edges, rows[:, 0], "right") - 1, 0, len(edges) - 2)
    return bars


def _joined(tables: Sequence[Ints]) -> Ints:
    rows = np.concatenate([np.zeros((0, 4), np.int64), *tables])
    sorted_rows: Ints = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
    return sorted_rows
