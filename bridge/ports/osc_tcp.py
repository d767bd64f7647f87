"""The door for OSC over TCP.

Each connection is one caller (`bridge.ports.osc_stream`): it joins with a token, its answers come back on it, and when it ends the
member is away.

    door = OscTcp(house, "127.0.0.1", 0)
    host, port = await door.start()
"""

from __future__ import annotations

import asyncio
import errno

from bridge.crowd import Crowd
from bridge.ports.listening import listen
from bridge.ports.osc_caller import Encoded, Sessions
from bridge.ports.osc_stream import Connection
from bridge.wire.osc_messages import encode
from sessions.errors import Code, Refused

__all__ = ["MAX_CONNECTIONS", "OscTcp"]

MAX_CONNECTIONS = 512
"""Connections at a time; for one more a stranger has to go."""
MAX_LINGERING = 8
"""Clients at a time that were let go and still read what is left to them, which takes memory."""
CLOSE_S = 1.0
"""How long clients have to read what is left when the door closes."""


class OscTcp:
    """OSC streams at one port. `start` and `close` once each.

    `act_as` is the role in `session` that programs on this machine have without joining. With `any_port` another port is
    taken where this one is not free.
    """

    def __init__(
        self,
        house: Sessions,
        host: str,
        port: int,
        *,
        session: str = "",
        act_as: str | None = None,
        any_port: bool = False,
        crowd: Crowd | None = None,
    ) -> None:
        self.house = house
        self.crowd = crowd or Crowd()
        self.session = session
        self.act_as = act_as
        self.encoded = Encoded[bytes](lambda bundle: encode(bundle.messages, bundle.at_us))
        self.connections: dict[Connection, None] = {}
        self._lingering: dict[Connection, None] = {}
        self._let_go = 0
        self._empty = asyncio.Event()
        self._bind = (host, port)
        self._any_port = any_port
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> tuple[str, int]:
        """Open the door; where it is now. Raises OSError, or `Refused` for a role that the session doesn't have."""
        if self.act_as is not None and not self.house.hosts[self.session].state.has_role(self.act_as):
            raise Refused(Code.BAD_VALUE, f"osc-as: session {self.session} has no role {self.act_as!r}")
        host, port = self._bind
        try:
            server = await listen(lambda: Connection(self), host, port)
        except OSError as error:
            if not self._any_port or error.errno != errno.EADDRINUSE:
                raise
            server = await listen(lambda: Connection(self), host, 0)
        self._server = server
        bound, port, *_ = server.sockets[0].getsockname()
        return bound, port

    async def close(self) -> None:
        """Close the door and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.close()
        self._note_empty()
        try:
            await asyncio.wait_for(self._empty.wait(), CLOSE_S)
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
            await self._empty.wait()

    def enter(self, connection: Connection) -> bool:
        """A place for a new connection, by the longest of the strangers' going if need be; False where all are members'."""
        if len(self.connections) >= MAX_CONNECTIONS:
            oldest = next((one for one in self.connections if one.is_stranger), None)
            if oldest is None:
                return False
            self._let_go += 1
            self.forget(oldest)
            oldest.abort()
        self.connections[connection] = None
        return True

    def lingers(self, connection: Connection) -> None:
        """One that is let go still has to read; the longest of too many goes."""
        self._lingering[connection] = None
        if len(self._lingering) > MAX_LINGERING:
            oldest = next(iter(self._lingering))
            del self._lingering[oldest]
            oldest.abort()

    def forget(self, connection: Connection) -> None:
        """A connection has ended."""
        self.connections.pop(connection, None)
        self._lingering.pop(connection, None)
        self._note_empty()

    def _note_empty(self) -> None:
        if self._server is None and not self.connections:
            self._empty.set()

    def statistics(self) -> dict[str, int]:
        """Connections now, those of them that were let go and still read, and strangers who had to make room."""
        return {"connections": len(self.connections), "lingering": len(self._lingering), "let_go": self._let_go}
