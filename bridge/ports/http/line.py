"""The line below a WebSocket: whole frames, written where they belong without a detour.

What is told to a whole band is framed once (a server's frames are the same for everybody) and then written to each connection
as it is. By way of the app's own `send` a frame of 150 costs four times as much. The server puts the line into the scope's
extensions, for the app to find it.

    line = line_of(socket.scope)
    if line.is_free:
        line.write(frames)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, cast

__all__ = ["LINE", "Line", "line_of"]

LINE: Final = "starbridge.line"


class Line(Protocol):
    """One connection, once its handshake is over."""

    @property
    def is_free(self) -> bool:
        """Whether the peer takes what it is sent: nothing much waits to be written."""

    def write(self, frames: bytes) -> None:
        """Write whole frames, now or as the peer reads; nothing once the connection is over."""

    async def drained(self) -> None:
        """Until the line is free, or over."""

    def end(self, code: int, reason: str) -> None:
        """Say goodbye behind all that was written, without waiting for who reads slowly; nothing more can be written."""


def line_of(scope: Mapping[str, Any]) -> Line:
    """The line of a WebSocket's scope."""
    return cast(Line, scope["extensions"][LINE])
