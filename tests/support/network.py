"""A scripted network: datagrams and streams in memory, which lose, delay, double and reorder exactly as told.

A route is a function from a packet to the delays of its copies in seconds: none is a loss, two are a duplicate, one
longer than the next packet's is a reordering. Hand the network to `run_virtual`, and whatever the code under test opens
with `create_datagram_endpoint`, `start_server` or `open_connection` lies on it.

    network = Network(lossy([0, 1, 0]))        # the second datagram is lost
    run_virtual(scene(), network=network)
    assert network.sent[1].data == b"never arrived"
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Address", "Network", "Packet", "Route", "chopped", "delayed", "lossy", "perfect"]

Address = tuple[str, int]

FIRST_FREE_PORT = 40_000
HIGH_WATER_BYTES = 64 * 1024  # as asyncio's own transports: above this the writer is asked to pause


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram on its way: the how-manieth of the network it is, from whom, to whom."""

    index: int
    source: Address
    target: Address
    data: bytes


Route = Callable[[Packet], Sequence[float]]
Chop = Callable[[bytes], Sequence[bytes]]


def perfect(_: Packet) -> Sequence[float]:
    """Every datagram arrives once, at once."""
    return (0.0,)


def delayed(*delays_s: float) -> Route:
    """The n-th datagram takes the n-th delay; later ones take the last."""
    return lambda packet: (delays_s[min(packet.index, len(delays_s) - 1)],)


def lossy(losses: Sequence[int], route: Route = perfect) -> Route:
    """Loses the n-th datagram where the n-th entry is 1; the list repeats."""
    return lambda packet: () if losses[packet.index % len(losses)] else route(packet)


def chopped(size: int) -> Chop:
    """Streams arrive in pieces of `size` bytes."""
    return lambda data: [data[i : i + size] for i in range(0, len(data), size)]


class Network:
    """All endpoints of one test. `sent` and `delivered` keep the datagrams for assertions."""

    def __init__(self, route: Route = perfect, *, chop: Chop = lambda data: [data], latency_s: float = 0.0) -> None:
        self.route = route
        self.chop = chop
        self.latency_s = latency_s
        self.sent: list[Packet] = []
        self.delivered: list[Packet] = []
        self._datagrams: dict[Address, _Datagrams] = {}
        self._servers: dict[Address, _Server] = {}
        self._streams: dict[Stream, None] = {}
        self._next_port = FIRST_FREE_PORT
        self._order = 0
        self._due: list[tuple[float, int, Callable[[Any], None], Any]] = []

    def address(self, wanted: Address | None) -> Address:
        """The address asked for, with a free port where it says 0 or nothing."""
        host, port = wanted or ("127.0.0.1", 0)
        if not port:
            port = self._next_port
            self._next_port += 1
        return host, port

    def datagram(
        self, protocol_factory: Callable[[], Any], local: Address | None, remote: Address | None
    ) -> tuple[asyncio.DatagramTransport, Any]:
        address = self.address(local)
        if address in self._datagrams:
            raise OSError(98, f"address {address} is in use")
        protocol = protocol_factory()
        transport = self._datagrams[address] = _Datagrams(self, address, remote, protocol)
        protocol.connection_made(transport)
        return transport, protocol

    def carry(self, source: Address, target: Address, data: bytes) -> None:
        """Takes a datagram over and delivers its copies when their delays are up."""
        packet = Packet(len(self.sent), source, target, data)
        self.sent.append(packet)
        for delay_s in self.route(packet):
            self.later(delay_s, self._deliver, packet)

    def later(self, delay_s: float, do: Callable[[Any], None], what: Any) -> None:
        """As the loop's `call_later`, but what is due at one instant happens in the order in which it was sent."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_s
        self._order += 1
        heapq.heappush(self._due, (due, self._order, do, what))
        loop.call_at(due, self._next)

    def _next(self) -> None:
        _, _, do, what = heapq.heappop(self._due)
        do(what)

    def _deliver(self, packet: Packet) -> None:
        endpoint = self._datagrams.get(packet.target)
        if endpoint is not None:
            self.delivered.append(packet)
            endpoint.protocol.datagram_received(packet.data, packet.source)

    def has_ended(self, host: str, port: int) -> bool:
        """Whether nobody has that address."""
        return (host, port) not in self._datagrams

    def endpoints(self) -> list[Address]:
        """Whatever is open: ports, and both ends of streams."""
        return [*self._datagrams, *self._servers, *(stream.local for stream in self._streams)]

    def forget(self, address: Address) -> None:
        self._datagrams.pop(address, None)
        self._servers.pop(address, None)

    def gone(self, stream: Stream) -> None:
        self._streams.pop(stream, None)

    def listen(self, protocol_factory: Callable[[], Any], wanted: Address) -> _Server:
        address = self.address(wanted)
        if address in self._servers:
            raise OSError(98, f"address {address} is in use")
        server = self._servers[address] = _Server(self, address, protocol_factory)
        return server

    async def connect(self, protocol_factory: Callable[[], Any], target: Address) -> tuple[asyncio.Transport, Any]:
        server = self._servers.get(target)
        if server is None:
            raise ConnectionRefusedError(111, f"nobody listens at {target}")
        address = self.address(None)
        near, far = protocol_factory(), server.protocol_factory()
        here, there = Stream(self, near, address, target), Stream(self, far, target, address)
        here.peer, there.peer = there, here
        self._streams |= {here: None, there: None}
        there.protocol.connection_made(there)
        here.protocol.connection_made(here)
        await asyncio.sleep(self.latency_s)
        return here, near


class _Datagrams(asyncio.DatagramTransport):
    def __init__(self, network: Network, address: Address, remote: Address | None, protocol: Any) -> None:
        super().__init__({"sockname": address, "peername": remote})
        self._network, self._address, self._remote = network, address, remote
        self._closing = False
        self.protocol = protocol

    def sendto(self, data: Any, addr: Any = None) -> None:
        target = addr or self._remote
        assert target is not None, "a datagram needs an address"
        if not self._closing:
            self._network.carry(self._address, (target[0], target[1]), bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._network.forget(self._address)
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close


class _Name:
    """As much of a socket as servers are asked for."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def getsockname(self) -> Address:
        return self._address

    def dup(self) -> contextlib.closing[_Name]:
        return contextlib.closing(self)

    def listen(self, backlog: int) -> None:
        """It listens already, and takes all who come."""

    def close(self) -> None:
        """There is nothing to let go of."""


