"""Whose request this is: the token of an HTTP request, opened by the house.

Reading takes a valid invite whose role may see; doing goes through the seat that the invite has at the host, so the
permission table, the log and everybody else's screen see the same as from any other door.

    @router.get("/api/sessions/{session}/takes")
    async def list_takes(visit: Visit) -> ...:
        visit.must("section.resend")
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from bridge.door import Seat
from bridge.host import Host
from bridge.house import House
from bridge.ports.disk import NotKept
from sessions.errors import Code, Refused
from sessions.invites import Invite
from sessions.roles import Permit

__all__ = ["HAND_IN", "READ_LOG", "READ_TAKES", "RULE", "Visit", "Visitor", "house_of", "open_door"]

READ_TAKES, READ_LOG, HAND_IN, RULE = "section.resend", "log.head", "engine.stem", "session.revoke"
"""Rows of the permission table that stand for reading what was made, for the log's proofs, for handing in audio, and for
a leader's own business."""

POLL_S = 0.002
"""How often somebody who asks twice looks whether the disk has the first asking."""

_bearer = HTTPBearer(auto_error=False, description="An invite's token.")
_query = APIKeyQuery(name="token", auto_error=False, description="The same, where a header can't be set.")


def house_of(request: Request) -> House:
    """The house that this app is a door of."""
    house: House = request.app.state.house
    return house


def open_door(house: House, session: str, token: str | None) -> tuple[Host, Invite]:
    """The session that a token is for; raises `Refused` where it is none, or another one's."""
    if not token:
        raise Refused(Code.BAD_TOKEN, "token: send one as `Authorization: Bearer TOKEN`, or as ?token=")
    host, invite = house.open(token)
    if host.name != session:
        raise Refused(
            Code.BAD_TOKEN, f"token: this one is not for the session {session[:32]!r}; use that session's own"
        )
    return host, invite


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who has shown an invite."""

    host: Host
    invite: Invite

    def must(self, command: str) -> None:
        """Raise `Refused` unless the table has that row for whoever asks; nobody joins for it.

        The role is the one that a leader has given this invite's member here since, else the invite's.
        """
        role = self.host.role_of(self.invite)
        if role.permits(command) is Permit.NO:
            raise Refused(Code.NOT_ALLOWED, f"role: as {role.name} you may not do this; ask a leader for another role")

    def seat(self) -> Seat:
        """The place of the member that this invite is over plain HTTP; joins on first use."""
        return self.host.visit(self.invite)

    def on_disk(self, index: int) -> bool:
        """Whether the disk has an entry; what it does not have yet is nobody's to see."""
        return index < self.host.record.durable

    async def settled(self, index: int) -> None:
        """Wait until the disk has an entry; raises `Refused` where it refused it."""
        while not self.on_disk(index):
            if index >= self.host.state.size:
                raise NotKept(self.host.refusing or "ask again")
            await asyncio.sleep(POLL_S)


async def _visit(
    request: Request,
    session: Annotated[str, Path(description="The session's name.")],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    query: Annotated[str | None, Depends(_query)],
) -> Visit:
    return Visit(*open_door(house_of(request), session, bearer.credentials if bearer is not None else query))


Visitor = Annotated[Visit, Depends(_visit)]
"""A handler's parameter: whoever asks, or the refusal has been answered already."""
