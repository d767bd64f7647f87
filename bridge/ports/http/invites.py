"""A leader's own business over HTTP: invites, and everything of a session in one file.

    POST   /api/sessions/jam/invites   {"role": "rhythm", "name": "ana", "expires": "12h"}
    GET    /api/sessions/jam/invites
    DELETE /api/sessions/jam/invites/0011223344556677
    GET    /api/sessions/jam/export

All ask for the role as it is now: whoever was a leader when the token was made may be none any more.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from bridge.export import Parcel, write_zip
from bridge.ports.http.auth import RULE, Visitor
from bridge.ports.http.bodies import read_object
from bridge.ports.http.models import Done, InviteAnswer, InviteAsk, Made, body
from bridge.ports.http.routes import Routes
from sessions.errors import Code, Refused
from sessions.invites import read_span

__all__ = ["router"]

router = Routes("session", "/api/sessions/{session}")

PIECE_BYTES: Final = 256 * 1024

_ZIP = {200: {"content": {"application/zip": {}}, "description": "Log, checkpoint, and each take's files."}}


@router.post("/invites", status_code=201, openapi_extra=body(InviteAsk.model_json_schema()))
async def invite(request: Request, visit: Visitor, response: Response) -> Made:
    """Make an invite to this session; for leaders."""
    visit.must(RULE)
    asked = await read_object(request, known=InviteAsk.model_fields)
    role, name = _text(asked, "role", ""), _text(asked, "name", "")
    if not role:
        raise Refused(Code.BAD_VALUE, "role: is missing; say which role whoever comes in by the invite will have")
    expires_s = _seconds(asked.get("expires", "12h"))
    response.headers["Cache-Control"] = "no-store"
    return Made(token=visit.host.make_invite(role, name, expires_s), role=role, name=name, expires_s=expires_s)


@router.read("/invites")
async def invites(visit: Visitor, response: Response) -> list[InviteAnswer]:
    """The invites that this server knows of, and who came by them; for leaders."""
    visit.must(RULE)
    response.headers["Cache-Control"] = "no-store"
    listed = visit.host.invitations.listed(visit.host.state, visit.host.now_us())
    return [InviteAnswer.model_validate(asdict(one)) for one in listed]


@router.delete("/invites/{invite}")
async def revoke(visit: Visitor, invite: str) -> Done:
    """Take an invite back: it lets nobody in any more, and who came by it has to leave; for leaders."""
    visit.must(RULE)
    return Done(index=await visit.host.submit(visit.seat(), {"type": "session.revoke", "invite": invite}))


@router.read("/export", response_class=Response, responses=_ZIP)
async def export(request: Request, visit: Visitor) -> Response:
    """The whole session as a zip: the log with its checkpoint and key, every take with its files; for leaders."""
    visit.must(RULE)
    name = visit.host.name
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.zip"'}
    if request.method == "HEAD":
        return Response(media_type="application/zip", headers=headers)
    parcel = await Parcel.of(visit.host)
    held = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        size = await asyncio.to_thread(write_zip, parcel, held)
    except BaseException:
        held.close()
        raise

    async def pieces() -> AsyncIterator[bytes]:
        with held:
            while piece := await asyncio.to_thread(held.read, PIECE_BYTES):
                yield piece

    headers["Content-Length"] = str(size)
    return StreamingResponse(pieces(), media_type="application/zip", headers=headers)


def _text(fields: dict[str, Any], name: str, default: str) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise Refused(Code.BAD_VALUE, f"{name}: send a text")
    return value


def _seconds(span: Any) -> int:
    """Seconds of `90`, `30m`, `12h`, `7d`; raises `Refused`."""
    if isinstance(span, bool) or not isinstance(span, str | int):
        raise Refused(Code.BAD_VALUE, "expires: send seconds, or a span such as 30m, 12h or 7d, a year at most")
    text = str(span).strip()
    return read_span(f"{text}s" if text.isdecimal() else text)
