"""The log over HTTP: its lines as they are on disk, and what proves them.

Whoever holds a line, its proof and a checkpoint needs nobody's word: the leaf hash of the line, folded with the proof,
gives the root that the log's key has signed.

    GET /api/sessions/jam/log?from=10&to=20       lines 10 to 19, byte for byte
    GET /api/sessions/jam/log/proof/12
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path as File
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from bridge.ports.http.auth import READ_LOG, READ_TAKES, Visitor
from bridge.ports.http.errors import Missing
from bridge.ports.http.models import Consistency, Proof
from bridge.ports.http.routes import Routes
from sessions.errors import Code, Refused
from sessions.merkle import leaf_hash

__all__ = ["Lines", "router"]

router = Routes("log", "/api/sessions/{session}/log")

PIECE_BYTES: Final = 256 * 1024
"""Read from the file at once."""
MOST: Final = 2**53 - 1

NDJSON: Final = "application/x-ndjson"
_LINES = {200: {"content": {NDJSON: {}}, "description": "One entry a line, as on disk."}}
_NOTE = {200: {"content": {"text/plain": {}}, "description": "A C2SP signed note (tlog-checkpoint)."}}

First = Annotated[int, Query(alias="from", ge=0, le=MOST)]
Last = Annotated[int | None, Query(alias="to", ge=0, le=MOST)]


@router.read("", response_class=Response, responses=_LINES)
async def lines(request: Request, visit: Visitor, first: First = 0, last: Last = None) -> Response:
    """Entries `from` (0) to before `to` (the end): the very bytes that the Merkle tree is made of."""
    visit.must(READ_TAKES)
    record = visit.host.record
    end = record.durable if last is None else last
    if not first <= end <= record.durable:
        raise Refused(Code.BAD_VALUE, f"from, to: the log has {record.durable} entries; ask for a range among them")
    headers = {"Cache-Control": "private, no-cache", "X-Log-Size": str(record.durable)}
    if request.method == "HEAD":
        return Response(media_type=NDJSON, headers=headers)
    found = Lines(record.log_path, record.durable_bytes, first, end)
    return StreamingResponse(found.read(), media_type=NDJSON, headers=headers)


@router.read("/checkpoint", response_class=PlainTextResponse, responses=_NOTE)
async def checkpoint(visit: Visitor) -> PlainTextResponse:
    """The log's size and root, signed by its key."""
    visit.must(READ_LOG)
    return PlainTextResponse(visit.host.record.checkpoint())


@router.read("/proof/{index}")
async def proof(visit: Visitor, index: Annotated[int, Path(ge=0, le=MOST)]) -> Proof:
    """That an entry is in the log that the checkpoint is of."""
    visit.must(READ_LOG)
    record = visit.host.record
    seal = record.seal()
    if index >= seal.size:
        raise Missing(f"index: the log has {seal.size} entries; ask for one from 0 to {seal.size - 1}")
    (line,) = record.lines(index, index + 1)
    return Proof(
        index=index,
        size=seal.size,
        leaf=_base64(leaf_hash(line)),
        hashes=[_base64(step) for step in record.inclusion(index, seal.size)],
        root=_base64(record.root(seal.size)),
        checkpoint=seal.checkpoint,
    )


@router.read("/consistency")
async def consistency(visit: Visitor, first: First, last: Last = None) -> Consistency:
    """That the log of `from` entries is the beginning of the log of `to`."""
    visit.must(READ_LOG)
    record = visit.host.record
    size = record.durable if last is None else last
    if not first <= size <= record.durable:
        raise Refused(Code.BAD_VALUE, f"from, to: the log has {record.durable} entries; ask for two sizes up to that")
    hashes = record.consistency(first, size) if first else []
    return Consistency(
        first=first, second=size, hashes=[_base64(step) for step in hashes], root=_base64(record.root(size))
    )


class Lines:
    """The bytes of some lines of a file, read off the loop in pieces."""

    def __init__(self, path: File, size_bytes: int, first: int, end: int) -> None:
        self._path = path
        self._left_bytes = size_bytes
        self._skip = first
        self._keep = end - first

    async def read(self) -> AsyncIterator[bytes]:
        """Piece by piece; nothing after the last line asked for."""
        file = await asyncio.to_thread(self._path.open, "rb")
        try:
            while not self.done and self._left_bytes:
                piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, self._left_bytes))
                if not piece:
                    return
                self._left_bytes -= len(piece)
                if found := self.cut(piece):
                    yield found
        finally:
            file.close()

    @property
    def done(self) -> bool:
        """Whether the last line asked for has come."""
        return not self._keep

    def cut(self, piece: bytes) -> bytes:
        """What of the file's next piece was asked for."""
        begin, self._skip = _after(piece, self._skip)
        if self._skip:
            return b""
        end, self._keep = _after(piece, self._keep, begin)
        return piece[begin:end]


def _after(piece: bytes, lines: int, begin: int = 0) -> tuple[int, int]:
    """The place after so many line feeds, and how many are still to come."""
    if lines > piece.count(b"\n", begin):
        return len(piece), lines - piece.count(b"\n", begin)
    for _ in range(lines):
        begin = piece.index(b"\n", begin) + 1
    return begin, 0


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
