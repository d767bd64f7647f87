"""Hope: whether a session that has no engine just now will have one, so that nobody waits in vain.

The server's own engine comes as long as its process is wanted and its invite holds. One from elsewhere may come back, and
has a while for it.

    hope = Hope(expected)
    hope.comes(state)               # an engine of the server's own is here or on its way
    hope.lost(state)                # what waits in vain, as events
"""

from __future__ import annotations

from collections.abc import Callable

from sessions.decide.sections import no_engine_left
from sessions.events import Event
from sessions.state import State

__all__ = ["PATIENCE_S", "Hope"]

PATIENCE_S = 60.0
"""How long an engine from elsewhere may be gone before those who wait for it are told, where none of the server's own comes:
longer than the longest pause between its tries to connect (`bridge.engine.client`)."""


class Hope:
    """What is to be expected of engines in one session."""

    def __init__(self, expected: Callable[[], bool]) -> None:
        self.invite = ""
        """The id of the invite that the server's own engine comes by."""
        self._expected = expected
        self._given_up = False
        self._without_since_us: int | None = None

    def give_up(self) -> None:
        """The server's own engine is gone for good."""
        self._given_up = True

    def comes(self, state: State) -> bool:
        """Whether the server's own engine is here or on its way."""
        return self._expected() and not self._is_over(state)

    def lost(self, state: State) -> tuple[Event, ...]:
        """What waits when no engine is here and the server's own one can't come any more; to be asked after each event."""
        if any(state.engines()):
            self._without_since_us = None
            return ()
        return no_engine_left(state).events if self._is_over(state) else ()

    def lost_by(self, state: State, now_us: int) -> tuple[Event, ...]:
        """What has waited long enough for an engine from elsewhere; to be asked now and then."""
        if any(state.engines()) or self.comes(state):
            self._without_since_us = None
            return ()
        if self._without_since_us is None:
            self._without_since_us = now_us
        return no_engine_left(state).events if now_us - self._without_since_us >= PATIENCE_S * 1e6 else ()

    def _is_over(self, state: State) -> bool:
        return self._given_up or self.invite in state.revoked
