"""Lingering: a connection that is over for us, whose peer may still read what it was sent.

linger(transport, 10.0)        # hung up on once nothing more of it is taken for ten seconds
"""

from __future__ import annotations

import asyncio

__all__ = ["linger", "unread_bytes"]


def unread_bytes(transport: asyncio.WriteTransport) -> int:
    """What waits to be taken by the peer."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:  # over TLS asyncio's own has no buffer any more once it is lost
        return 0


def linger(transport: asyncio.WriteTransport, patience_s: float) -> None:
    """Leave the peer its time as long as it reads: one that doesn't would hold its connection, and memory, for ever."""
    left = unread_bytes(transport)

    def look() -> None:
        if 0 < unread_bytes(transport) < left:
            linger(transport, patience_s)
        else:
            transport.abort()

    asyncio.get_running_loop().call_later(patience_s, look)
