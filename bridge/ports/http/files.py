"""Files by their hash: ranges, entity tags and a name to save them under.

A blob's hash is its entity tag, so a player that asks for the rest of a stem, or for the same stem again, is answered
exactly and briefly.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, Response

from bridge.ports.http.auth import Visit
from bridge.ports.http.errors import Missing

__all__ = ["blob_answer", "bytes_answer"]


def _headers(sha256: str, name: str) -> dict[str, str]:
    disposition = f'inline; filename="{name}"'
    return {"ETag": f'"{sha256}"', "Cache-Control": "private, no-cache", "Content-Disposition": disposition}


def _known(request: Request, sha256: str) -> bool:
    tags = request.headers.get("if-none-match", "").split(",")
    return any(tag.strip().removeprefix("W/") in ("*", f'"{sha256}"') for tag in tags)


def blob_answer(request: Request, visit: Visit, sha256: str, name: str) -> Response:
    """A blob of the session as a file to play or save; raises `Missing`."""
    path: Path | None = visit.host.blob_path(sha256)
    if path is None:
        raise Missing(f"there is no audio {sha256[:64]} in this session; ask for a section with stems")
    headers = _headers(sha256, name)
    if _known(request, sha256):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="audio/wav", headers=headers)


def bytes_answer(request: Request, data: bytes, sha256: str, name: str, media_type: str) -> Response:
    """Bytes made just now, as a file."""
    headers = _headers(sha256, name)
    if _known(request, sha256):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)
