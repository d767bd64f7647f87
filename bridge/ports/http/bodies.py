"""Bodies of requests, read to a limit and not beyond.

    fields = await read_object(request)      # one JSON object, strictly; raises Refused

Nothing here knows what a body means.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from bridge.wire.frames import MAX_SIZE, parse_object
from sessions.errors import Code, Refused
from sessions.plain import unknown_field

__all__ = ["PAUSE_S", "read_chunks", "read_object"]

PAUSE_S = 20.0
"""How long a body may pause on its way."""


async def read_chunks(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes; raises `Refused` as soon as it is longer than it may be, or cut short."""
    said = request.headers.get("content-length", "")
    too_large = Refused(Code.TOO_LARGE, f"the body is too long; send {max_bytes} bytes at most")
    if said.isdigit() and int(said) > max_bytes:
        raise too_large
    size = 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(PAUSE_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise Refused(Code.BAD_VALUE, "the body was cut short; send all of it") from None
        except TimeoutError:
            raise Refused(Code.BAD_VALUE, f"nothing of the body came for {PAUSE_S:g} s; send it again") from None
        size += len(chunk)
        if size > max_bytes:
            raise too_large
        yield chunk


async def read_object(request: Request, known: Collection[str] | None = None) -> dict[str, Any]:
    """The JSON object of a body; with `known`, no other names. Raises `Refused`.

    An empty body is refused, though `{}` is an object: it is what a client sends that forgot its fields or lost them.
    """
    text = b"".join([chunk async for chunk in read_chunks(request, MAX_SIZE)])
    if not text.strip():
        raise Refused(Code.BAD_VALUE, "body: there is nothing in it; send a JSON object, or {} for all the defaults")
    found = parse_object(text)
    if known is not None:
        for name in found:
            if name not in known:
                raise unknown_field(name, known)
    return found
