"""One client of the door for OSC over TCP: its bytes as packets, and the outlet that it is answered by.

Packets are framed as the client frames its own (SLIP, or lengths in front). Nothing here waits for a client: one that sends much
is taken a little at a time; one that doesn't read is let go, and told so behind all that it was sent before.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Protocol

from bridge.crowd import Crowd, share_of_one
from bridge.door import Bundle, Seat
from bridge.loopback import is_loopback
from bridge.ports.lingering import linger
from bridge.ports.osc_caller import Caller, Sessions, refused
from bridge.wire.osc import Packet
from bridge.wire.osc_messages import encode
from bridge.wire.slip import Framing
from sessions.errors import Code, Refused

__all__ = ["STRANGER_S", "Connection", "Door"]

MAX_UNREAD_BYTES = 8 * 2**20
"""What waits for a client to read it: several of the largest sections. One byte more, and nothing is added but why."""
KERNEL_BYTES = 256 * 1024
"""And what the system may hold beside that; left alone it takes megabytes."""
LINGER_S = 10.0
"""Who is let go so and reads nothing of it for so long is cut off."""
TURN_S = 0.001
"""For so long packets are taken from one connection before others have their turn."""
PIECE_BYTES = 2048
"""Bytes that are cut into packets at once: a flood of the shortest takes no longer than one of the longest."""
STRANGER_S = 60.0
"""How long a connection may stay without joining."""


class Door(Protocol):
    """Whose client it is."""

    house: Sessions
    crowd: Crowd
    session: str
    act_as: str | None

    def encoded(self, bundle: Bundle) -> bytes:
        """The packet of a bundle."""

    def enter(self, connection: Connection) -> bool:
        """A place for a new connection; False where there is none."""

    def lingers(self, connection: Connection) -> None:
        """One that was let go still has to read."""

    def forget(self, connection: Connection) -> None:
        """A connection has ended."""


class Connection(asyncio.Protocol):
    """One client, and the outlet that it is answered by."""

    kind = "osc-tcp"
    watches = False

    def __init__(self, door: Door) -> None:
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
        self._let_go = False

    # -- what comes in -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.local = is_loopback(transport.get_extra_info("peername")[0])
        if (opened := transport.get_extra_info("socket")) is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        if not self._door.enter(self):
            transport.abort()
            return
        self._patience = asyncio.get_running_loop().call_later(STRANGER_S, self._close_stranger)

    def data_received(self, data: bytes) -> None:
        if self._let_go:
            return
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
        if self._transport is None or self._transport.is_closing() or self._let_go:
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
        self._hear_no_more()
        self._door.forget(self)
        if self._patience is not None:
            self._patience.cancel()
        self._leave()

    def _hear_no_more(self) -> None:
        self._waiting.clear()
        self._unread.clear()
        if self._turn is not None:
            self._turn.cancel()

    def _leave(self) -> None:
        """Whoever came in by it is away."""
        self._caller.close()
        if self._guest is not None:
            self._guest.host.close(self._guest)

    # -- what goes out -----------------------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, bundle: Bundle) -> None:
        if self._transport is None or self._transport.is_closing() or self._let_go:
            return
        if self._caller.seat is None and any(message["type"] == "session.joined" for message in bundle.messages):
            return  # the owner's seat for guests, who did not ask to join
        packet = self._door.encoded(bundle)
        if packet:
            self._transport.write(self._framing.frame(packet))
        if self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._dismiss(self._transport)

    def _dismiss(self, transport: asyncio.Transport) -> None:
        """It may read in peace what waits, and why there is no more; its place is free at once.

        What it still says is read and passed over: a socket that is closed over unread bytes drops what it was to send.
        """
        self._let_go = True
        transport.write(self._framing.frame(encode((refused("/session/join", _TOO_SLOW),))))
        transport.write_eof()
        self._hear_no_more()
        transport.resume_reading()
        asyncio.get_running_loop().call_soon(self._leave)  # whoever sends is in the middle of telling everybody
        self._door.lingers(self)
        linger(transport, LINGER_S)

    def close(self) -> None:
        """Send what is still to be sent, and hang up."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up now."""
        if self._transport is not None:
            self._transport.abort()


_TOO_SLOW = Refused(
    Code.TOO_MANY, "answers: more pile up than you read; read faster, join again, and ask again by the same ids"
)
