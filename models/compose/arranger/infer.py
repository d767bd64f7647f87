"""Inference: which chords a piece of music is on, from its notes.

Lives here: reading harmony off bass, chords and tune where no text says it, and fitting known chords to bars of another section.
Candidates are the chords of the key alone.

    >>> from sessions.music.notes import Note
    >>> key, notes = Key.parse("C"), [Note(0, 3840, pitch, 90) for pitch in (45, 57, 60, 64)]
    >>> [str(span.chord) for span in infer_chords(key, [(0, 3840)], {Part.HARMONY: notes})]
    ['Am']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.arranger.theory import DEGREES, chord_on, nearest_in_key, numeral
from sessions.music.chords import Chord, Span
from sessions.music.keys import Key
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sessions.music.notes import Note

__all__ = ["infer_chords", "refit", "transposed"]

PART_WEIGHTS = {Part.BASS: 1.2, Part.HARMONY: 1.0, Part.MELODY: 0.25}
"""How much each part says about the chord; a tune passes through many tones."""
FOREIGN_WEIGHT = 0.7
ROOTED, COVERED = 0.3, 0.4
"""What it is worth that the lowest tone is the root, and that all tones of a chord are heard."""
HEARD = 0.09
"""The share of all sound from which on a tone counts as heard."""
TENSION_COST = 0.04
"""What each tone beyond a triad costs, so that passing tones do not make sevenths."""


def infer_chords(key: Key, units: Sequence[tuple[int, int]], notes: Mapping[Part, Iterable[Note]]) -> tuple[Span, ...]:
    """A chord of the key for each span of ticks; where nothing sounds the chord before goes on."""
    options = [chord_on(key, numeral(degree), colour) for colour in ("triad", "seventh") for degree in range(DEGREES)]
    everything = [
        (note, PART_WEIGHTS[part]) for part, played in notes.items() if part in PART_WEIGHTS for note in played
    ]
    spans: list[Span] = []
    for start, end in units:
        weights = [0.0] * 12
        lowest: list[tuple[int, int]] = []
        for note, weight in everything:
            sounding = min(note.end, end) - max(note.start, start)
            if sounding > 0:
                weights[note.pitch % 12] += sounding * weight / (end - start)
                lowest.append((note.pitch, -sounding))
        if lowest:
            root = min(lowest)[0] % 12
            spans.append(Span(start, end, max(options, key=lambda chord: _fit(chord, weights, root))))
        else:
            spans.append(Span(start, end, spans[-1].chord if spans else options[0]))
    return tuple(spans)


def _fit(chord: Chord, weights: list[float], lowest: int) -> float:
    total = sum(weights)
    inside = sum(weights[tone] for tone in chord.pitch_classes) / total
    rooted = ROOTED if chord.root == lowest else 0.0
    covered = sum(weights[tone] >= HEARD * total for tone in chord.pitch_classes) / len(chord.pitch_classes)
    return inside - FOREIGN_WEIGHT * (1 - inside) + rooted + COVERED * covered - TENSION_COST * len(chord.pitch_classes)


def refit(spans: Sequence[Span], old_bar: int, old_bars: int, bar_ticks: int, bars: int) -> tuple[Span, ...]:
    """Chords of one section over the bars of another: bar by bar, from the start again where it is longer, stretched where
    its bars have another length. Ticks are those of one bar in either.

    >>> chords = (Span(0, 3840, Chord.parse("Am")), Span(3840, 7680, Chord.parse("F")))
    >>> [(span.start, str(span.chord)) for span in refit(chords, 3840, 2, 2880, 3)]
    [(0, 'Am'), (2880, 'F'), (5760, 'Am')]
    """
    fitted: list[tuple[int, Span]] = []  # with the index of the span that it comes from
    for bar in range(bars):
        old_start = bar % old_bars * old_bar
        for index, span in enumerate(spans):
            start, end = max(span.start, old_start), min(span.end, old_start + old_bar)
            if start >= end:
                continue
            new_start = bar * bar_ticks + _scaled(start - old_start, old_bar, bar_ticks)
            new_end = bar * bar_ticks + _scaled(end - old_start, old_bar, bar_ticks)
            if new_start >= new_end:
                continue
            before = fitted[-1] if fitted else None
            if before and before[0] == index and before[1].end == new_start and old_start:
                fitted[-1] = (index, Span(before[1].start, new_end, span.chord))
            else:
                fitted.append((index, Span(new_start, new_end, span.chord)))
    return tuple(span for _, span in fitted)


def _scaled(ticks: int, old: int, new: int) -> int:
    """A place in a bar as the same share of another bar, on a sixteenth where the lengths differ."""
    return ticks if old == new else round(ticks * new / old / 240) * 240 if ticks < old else new


def transposed(chord: Chord, old: Key, new: Key) -> Chord:
    """A chord as it stands in another key: moved with the tonic, then fitted to the scale."""
    by = new.tonic - old.tonic
    bass = None if chord.bass is None else (chord.bass + by) % 12
    root = (chord.root + by) % 12
    moved = Chord(root, chord.quality, bass, new.spell(root), "" if bass is None else new.spell(bass)) if by else chord
    return nearest_in_key(new, moved)
