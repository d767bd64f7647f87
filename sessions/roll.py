"""The roll of a session: its members by name, and at hand by the invite that they came by.

A link may have brought hundreds, and whoever comes by it is looked for among them alone.

>>> roll = Roll()
>>> roll["ana"] = Member("ana", "guest", "00")
>>> [member.name for member in roll.came_by("00")]
['ana']
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Member", "Presence", "Roll"]


class Presence(StrEnum):
    """Where a member is."""

    PRESENT = "present"
    AWAY = "away"
    LEFT = "left"
    REMOVED = "removed"


@dataclass(slots=True)
class Member:
    name: str
    role: str
    invite: str
    key: str = ""
    presence: Presence = Presence.PRESENT
    since: str = ""
    """When that began."""


class Roll(dict[str, Member]):
    """Members by name, those who are gone included; nobody is ever taken off it."""

    __slots__ = ("_by_invite", "_by_key")

    def __init__(self, members: Mapping[str, Member] | None = None) -> None:
        super().__init__()
        self._by_invite: dict[str, dict[str, Member]] = {}
        self._by_key: dict[str, str] = {}
        for name, member in (members or {}).items():
            self[name] = member

    def __setitem__(self, name: str, member: Member) -> None:
        before = self.get(name)
        super().__setitem__(name, member)
        if member.key:
            self._by_key.setdefault(member.key, name)
        if before is None or before.invite == member.invite:
            self._by_invite.setdefault(member.invite, {})[name] = member
            return
        del self._by_invite[before.invite][name]  # who comes by another invite keeps the place among all
        self._by_invite[member.invite] = {one.name: one for one in self.values() if one.invite == member.invite}

    def came_by(self, invite: str) -> Collection[Member]:
        """All who ever came by an invite and last by that, the first one first."""
        return self._by_invite.get(invite, {}).values()

    def of_key(self, key: str) -> Member | None:
        """Who holds a key."""
        name = self._by_key.get(key)
        return self[name] if name is not None and self[name].key == key else None
