"""What is said of members: who came, went, changed role; invites, roles of one's own, chat."""

from __future__ import annotations

from collections.abc import Iterator

from sessions import events as e
from sessions.answers.base import Message, Tell, Teller, To
from sessions.state import State

__all__ = ["TELLERS", "members_answer"]


def members_answer(state: State) -> Message:
    members = [
        {"member": m.name, "role": m.role, "status": str(m.presence), "keyed": bool(m.key)}
        for m in state.members.values()
    ]
    return {"type": "session.members", "members": members}


def _joined(state: State, member: str, event: e.Joined) -> Iterator[Tell]:
    joined = {
        "type": "session.joined",
        "session": state.name,
        "member": event.member,
        "role": event.role,
        "resumed": event.resumed,
        "origin": state.origin,
        "log_key": state.log_key,
    }
    yield Tell((joined,), To.ONE, event.member)
    yield Tell((), To.ROSTER)


def _left(state: State, member: str, event: e.Left) -> Iterator[Tell]:
    if event.why is e.LeftWhy.LEFT:
        yield Tell(({"type": "session.left", "member": event.member},), To.ONE, event.member)
    yield Tell((), To.ROSTER)


def _role(state: State, member: str, event: e.RoleChanged) -> Iterator[Tell]:
    yield Tell(({"type": "session.role", "member": event.member, "role": event.role},))
    yield Tell((), To.ROSTER)


def _removed(state: State, member: str, event: e.Removed) -> Iterator[Tell]:
    yield Tell(({"type": "session.removed", "member": event.member},))
    yield Tell((), To.ROSTER)


def _revoked(state: State, member: str, event: e.Revoked) -> Iterator[Tell]:
    yield Tell(({"type": "session.revoked", "invite": event.invite},))


def _defined(state: State, member: str, event: e.RoleDefined) -> Iterator[Tell]:
    yield Tell(({"type": "session.defined", "role": event.role, "grants": event.grants},))


def _said(state: State, member: str, event: e.Said) -> Iterator[Tell]:
    yield Tell(({"type": "chat.said", "member": member, "text": event.text, "time": state.time},))


TELLERS: dict[type[e.Event], Teller] = {
    e.Joined: _joined,
    e.Left: _left,
    e.RoleChanged: _role,
    e.Removed: _removed,
    e.Revoked: _revoked,
    e.RoleDefined: _defined,
    e.Said: _said,
}
