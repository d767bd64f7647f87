"""Invitations: which invites lead into a session, as far as its server knows, for a leader to look at and take back.

A token carries its own state and is kept nowhere, so these are what this server has made or was shown since its start, and those
by which members came before. One made by `starbridge invite` and never used is nobody's to list; it runs out.

    invitations.saw(invite)
    invitations.listed(state, now_us)       # [Listed(invite="0011223344556677", role="guest", members=("gus",), ...)]
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from sessions.invites import INVITE_ID, Invite
from sessions.state import Presence, State

__all__ = ["Invitations", "Listed"]

MAX_KNOWN = 1024
"""Invites that nobody came by yet; the longest unseen is forgotten."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One invite. `role` is what it says, or its members' where it was not seen since the start; `expires_s` then is 0."""

    invite: str
    role: str
    name: str
    expires_s: int
    members: tuple[str, ...]
    revoked: bool


class Invitations:
    """Those of one session."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Invite] = OrderedDict()

    def saw(self, invite: Invite) -> None:
        """One that was made here, or that somebody brought."""
        self._seen[invite.id] = invite
        self._seen.move_to_end(invite.id)
        if len(self._seen) > MAX_KNOWN:
            self._seen.popitem(last=False)

    def listed(self, state: State, now_us: int) -> list[Listed]:
        """All that may still let somebody in, and those that were revoked, in the order in which they were heard of."""
        came: dict[str, list[str]] = {}
        for member in state.members.values():
            if INVITE_ID.fullmatch(member.invite):  # else it is a door of the owner's
                came.setdefault(member.invite, [])
                if member.presence is not Presence.REMOVED:
                    came[member.invite].append(member.name)
        found = []
        for id_ in dict.fromkeys([*came, *self._seen, *state.revoked]):
            seen, members = self._seen.get(id_), tuple(came.get(id_, ()))
            if seen is not None and seen.expires_s * 1_000_000 <= now_us and not members:
                continue
            role = seen.role if seen is not None else next((state.members[name].role for name in members), "")
            name, expires_s = (seen.name, seen.expires_s) if seen is not None else ("", 0)
            found.append(Listed(id_, role, name, expires_s, members, id_ in state.revoked))
        return found
