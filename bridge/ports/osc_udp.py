"""The door for OSC over UDP.

One socket. A sender (address and port) is known by its join; before that it is a stranger and is told so, at a bounded
rate, unless it sits on this machine and the owner said `--osc-as ROLE`. Answers go to the port that asked, or to the
reply port of the join. Nothing here waits: datagrams are taken as they come and sent without blocking, at their
receiver's pace.

    door = OscUdp(house, "127.0.0.1", 0, session="jam")
    host, port = await door.start()
"""

from __future__ import annotations

import asyncio
import errno
import functools
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from bridge.buckets import Bucket, Buckets
from bridge.crowd import Crowd
from bridge.door import Seat
from bridge.loopback import is_loopback
from bridge.ports.osc_caller import Caller, Encoded, Sessions, may_end_a_note, refused
from bridge.ports.osc_outlets import Address, Guests, UdpOutlet
from bridge.ports.osc_turns import Turns
from bridge.ports.udp_port import has_ended
from bridge.wire.osc import Packet
from bridge.wire.osc_messages import datagrams
from sessions.errors import Code, Refused

__all__ = ["MAX_CALLERS", "OscUdp"]

MAX_CALLERS = 1024
"""Senders that are known at a time; one more, and the longest unheard is away."""
STRANGERS_PER_S = 500
"""Datagrams a second from those on one machine who have not joined."""
BURST_STRANGERS = 1000
"""And as many at once: a whole band that joins."""
ONE_STRANGER_PER_S = 20
"""Of those, from one port: whoever floods from one leaves room for a newcomer beside it. Joins are counted apart: a controller that
goes on sending after a restart comes in all the same."""
MACHINES = 4
"""Of all machines together, so many times that: their addresses may be forged, so answering them is bounded."""
SOCKET_BUFFER = 4 << 20
"""Bytes asked of the kernel, both ways; macOS sends no datagram above 9 KiB unasked."""
READS_A_TURN = 256
"""Datagrams read from the socket at once, which takes half a millisecond. One a turn, as asyncio reads them, is so slow that
somebody's flood fills the kernel's buffer, and what everybody else sends waits behind it or is lost."""
TURN_S = 0.001
"""For so long those are taken as they come that are within their senders' shares; the others of those when the loop has turned, one
of each sender after the other. All that is beyond a share waits in the crowd."""
SHORT_BYTES = 2048
"""A longer one, a bundle of many messages, always waits in the crowd, message by message."""
DATAGRAM_BYTES = 65_536
"""The longest there is."""
_JOIN = b"/session/join\0"

_log = logging.getLogger(__name__)


