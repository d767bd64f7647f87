"""Takes over HTTP: what is finished, its files, and what the band thinks of it.

    GET  /api/sessions/jam/takes/take-1/stems/bass.wav
    POST /api/sessions/jam/takes/take-1/rate   {"stars": 4}

What is said of a take here is said by the invite's own HTTP member.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from fastapi.responses import JSONResponse

from bridge.ports.http.auth import READ_TAKES, Visit, Visitor
from bridge.ports.http.bodies import read_object
from bridge.ports.http.errors import Missing
from bridge.ports.http.files import blob_answer, bytes_answer
from bridge.ports.http.models import Done, TakeAnswer, body
from bridge.ports.http.routes import Routes
from bridge.wire.smf import to_smf
from sessions.answers import take_summary
from sessions.state import Section

__all__ = ["router"]

router = Routes("takes", "/api/sessions/{session}/takes")

MOST = 2**53 - 1

TakeName = Annotated[str, Path(description="The take's name, such as take-1.")]
Before = Annotated[str, Query(description="Only those before this take; empty: all.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="So many at most, the newest of them.")]
PartName = Annotated[str, Path(description="A part of the take.")]
_STARS = {
    "type": "object",
    "properties": {"stars": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["stars"],
    "additionalProperties": False,
}
_WAV = {200: {"content": {"audio/wav": {}}, "description": "A WAV file, whole or in ranges."}}
_MIDI = {200: {"content": {"audio/midi": {}}, "description": "A standard MIDI file, type 1."}}


@router.read("")
async def list_takes(visit: Visitor, before: Before = "", limit: Limit = MOST) -> list[TakeAnswer]:
    """Every take of the session, the oldest first; or the last few before one of them."""
    visit.must(READ_TAKES)
    if before:
        _section(visit, before)
    names = [take.name for take in visit.host.state.takes.values() if visit.on_disk(take.index)]
    end = names.index(before) if before else len(names)
    return [_answer(visit, name) for name in names[max(0, end - limit) : end]]


@router.read("/{take}")
async def see_take(visit: Visitor, take: TakeName) -> TakeAnswer:
    """One take."""
    _section(visit, take)
    return _answer(visit, take)


@router.read("/{take}/midi", response_class=Response, responses=_MIDI)
async def midi(request: Request, visit: Visitor, take: TakeName) -> Response:
    """The notes as a MIDI file, made from the log, the same bytes each time."""
    section = _section(visit, take)
    data = await asyncio.to_thread(to_smf, section.request, section.written(), take)
    return bytes_answer(request, data, hashlib.sha256(data).hexdigest(), f"{take}.mid", "audio/midi")


@router.read("/{take}/mix.wav", response_class=Response, responses=_WAV)
async def mix(request: Request, visit: Visitor, take: TakeName) -> Response:
    """All stems together."""
    return _stem(request, visit, take, "mix")


@router.read("/{take}/stems/{part}.wav", response_class=Response, responses=_WAV)
async def stem(request: Request, visit: Visitor, take: TakeName, part: PartName) -> Response:
    """One part alone."""
    return _stem(request, visit, take, part)


@router.read("/{take}/certificate", response_class=JSONResponse)
async def certificate(visit: Visitor, take: TakeName) -> JSONResponse:
    """Who asked, for what, from what, made by which model and sound; with what proves that the log holds it."""
    _section(visit, take)
    found = visit.host.state.takes[take]
    made = visit.host.record.certificate(found.index, found.stated)
    return JSONResponse(made, headers={"Cache-Control": "private, no-cache"})


@router.post("/{take}/accept")
async def accept(visit: Visitor, take: TakeName) -> Done:
    """Say that the take is in."""
    return await _say(visit, "take.accept", take)


@router.post("/{take}/reject")
async def reject(visit: Visitor, take: TakeName) -> Done:
    """Say that the take is out."""
    return await _say(visit, "take.reject", take)


@router.post("/{take}/rate", openapi_extra=body(_STARS))
async def rate(request: Request, visit: Visitor, take: TakeName) -> Done:
    """Give the take 1 to 5 stars."""
    return await _say(visit, "take.rate", take, **await read_object(request, known=("stars",)))


async def _say(visit: Visit, command: str, take: str, **fields: Any) -> Done:
    _section(visit, take)
    return Done(index=await visit.host.submit(visit.seat(), {"type": command, "take": take, **fields}))


def _section(visit: Visit, take: str) -> Section:
    """The section that a take was made of, for whoever may see it."""
    visit.must(READ_TAKES)
    found = visit.host.state.takes.get(take)
    if found is None or not visit.on_disk(found.index):
        raise Missing(f"take: there is no {take[:64]!r} in this session; GET .../takes lists all")
    return visit.host.state.sections[found.section]


def _stem(request: Request, visit: Visit, take: str, part: str) -> Response:
    section = _section(visit, take)
    if part not in section.stems:
        unheard = visit.host.state.takes[take].stated.get("unheard", "")
        why = unheard or ("" if section.request.stems else "it was asked for without stems")
        there = ", ".join(section.stems) or "none"
        raise Missing(f"part: {take} has no audio of {part[:32]!r}; there is {there}{why and f' ({why})'}")
    return blob_answer(request, visit, section.stems[part].sha256, f"{take}-{part}.wav")


def _answer(visit: Visit, take: str) -> TakeAnswer:
    summary = take_summary(visit.host.state, take)
    at = f"/api/sessions/{visit.host.name}/takes/{take}"
    files = {"midi": f"{at}/midi", "certificate": f"{at}/certificate"}
    files |= {"mix": f"{at}/mix.wav"} if "mix" in summary["stems"] else {}
    files |= {f"stems/{part}": f"{at}/stems/{part}.wav" for part in summary["stems"] if part != "mix"}
    return TakeAnswer.model_validate({**summary, "files": files})
