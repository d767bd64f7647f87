"""Visits: callers without a connection, such as plain HTTP, and the member that each invite is there.

seat = visits.seat(invite)      # joins on first use

A token is all that a visit brings, so the visitor is whom the invite names, or its only member: a script that posts beside
somebody's page or patch is that somebody. Where several came by the invite, or the one who did signs with a key, which a
visitor doesn't, it is a member of its own. Whatever it asks for is the same request at every door all the same, by the
same id (`sessions.decide.sections`). A visitor is away 60 s after its last word, like everybody else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol

from bridge.agenda import Acknowledged
from bridge.delivery import Audience, Nowhere
from bridge.door import Message, Outlet, Seat
from sessions import commands as c
from sessions.decide.members import role_for
from sessions.invites import Invite
from sessions.roles import Role
from sessions.state import Presence, State

__all__ = ["Visits"]

_HERE = (Presence.PRESENT, Presence.AWAY)


class Join(Protocol):
    """How somebody comes in at the host; raises `Refused`."""

    def __call__(
        self, invite: Invite, message: Message, outlet: Outlet, before: str = ""
    ) -> tuple[Seat, Acknowledged]: ...


class Visits:
    """The seats that invites have at one host."""

    def __init__(self, state: Callable[[], State], join: Join, audience: Audience) -> None:
        self._state = state
        self._join = join
        self._audience = audience
        self._seats: dict[str, Seat] = {}

    def seat(self, invite: Invite) -> Seat:
        """The invite's own seat; raises `Refused` where it may not join."""
        seat = self._seats.get(invite.id)
        if seat is None or not self._holds(seat):
            unnamed, name = dataclasses.replace(invite, name=""), self._who(invite)
            seat, _ = self._join(unnamed, {"type": c.Join.TYPE, "name": name}, Nowhere(), before=name)
            self._seats[invite.id] = seat
        return seat

    def role(self, invite: Invite) -> Role:
        """The role that it has, or would have if it joined now."""
        state, name = self._state(), self._who(invite)
        if any(member.name == name for member in state.came_by(invite.id)):
            return state.role_of(name)
        return state.role(role_for(state, invite.id, invite.role))

    def idle(self, invite: Invite) -> str:
        """The invite's only member where a visit is all there is of it: whoever comes in by a connection is that member."""
        members, seat = self._state().came_by(invite.id), self._seats.get(invite.id)
        if seat is None or not self._holds(seat) or [member.name for member in members] != [seat.member]:
            return ""
        visits_only = all(one.outlet.kind == Nowhere.kind for one in self._audience.seats_of(seat.member))
        return seat.member if visits_only else ""

    def _holds(self, seat: Seat) -> bool:
        member = self._state().members.get(seat.member)  # none, where the disk never had the joining
        return member is not None and not seat.gone and not member.key and member.presence in _HERE

    def _who(self, invite: Invite) -> str:
        """The name of the member that the invite is: of before, as it names, its only one, or one of its own."""
        members, seat = self._state().came_by(invite.id), self._seats.get(invite.id)
        open_to_visits = [member.name for member in members if not member.key]
        if seat is not None and seat.member in open_to_visits:
            return seat.member
        if invite.name in open_to_visits or (invite.name and invite.name not in self._state().members):
            return invite.name
        if len(members) == len(open_to_visits) == 1 and not invite.name:
            return open_to_visits[0]
        name = invite.name or invite.role
        return f"{name[:27]}-http" if members or invite.name else name
