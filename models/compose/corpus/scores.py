"""Scores: songs with piano and lead sheets, brought into the normal form.

Lives here: OpenScore's Lieder (voice and piano, chords and keys from the Roman numerals beside them) and OpenEWLD's lead sheets
(a tune and chord symbols). MusicXML itself is in `musicxml`, numerals in `numerals`. A score that its bars can't be told of is
left away.

    >>> str(chord_of(Symbol(0, 7, "dominant", "7", 11, ())))
    'G7/B'
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.compose.corpus.build import infer_harmony
from models.compose.corpus.labels import agreeing, at_bars, keys_over, pairs_over, share_inside
from models.compose.corpus.musicxml import Score, Symbol, read_score
from models.compose.corpus.piece import Bar, Origin, Pair, Piece, Skipped, half_of
from models.compose.corpus.romantext import placed, read_rntxt
from models.compose.corpus.voices import notes_as_played, roles_of, top_line
from sessions.music.beats import HIGHEST_BPM, LOWEST_BPM, METER_UNITS, MOST_METER_BEATS, TICKS_PER_BEAT, Meter
from sessions.music.chords import Chord
from sessions.music.keys import Key
from sessions.music.notes import Note
from sessions.music.parts import Part
from sessions.music.qualities import read_quality

__all__ = ["bars_of_score", "chord_of", "read_lieder", "read_openewld"]

UNSAID_BPM = 96.0
"""Of a score without a tempo."""
FEWEST_NOTES = 16

SHIFTS = (0, -1, 1)
"""By how many measures an analysis may be counted otherwise than its score: one in twelve is."""
TRUSTED_SHARE = 0.5
"""An analysis whose chords hold less than this of what sounds is not of this score."""

_KINDS = {
    "major": "", "minor": "m", "dominant": "7", "diminished": "dim", "augmented": "aug", "power": "5",
    "major-seventh": "maj7", "minor-seventh": "m7", "diminished-seventh": "dim7", "half-diminished": "m7b5",
    "augmented-seventh": "aug7", "minor-major": "mmaj7", "major-minor": "mmaj7", "major-sixth": "6",
    "minor-sixth": "m6", "dominant-ninth": "9", "minor-ninth": "m9", "major-ninth": "maj9", "dominant-13th": "13",
    "dominant-11th": "11", "suspended-fourth": "sus4", "suspended-second": "sus2",
}  # fmt: skip
"""MusicXML's kinds of chord symbols."""


def bars_of_score(score: Score) -> tuple[tuple[Bar, ...], list[int]]:
    """The bars of a score and, for each measure, the index of its bar: two halves of one bar are joined.

    Raises ValueError where a measure's length is none that a metre has.
    """
    bars: list[Bar] = []
    index: list[int] = []
    for number, measure in enumerate(score.measures):
        joins = number > 1 and measure.ticks < measure.nominal_ticks and bars[-1].end == measure.start
        if joins and bars[-1].meter.ticks_per_bar + measure.ticks == measure.nominal_ticks:
            bars[-1] = Bar(bars[-1].start, _meter(measure.nominal_ticks, measure.beats, measure.beat_type), UNSAID_BPM)
        else:
            bars.append(Bar(measure.start, _meter(measure.ticks, measure.beats, measure.beat_type), UNSAID_BPM))
        index.append(len(bars) - 1)
    tempi = at_bars(bars, score.tempi, UNSAID_BPM)
    told = (min(HIGHEST_BPM, max(LOWEST_BPM, round(bpm, 3))) for bpm in tempi)
    return tuple(Bar(bar.start, bar.meter, bpm) for bar, bpm in zip(bars, told, strict=True)), index


def _meter(ticks: int, beats: int, beat_type: int) -> Meter:
    """The metre of a measure that is so long, in its own unit where that goes."""
    if 4 * TICKS_PER_BEAT * beats == ticks * beat_type and 1 <= beats <= MOST_METER_BEATS and beat_type in METER_UNITS:
        return Meter(beats, beat_type)
    for unit in (beat_type, *METER_UNITS):
        n, rest = divmod(ticks * unit, 4 * TICKS_PER_BEAT)
        if not rest and 1 <= n <= MOST_METER_BEATS and unit in METER_UNITS:
            return Meter(n, unit)
    raise ValueError(f"no metre has bars of {ticks} ticks")


# Lieder


def read_lieder(folder: Path) -> Iterator[Piece | Skipped]:
    """The songs of OpenScore Lieder."""
    for path in sorted((folder / "scores").rglob("*.mxl")):
        name = path.parent.relative_to(folder / "scores").as_posix()
        analysis = path.with_name("analysis_automatic.rntxt")
        try:
            score = read_score(path)
            yield _lied(folder.name, name, score, analysis.read_text(encoding="utf-8") if analysis.exists() else "")
        except ValueError as error:
            yield Skipped(folder.name, name, str(error))


