"""Previews over HTTP: a part as it is made, for who would hear it before its stem is final.

    GET /api/sessions/jam/sections/ana/a/preview/bass.wav            streams; ends when it is made, or comes to nothing
    GET .../preview/bass.wav?by=sampler                              the stand-in alone
    PUT .../preview/bass.wav?by=musicgen&version=2&start=0&frames=480000&rate=32000&channels=1      an engine's next piece

A preview is a WAV file of 16 bits whose head states the whole length. Once the part's stem is final, the same address answers
with that. Nothing of a preview is in the log or in a take.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from bridge.ports.http.auth import HAND_IN, READ_TAKES, Visitor
from bridge.ports.http.bodies import read_chunks
from bridge.ports.http.errors import Missing
from bridge.ports.http.files import blob_answer
from bridge.ports.http.models import Heard
from bridge.ports.http.routes import Routes
from bridge.ports.http.sections import Name, find_section
from bridge.previews import MAX_PIECE_BYTES, MAX_READERS, Piece, Preview
from sessions.errors import Code, Refused

__all__ = ["router"]

router = Routes("previews", "/api/sessions/{session}/sections")

PartName = Annotated[str, Path(description="A part of the section.")]
By = Annotated[str, Query(max_length=64, description="Only what is played by this one: sampler is the stand-in.")]
_WAV: Final = {200: {"content": {"audio/wav": {}}, "description": "A WAV file, sent as it is made."}}
_PCM: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_HEADERS: Final = {"Cache-Control": "no-store", "Accept-Ranges": "none"}


@router.read("/{section:path}/preview/{part}.wav", response_class=Response, responses=_WAV)
async def hear(request: Request, visit: Visitor, section: Name, part: PartName, by: By = "") -> Response:
    """A part as it is made, from its beginning; its stem, where that is final. Waits where nothing of it is made yet."""
    visit.must(READ_TAKES)
    found = find_section(visit, section)
    if part not in found.request.parts or not found.request.stems:
        raise Missing(
            f"part: {part[:32]!r} of that section has no sound; it was asked for {', '.join(found.request.parts)}"
        )
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="audio/wav")
    previews = visit.host.previews
    if previews.readers >= MAX_READERS:
        raise Refused(Code.TOO_MANY, f"preview: {MAX_READERS} are being read; wait for one to end, or for the stem")
    preview = await previews.begun(found.name, part, by)
    if preview is not None:
        return StreamingResponse(_wav(preview), media_type="audio/wav", headers=_HEADERS)
    if part in found.stems:
        return blob_answer(request, visit, found.stems[part].sha256, f"{part}.wav")
    raise Missing(f"section: it is {found.status}, and nothing of {part} is to be heard; ask for it anew")


@router.put("/{section:path}/preview/{part}.wav", openapi_extra=_PCM)
async def hand_in(
    request: Request,
    visit: Visitor,
    section: Name,
    part: PartName,
    by: Annotated[str, Query(description="Who plays it.")],
    version: Annotated[int, Query(description="Counts from 1; a later one takes the place of the one before.")],
    start: Annotated[int, Query(description="The first frame of this piece.")],
    frames: Annotated[int, Query(ge=1, description="Of the whole part.")],
    rate: Annotated[int, Query(description="Frames a second.")],
    channels: Annotated[int, Query(description="1 or 2.")],
) -> Heard:
    """An engine's next piece of what a part sounds like for now: 16 bits, little-endian, the channels in turn."""
    visit.must(HAND_IN)
    data = b"".join([chunk async for chunk in read_chunks(request, MAX_PIECE_BYTES)])
    piece = Piece(by, version, start, frames, rate, channels)
    return Heard(frames=visit.host.previews.put(visit.invite.id, section, part, piece, data).done)


async def _wav(preview: Preview) -> AsyncIterator[bytes]:
    preview.readers += 1
    try:
        yield _head(preview)
        async for piece in preview.pieces():
            yield piece
    finally:
        preview.readers -= 1


def _head(preview: Preview) -> bytes:
    frame_bytes = 2 * preview.channels
    size = preview.frames * frame_bytes
    form = struct.pack("<HHIIHH", 1, preview.channels, preview.rate, preview.rate * frame_bytes, frame_bytes, 16)
    return (
        struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", len(form))
        + form
        + struct.pack("<4sI", b"data", size)
    )
