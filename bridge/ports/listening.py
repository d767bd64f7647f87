"""Listening: connections wait in the system's queue and are taken a few at a time, however many come at once.

asyncio takes as many in one turn of its loop as that queue holds, a tenth of a millisecond each, and everybody else waits.

    server = await listen(lambda: Connection(door), "127.0.0.1", 0)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["ACCEPTS_A_TURN", "BACKLOG", "listen"]

BACKLOG = 256
"""Connections that wait in the system's queue."""
ACCEPTS_A_TURN = 8
"""Of those, taken at once."""


async def listen(make: Callable[[], asyncio.Protocol], host: str, port: int) -> asyncio.Server:
    """A server at a port. Raises OSError."""
    server = await asyncio.get_running_loop().create_server(make, host, port, backlog=ACCEPTS_A_TURN)
    for opened in server.sockets:
        with opened.dup() as same:  # asyncio's own can't be asked for it
            same.listen(BACKLOG)
    return server
