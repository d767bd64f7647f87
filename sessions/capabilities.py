"""Capabilities: what can be asked for here, as data that a form can be built from.

Made from the same tables that parse and permit, so it can't promise what would be refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sessions.commands import COMMANDS
from sessions.decide.sections import MAX_OPEN, MAX_OPEN_PER_MEMBER
from sessions.music import CONTROLS, FIELDS, STYLES, Kind, Part
from sessions.plain import to_plain
from sessions.roles import ENGINE, ROLES, WITH_PARTS, Permit, Role
from sessions.state import State

__all__ = ["capabilities", "renderers_of"]


def capabilities(state: State | None = None, member: str = "") -> dict[str, Any]:
    """Everything that can be asked for; with a member, what he may."""
    found: dict[str, Any] = {
        "parts": [str(part) for part in Part],
        "kinds": [str(kind) for kind in Kind],
        "styles": list(STYLES),
        "metres": {"n": [1, 16], "d": [2, 4, 8, 16]},
        "fields": [field.describe() for field in FIELDS],
        "controls": [
            {"part": str(control.part), "control": control.name, **control.field.describe()} for control in CONTROLS
        ],
        "renderers": renderers_of([state] if state is not None else []),
        "roles": {role.name: _grants(role) for role in ROLES.values() if role.name != ENGINE},
        "limits": {"open_sections_per_member": MAX_OPEN_PER_MEMBER, "open_sections": MAX_OPEN},
    }
    if state is not None:
        found["engines"] = [engine.name for engine in state.engines()]
        found["roles"] |= {name: _grants(Role.parse(name, text)) for name, text in state.roles.items()}
        if member in state.members:
            found["may"] = _grants(state.role_of(member))
    return found


def renderers_of(states: Iterable[State]) -> list[dict[str, Any]]:
    """What the engines of these sessions offer, each once; of two under one name the one that promises less."""
    found: dict[str, dict[str, Any]] = {}
    for offer in (offer for state in states for offers in state.offers.values() for offer in offers):
        held = found.setdefault(str(offer.name), to_plain(offer))
        if held["commercial"] and not offer.commercial:
            found[str(offer.name)] = to_plain(offer)
    return list(found.values())


def _grants(role: Role) -> dict[str, Any]:
    """For each command that the role may: its parts, or true where it has none; `waits` where the leader has to say yes."""
    found: dict[str, Any] = {}
    for name in COMMANDS:
        if role.permits(name) is Permit.NO:
            continue
        found[name] = [str(part) for part in role.parts_for(name)] if name in WITH_PARTS else True
    if role.permits("section.request") is Permit.ASK:
        found["waits"] = ["section.request"]
    return found
