"""The brief: what a request says, in the words of the tokens and in rules for them.

Lives here: the header of a section, the rules of its parts, the pitches that may begin where, the chords of its bars. Numbers
from 0 to 1 become bins here, by what music of all kinds has; 0.5, which is what an unasked field says, is left to the model.

    >>> from models.compose.arranger.plan import plan_of
    >>> from sessions.music.section import parse_request
    >>> request = parse_request({"style": "house", "parts": "drums,bass", "bass.density": 1.0, "seed": 1})
    >>> header = header_of(request, plan_of(request), request.note_parts)
    >>> header.human, header.energy, header.voices[1].controls["Density"]
    (True, None, 5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.compose.corpus.piece import Origin
from models.compose.tokens.controls import pitch_bin
from models.compose.tokens.encode import Header, Voice, shift_of
from models.compose.tokens.grid import HIGHEST, LOWEST
from models.compose.tokens.rules import ANY_TONE, PartRules, Tones, tones_within
from models.compose.tokens.vocabulary import STEP_TICKS, STEPS_PER_BEAT
from models.compose.writer.steer import wishes_of
from sessions.music.beats import TICKS_PER_BEAT
from sessions.music.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.arranger.plan import Plan
    from models.compose.corpus.piece import Pair
    from sessions.music.section import Request

__all__ = ["header_of", "pairs_of", "rules_of", "tones_of", "window_of"]

STRAIGHT_STYLES = frozenset({"techno", "dubstep", "dnb", "metal", "trap"})
"""Played on the grid; in all others hands may be a little early or late."""

RULES_STYLES = frozenset({"house", "techno", "dubstep", "dnb", "trap", "hip-hop", "lo-fi", "disco"})
"""Styles of which hardly any whole song was to be learned from: the header asks for them as the rules play them."""

UNASKED = 0.5

ENERGY_BINS = (1, 4)
DENSITY_BINS = {Part.DRUMS: (2, 6), Part.BASS: (1, 5), Part.HARMONY: (1, 6), Part.MELODY: (1, 5)}
"""The bins that 0 and 1 ask for: between the sparsest and the densest tenth of the music that was learned from."""

VELOCITY_BINS, LEAP_BINS, INTEREST_BINS = (1, 6), (0, 3), (0, 3)
SYNCOPATION_BINS = {Part.DRUMS: (0, 1), Part.BASS: (0, 3), Part.HARMONY: (0, 3), Part.MELODY: (0, 3)}
"""What drums that hang over most beats were learned from has no backbeat: they are told less, and `steer` does the rest."""

RANGE_ROOM = 5
"""Semitones beyond what its style likes that a part without an asked range may go."""
LOOSE_ROOM = 5
"""Semitones beyond a range that is meant loosely."""

MOST_AT_ONCE = {Part.DRUMS: 5, Part.BASS: 1, Part.HARMONY: 6, Part.MELODY: 1}
MOST_A_BEAT = {Part.DRUMS: 10, Part.BASS: 4, Part.HARMONY: 8, Part.MELODY: 5}
"""Notes that a part may begin in a bar, a quarter: a limit for what has run wild, and for how long a bar can take."""

LONGEST_BARS = {Part.BASS: 1, Part.HARMONY: 2, Part.MELODY: 2}
LEAST_LONGEST_BEATS = 4
"""Bars that a note may last, in short bars so many beats at least: beyond that a part has fallen asleep."""

LEAST_A_BAR = 6
MOST_A_BAR = 72
MOST_REST_BARS = {Part.DRUMS: 2, Part.BASS: 2, Part.HARMONY: 2, Part.MELODY: 3}
"""Bars that a part may be silent in a row."""

MOST_SAME_BARS = {Part.BASS: 7, Part.HARMONY: 4, Part.MELODY: 3}
"""Bars after which a part leaves the pitch on which it began many notes, and no other."""


def header_of(request: Request, plan: Plan, parts: Sequence[Part]) -> Header:
    """The header of a request's section, its parts in this order; only those that were asked for have controls."""
    return Header(
        bpm=request.bpm,
        meter=request.meter,
        key=request.key,
        voices=tuple(Voice(part, _controls(request, plan, part)) for part in parts),
        origin=Origin.RULES if request.style in RULES_STYLES else None,
        kind=request.kind,
        style=request.style,
        energy=None if request.energy == UNASKED else _bin(request.energy, ENERGY_BINS),
        human=request.style not in STRAIGHT_STYLES,
    )


