"""Voicing: a chord's tones as pitches that follow smoothly from the chord before.

Lives here: choosing which tones sound, building the inversions and open forms that fit a range, taking the one that moves least.
When chords are struck is for `comp`.

    >>> from sessions.music.chords import Chord
    >>> voice(Chord.parse("C").pitch_classes, 3, (48, 72), ())
    (55, 60, 64)
    >>> voice(Chord.parse("F").pitch_classes, 3, (48, 72), (55, 60, 64))
    (57, 60, 65)
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement, pairwise

from models.compose.arranger.pitches import in_range

__all__ = ["voice"]

# Which tones of a chord matter most, by degree: third, root, seventh, then tension and fifth.
_IMPORTANCE = {
    2: (0, 1),
    3: (1, 0, 2),
    4: (1, 3, 0, 2),
    5: (1, 3, 4, 0, 2),
    6: (1, 3, 5, 4, 0, 2),
    7: (1, 3, 5, 6, 4, 0, 2),
}
MUD_BELOW = 52
"""Below this pitch intervals narrower than a fourth are muddy."""
TOP_WEIGHT = 0.6
"""The highest voice is heard most, so its moves cost this much more."""
CENTRE_WEIGHT = 0.16
MOST_DOUBLES = 2
WIDTH_WEIGHT = 0.12
"""What each semitone beyond an octave costs, so that chords stay together."""
HEIGHT = 0.52
"""Where in its range a chord likes to lie."""


@lru_cache(maxsize=8192)
def voice(chord: tuple[int, ...], count: int, pitches: tuple[int, int], before: tuple[int, ...]) -> tuple[int, ...]:
    """Up to `count` pitches of a chord (pitch classes by degree) in a range, ascending; fewer where the range has no room."""
    low, high = pitches
    forms = {form for tones in _choices(chord, count) for form in _forms(tones, count, low, high) if len(form) == count}
    if not forms:
        room = in_range(chord, low, high)
        centre = (low + high) / 2
        return tuple(sorted(sorted(room, key=lambda pitch: (abs(pitch - centre), pitch))[:count]))
    return min(forms, key=lambda form: (_cost(form, before, low, high, chord), form))


def _choices(chord: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """The tones that may sound: the most important ones, or all of them and some again where there are more voices."""
    if count == 1 and len(chord) == 2:
        return [(chord[0],)]
    order = _IMPORTANCE.get(len(chord), tuple(range(len(chord))))
    ranked = tuple(chord[i] for i in order if i < len(chord)) + tuple(
        tone for i, tone in enumerate(chord) if i not in order
    )
    if count <= len(ranked):
        return [ranked[:count]]
    doubles = combinations_with_replacement(chord[:3], count - len(ranked))
    return [ranked + double for double in doubles if max(map(double.count, double)) <= MOST_DOUBLES]


def _forms(tones: tuple[int, ...], count: int, low: int, high: int) -> list[tuple[int, ...]]:
    """Close inversions from each pitch of the range, and the same with the second voice from above an octave lower."""
    forms = []
    for bottom in range(low, high + 1):
        if bottom % 12 not in tones:
            continue
        left, form = list(tones), [bottom]
        left.remove(bottom % 12)
        while left:
            form.append(
                min((pitch for tone in left if (pitch := form[-1] + 1 + (tone - form[-1] - 1) % 12)), default=0)
            )
            left.remove(form[-1] % 12)
        close = tuple(form)
        if close[-1] <= high:
            forms.append(close)
        if count >= 3:
            opened = tuple(sorted((*close[:-2], close[-2] - 12, close[-1])))
            if opened[0] >= low and opened[-1] <= high and len(set(opened)) == count:
                forms.append(opened)
    return forms


def _cost(form: tuple[int, ...], before: tuple[int, ...], low: int, high: int, chord: tuple[int, ...]) -> float:
    wanted = low + HEIGHT * (high - low)
    cost = CENTRE_WEIGHT * len(form) * abs(sum(form) / len(form) - wanted)
    if before:
        if len(before) == len(form):
            cost += sum(abs(now - then) for now, then in zip(form, before, strict=True))
        else:
            cost += sum(min(abs(now - then) for then in before) for now in form)
        cost += TOP_WEIGHT * abs(form[-1] - before[-1])
        # Voices that all move the same way by more than a step sound like blocks being pushed.
        moves = [now - then for now, then in zip(form, before, strict=False)]
        if len(moves) > 2 and (all(move > 2 for move in moves) or all(move < -2 for move in moves)):
            cost += 5
    for lower, upper in pairwise(form):
        if lower < MUD_BELOW and upper - lower < 5:
            cost += 4 + (MUD_BELOW - lower) * 0.3
        if upper - lower == 1:
            cost += 3 if upper == form[-1] else 1
    if form[0] % 12 == chord[0]:
        cost -= 0.5 if len(chord) > 2 else 4.0  # a fifth upside down is a fourth, and no power chord
    if len(form) > len(chord) and sum(pitch % 12 == chord[1] for pitch in form) > 1:
        cost += 1.5  # the third is doubled last
    cost += WIDTH_WEIGHT * max(0, form[-1] - form[0] - 12)
    return cost
