"""What every door shares: the outlet that it gives the host for a connection, and the seat it gets in return.

A door turns bytes into messages (`bridge.wire`), hands them to its seat's host, and sends what its outlet is given. It decides
nothing: who may do what is asked of `sessions`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bridge.agenda import Acknowledged
from bridge.restraint import Restraint
from sessions.answers import Message, refusal
from sessions.state import State

__all__ = ["Bundle", "Keeper", "Message", "Outlet", "Seat", "refusal"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages that belong together; `at_us` is when what they say sounds (an OSC bundle's time tag)."""

    messages: tuple[Message, ...]
    at_us: int | None = None


class Outlet(Protocol):
    """Where a connection's answers go."""

    kind: str
    """`osc`, `osc-tcp`, `ws`, `http` ..."""
    local: bool
    """On this machine: may be told paths of files."""
    watches: bool
    """Shows the whole session, not only what was asked for here."""

    @property
    def waiting_bytes(self) -> int:
        """What waits for its reader."""

    def send(self, bundle: Bundle) -> None:
        """Never blocks; an outlet that can't keep up closes itself."""


class Keeper(Protocol):
    """Who keeps a seat, as its door sees him: the host."""

    @property
    def state(self) -> State:
        """What is; to be read only."""

    @property
    def restraint(self) -> Restraint:
        """How much a member may say."""

    def submit(self, seat: Seat, message: Message, *, at_us: int | None = None) -> Acknowledged:
        """Take a message, now or at its time; raises `Refused`."""

    def heard(self, seat: Seat) -> None:
        """Any sign of life."""

    def close(self, seat: Seat) -> None:
        """The connection is gone."""


@dataclass(eq=False, slots=True)
class Seat:
    """A member's place at a door."""

    host: Keeper
    member: str
    outlet: Outlet
    heard_us: int = 0
    dismissed: Callable[[], None] | None = None
    """Called when the member is removed, or comes in by another door in this seat's stead."""
    has_ended: Callable[[], bool] = lambda: False
    """Whether the program is known to be gone, where a door hears nothing of that by itself."""
    gone: bool = field(default=False)
    reciting: dict[str, deque[Bundle]] = field(default_factory=dict)
    """Sections that are told here again, by name, and what has happened to them since (`bridge.recitals`)."""

    @property
    def role(self) -> str:
        return self.host.state.members[self.member].role
