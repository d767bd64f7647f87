"""Which tokens may follow: a section that obeys its rules, whatever the model would rather say.

Lives here: an automaton over tokens. A state is a small value that nobody changes; `allowed` is a mask over the table,
`advance` the state after a token, `forced` all tokens up to the next choice, so a runtime can feed them in one go. From
`begin` on, every walk along allowed tokens ends, with `end`, and is exactly the bars, the metre and the parts of the
rules; at each step something is allowed. Musical strictness is in `rules`.

    >>> from models.compose.tokens.encode import Header, Voice
    >>> from sessions.music.beats import Meter
    >>> from sessions.music.keys import Key
    >>> header = Header(120.0, Meter(4, 4), Key(0), (Voice(Part.BASS),), human=False)
    >>> grammar = Grammar(Rules(header, lefts=(1,), chords=(200, 200)))
    >>> ids, state = grammar.forced(grammar.begin())
    >>> VOCABULARY.words(ids[-5:])
    'write Left_1 Chord_8_m7 Chord_8_m7 Part_bass'
    >>> sorted({VOCABULARY.family(token) for token in np.flatnonzero(grammar.allowed(state))})
    ['Position']
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.compose.tokens.dues import Dues
from models.compose.tokens.encode import header_ids, left_id, part_id, shift_of
from models.compose.tokens.grid import CEILING, LONGEST
from models.compose.tokens.reach import Reach, Sounding
from models.compose.tokens.rules import PartRules, Played, Rules
from models.compose.tokens.state import Phase, State
from models.compose.tokens.vocabulary import (
    DRUMS,
    DURATIONS,
    FRAME_STEPS,
    LEVEL_AT_START,
    LEVELS,
    NUDGES,
    STEP_TICKS,
    VOCABULARY,
)
from sessions.music.parts import Part

__all__ = ["Grammar", "Phase", "State"]

_BASE = VOCABULARY.base
_POSITION, _HOP, _NUDGE, _HIT = (_BASE[family] for family in ("Position", "Hop", "Nudge", "Hit"))
_VEL, _PITCH, _DUR, _CHORD = (_BASE[family] for family in ("Vel", "Pitch", "Dur", "Chord"))
_CHORDS = slice(_CHORD, _CHORD + VOCABULARY.size["Chord"])
_PITCHES, _HITS = slice(_PITCH, _PITCH + 128), slice(_HIT, _HIT + LEVELS * len(DRUMS))
_FRAME = (1 << FRAME_STEPS) - 1
_EARLY = NUDGES.index(-1)

T = TypeVar("T")


class Grammar:
    """The automaton for one section."""

    def __init__(self, rules: Rules) -> None:
        header = rules.header
        self.rules = rules
        self.parts = header.parts
        self.bars = len(rules.lefts)
        self.steps = header.meter.ticks_per_bar // STEP_TICKS
        self._end = self.bars * self.steps
        self._beyond = (rules.lefts[-1] - 1) * self.steps
        self._human = bool(header.human)
        self._drums = [part is Part.DRUMS for part in self.parts]
        shift, last = shift_of(header.key), self._end if rules.last is None else min(rules.last, self._end)
        self._of = [
            Reach(
                rules.parts.get(part) or PartRules(),
                rules.tones,
                drums=part is Part.DRUMS,
                steps=self.steps,
                end=last,
                shift=shift,
            )
            for part in self.parts
        ]
        self._dues = [
            Dues(reach, [bar for bar in range(self.bars) if (part, bar) not in rules.given])
            for part, reach in zip(self.parts, self._of, strict=True)
        ]
        self._hits = _drum_masks(rules.parts.get(Part.DRUMS) or PartRules())
        self._buffer = np.zeros(len(VOCABULARY), dtype=np.bool_)
        self._plan = VOCABULARY.mask("Chord")
        if rules.plan_tokens:
            self._plan[:] = False
            self._plan[list(rules.plan_tokens)] = True

    # The walk

    def begin(self) -> State:
        """The state before the first token."""
        rules, shift = self.rules, shift_of(self.rules.header.key)
        script = (*rules.before, *header_ids(rules.header), _BASE["plan"])
        sounding = [tuple((end, pitch + shift) for end, pitch in rules.sounding.get(part, ())) for part in self.parts]
        played = [rules.played.get(part) or Played() for part in self.parts]
        played = [one._replace(pitch=one.pitch + shift) if one.same else one for one in played]
        return State(script, (LEVEL_AT_START,) * len(self.parts), tuple(sounding), tuple(played))

    def allowed(self, state: State) -> NDArray[np.bool_]:
        """The tokens that may follow, true for at least one until the walk is done. The next call reuses the array."""
        mask, phase = self._buffer, state.phase
        mask.fill(False)
        if phase is Phase.SCRIPT:
            mask[state.script[state.cursor]] = True
        elif phase is Phase.PLAN:
            self._allow_plan(state, mask)
        elif phase is Phase.PITCHED:
            mask[_DUR : _DUR + self._lengths(state)] = True
        elif phase is Phase.HOPPED:
            self._allow_places(state, mask)
        elif phase is not Phase.DONE:
            self._allow_events(state, mask)
        return mask

    def advance(self, state: State, token: int) -> State:
        """The state after an allowed token; what comes of another one is undefined."""
        token, after = int(token), state.copy()
        phase = state.phase
        if phase is Phase.SCRIPT:
            after.cursor += 1
            if after.cursor == len(state.script):
                self._leave_script(after)
        elif phase is Phase.PLAN:
            after.chords = (*state.chords, token)
            if len(after.chords) == 2 * self.bars:
                self._start_writing(after)
        elif phase is Phase.PITCHED:
            self._add_note(after, state.bar * self.steps + state.pos + DURATIONS[token - _DUR])
            after.phase = Phase.OPEN
        elif token == _HOP:
            after.frame += 1
            after.phase = Phase.HOPPED
        elif _POSITION <= token < _HOP:
            after.pos, after.low, after.here = state.frame * FRAME_STEPS + token - _POSITION, -1, 0
            after.sounding = _with(state.sounding, state.place, self._still(after, state.bar * self.steps + after.pos))
            after.phase = Phase.PLACED
        elif _NUDGE <= token < _HIT:
            after.phase = Phase.NUDGED
        elif _HIT <= token < _VEL:
            after.low = (token - _HIT) // LEVELS
            after.count, after.here = state.count + 1, state.here + 1
            after.phase = Phase.OPEN
        elif _VEL <= token < _PITCH:
            after.levels = _with(state.levels, state.place, token - _VEL)
            after.phase = Phase.LEVELLED
        elif _PITCH <= token < _DUR:
            after.low = token - _PITCH
            after.phase = Phase.PITCHED
        else:
            self._leave_part(after)
        return after

    def forced(self, state: State) -> tuple[list[int], State]:
        """All tokens until there is a choice, none where there is one now; and the state after them."""
        ids: list[int] = []
        while not state.is_done:
            if state.phase is Phase.SCRIPT:
                run = state.script[state.cursor :]
                ids += run
                state = state.copy()
                self._leave_script(state)
                continue
            only = np.flatnonzero(self.allowed(state))
            if len(only) != 1:
                break
            ids.append(int(only[0]))
            state = self.advance(state, ids[-1])
        return ids, state

    # What may follow

    def _allow_plan(self, state: State, mask: NDArray[np.bool_]) -> None:
        chords = self.rules.chords
        said = chords[len(state.chords)] if chords else None
        if said is not None:
            mask[said] = True
        else:
            mask[_CHORDS] = self._plan[_CHORDS]

    def _allow_places(self, state: State, mask: NDArray[np.bool_]) -> bool:
        """Positions that can take a note, and a hop to later ones; false where there is none."""
        if state.count >= (self._of[state.place].part.most_a_bar or self._end):
            return False
        least = max(state.pos + 1, state.frame * FRAME_STEPS)
        reach, sounding = self._of[state.place], state.sounding[state.place]
        places = reach.places(state.bar, least, sounding, self._barred(state))
        places = places or reach.places(state.bar, least, sounding)
        places >>= state.frame * FRAME_STEPS
        mask[_POSITION : _POSITION + FRAME_STEPS] = _bits(places & _FRAME, FRAME_STEPS)
        mask[_HOP] = places > _FRAME
        return places > 0

    def _allow_events(self, state: State, mask: NDArray[np.bool_]) -> None:
        place, phase = state.place, state.phase
        if phase is Phase.OPEN:
            more = self._allow_places(state, mask)
            if not (more and self._owes(state)):
                mask[self._mark(state)] = True
            if state.low < 0 or state.count >= (self._of[place].part.most_a_bar or self._end):
                return
        if self._drums[place]:
            self._allow_hits(state, mask)
        else:
            self._allow_pitches(state, mask)
        if phase is Phase.PLACED and self._human:
            mask[_NUDGE : _NUDGE + len(NUDGES)] = True
            mask[_NUDGE + _EARLY] = state.pos > 0

    def _allow_hits(self, state: State, mask: NDArray[np.bool_]) -> None:
        if state.here < self._of[state.place].part.most_at_once:
            mask[_HITS] = self._hits[state.low + 1]

    def _allow_pitches(self, state: State, mask: NDArray[np.bool_]) -> None:
        place, sounding = state.place, state.sounding[state.place]
        if len(sounding) >= self._of[place].part.most_at_once:
            return
        pitches = self._of[place].pitches_at(state.bar * self.steps + state.pos) & -(1 << (state.low + 1))
        for _, pitch in sounding:
            pitches &= ~(1 << pitch)
        barred = self._barred(state)
        if barred >= 0:
            pitches = pitches & ~(1 << barred) or pitches
        if pitches:
            mask[_PITCHES] = _bits(pitches, 128)
            if state.phase is not Phase.LEVELLED:
                mask[_VEL : _VEL + LEVELS] = True
                mask[_VEL + state.levels[place]] = False

    def _owes(self, state: State) -> bool:
        """Whether the part must still begin a note in this bar."""
        return not state.count and self._dues[state.place].owes(state.bar, state.played[state.place])

    def _barred(self, state: State) -> int:
        return self._dues[state.place].barred(state.bar, state.played[state.place])

    def _lengths(self, state: State) -> int:
        """How many of the lengths a note may have, from the shortest on."""
        place, step = state.place, state.bar * self.steps + state.pos
        room = min(self._end - step + self._beyond, self._of[place].part.longest, LONGEST)
        lengths = int(CEILING[room]) + 1
        end = self._dues[place].end(state.bar, state.played[place].on(state.low, state.bar))
        return lengths if end is None else min(lengths, bisect_right(DURATIONS, end - step))

    # Where the walk goes

    def _mark(self, state: State) -> int:
        if state.place + 1 < len(self.parts):
            return part_id(self.parts[state.place + 1])
        return left_id(self.rules.lefts[state.bar + 1]) if state.bar + 1 < self.bars else _BASE["end"]

    def _leave_script(self, state: State) -> None:
        state.script, state.cursor = (), 0
        if not state.chords:
            state.phase = Phase.PLAN
        elif state.bar >= self.bars:
            state.phase = Phase.DONE
        else:
            state.phase = Phase.OPEN

    def _start_writing(self, state: State) -> None:
        ahead = (_BASE["ahead"], *self.rules.ahead) if self.rules.ahead else ()
        self._run(state, [*ahead, _BASE["write"]], 0, 0)

    def _add_note(self, state: State, end: int) -> None:
        state.count += 1
        state.played = _with(state.played, state.place, state.played[state.place].on(state.low, state.bar))
        state.sounding = _with(state.sounding, state.place, (*state.sounding[state.place], (end, state.low)))

    def _still(self, state: State, step: int) -> Sounding:
        return tuple(note for note in state.sounding[state.place] if note[0] > step)

    def _leave_part(self, state: State) -> None:
        """From a part's bar to the next choice; the mark that was just told is not told again."""
        self._close(state)
        self._run(state, [], *self._next(state.bar, state.place))
        state.script = state.script[1:]
        if not state.script:
            self._leave_script(state)

    def _next(self, bar: int, place: int) -> tuple[int, int]:
        return (bar, place + 1) if place + 1 < len(self.parts) else (bar + 1, 0)

    def _follow(self, state: State, events: Sequence[int]) -> None:
        """What given events leave behind: levels, notes that sound on."""
        for token in events:
            if token == _HOP:
                state.frame += 1
            elif _POSITION <= token < _HOP:
                state.pos = state.frame * FRAME_STEPS + token - _POSITION
            elif _HIT <= token < _VEL:
                state.count += 1
            elif _VEL <= token < _PITCH:
                state.levels = _with(state.levels, state.place, token - _VEL)
            elif _PITCH <= token < _DUR:
                state.low = token - _PITCH
            elif token >= _DUR:
                self._add_note(state, state.bar * self.steps + state.pos + DURATIONS[token - _DUR])
        self._close(state)

    def _close(self, state: State) -> None:
        """The end of a part's bar."""
        place, still = state.place, self._still(state, (state.bar + 1) * self.steps)
        played = state.played[place]
        rests = 0 if state.count or still else played.rests + 1
        state.played = _with(state.played, place, played._replace(bars=played.bars + (state.count > 0), rests=rests))
        state.sounding = _with(state.sounding, place, still)

    def _run(self, state: State, script: list[int], bar: int, place: int) -> None:
        """Everything from a part in a bar on that is known: marks, chords, given events."""
        while bar < self.bars:
            if place == 0:
                script += [left_id(self.rules.lefts[bar]), *state.chords[2 * bar : 2 * bar + 2]]
            script.append(part_id(self.parts[place]))
            events = self.rules.given.get((self.parts[place], bar))
            if events is None:
                break
            script += events
            state.bar, state.place, state.frame, state.pos, state.count = bar, place, 0, -1, 0
            self._follow(state, events)
            bar, place = self._next(bar, place)
        else:
            script.append(_BASE["end"])
        state.bar, state.place, state.frame, state.pos, state.low = bar, place, 0, -1, -1
        state.count, state.here = 0, 0
        state.phase, state.script, state.cursor = Phase.SCRIPT, tuple(script), 0


def _drum_masks(part: PartRules) -> NDArray[np.bool_]:
    """By the class told last at a position, from -1 on: the hits that may follow."""
    drums = np.arange(len(DRUMS))
    may = np.isin(drums, list(part.drums)) & (drums[None, :] > np.arange(-1, len(DRUMS))[:, None])
    return np.repeat(may, LEVELS, axis=1)


def _with(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _bits(bits: int, count: int) -> NDArray[np.bool_]:
    data = np.frombuffer(bits.to_bytes((count + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(data, count=count, bitorder="little").view(np.bool_)
