"""Steering: what a part's controls ask of its rhythm and its line, pressed on the choices of the model.

Lives here: interest, syncopation and leap, which a word in the header hardly moves. A gauge for each part says what it has
played; before a choice, what brings that nearer to what was asked is made likelier, by as much as the bars so far have left
to be wished for. What the model finds out of place is not chosen for it. One half is left to the model: more presses up
alone, less presses down alone. Knows no rules of the grammar.

    >>> steering = Steering({Part.BASS: {"leap": 1.0}}, Meter(4, 4))
    >>> for name in ("Left_1", "Part_bass", "Position_0", "Pitch_36", "Dur_24", "Position_24"):
    ...     steering.read(VOCABULARY.id(name))
    >>> leant = steering.lean(Phase.PLACED, np.zeros(len(VOCABULARY), np.float32), VOCABULARY.mask("Pitch"))
    >>> [VOCABULARY.name(int(token)) for token in np.flatnonzero(leant == leant.max())]
    ['Pitch_31', 'Pitch_32', 'Pitch_33', 'Pitch_39', 'Pitch_40', 'Pitch_41']
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from models.compose.tokens.controls import beat_steps
from models.compose.tokens.encode import shift_of
from models.compose.tokens.grid import quantise
from models.compose.tokens.state import Phase
from models.compose.tokens.vocabulary import FRAME_STEPS, STEP_TICKS, VOCABULARY
from models.compose.writer.gauge import Gauge
from models.compose.writer.leaning import Place, evenly, held_beats, hits, moves, over_beats, press
from sessions.music.beats import Meter
from sessions.music.parts import NOTE_PARTS, Part

if TYPE_CHECKING:
    from models.compose.tokens.grid import Sheet
    from sessions.music.notes import Bars
    from sessions.music.section import Request

__all__ = ["STEERED", "Steering", "Wishes", "steering_of", "wishes_of"]

Wishes = Mapping[Part, Mapping[str, float]]
"""What is asked of parts: their controls of `STEERED`, without those at one half."""

Logits = NDArray[np.float32]

ASKED = (0.0, 0.25, 0.75, 1.0)
STEERED = {
    "interest": (0.2, 0.85, 1.5, 2.2),
    "syncopation": (0.0, 0.1, 0.22, 0.4),
    "leap": (0.08, 0.2, 0.58, 0.85),
}
"""What is to be measured where `ASKED` is: about the middles of the bins, of the outer ones well inside."""
SPAN = {"interest": 1.5, "syncopation": 0.3, "leap": 0.5}
"""How far apart much and little are."""

LEFT_TO_THE_MODEL = 0.5

HEARD_BARS = 16
"""Bars before the first that say how much of a control has been played."""

AT_FIRST = {"interest": 2.0, "syncopation": 2.0, "leap": 2.5}
"""Nats that are pressed at first where all or nothing is asked."""
A_BAR, NOW, MOST = 1.0, 2.0, 5.0
"""Nats for what is missing by a span: each bar adds the one, the moment the other; and the most that is pressed."""
BACKBEAT = 2.5
"""Nats for what holds a beat of syncopated drums."""
FEW_ONSETS = 4
"""Onsets that are as uncertain as they are telling."""

_BASE, _SIZE = VOCABULARY.base, VOCABULARY.size
_POSITIONS, _HITS, _PITCHES, _PARTS, _LEFTS = (
    range(_BASE[name], _BASE[name] + _SIZE[name]) for name in ("Position", "Hit", "Pitch", "Part", "Left")
)
_HOP, _END = _BASE["Hop"], _BASE["end"]
_LEAVE = VOCABULARY.mask("Part", "Left", "end")
_ONWARD = _LEAVE | VOCABULARY.mask("Position", "Hop")
_HIT = VOCABULARY.mask("Hit")
_TOPMOST = _ONWARD | VOCABULARY.mask("Pitch")


def wishes_of(request: Request) -> Wishes:
    """What is asked of parts that the header alone hardly moves."""
    wishes: dict[Part, dict[str, float]] = {}
    for part in request.note_parts:
        for name in STEERED:
            value = request.control(part, name)
            if value is not None and value != LEFT_TO_THE_MODEL:
                wishes.setdefault(part, {})[name] = float(value)
    return wishes


def steering_of(request: Request, told: Bars, first: int) -> Steering | None:
    """What presses on a request's choices from bar `first` on, having heard what is there before it."""
    wishes = wishes_of(request)
    if not wishes:
        return None
    steering, bars = Steering(wishes, request.meter), range(max(1, first - HEARD_BARS), first)
    if bars:
        start, ticks = (bars.start - 1) * request.ticks_per_bar, request.ticks_per_bar
        notes = {
            part: [replace(note, start=note.start - start) for bar in bars for note in told.get((part, bar), ())]
            for part in wishes
        }
        starts = [index * ticks // STEP_TICKS for index in range(len(bars) + 1)]
        steering.hear(quantise(notes, starts, human=True), shift_of(request.key))
    return steering


class _Hand:
    """One part: what it has played, and how hard each of its wishes presses."""

    __slots__ = ("_by", "gauge", "held", "wished")

    def __init__(self, gauge: Gauge, wished: Mapping[str, float], held: tuple[int, ...]) -> None:
        self.gauge, self.wished, self.held = gauge, wished, held
        self._by = {name: AT_FIRST[name] * abs(2 * value - 1) for name, value in wished.items()}

    def copy(self) -> Self:
        other = copy(self)
        other.gauge, other._by = self.gauge.copy(), dict(self._by)
        return other

    def after_a_bar(self) -> None:
        """Presses more where too little was done, less where enough."""
        for name, by in self._by.items():
            self._by[name] = min(max(by + A_BAR * self._missing(name), 0.0), MOST)

    def by(self, name: str) -> float:
        """How hard a wish presses now, 0 where there is none; what the bars so far have taught and what is missing now."""
        if name not in self._by:
            return 0.0
        sure = self.gauge.onsets / (self.gauge.onsets + FEW_ONSETS)
        return min(max(self._by[name] + sure * NOW * self._missing(name), 0.0), MOST)

    def _missing(self, name: str) -> float:
        """How far it is to what was asked, in spans, less than 0 where that is exceeded."""
        value, gauge = self.wished[name], self.gauge
        measured = {"interest": gauge.interest, "syncopation": gauge.syncopation, "leap": gauge.leap}[name]
        missing = (float(np.interp(value, ASKED, STEERED[name])) - measured) / SPAN[name]
        return min(max(missing if value > LEFT_TO_THE_MODEL else -missing, -1.0), 1.0)


class Steering:
    """Presses on the choices of some parts; one for each walk, whose tokens it reads as they come."""

    def __init__(self, wishes: Wishes, meter: Meter) -> None:
        self._beat, self._steps = beat_steps(meter), meter.ticks_per_bar // STEP_TICKS
        held = held_beats(self._steps, self._beat)
        self._hands = {
            part: _Hand(Gauge(self._beat), wished, held if part is Part.DRUMS else ())
            for part, wished in wishes.items()
        }
        self._now: Part | None = None
        self._bar, self._frame = -self._steps, 0

    def copy(self) -> Self:
        """Another that goes its own way from here."""
        other = copy(self)
        other._hands = {part: hand.copy() for part, hand in self._hands.items()}
        return other

    # What was played

    def hear(self, before: Sheet, shift: int) -> None:
        """The bars before the first, all up to it; pitches are told `shift` higher."""
        for part, line in before.parts.items():
            hand, pos, pitch = self._hands[part], line.pos.tolist(), (line.pitch + shift).tolist()
            for number, (first, last) in enumerate(pairwise(line.at.tolist()), -len(before)):
                for inside, sounds in zip(pos[first:last], pitch[first:last], strict=True):
                    step = number * self._steps + inside
                    if step != hand.gauge.last:
                        hand.gauge.begin(step, inside)
                    hand.gauge.sound(sounds)
                hand.after_a_bar()

    def read(self, token: int) -> None:
        """A token of a bar, chosen or given."""
        if token in _LEFTS or token == _END:
            self._leave()
            self._bar += self._steps
        elif token in _PARTS:
            self._leave()
            part = NOTE_PARTS[token - _PARTS.start]
            self._now, self._frame = part if part in self._hands else None, 0
        elif self._now is None:
            return
        elif token == _HOP:
            self._frame += FRAME_STEPS
        elif token in _POSITIONS:
            inside = self._frame + token - _POSITIONS.start
            self._hands[self._now].gauge.begin(self._bar + inside, inside)
        elif token in _PITCHES:
            self._hands[self._now].gauge.sound(token - _PITCHES.start)

    def _leave(self) -> None:
        if self._now is not None:
            self._hands[self._now].after_a_bar()
        self._now = None

    # What is likelier now

    def lean(self, phase: Phase, logits: Logits, allowed: NDArray[np.bool_]) -> Logits:
        """The logits of a choice, those that came in where nothing is pressed.

        What kind of token comes keeps its share: one more note, another level, an onset or the end of the bar.
        """
        if self._now is None or phase is Phase.PITCHED:
            return logits
        hand = self._hands[self._now]
        if self._now is Part.DRUMS and phase is not Phase.HOPPED:
            logits = self._backbeat(hand, logits, allowed)
        onward = self._onward(hand) if phase in (Phase.OPEN, Phase.HOPPED) else None
        by = hand.by("leap") if phase is not Phase.HOPPED else 0.0
        line = moves(hand.gauge, up=hand.wished["leap"] > LEFT_TO_THE_MODEL) if by else None
        if onward is None and line is None:
            return logits
        leant = logits.astype(np.float64)
        if onward is not None:
            press(leant, allowed & _ONWARD, onward)
        if line is not None:
            bias = np.zeros(len(VOCABULARY))
            bias[_PITCHES.start : _PITCHES.stop] = by * line
            if hand.gauge.top is not None:  # going on makes the last one the highest
                bias[_ONWARD] = by * line[hand.gauge.top]
            press(leant, allowed & _TOPMOST, bias)
        return leant.astype(np.float32)

    def _onward(self, hand: _Hand) -> NDArray[np.float64] | None:
        """What is pressed on positions and on going farther; None where nothing is."""
        bias: NDArray[np.float64] | None = None
        place = self._place(hand)
        for name, wanted in (("interest", evenly), ("syncopation", over_beats)):
            by = hand.by(name)
            onward = wanted(hand.gauge, place, up=hand.wished[name] > LEFT_TO_THE_MODEL) if by else None
            if onward is not None:
                bias = np.zeros(len(VOCABULARY)) if bias is None else bias
                bias[_POSITIONS.start : _POSITIONS.stop] += by * onward.positions
                bias[_HOP] += by * onward.hop
                bias[_LEAVE] += by * onward.leave
        return bias

    def _backbeat(self, hand: _Hand, logits: Logits, allowed: NDArray[np.bool_]) -> Logits:
        """However much drums are to hang over beats: on those that are held there is what holds them."""
        row = hits(hand.gauge, self._place(hand)) if hand.wished.get("syncopation", 0.0) > LEFT_TO_THE_MODEL else None
        if row is None:
            return logits
        leant, bias = logits.astype(np.float64), np.zeros(len(VOCABULARY))
        bias[_HITS.start : _HITS.stop] = BACKBEAT * row
        press(leant, allowed & _HIT, bias)
        return leant.astype(np.float32)

    def _place(self, hand: _Hand) -> Place:
        return Place(self._bar, self._frame, self._steps, self._beat, hand.held)
