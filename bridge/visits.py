"""Visits: callers without a connection, such as plain HTTP, and the member that each invite is there.

seat = visits.seat(invite)      # joins on first use
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from bridge.delivery import Nowhere
from bridge.door import Seat
from sessions.commands import Join
from sessions.invites import Invite
from sessions.roles import Role
from sessions.state import Presence

if TYPE_CHECKING:
    from bridge.host import Host

__all__ = ["Visits"]


class Visits:
    """The seats that invites have at one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seats: dict[str, Seat] = {}

    def seat(self, invite: Invite) -> Seat:
        """The invite's own seat; raises `Refused` where it may not join."""
        seat = self._seats.get(invite.id)
        if seat is None or seat.gone or self._host.state.members[seat.member].presence is not Presence.PRESENT:
            unnamed = dataclasses.replace(invite, name="")
            name = f"{(invite.name or invite.role)[:27]}-http"
            seat, _ = self._host.join(unnamed, {"type": Join.TYPE, "name": name}, Nowhere())
            self._seats[invite.id] = seat
        return seat

    def role(self, invite: Invite) -> Role:
        """Its member's role, where it has become one here, else its own."""
        seat, state = self._seats.get(invite.id), self._host.state
        return state.role_of(seat.member) if seat and not seat.gone else state.role(invite.role)
