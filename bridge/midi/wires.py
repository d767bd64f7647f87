"""Wires: who is connected to our port, kept while the other end is away, and forgotten where somebody took it off.

Pure: what is there is handed in, once a second. A keyboard that is unplugged, a DAW that ends and JACK itself that goes take their
ports with them; when a port of that name is back, so is the wire.

    >>> wires = Wires([])
    >>> wires.look({("out", "synth:in")}, {"synth:in"}).plugged           # somebody connects a synth
    True
    >>> wires.look(set(), set()).back                                      # it ends
    ()
    >>> wires.look(set(), {"synth:in"}).back                               # it is here again
    (('out', 'synth:in'),)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

__all__ = ["IN", "MOST_AWAY", "OUT", "Seen", "Wire", "Wires"]

Wire = tuple[str, str]
"""Which end of ours, and the other's port by its full name. Ours may be named otherwise in another life."""
OUT, IN = "out", "in"
MOST_AWAY = 64
"""Wires to ports that are not here; some programs name theirs anew each time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What has changed since the last look."""

    back: tuple[Wire, ...]
    """To be connected again."""
    plugged: bool
    """Somebody hears us who did not."""
    unplugged: bool
    """Somebody who played into us is gone, with whatever he held."""


class Wires:
    """One port's; `known` is what was wired in an earlier life."""

    def __init__(self, known: Iterable[Wire]) -> None:
        self._known = dict.fromkeys(known)
        self._connected: set[Wire] = set()
        self._here: set[str] = set()

    @property
    def known(self) -> list[Wire]:
        """What there is, and what comes back when its port does."""
        return sorted(self._known)

    def look(self, connected: set[Wire], here: set[str], came: Collection[str] = ()) -> Seen:
        """What is connected, and which ports are here; `came` are those that have come since, be it back in a moment."""
        staying = {wire for wire in self._connected if wire[1] not in came}
        new, gone = connected - staying, self._connected - (connected & staying)
        for wire in staying - connected:
            if wire[1] in here:
                self._known.pop(wire, None)
        self._known |= dict.fromkeys(new)
        away = [wire for wire in self._known if wire not in connected and wire[1] not in here]
        for wire in away[: max(0, len(away) - MOST_AWAY)]:
            del self._known[wire]
        newly = (here - self._here) | {name for name in came if name in here}
        back = tuple(wire for wire in self._known if wire not in connected and wire[1] in newly)
        self._connected, self._here = connected, here
        plugged, unplugged = any(end == OUT for end, _ in new), any(end == IN for end, _ in gone)
        return Seen(back, plugged, unplugged)
