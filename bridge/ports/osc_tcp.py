"""The door for OSC over TCP.

Each connection is one caller: it joins with a token, its answers come back on it, and when it ends the member is away.
Packets are framed as the client frames its own (SLIP, or lengths in front). Nothing here waits for a client: one that
sends much is taken a little at a time, and one that doesn't read is cut off.

    door = OscTcp(house, "127.0.0.1", 0)
    host, port = await door.start()
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque

from bridge.crowd import Crowd, share_of_one
from bridge.door import Bundle, Seat
from bridge.loopback import is_loopback
from bridge.ports.osc_caller import Caller, Encoded, Sessions
from bridge.wire.osc import Packet
from bridge.wire.osc_messages import encode
from bridge.wire.slip import Framing
from sessions.errors import Code, Refused

__all__ = ["MAX_CONNECTIONS", "OscTcp"]

MAX_CONNECTIONS = 512
"""Connections at a time; for one more a stranger has to go."""
MAX_UNREAD_BYTES = 8 * 2**20
"""What waits for a client to read it: several of the largest sections. One byte more, and the connection is cut."""
TURN_S = 0.001
"""For so long packets are taken from one connection before others have their turn."""
PIECE_BYTES = 2048
"""Bytes that are cut into packets at once: a flood of the shortest takes no longer than one of the longest."""
CLOSE_S = 1.0
"""How long clients have to read what is left when the door closes."""
STRANGER_S = 60.0
"""How long a connection may stay without joining."""


class _Connection(asyncio.Protocol):
    """One client, and the outlet that it is answered by."""

    kind = "osc-tcp"
    watches = False

    def __init__(self, door: OscTcp) -> None:
        self.local = False
        self._door = door
        self._framing = Framing()
        self._unread = bytearray()
        self._waiting: deque[bytes | Packet | Refused] = deque()
        self._transport: asyncio.Transport | None = None
        self._guest: Seat | None = None
        self._caller = Caller(door.house, lambda _: self, self, self._guest_seat, self.close)
        self._patience: asyncio.TimerHandle | None = None
        self._share = share_of_one()
        self._turn: asyncio.Future[None] | None = None

    # -- what comes in -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.local = is_loopback(transport.get_extra_info("peername")[0])
        if (opened := transport.get_extra_info("socket")) is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if not self._door.enter(self):
            transport.abort()
            return
        self._patience = asyncio.get_running_loop().call_later(STRANGER_S, self._close_stranger)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if self._turn is None:
            self._take_some()

    def _take_some(self) -> None:
        """Some packets now, as many as are within a share; for the others it waits in the crowd, and reads nothing more."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        end_s = now_s + TURN_S
        while now_s < end_s and self._more() and self._share.take(1, now_s):
            self._take(self._waiting.popleft())
            now_s = loop.time()
        self._go_on()

    def _my_turn(self) -> None:
        """One packet of the crowd's; more of them where nobody else is there."""
        self._turn = None
        while self._more():
            self._take(self._waiting.popleft())
            if not self._door.crowd.lasts():
                break
        self._go_on()

    def _more(self) -> bool:
        """Whether a packet waits, cut from what has come."""
        while not self._waiting and self._unread:
            piece = bytes(self._unread[:PIECE_BYTES])
            del self._unread[:PIECE_BYTES]
            self._waiting.extend(self._framing.feed(piece))
        return bool(self._waiting)

    def _take(self, packet: bytes | Packet | Refused) -> None:
        """One message; of a bundle the first, the others are the next ones."""
        if isinstance(packet, Refused):
            self._caller.refuse("/", packet)
        elif isinstance(packet, Packet):
            self._caller.take(packet)
        else:
            packets = self._caller.open(packet)
            if packets and self._caller.take(packets[0]):
                self._waiting.extendleft(reversed(packets[1:]))

    def _go_on(self) -> None:
        """While packets wait, nothing more is read."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._more():
            self._transport.pause_reading()
            self._turn = self._door.crowd.call(self._my_turn)
        elif self._framing.broken:
            self._transport.close()
        else:
            self._transport.resume_reading()

    def _guest_seat(self) -> Seat | None:
        """The seat that a program on this machine has without joining, where the owner said so."""
        if self._door.act_as is None or not self.local:
            return None
        if self._guest is None or self._guest.gone:
            self._guest = self._door.house.hosts[self._door.session].act_as(self._door.act_as, self)
        return self._guest

    @property
    def is_stranger(self) -> bool:
        """Whether it has not joined."""
        return self._caller.seat is None and self._guest is None

    def _close_stranger(self) -> None:
        if self.is_stranger:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._waiting.clear()
        self._unread.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._door.forget(self)
        if self._patience is not None:
            self._patience.cancel()
        self._caller.close()
        if self._guest is not None:
            self._guest.host.close(self._guest)

    # -- what goes out -----------------------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, bundle: Bundle) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._caller.seat is None and any(message["type"] == "session.joined" for message in bundle.messages):
            return  # the owner's seat for guests, who did not ask to join
        packet = self._door.encoded(bundle)
        if packet:
            self._transport.write(self._framing.frame(packet))
        if self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._transport.abort()

    def close(self) -> None:
        """Send what is still to be sent, and hang up."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up now."""
        if self._transport is not None:
            self._transport.abort()


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
        self.connections: dict[_Connection, None] = {}
        self._let_go = 0
        self._empty = asyncio.Event()
        self._bind = (host, port)
        self._any_port = any_port
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> tuple[str, int]:
        """Open the door; where it is now. Raises OSError, or `Refused` for a role that the session doesn't have."""
        if self.act_as is not None and not self.house.hosts[self.session].state.has_role(self.act_as):
            raise Refused(Code.BAD_VALUE, f"osc-as: session {self.session} has no role {self.act_as!r}")
        loop = asyncio.get_running_loop()
        host, port = self._bind
        try:
            server = await loop.create_server(lambda: _Connection(self), host, port)
        except OSError as error:
            if not self._any_port or error.errno != errno.EADDRINUSE:
                raise
            server = await loop.create_server(lambda: _Connection(self), host, 0)
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

    def enter(self, connection: _Connection) -> bool:
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

    def forget(self, connection: _Connection) -> None:
        """A connection has ended."""
        self.connections.pop(connection, None)
        self._note_empty()

    def _note_empty(self) -> None:
        if self._server is None and not self.connections:
            self._empty.set()

    def statistics(self) -> dict[str, int]:
        """Connections now, and strangers who had to make room."""
        return {"connections": len(self.connections), "let_go": self._let_go}
