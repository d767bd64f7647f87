"""A window: so many bars as the model can look at at once, written token by token under the grammar.

Lives here: the walk of model and grammar side by side, bar by bar, with a way back to a bar's beginning. What is asked and
what has been written before comes in as `Rules`, what presses on the choices as `Steering`, what keeps from some as `Caution`;
what goes out are the tokens of whole bars. Knows no request and no notes.

    window = Window(runtime, rules, first=1, seed=7, taste=Taste())
    for bar in window.bars():       # Bar(number=1, ids=[...])
        if copied(bar):
            window.again()          # the next bar is this one, otherwise
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.compose.runtime.sampling import chance, sample
from models.compose.tokens.grammar import Grammar, Phase, State
from models.compose.tokens.vocabulary import VOCABULARY
from models.pause import pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.compose.tokens.rules import Rules
    from models.compose.writer.caution import Caution
    from models.compose.writer.steer import Steering

__all__ = ["Bar", "Model", "Taste", "Window"]

Logits = NDArray[np.float32]
Allowed = NDArray[np.bool_]

_LEFT = range(VOCABULARY.base["Left"], VOCABULARY.base["Left"] + VOCABULARY.size["Left"])
_WRITE, _END = VOCABULARY.id("write"), VOCABULARY.id("end")
MOST_TOKENS_A_BAR = 1 << 16


class Model(Protocol):
    """What says how likely each token is; `models.compose.runtime.Runtime` is one, its states are what it has read."""

    @property
    def context(self) -> int: ...

    def begin(self) -> Any: ...

    def feed(self, state: Any, ids: Sequence[int]) -> Logits: ...


@dataclass(frozen=True, slots=True)
class Taste:
    """How tokens are chosen: how far from the likeliest, and what is never chosen."""

    temperature: float = 1.0
    top_p: float = 0.95
    min_p: float = 0.02


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar's tokens, from its mark to its last event; `number` counts from the section's first bar, 1."""

    number: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a bar's first choice is: the way back to it."""

    length: int
    state: State
    logits: Logits
    ids: tuple[int, ...]
    steering: Steering | None
    caution: Caution | None


class Window:
    """One walk. Raises ContextFull where the rules' own tokens are more than the model can look back on."""

    def __init__(
        self,
        model: Model,
        rules: Rules,
        *,
        first: int,
        seed: int,
        taste: Taste,
        steering: Steering | None = None,
        caution: Caution | None = None,
    ) -> None:
        self._model, self._steering, self._caution = model, steering, caution
        self._grammar = Grammar(rules)
        self._stream = model.begin()
        self._seed, self._taste = seed, taste
        self._number, self._attempt, self._drawn = first, 0, 0
        self._ids: list[int] = []
        self._done: list[Bar] = []
        self._mark: _Mark | None = None
        self._open: Allowed | None = None  # what may follow, where the grammar was asked and nothing has come of it yet
        self._before = list(rules.before).count(_WRITE) + 1  # sections before the first bar to write begins
        self._state, self._logits = self._settle(self._grammar.begin(), [])

    @property
    def used(self) -> int:
        """Tokens that the model has read."""
        return int(self._stream.length)

    def bars(self) -> Iterator[Bar]:
        """The bars in order. Raises ContextFull in the bar that is too much."""
        while True:
            while self._done:
                yield self._done.pop(0)
            if self._state.is_done:
                return
            self._step()

    def again(self) -> None:
        """Back to the first choice of the bar that came last, for another attempt at it; nothing where it had no choice."""
        if self._mark is None:
            return
        mark = self._mark
        self._stream.truncate(mark.length)
        self._state, self._logits, self._ids = mark.state, mark.logits, list(mark.ids)
        self._steering = mark.steering and mark.steering.copy()
        self._caution = mark.caution and mark.caution.copy()
        self._number -= 1 + len(self._done)
        self._done.clear()
        self._attempt += 1
        self._drawn = 0
        self._open = None

    def _step(self) -> None:
        """One choice, and whatever follows from it."""
        if self._drawn == 0 and (self._mark is None or self._attempt == 0):
            steering = self._steering and self._steering.copy()
            caution = self._caution and self._caution.copy()
            self._mark = _Mark(self._stream.length, self._state, self._logits, tuple(self._ids), steering, caution)
        number = chance(self._seed, self._number * MOST_TOKENS_A_BAR + self._drawn, self._attempt)
        self._drawn += 1
        taste = self._taste
        allowed = self._grammar.allowed(self._state) if self._open is None else self._open
        self._open = None  # its array is written to below
        logits = self._logits
        if self._steering is not None:
            logits = self._steering.lean(self._state.phase, logits, allowed)
        while True:
            token = sample(logits, allowed, number, temperature=taste.temperature, top_p=taste.top_p, min_p=taste.min_p)
            if self._caution is None or not self._caution.shuns(token, self._number) or allowed.sum() == 1:
                break
            allowed[token] = False
        self._state, self._logits = self._settle(self._grammar.advance(self._state, token), [token])

    def _settle(self, state: State, fresh: list[int]) -> tuple[State, Logits]:
        """On to the next choice: all that is forced is read in one go with the tokens chosen last."""
        while not state.is_done:
            if state.phase is Phase.SCRIPT:
                run, state = self._grammar.forced(state)
                fresh += run
                continue
            allowed = self._grammar.allowed(state)
            only = allowed.nonzero()[0]
            if len(only) > 1:
                self._open = allowed
                break
            fresh.append(int(only[0]))
            state = self._grammar.advance(state, fresh[-1])
        pause()
        logits = self._model.feed(self._stream, fresh)
        for token in fresh:
            self._tell(token)
        return state, logits

    def _tell(self, token: int) -> None:
        """Sorts a token into its bar."""
        if self._before:
            self._before -= token == _WRITE
            return
        if self._steering is not None:
            self._steering.read(token)
        if self._caution is not None:
            self._caution.read(token)
        if token in _LEFT or token == _END:
            if self._ids:
                self._done.append(Bar(self._number, tuple(self._ids)))
                self._number += 1
                self._attempt, self._drawn = 0, 0
            self._ids = []
        if token != _END:
            self._ids.append(token)
