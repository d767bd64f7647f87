"""Recitals: all that has come of a section, told again to whoever asks again for it, a little at a time.

A section of ten thousand notes takes a tenth of a second to say; nobody else waits for so long. Who recites waits in a crowd of its
own, bar by bar; what happens to the section meanwhile is told to that seat behind it, so that everything comes in order. Asked for
once more while it is on its way, it comes once. A section that is cancelled is recited no further.

    recitals.begin(seat, state.sections["ana/a"].as_of_now())
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from bridge.crowd import Crowd
from bridge.door import Bundle, Seat
from sessions.answers import outcome
from sessions.state import Section, State

__all__ = ["Recitals", "waits"]


class _Recital:
    """One section's, to one seat: what is to be told, and what has happened since, behind it."""

    def __init__(self, seat: Seat, name: str, told: Iterator[Bundle]) -> None:
        self.seat, self.name = seat, name
        self._told = told
        self._behind = seat.reciting[name] = deque[Bundle]()
        self._next = next(told, None)

    def goes_on(self) -> bool:
        """Whether there is more, and somebody to hear it."""
        return self._next is not None and self.seat.reciting.get(self.name) is self._behind and not self.seat.gone

    def take(self) -> Bundle:
        """The next; with the last one it is over, so that whoever has heard it may ask again."""
        bundle = self._next
        assert bundle is not None
        self._next = next(self._told, None) or (self._behind.popleft() if self._behind else None)
        if self._next is None:
            del self.seat.reciting[self.name]
        return bundle


class Recitals:
    """Those of one session; `send` gives a seat a bundle."""

    def __init__(self, state: Callable[[], State], send: Callable[[Seat, Bundle], None]) -> None:
        self._state, self._send = state, send
        self._crowd = Crowd()
        self._closed = False

    def begin(self, seat: Seat, section: Section) -> None:
        """Tell a section as it was; its beginning at once, where nobody else recites."""
        if section.name in seat.reciting or seat.gone:
            return
        recital = _Recital(seat, section.name, (Bundle(messages) for messages in outcome(self._state(), section)))
        if self._crowd.is_free:
            with self._crowd.serving():
                self._go_on(recital)
        else:
            self._crowd.call(lambda: self._go_on(recital))

    def _go_on(self, recital: _Recital) -> None:
        while recital.goes_on() and not self._closed:
            self._send(recital.seat, recital.take())
            if recital.goes_on() and not self._crowd.lasts():
                self._crowd.call(lambda: self._go_on(recital))
                return

    def close(self) -> None:
        """Say nothing more."""
        self._closed = True
        self._crowd.close()


def waits(seat: Seat, bundle: Bundle) -> bool:
    """Whether a seat is told of it behind what is being recited there; that a section is cancelled ends its recital."""
    first = bundle.messages[0]
    name = f"{first.get('member')}/{first.get('id')}"
    behind = seat.reciting.get(name)
    if behind is None:
        return False
    if first["type"] == "section.cancelled":
        del seat.reciting[name]
        return False
    behind.append(bundle)
    return True
