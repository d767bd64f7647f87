"""A whole server's inside with its OSC doors, in virtual time on a scripted network: for tests of the doors.

def test_x(tmp_path: Path) -> None:
    async def scene(jam: OscJam) -> None:
        ana = await jam.udp()
        await ana.joins(jam.token("leader"))

    play(scene, tmp_path)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bridge.door import Bundle, Message, Seat
from bridge.host import Host
from bridge.house import House
from bridge.ports.osc_tcp import OscTcp
from bridge.ports.osc_udp import OscUdp
from bridge.wire.slip import length_prefixed, slip
from sessions.invites import Invite
from tests.support.network import Network
from tests.support.osc import OscClient, TcpClient, UdpClient
from tests.support.virtual_time import START_US, run_virtual

__all__ = ["OscJam", "Scene", "play"]

DOOR = ("127.0.0.1", 9720)


class VirtualClock:
    """The loop's clock, for threads too."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now_us(self) -> int:
        return START_US + round(self._loop.time() * 1_000_000)


class _Ear:
    kind, local, watches, waiting_bytes = "engine", True, False, 0

    def __init__(self) -> None:
        self.works: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, bundle: Bundle) -> None:
        for message in bundle.messages:
            if message["type"] == "engine.work":
                self.works.put_nowait(message)


class OscJam:
    """One house, its session `jam` (and others), and both doors."""

    def __init__(self, folder: Path, network: Network) -> None:
        self.network = network
        self.house = House(folder, VirtualClock(), engine_expected=lambda: True)
        self.host: Host
        self.udp_door: OscUdp
        self.tcp_door: OscTcp
        self._ear = _Ear()
        self._engine: Seat

    async def open(self, **options: Any) -> None:
        self.host = await self.house.start("jam")
        self.udp_door = OscUdp(self.house, *DOOR, session="jam", has_ended=self.network.has_ended, **options)
        assert await self.udp_door.start() == DOOR
        options.pop("reply_port", None)
        self.tcp_door = OscTcp(self.house, *DOOR, session="jam", **options)
        assert await self.tcp_door.start() == DOOR

    async def close(self) -> None:
        await self.udp_door.close()
        await self.tcp_door.close()
        await self.house.close()

    def token(self, role: str, name: str = "", session: str = "jam", expires_s: float = 3600) -> str:
        return self.house.hosts[session].make_invite(role, name, expires_s)

    async def udp(self, host: str = "127.0.0.1", port: int = 0) -> UdpClient:
        return await UdpClient.open(DOOR, (host, port))

    async def client(self, kind: str) -> OscClient:
        """A program by the name of what it speaks: udp, slip, lengths."""
        if kind == "udp":
            return await self.udp()
        return await TcpClient.open(DOOR, slip if kind == "slip" else length_prefixed)

    async def engine(self) -> None:
        """An engine comes in, without a door."""
        invite = Invite("jam", "engine", "engine", 4_000_000_000, "e" * 16)
        self._engine, _ = self.host.join(invite, {"type": "session.join"}, self._ear)
        await self.engine_says(
            "engine.ready", name="e", software="1", renderers=[{"name": "sampler", "licence": "CC0"}]
        )

    async def work(self) -> Message:
        """The next section that the engine is asked for."""
        return await self._ear.works.get()

    def engine_says(self, kind: str, /, **fields: Any) -> asyncio.Future[int | None]:
        return self.host.submit(self._engine, {"type": kind, **fields})


Scene = Callable[[OscJam], Awaitable[None]]


def play(scene: Scene, folder: Path, network: Network | None = None, **options: Any) -> OscJam:
    """Runs a scene; the server's inside is opened before and closed after."""
    network = network or Network()

    async def main() -> OscJam:
        jam = OscJam(folder, network)
        await jam.open(**options)
        try:
            await scene(jam)
        finally:
            await jam.close()
        return jam

    return run_virtual(main(), network=network)
