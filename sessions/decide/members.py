"""Decisions about members: joining, leaving, roles, removal, invites, chat.

An invite names a role and is all that joining takes. Whoever comes is, in this order: who holds that key; whom the invite
names; who was at the same place (the door knows); who has the name that is wished for and is not here; who came by this
invite and is not here, the last one to go first. Else it is somebody new: people who share a link are told apart as long as
both are here. So a crash of a client loses nothing of theirs, nor does leaving; and where a program that comes back is taken
for somebody new all the same, its requests still are the ones of before (`decide.sections`).

A role that a leader gave stays with the member. A lesser one stays with the invite too, unless others came by it who were
given none: whoever was made a listener is not a guest again in another tab.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sessions.commands import DefineRole, Join, RemoveMember, Revoke, Say, SetRole
from sessions.decide.base import Decision
from sessions.errors import Code, Refused
from sessions.events import Cancelled, Event, Joined, Left, LeftWhy, Removed, Revoked, RoleChanged, RoleDefined, Said
from sessions.invites import NAME, check_name
from sessions.roles import ENGINE, LEADER, ROLES, Role
from sessions.state import Member, Presence, State

__all__ = ["Door", "away", "define", "join", "leave", "remove", "revoke", "role_for", "say", "set_role"]

MAX_MEMBERS = 1024
"""Members of a session, gone ones included: each has a name that is never given twice."""
MAX_MEMBERS_PER_INVITE = 256
"""Of those, who may have come by one invite: a link that went around can't use up the session."""
MAX_ROLES = 32
"""Roles of the leaders' own."""

_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True)
class Door:
    """What a door knows of who comes in: the invite's id, role and name, and who came from the same place before."""

    invite: str
    role: str
    name: str = ""
    before: str = ""


def join(state: State, door: Door, command: Join) -> Decision:
    """A new member, or one who comes back."""
    if door.invite in state.revoked:
        raise Refused(Code.BAD_TOKEN, "token: this invite was revoked; ask a leader for another")
    if not state.has_role(door.role):
        raise Refused(
            Code.BAD_TOKEN, f"token: the role {door.role!r} is no longer there; ask a leader for another invite"
        )
    for name in filter(None, (door.name, command.name)):
        check_name(name)
    if command.key and not _KEY.fullmatch(command.key):
        raise Refused(Code.BAD_VALUE, "key: send an Ed25519 public key, 32 bytes in base64")
    member = _who_was_it(state, door, command)
    if member is not None:
        role = member.role if member.invite == door.invite else door.role
        return Decision((Joined(member.name, role, door.invite, member.key or command.key, resumed=True),))
    if len(state.members) >= MAX_MEMBERS:
        raise Refused(
            Code.TOO_MANY, f"session: {MAX_MEMBERS} members have been here, which is the limit; start another session"
        )
    if len(state.roll.came_by(door.invite)) >= MAX_MEMBERS_PER_INVITE:
        raise Refused(
            Code.TOO_MANY, f"token: {MAX_MEMBERS_PER_INVITE} have come by this invite; ask a leader for another"
        )
    name = _free_name(state, door, command)
    return Decision((Joined(name, role_for(state, door.invite, door.role), door.invite, command.key),))


def role_for(state: State, invite: str, role: str) -> str:
    """The role of who comes by an invite for the first time: what it says, or the less that all before were left with."""
    came = state.came_by(invite)
    left_with = {member.role for member in came}  # a hundred who came by one link have one or two roles
    lesser = bool(came) and all(state.role(name).is_less_than(state.role(role)) for name in left_with)
    return came[-1].role if lesser else role


def _who_was_it(state: State, door: Door, command: Join) -> Member | None:
    """The member who comes back, if it is one."""
    if command.key and (member := state.roll.of_key(command.key)) is not None:
        if member.presence is Presence.REMOVED and not _may_be_sent_for_again(member, door):
            raise Refused(Code.NOT_ALLOWED, "session: a leader removed you; ask for a new invite")
        return member
    wanted = door.name or command.name
    same = [member for member in state.came_by(door.invite) if not member.key]
    for member in same:
        if member.name == (wanted or door.before):
            back = bool(door.name) or member.name == door.before or member.presence is not Presence.PRESENT
            return member if back else None
    if wanted:
        return None
    for presence in (Presence.AWAY, Presence.LEFT):
        if gone := [member for member in same if member.presence is presence]:
            return max(gone, key=lambda member: member.since)
    return None


def _may_be_sent_for_again(member: Member, door: Door) -> bool:
    """An engine goes with its invite only, since nobody removes one; a new invite is the word that it is wanted again."""
    return member.role == ENGINE == door.role and member.invite != door.invite


