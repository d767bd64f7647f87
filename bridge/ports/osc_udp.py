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
import contextlib
import errno
import functools
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, cast

from bridge.door import Bundle, Seat
from bridge.loopback import is_loopback
from bridge.ports.osc_caller import Caller, Encoded, Sessions, may_end_a_note, refused
from bridge.ports.osc_pace import Bucket, Pacer
from bridge.ports.osc_turns import Turns
from bridge.ports.udp_port import has_ended
from bridge.wire.osc_messages import datagrams
from sessions.errors import Code, Refused

__all__ = ["MAX_CALLERS", "OscUdp"]

MAX_CALLERS = 1024
"""Senders that are known at a time; one more, and the longest unheard is away."""
MAX_GUESTS = 8
"""Senders that hear the answers of `--osc-as`: the last ones."""
GUEST_S = 60.0
"""And for so long: oscsend and its like are gone at once."""
STRANGERS_PER_S = 500
"""Datagrams a second from those who have not joined. Their addresses may be forged, so answering them is bounded."""
BURST_STRANGERS = 1000
"""And as many at once: a whole band that joins."""
SOCKET_BUFFER = 4 << 20
"""Bytes asked of the kernel, both ways; macOS sends no datagram above 9 KiB unasked."""
READS_A_TURN = 256
"""Datagrams read from the socket at once, which takes half a millisecond. One a turn, as asyncio reads them, is so slow that
somebody's flood fills the kernel's buffer, and what everybody else sends waits behind it or is lost."""
TURN_S = 0.002
"""For so long they are taken, one of each sender at a time, before the other doors have their turn."""
DATAGRAM_BYTES = 65_536
"""The longest there is."""
URGENT = frozenset(("live.note", "transport.state", "session.pong"))
"""What is worthless when late, and so never waits behind a section's bars."""
OF_WORK = frozenset(("section.note", "section.bar", "section.progress", "section.position", "section.stem"))
"""What must not follow any more once its section is cancelled."""

Address = tuple[Any, ...]
"""A host and a port; over IPv6 two numbers more."""

_log = logging.getLogger(__name__)


class _Outlet:
    """Where one caller's answers go, at the receiver's pace."""

    kind = "osc"
    watches = False

    def __init__(self, door: OscUdp, address: Address, on_full: Callable[[], None]) -> None:
        self.local = is_loopback(address[0])
        self.address = address
        self._door = door
        self._pacer = Pacer(lambda data: door.transmit(data, address))
        self._on_full = on_full

    def send(self, bundle: Bundle) -> None:
        if not bundle.messages:
            return
        first = bundle.messages[0]
        urgent = first["type"] in URGENT
        tag = "" if urgent else f"{first.get('member', '')}/{first.get('id', '')}"
        if first["type"] == "section.cancelled":
            self._pacer.drop(tag)
        for data in self._door.encoded(bundle):
            kept = self._pacer.put(data, tag=tag * (first["type"] in OF_WORK), urgent=urgent)
            if not kept:
                self._overflow()
                return

    def _overflow(self) -> None:
        self._pacer.close()
        error = Refused(Code.TOO_MANY, "answers: more pile up than can be sent; ask for less at a time, and join again")
        for data in datagrams((refused("/session/join", error),)):
            self._door.transmit(data, self.address)
        self._on_full()


class _Guests:
    """The outlet of `--osc-as`: what is said there goes to the senders heard last."""

    kind = "osc"
    local = True
    watches = False

    def __init__(self) -> None:
        self._heard: OrderedDict[Address, tuple[_Outlet, float]] = OrderedDict()

    def heard(self, outlet: _Outlet) -> None:
        known, _ = self._heard.pop(outlet.address, (outlet, 0.0))
        self._heard[outlet.address] = (known, asyncio.get_running_loop().time())
        while len(self._heard) > MAX_GUESTS:
            self._heard.popitem(last=False)

    def send(self, bundle: Bundle) -> None:
        if any(message["type"] == "session.joined" for message in bundle.messages):
            return  # nobody here asked to join
        late_s = asyncio.get_running_loop().time() - GUEST_S
        for number, (outlet, heard_s) in enumerate(reversed(list(self._heard.values()))):
            if number == 0 or heard_s > late_s:
                outlet.send(bundle)


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
    ) -> None:
        self._house = house
        self._bind = (host, port)
        self._session = session
        self._act_as = act_as
        self._reply_port = reply_port
        self._has_ended = has_ended
        self.encoded = Encoded[list[bytes]](lambda bundle: datagrams(bundle.messages, bundle.at_us))
        self._callers: OrderedDict[Address, Caller] = OrderedDict()
        self._guests = _Guests()
        self._guest_seat: Seat | None = None
        self._strangers = Bucket(STRANGERS_PER_S, BURST_STRANGERS)
        self._transport: asyncio.DatagramTransport | None = None
        self._more: socket.socket | None = None
        self._turns: Turns[Address] = Turns()
        self._serving = False
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
        if self._more is not None:
            self._more.close()
            self._more = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def statistics(self) -> dict[str, int]:
        """Datagrams so far, and the senders known now."""
        return {**self._counts, "callers": len(self._callers)}

    # -- what comes in -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is none by class before 3.12

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take what came, and more of what waits."""
        if self._more is None:
            self._take(data, addr)
            return
        self._keep(data, addr)
        for _ in range(READS_A_TURN - 1):
            try:
                self._keep(*self._more.recvfrom(DATAGRAM_BYTES))
            except OSError:  # nothing waits; or what asyncio will come upon and tell `error_received`
                break
        if not self._serving:
            self._serve()

    def _keep(self, data: bytes, addr: Address) -> None:
        if not self._turns.put(addr, data, dear=may_end_a_note(data)):
            self._counts["dropped"] += 1

    def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + TURN_S
        while self._turns and loop.time() < end_s:
            addr, data = self._turns.next()
            self._take(data, addr)
        self._serving = bool(self._turns)
        if self._serving:
            loop.call_soon(self._serve)

    def _take(self, data: bytes, addr: Address) -> None:
        self._counts["received"] += 1
        if addr[1] == 0:  # nobody can be answered there
            return
        caller = self._callers.get(addr)
        if caller is not None:
            self._callers.move_to_end(addr)
        elif self._may_be_guest(addr) or self._strangers.take(1, asyncio.get_running_loop().time()):
            caller = self._caller(addr)
        else:
            self._counts["dropped"] += 1
            return
        caller.hear(data)
        if caller.seat is not None or self._may_be_guest(addr):
            self._callers[addr] = caller
            if len(self._callers) > MAX_CALLERS:
                self._callers.popitem(last=False)[1].close()

    def _may_be_guest(self, addr: Address) -> bool:
        return self._act_as is not None and is_loopback(addr[0])

    def _caller(self, addr: Address) -> Caller:
        def outlet_for(reply_port: int | None) -> _Outlet:
            return _Outlet(self, _with_port(addr, reply_port), functools.partial(self._drop_soon, addr))

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
            with contextlib.suppress(OSError):  # asyncio comes upon it below
                self._more.sendto(data, addr)
                return
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