class _Server(asyncio.AbstractServer):
    def __init__(self, network: Network, address: Address, protocol_factory: Callable[[], Any]) -> None:
        self._network, self._address = network, address
        self.protocol_factory = protocol_factory
        self.sockets = [_Name(address)]

    def close(self) -> None:
        self._network.forget(self._address)
        self.sockets = []

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)

    async def start_serving(self) -> None:
        """It serves from the start."""

    async def serve_forever(self) -> None:
        await asyncio.get_running_loop().create_future()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def is_serving(self) -> bool:
        return bool(self.sockets)


class Stream(asyncio.Transport):
    """One end of a stream: in order, in the network's pieces; `cut()` breaks the line without a goodbye."""

    peer: Stream

    def __init__(self, network: Network, protocol: Any, local: Address, remote: Address) -> None:
        super().__init__({"sockname": local, "peername": remote})
        self._network = network
        self.local = local
        self.protocol = protocol
        self._inbox: deque[bytes | None] = deque()  # None: the other side has said its last word
        self._inbox_bytes = 0
        self._reading = True
        self._closed = self._lost = False
        self._writer_paused = False

    def write(self, data: Any) -> None:
        if self._closed:
            return
        for piece in self._network.chop(bytes(data)):
            self._hand_over(piece)

    def write_eof(self) -> None:
        self._hand_over(None)

    def can_write_eof(self) -> bool:
        return True

    def _hand_over(self, piece: bytes | None) -> None:
        self._network.later(self._network.latency_s, self.peer.arrive, piece)

    def arrive(self, piece: bytes | None) -> None:
        self._inbox.append(piece)
        self._inbox_bytes += len(piece or b"")
        self._drain()

    def _drain(self) -> None:
        while self._reading and self._inbox and not self._closed:
            piece = self._inbox.popleft()
            self._inbox_bytes -= len(piece or b"")
            if piece is not None:
                self.protocol.data_received(piece)
            elif not self.protocol.eof_received():
                self.close()
        if self._closed:  # nobody will read it
            self._inbox.clear()
            self._inbox_bytes = 0
        self.peer.mind_pressure(self._inbox_bytes)

    def mind_pressure(self, waiting_bytes: int) -> None:
        """What lies unread at the other side: above the mark the writer here is paused."""
        if self._closed:
            if not waiting_bytes:
                self._end(None)
        elif not self._writer_paused and waiting_bytes > HIGH_WATER_BYTES:
            self._writer_paused = True
            self.protocol.pause_writing()
        elif self._writer_paused and waiting_bytes == 0:
            self._writer_paused = False
            self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self.peer._inbox_bytes

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks are the network's."""

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        asyncio.get_running_loop().call_soon(self._drain)

    def is_reading(self) -> bool:
        return self._reading

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        """What the other side has not read yet it still may; the connection is lost after that."""
        if not self._closed:
            self.write_eof()
            self._closed = True
            if not self.get_write_buffer_size():
                self._end(None)

    def abort(self) -> None:
        self.cut()

    def cut(self) -> None:
        """Both ends lose the connection now; what was on its way is gone."""
        for end in (self, self.peer):
            end._end(ConnectionResetError(104, "the line was cut"))

    def _end(self, error: Exception | None) -> None:
        if not self._lost:
            self._closed = self._lost = True
            self._network.gone(self)
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, error)