class OscUdp(asyncio.DatagramProtocol):
    """OSC datagrams at one port. `start` and `close` once each.

    `act_as` is the role in `session` that programs on this machine have without joining; their answers go to `reply_port`
    of this machine where it is given. `has_ended` tells whether a program of this machine has let go of its port.
    """

    def __init__(
        self,
        house: Sessions,
        host: str,
        port: int,
        *,
        session: str = "",
        act_as: str | None = None,
        reply_port: int | None = None,
        has_ended: Callable[[str, int], bool] = has_ended,
        crowd: Crowd | None = None,
    ) -> None:
        self._house = house
        self._crowd = crowd or Crowd()
        self._bind = (host, port)
        self._session = session
        self._act_as = act_as
        self._reply_port = reply_port
        self._has_ended = has_ended
        self.encoded = Encoded[list[bytes]](lambda bundle: datagrams(bundle.messages, bundle.at_us))
        self._callers: OrderedDict[Address, Caller] = OrderedDict()
        self._guests = Guests()
        self._guest_seat: Seat | None = None
        self._strangers_by_port = Buckets(ONE_STRANGER_PER_S, ONE_STRANGER_PER_S)
        self._strangers_there = Buckets(STRANGERS_PER_S, BURST_STRANGERS)
        self._strangers = Bucket(MACHINES * STRANGERS_PER_S, MACHINES * BURST_STRANGERS)
        self._transport: asyncio.DatagramTransport | None = None
        self._more: socket.socket | None = None
        self._turns: Turns[Address, bytes | Packet] = Turns(_size_of)
        self._turn: asyncio.Future[None] | None = None
        self._soon: Turns[Address, bytes] = Turns(len)
        self._next: asyncio.Handle | None = None
        self._paused = False
        self._addressee: Address | None = None
        self._counts = dict.fromkeys(("received", "sent", "dropped", "errors"), 0)

    async def start(self) -> tuple[str, int]:
        """Open the door; where it is now. Raises OSError, or `Refused` for a role that the session doesn't have."""
        if self._act_as is not None and not self._house.hosts[self._session].state.has_role(self._act_as):
            raise Refused(Code.BAD_VALUE, f"osc-as: session {self._session} has no role {self._act_as!r}")
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._bind)
        opened = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            if opened is not None:
                opened.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
        if opened is not None and isinstance(loop, asyncio.SelectorEventLoop):
            self._more = opened.dup()  # the same socket, to be read from
        host, port, *_ = transport.get_extra_info("sockname")
        return host, port

    async def close(self) -> None:
        """Close the door; who came in by it is away."""
        for caller in [*self._callers.values()]:
            caller.close()
        self._callers.clear()
        if self._guest_seat is not None:
            self._guest_seat.host.close(self._guest_seat)
        self._turns.clear()
        self._soon.clear()
        for due in (self._turn, self._next):
            if due is not None:
                due.cancel()
        if self._more is not None:
            self._more.close()
            self._more = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def statistics(self) -> dict[str, int]:
        """Datagrams so far, those that wait, and the senders known now."""
        return {**self._counts, "waiting": len(self._turns), "callers": len(self._callers)}

    # -- what comes in -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is none by class before 3.12

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take what came, and more of what waits."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + TURN_S
        self._take_or_keep(data, addr, end_s)
        for _ in range(READS_A_TURN - 1):
            if self._more is None or loop.time() > end_s:
                break
            try:
                data, addr = self._more.recvfrom(DATAGRAM_BYTES)
            except OSError:  # nothing waits; or what asyncio will come upon and tell `error_received`
                break
            self._take_or_keep(data, addr, end_s)
        if self._turns and self._turn is None:
            self._turn = self._crowd.call(self._serve)

    def _take_or_keep(self, data: bytes, addr: Address, end_s: float) -> None:
        """At once what is within a known sender's share; the rest in the crowd's turns, and so many strangers' as may be."""
        caller, now_s = self._callers.get(addr), asyncio.get_running_loop().time()
        stranger = addr[0] if caller is None and not self._may_be_guest(addr) else ""
        if stranger and not self._lets_stranger(data, addr, now_s):
            self._counts["dropped"] += 1
            return
        known = caller is not None and len(data) <= SHORT_BYTES and addr not in self._turns
        if not (known and caller is not None and caller.share.take(1, now_s)):
            kept = self._turns.put(addr, data, dear=may_end_a_note(data), stranger=stranger)
        elif now_s < end_s and addr not in self._soon:
            kept = True
            self._take(data, addr)
        elif data.startswith(b"#bundle"):  # what is in it waits there as well
            kept = self._turns.put(addr, data)
        else:
            kept = self._soon.put(addr, data)
            if self._next is None:
                self._next = asyncio.get_running_loop().call_soon(self._take_soon)
        self._counts["dropped"] += not kept

    def _take_soon(self, *, all_of_it: bool = False) -> None:
        """What is within shares, and came when the time was up."""
        loop = asyncio.get_running_loop()
        self._next, end_s = None, loop.time() + TURN_S
        while self._soon:
            addr, data = self._soon.next()
            self._take(data, addr)
            if self._soon and loop.time() >= end_s and not all_of_it:
                self._next = loop.call_soon(self._take_soon)
                break

    def _lets_stranger(self, data: bytes, addr: Address, now_s: float) -> bool:
        port = f"{addr[0]} {addr[1]} {data.startswith(_JOIN)}"
        rates = self._strangers_by_port[port], self._strangers_there[addr[0]], self._strangers
        return all(rate.take(1, now_s) for rate in rates)

    def _serve(self) -> None:
        """One datagram of the crowd's; more of them where nobody waits at another door."""
        self._turn = None
        while self._turns:
            addr, sent = self._turns.next()
            if addr in self._soon:  # that came before
                self._take_soon(all_of_it=True)
            if isinstance(sent, Packet):
                self._take_next_of_bundle(sent, addr)
            else:
                self._take(sent, addr)
            if not self._crowd.lasts():
                break
        if self._turns:
            self._turn = self._crowd.call(self._serve)

    def _take(self, data: bytes, addr: Address) -> None:
        self._counts["received"] += 1
        if addr[1] == 0:  # nobody can be answered there
            return
        caller = self._callers.get(addr)
        if caller is not None:
            self._callers.move_to_end(addr)
        else:
            caller = self._caller(addr)
        packets = caller.open(data)
        if packets and caller.take(packets[0]):
            self._turns.put_back(addr, packets[1:])
        if caller.seat is not None or self._may_be_guest(addr):
            self._callers[addr] = caller
            if len(self._callers) > MAX_CALLERS:
                self._callers.popitem(last=False)[1].close()

    def _take_next_of_bundle(self, packet: Packet, addr: Address) -> None:
        caller = self._callers.get(addr)
        if caller is not None:  # else its first message was a stranger's
            caller.take(packet)

    def _may_be_guest(self, addr: Address) -> bool:
        return self._act_as is not None and is_loopback(addr[0])

    def _caller(self, addr: Address) -> Caller:
        def outlet_for(reply_port: int | None) -> UdpOutlet:
            return UdpOutlet(self, _with_port(addr, reply_port), functools.partial(self._drop_soon, addr))

        is_gone = functools.partial(self._is_gone, addr)
        if not self._may_be_guest(addr):
            forget = functools.partial(self._forget, addr)
            return Caller(self._house, outlet_for, outlet_for(None), on_dismissed=forget, has_ended=is_gone)
        stranger = outlet_for(self._reply_port)

        def guest() -> Seat | None:
            self._guests.heard(stranger)
            return self._seat_of_guests()

        return Caller(self._house, outlet_for, stranger, guest, has_ended=is_gone)

    def _is_gone(self, addr: Address, reply_port: int | None) -> bool:
        """Whether a program of this machine has let go of where it sent from and of where it listens."""
        places = {addr, _with_port(addr, reply_port)}
        return is_loopback(addr[0]) and all(self._has_ended(*place[:2]) for place in places)

    def _seat_of_guests(self) -> Seat:
        """The one seat of all who act without joining; taken anew when it was left."""
        if self._guest_seat is None or self._guest_seat.gone:
            assert self._act_as is not None
            self._guest_seat = self._house.hosts[self._session].act_as(self._act_as, self._guests)
        return self._guest_seat

    def _forget(self, addr: Address) -> None:
        self._callers.pop(addr, None)

    def _drop_soon(self, addr: Address) -> None:
        """Not at once: whoever sends is in the middle of telling everybody."""
        caller = self._callers.pop(addr, None)
        if caller is not None:
            asyncio.get_running_loop().call_soon(caller.close)

    # -- what goes out -----------------------------------------------------------------------------------------------

    def transmit(self, data: bytes, addr: Address) -> None:
        """Send a datagram now, or lose it as a network would."""
        if self._transport is None or self._paused:
            self._counts["dropped"] += 1  # as a network would; /section/resend brings bars back
            return
        self._counts["sent"] += 1
        if self._more is not None and not cast(Any, self._transport).get_write_buffer_size():
            try:  # contextlib.suppress would cost a tenth of it
                self._more.sendto(data, addr)
                return
            except OSError:
                pass  # asyncio comes upon it below
        self._addressee = addr
        self._transport.sendto(data, addr)
        self._addressee = None

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False

    def error_received(self, exc: Exception) -> None:
        """A receiver is gone (its port is closed), or a datagram is longer than this system sends."""
        self._counts["errors"] += 1
        _log.debug("osc: %s", exc)
        addressee, self._addressee = self._addressee, None
        if addressee is not None and isinstance(exc, OSError) and exc.errno == errno.EMSGSIZE:
            error = Refused(Code.TOO_LARGE, "answer: it is too long for a datagram here; ask for it over OSC on TCP")
            for data in datagrams((refused("/", error),)):
                self.transmit(data, addressee)


def _with_port(addr: Address, port: int | None) -> Address:
    return addr if port is None else (addr[0], port, *addr[2:])


def _size_of(sent: bytes | Packet) -> int:
    return len(sent.data if isinstance(sent, Packet) else sent)