def _free_name(state: State, door: Door, command: Join) -> str:
    if door.name and door.name in state.members:
        raise Refused(
            Code.CONFLICT,
            f"name: {door.name} is somebody here already; come with their key, or ask for an invite of another name",
        )
    wanted = door.name or command.name or door.role
    if not NAME.fullmatch(wanted):
        wanted = "member"
    if wanted not in state.members:
        return wanted
    number = 2
    while f"{wanted[:28]}-{number}" in state.members:
        number += 1
    return f"{wanted[:28]}-{number}"


def leave(member: str) -> Decision:
    return Decision((Left(member, LeftWhy.LEFT),))


def away(state: State, member: str, why: LeftWhy = LeftWhy.AWAY) -> Decision:
    """Unheard, or the connection is gone."""
    if state.members[member].presence is not Presence.PRESENT:
        return Decision()
    return Decision((Left(member, why),))


def set_role(state: State, command: SetRole) -> Decision:
    target = _member(state, command.member)
    if not state.has_role(command.role):
        raise Refused(Code.BAD_VALUE, f"role: there is no role {command.role[:64]!r}; there are {_roles(state)}")
    if (target.role == ENGINE) != (command.role == ENGINE):
        raise Refused(
            Code.NOT_ALLOWED, "role: an engine stays one, and nobody becomes one; make an invite for an engine"
        )
    if target.role == LEADER and command.role != LEADER:
        _keep_a_leader(state, target)
    return Decision((RoleChanged(target.name, command.role),))


def remove(state: State, command: RemoveMember) -> Decision:
    target = _member(state, command.member)
    if target.role == ENGINE:
        raise Refused(
            Code.NOT_ALLOWED, "member: the band needs its engine; stop one that came from elsewhere where it runs"
        )
    if target.role == LEADER:
        _keep_a_leader(state, target)
    events: list[Event] = [Removed(target.name), *_cancel_all(state, target)]
    if target.invite and state.came_by(target.invite) == (target,):
        events.append(Revoked(target.invite))
    return Decision(tuple(events))


def revoke(state: State, member: str, command: Revoke) -> Decision:
    """No use of the invite from now on; who came in by it is sent away."""
    if not re.fullmatch(r"[0-9a-f]{16}", command.invite):
        raise Refused(Code.BAD_VALUE, "invite: send the token itself, or its id of 16 hex digits")
    if command.invite == state.members[member].invite:
        raise Refused(Code.CONFLICT, "invite: it is the one that you came in by; let another leader revoke it")
    if command.invite in state.revoked:
        return Decision(answers=(({"type": "session.revoked", "invite": command.invite},),))
    events: list[Event] = [Revoked(command.invite)]
    gone = state.came_by(command.invite)
    events += [*(Removed(target.name) for target in gone), *_cancel_all(state, *gone)]
    return Decision(tuple(events))


def define(state: State, command: DefineRole) -> Decision:
    if command.role in ROLES:
        raise Refused(Code.CONFLICT, f"role: {command.role} is one of the house; choose another name")
    check_name(command.role, "role")
    if not command.grants.strip():
        holders = [m.name for m in state.members.values() if m.role == command.role and m.presence is Presence.PRESENT]
        if holders:
            raise Refused(Code.CONFLICT, f"role: {', '.join(holders[:5])} still has it; give them another role first")
        if command.role not in state.roles:
            raise Refused(Code.BAD_VALUE, f"role: there is no role {command.role!r} of your own to take away")
    elif command.role not in state.roles and len(state.roles) >= MAX_ROLES:
        raise Refused(Code.TOO_MANY, f"role: {MAX_ROLES} roles are the limit; take one away first, by empty grants")
    role = Role.parse(command.role, command.grants)
    return Decision((RoleDefined(command.role, str(role)),))


def say(command: Say) -> Decision:
    return Decision((Said(command.text),))


def _member(state: State, name: str) -> Member:
    member = state.members.get(name)
    if member is None or member.presence is Presence.REMOVED:
        here = ", ".join(m.name for m in list(state.present())[:10])
        raise Refused(Code.BAD_VALUE, f"member: there is no {name[:64]!r} here; there are {here}")
    return member


def _roles(state: State) -> str:
    return ", ".join([*ROLES, *state.roles])


def _keep_a_leader(state: State, leaving: Member) -> None:
    others = [m for m in state.members.values() if m.role == LEADER and m.name != leaving.name]
    if not any(m.presence in (Presence.PRESENT, Presence.AWAY) for m in others):
        raise Refused(Code.CONFLICT, "member: a session keeps at least one leader; make somebody else a leader first")


def _cancel_all(state: State, *removed: Member) -> list[Event]:
    """Whatever removed members still wait for, and nobody else."""
    names = {member.name for member in removed}
    gone = names | {member.name for member in state.members.values() if member.presence is Presence.REMOVED}
    waiting = [s for s in state.asked_for.open() if not names.isdisjoint(s.askers)]
    return [Cancelled(section.name) for section in waiting if gone.issuperset(section.askers)]
