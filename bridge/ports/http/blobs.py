"""Audio by its hash: engines hand it in, members fetch it.

    PUT /api/sessions/jam/blobs/<sha256>      the bytes of a WAV file: 201, or 200 where it was here already

Only hashes travel in commands; a blob is known by its own, so it can be handed in twice and never changed.
"""

from __future__ import annotations

import asyncio
import io
from typing import Annotated, Final

from fastapi import Path, Request, Response

from bridge.ports.disk import DiskFailed
from bridge.ports.disk.blobs import MAX_BLOB_BYTES
from bridge.ports.http.auth import HAND_IN, READ_TAKES, Visitor
from bridge.ports.http.bodies import read_chunks
from bridge.ports.http.errors import NoRoom
from bridge.ports.http.files import blob_answer
from bridge.ports.http.models import Stored
from bridge.ports.http.routes import Routes
from sessions.errors import Code, Refused

__all__ = ["MAX_UPLOADS", "router"]

router = Routes("blobs", "/api/sessions/{session}/blobs")

MAX_UPLOADS: Final = 2
"""Blobs of all sessions that are in memory at a time; others wait."""

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in hex.")]
_WAV = {200: {"content": {"audio/wav": {}}, "description": "A WAV file, whole or in ranges."}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put("/{sha256}", status_code=201, responses={200: {"model": Stored}}, openapi_extra=_BODY)
async def hand_in(request: Request, visit: Visitor, sha256: Digest, response: Response) -> Stored:
    """An engine hands in audio."""
    visit.must(HAND_IN)
    async with request.app.state.uploads:
        held = io.BytesIO()
        async for chunk in read_chunks(request, MAX_BLOB_BYTES):
            held.write(chunk)
        data = held.getvalue()
        try:
            new = await asyncio.to_thread(visit.host.put_blob, sha256, data)
        except DiskFailed as error:
            raise NoRoom(f"the server's disk did not take the audio: {error.advice}") from error
        except Refused as refused:
            raise (NoRoom(refused.advice) if refused.code is Code.TOO_MANY else refused) from None
    if not new:
        response.status_code = 200
    return Stored(sha256=sha256, size=len(data))


@router.read("/{sha256}", response_class=Response, responses=_WAV)
async def fetch(request: Request, visit: Visitor, sha256: Digest) -> Response:
    """A stem's audio."""
    visit.must(READ_TAKES)
    return blob_answer(request, visit, sha256, f"{sha256[:16]}.wav")
