"""Asking for sections over plain HTTP, and asking how they are.

    POST /api/sessions/jam/sections   {"id": "a", "bars": 8, "style": "house"}
    202  {"id": "a", "section": "ana/a", "status": "queued", ...}

The same id and fields again is the same request, so a client that lost the answer simply asks again.
"""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Request, Response

from bridge.ports.http.auth import READ_TAKES, Visit, Visitor
from bridge.ports.http.bodies import read_object
from bridge.ports.http.errors import Missing
from bridge.ports.http.models import SectionAnswer, body, section_schema
from bridge.ports.http.routes import Routes
from sessions.errors import Code, Refused
from sessions.estimate import eta_s
from sessions.state import Section, Status

__all__ = ["Name", "find_section", "router"]

router = Routes("sections", "/api/sessions/{session}/sections")

Name = Annotated[str, Path(description="The section's own name: MEMBER/ID.")]


@router.post("", status_code=202, openapi_extra=body(section_schema()))
async def request_section(request: Request, visit: Visitor, response: Response) -> SectionAnswer:
    """Ask for a section; the answer says under which name it is known, before any of it is made."""
    fields = await read_object(request)
    if fields.pop("type", "section.request") != "section.request":
        raise Refused(Code.BAD_VALUE, "type: only section.request belongs here; leave it out")
    message = {"type": "section.request", "id": secrets.token_hex(8), **fields}
    seat = visit.seat()
    await visit.host.submit(seat, message)
    asked = visit.host.state.asked(seat.member, str(message["id"]))
    assert asked is not None  # or it was refused
    await visit.settled(asked.index)  # asked for again, it makes no entry to wait for
    section = find_section(visit, asked.name)
    response.headers["Location"] = f"/api/sessions/{visit.host.name}/sections/{quote(section.name)}"
    return _answer(visit, section)


@router.read("/{section:path}")
async def see_section(visit: Visitor, section: Name) -> SectionAnswer:
    """Where a section stands."""
    visit.must(READ_TAKES)
    return _answer(visit, find_section(visit, section))


@router.delete("/{section:path}")
async def cancel_section(visit: Visitor, section: Name) -> SectionAnswer:
    """Cancel a section of one's own; a leader cancels anybody's."""
    visit.must(READ_TAKES)
    found = find_section(visit, section)
    await visit.host.submit(visit.seat(), {"type": "section.cancel", "id": found.id, "member": found.asker})
    return _answer(visit, found)


def find_section(visit: Visit, name: str) -> Section:
    """The section of a name, once the disk has it; raises `Missing`."""
    section = visit.host.state.sections.get(name)
    if section is None or not visit.on_disk(section.index):
        raise Missing(f"section: nothing was asked for as {name[:80]!r} here; send its whole name, MEMBER/ID")
    return section


def _answer(visit: Visit, section: Section) -> SectionAnswer:
    state, take = visit.host.state, section.take
    if take and not visit.on_disk(state.takes[take].index):
        return SectionAnswer(id=section.id, section=section.name, status=Status.WORKING)
    return SectionAnswer(
        id=section.id,
        section=section.name,
        status=section.status,
        position=state.position(section.name),
        eta_s=eta_s(state, section.name, visit.host.now_us()),
        take=take,
        code=section.code,
        advice=section.advice,
    )
