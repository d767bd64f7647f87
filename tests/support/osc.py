"""OSC programs made of a few lines, for tests: over UDP and over TCP, on a scripted network or a real one.

client = await UdpClient.open(door_address)
client.say("/session/join", "s", token)
joined = await client.hears("/session/joined")
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from bridge.wire.osc import Value, bundle, pack, parse, unbundle
from bridge.wire.slip import Framing, length_prefixed, slip

__all__ = ["Heard", "OscClient", "TcpClient", "UdpClient"]

PATIENCE_S = 45.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that arrived: when it is dated, and the how-manieth packet it came in."""

    address: str
    values: tuple[Value, ...]
    at_us: int | None
    packet: int
    bundled: bool


class OscClient:
    """What both kinds share: saying things, and waiting for what is answered."""

    def __init__(self) -> None:
        self.packets = 0
        self.heard: list[Heard] = []
        self.minds: tuple[bytes, ...] = ()
        """Where it is given, packets without any of these bytes are not looked into."""
        self._news = asyncio.Event()

    @abstractmethod
    def send(self, packet: bytes) -> None:
        """Send a packet."""

    def say(self, address: str, tags: str = "", *values: Value) -> None:
        """Send one message."""
        self.send(pack(address, tags, values))

    def say_at(self, at_us: int | None, *messages: tuple[Any, ...]) -> None:
        """Send a bundle of messages (address, tags, values...)."""
        self.send(bundle([pack(address, tags, values) for address, tags, *values in messages], at_us))

    async def hears(self, address: str, *beginning: Value) -> Heard:
        """The first message to that address that begins with these values, once it is there; it is taken away."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for heard in self.heard:
                    if heard.address == address and heard.values[: len(beginning)] == beginning:
                        self.heard.remove(heard)
                        return heard
                self._news.clear()
                await self._news.wait()

    async def joins(self, token: str, *more: int) -> tuple[Value, ...]:
        """Join; session, member and role."""
        self.say("/session/join", "s" + "i" * len(more), token, *more)
        return (await self.hears("/session/joined")).values

    async def quiet(self) -> list[Heard]:
        """Whatever has come until a ping is answered, and not been waited for."""
        self.say("/session/ping")
        await self.hears("/session/pong")
        return self.heard

    def take(self, packet: bytes) -> None:
        if self.minds and not any(word in packet for word in self.minds):
            return
        bundled = packet.startswith(b"#bundle")
        for one in unbundle(packet):
            spoken = parse(one.data)
            self.heard.append(Heard(spoken.address, spoken.values, one.at_us, self.packets, bundled))
        self.packets += 1
        self._news.set()


class UdpClient(OscClient, asyncio.DatagramProtocol):
    """A program with a UDP port."""

    def __init__(self, server: tuple[str, int]) -> None:
        super().__init__()
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, server: tuple[str, int], local: tuple[str, int] = ("127.0.0.1", 0)) -> Self:
        client = cls(server)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: client, local_addr=local)
        return client

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.take(data)

    def send(self, packet: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(packet, self._server)

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await asyncio.sleep(0)


class TcpClient(OscClient, asyncio.Protocol):
    """A program with a TCP connection, framed by SLIP or by lengths."""

    def __init__(self, frame: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._frame = frame
        self._framing = Framing()
        self._transport: asyncio.Transport | None = None
        self.ended = asyncio.Event()

    @classmethod
    async def open(cls, server: tuple[str, int], frame: Callable[[bytes], bytes] = slip) -> Self:
        client = cls(frame)
        await asyncio.get_running_loop().create_connection(lambda: client, *server)
        return client

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        for packet in self._framing.feed(data):
            assert isinstance(packet, bytes), f"the server's framing is wrong: {packet}"
            assert self._framing.frame is self._frame or self._frame not in (slip, length_prefixed)
            self.take(packet)

    def send(self, packet: bytes) -> None:
        self.write(self._frame(packet))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._transport is not None
        self._transport.write(data)

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self.ended.wait()