def _controls(request: Request, plan: Plan, part: Part) -> dict[str, int]:
    if part not in request.note_parts:
        return {}
    bins: dict[str, int] = {}
    steered = wishes_of(request).get(part, {})
    for name, control, edges in (
        ("Density", _asked(request, request.control(part, "density"), request.density), DENSITY_BINS[part]),
        ("Leap", steered.get("leap"), LEAP_BINS),
        ("Interest", steered.get("interest"), INTEREST_BINS),
        ("Sync", steered.get("syncopation"), SYNCOPATION_BINS[part]),
        ("Loud", _asked(request, request.control(part, "velocity")), VELOCITY_BINS),
    ):
        if control is not None:
            bins[name] = _bin(float(control), edges)
    polyphony = request.control(part, "polyphony")
    if polyphony is not None:
        bins["Polyphony"] = int(polyphony) - 1
    if part.is_pitched and request.pitch_range(part) is not None:
        low, high = plan.part_range(part)
        shift = shift_of(request.key)
        bins |= {"Low": pitch_bin(low + shift), "High": pitch_bin(high + shift)}
    return bins


def _asked(request: Request, control: float | str | None, *others: float) -> float | None:
    """What goes before: the part's own control, then what all parts have; energy says how much there is of both last."""
    own = () if control is None else (float(control),)
    return next(iter((*own, *(value for value in (*others, request.energy) if value != UNASKED))), None)


def _bin(value: float, edges: tuple[int, int]) -> int:
    low, high = edges
    return round(low + (high - low) * value)


def rules_of(request: Request, plan: Plan) -> dict[Part, PartRules]:
    """What each part that was asked for must obey."""
    return {part: _part_rules(request, plan, part) for part in request.note_parts}


def _part_rules(request: Request, plan: Plan, part: Part) -> PartRules:
    beats = request.ticks_per_bar / TICKS_PER_BEAT
    most = min(max(LEAST_A_BAR, int(MOST_A_BEAT[part] * beats)), MOST_A_BAR)
    if part is Part.DRUMS:
        return PartRules(most_at_once=MOST_AT_ONCE[part], most_a_bar=most, most_rest=MOST_REST_BARS[part])
    low, high = plan.part_range(part)
    room = RANGE_ROOM if request.pitch_range(part) is None else LOOSE_ROOM if request.range_is_loose(part) else 0
    polyphony = request.control(part, "polyphony")
    return PartRules(
        low=max(low - room, LOWEST),
        high=min(high + room, HIGHEST),
        most_at_once=MOST_AT_ONCE[part] if polyphony is None else int(polyphony),
        most_a_bar=most,
        longest=int(max(LONGEST_BARS[part] * beats, LEAST_LONGEST_BEATS)) * STEPS_PER_BEAT,
        most_rest=MOST_REST_BARS[part],
        most_same=MOST_SAME_BARS[part],
        varies=True,
    )


def tones_of(request: Request, plan: Plan) -> Tones:
    """The pitch classes that may begin, from which step of the section on."""
    if not request.strict:
        return ANY_TONE
    if not plan.chords_given:
        return ((0, frozenset(request.key.scale)),)
    spans = [(-(-span.start // STEP_TICKS), -(-span.end // STEP_TICKS), span.chord) for span in plan.spans]
    return tones_within(request.key, spans)


def window_of(tones: Tones, first: int) -> Tones:
    """The tones from a step on, counted from there."""
    now = [classes for start, classes in tones if start <= first]
    return ((0, now[-1] if now else tones[0][1]), *((start - first, some) for start, some in tones if start > first))


def pairs_of(request: Request, plan: Plan, half_ticks: int) -> tuple[Pair, ...]:
    """The chords of each bar's two halves."""
    starts = range(0, request.total_ticks, request.ticks_per_bar)
    # A bar of one unit has one half, which holds the same chord twice.
    half = half_ticks if half_ticks < request.ticks_per_bar else 0
    return tuple((plan.span_at(start).chord, plan.span_at(start + half).chord) for start in starts)