def _lied(source: str, name: str, score: Score, analysis: str) -> Piece:
    bars, index = bars_of_score(score)
    notes = roles_of(score.parts, bars)
    if sum(map(len, notes.values())) < FEWEST_NOTES:
        raise ValueError("it has hardly any notes")
    keys, chords = infer_harmony(bars, notes, _signatures(score))
    labels = read_rntxt(analysis)
    fits = []
    for shift in SHIFTS:
        told = placed(labels, score, bars, index, shift)
        pairs = pairs_over(bars, [(tick, label.chord) for tick, label in told])
        fits.append((share_inside(bars, notes, pairs), told, pairs))
    best = max(fits, key=lambda fit: fit[0])  # of equals the first, which is not shifted
    if best[0] >= TRUSTED_SHARE:
        keys = keys_over(bars, [(tick, label.key) for tick, label in best[1]])
        chords = agreeing(bars, notes, best[2], chords)
    return Piece(source, name, "CC0-1.0", Origin.REAL, "classical", False, bars, keys, chords, notes)


def _signatures(score: Score) -> list[tuple[int, int, bool]]:
    """Where the key signature changes: tick, sharps, whether it says minor."""
    changes: list[tuple[int, int, bool]] = []
    for measure in score.measures:
        sharps, minor = measure.fifths, measure.mode == "minor"
        if sharps is not None and (not changes or changes[-1][1:] != (sharps, minor)):
            changes.append((measure.start, sharps, minor))
    return changes


# Lead sheets


def read_openewld(folder: Path) -> Iterator[Piece | Skipped]:
    """The lead sheets of OpenEWLD: a tune and chord symbols."""
    for path in sorted((folder / "dataset").rglob("*.mxl")):
        authors, title = path.parent.parent.name, path.parent.name
        try:
            yield _sheet(folder.name, authors, title, read_score(path))
        except ValueError as error:
            yield Skipped(folder.name, f"{authors}/{title}", str(error))


def _sheet(source: str, authors: str, title: str, score: Score) -> Piece:
    bars, _ = bars_of_score(score)
    tune = notes_as_played(top_line([note for part in score.parts for note in part.notes]))
    symbols = [(symbol.start, chord) for symbol in score.symbols if (chord := chord_of(symbol)) is not None]
    if len(tune) < FEWEST_NOTES:
        raise ValueError("it has hardly any notes")
    chords = pairs_over(bars, symbols)
    keys = _sheet_keys(score, bars, tune, chords)
    style = "folk" if "tradition" in authors.lower() or "anonym" in authors.lower() else "song"
    return Piece(
        source, f"{authors}/{title}", "MIT", Origin.REAL, style, False, bars, keys, chords, {Part.MELODY: tune},
        song=_bare(title),
    )  # fmt: skip


def chord_of(symbol: Symbol) -> Chord | None:
    """The chord that a symbol means, without what its degrees add where no quality has that."""
    quality = _KINDS.get(symbol.kind)
    if quality is None:
        return None
    for sort, value, alter in symbol.degrees:
        sign = {-1: "b", 0: "", 1: "#"}.get(alter, "")
        changed = quality + (f"{sign}{value}" if sign else f"add{value}" if sort == "add" else "")
        quality = changed if read_quality(changed) else quality
    if symbol.text.endswith("7sus"):
        quality = "7sus4"
    return Chord(symbol.root, quality, None if symbol.bass == symbol.root else symbol.bass)


def _sheet_keys(score: Score, bars: Sequence[Bar], tune: Sequence[Note], chords: Sequence[Pair]) -> tuple[Key, ...]:
    """One key for a whole sheet, from tune and chords together: signatures of these sheets are often left out or wrong."""
    bass, harmony = [], []
    for bar, pair in zip(bars, chords, strict=True):
        middle = min(bar.end, bar.start + half_of(bar.meter))
        for start, end, chord in ((bar.start, middle, pair[0]), (middle, bar.end, pair[1])):
            if chord is not None and start < end:
                bass.append(Note(start, end - start, 36 + chord.root, 80))
                harmony += [Note(start, end - start, 60 + tone, 80) for tone in chord.pitch_classes]
    parts = {Part.BASS: bass, Part.HARMONY: sorted(harmony), Part.MELODY: tune}
    keys, _ = infer_harmony(bars, parts, _signatures(score))
    counted = Counter(keys)
    last = next((pair[1] for pair in reversed(chords) if pair[1] is not None), None)
    at_home = {key: count for key, count in counted.items() if last is not None and key.tonic == last.root}
    return (max(at_home or counted, key=lambda key: counted[key]),) * len(bars)


def _bare(title: str) -> str:
    return re.sub(r"\W+", " ", re.sub(r"\(.*?\)|_\d+$", "", title.replace("_", " "))).strip().lower()
