"""The server's name on the local network, by mDNS: where OSCQuery and OSC are, for programs that look around.

Only for a server that is bound beyond loopback. Nothing depends on it: where the network has no multicast it says so in the
log and the server goes on.

    announcement = Announcement("StarBridge jam", "0.0.0.0", osc_port=9720, oscquery_port=9721)
    await announcement.start()
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Final

from bridge.ports.interfaces import addresses

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

__all__ = ["Announcement"]

SERVICES: Final = ("_oscjson._tcp.local.", "_osc._udp.local.")
"""OSCQuery's, as its proposal asks, and OSC's own."""
MAX_NAME = 63
"""Bytes of one label in DNS."""
EVERYWHERE = frozenset(("", "0.0.0.0", "::"))

_log = logging.getLogger(__name__)


class Announcement:
    """`start` and `close` once each; neither raises for the network's sake."""

    def __init__(self, name: str, host: str, *, osc_port: int, oscquery_port: int) -> None:
        self._name = name.encode()[:MAX_NAME].decode(errors="ignore").replace(".", " ")
        self._host = host
        self._ports = (oscquery_port, osc_port)
        self._zeroconf: AsyncZeroconf | None = None
        self._task: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    async def start(self) -> None:
        """Begin; the network is asked in the background whether the name is free."""
        self._task = asyncio.create_task(self._announce())

    async def close(self) -> None:
        """Take the name back."""
        if self._task is not None:
            await self._opened.wait()  # ended in the middle of opening, zeroconf leaves its sockets open
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()
            await asyncio.sleep(0)  # so that its sockets are closed before the loop may end

    async def _announce(self) -> None:
        from zeroconf import NonUniqueNameException

        try:
            try:
                addresses = await self._addresses()
                zeroconf = await self._open(addresses)
            finally:
                self._opened.set()
            for service, port in zip(SERVICES, self._ports, strict=True):
                info = self._info(service, port, addresses)
                await (await zeroconf.async_register_service(info, allow_name_change=True))
        except (OSError, NonUniqueNameException) as error:
            _log.warning("not announced on the local network: %s", str(error) or type(error).__name__)

    async def _open(self, addresses: list[str]) -> AsyncZeroconf:
        from zeroconf import InterfaceChoice
        from zeroconf.asyncio import AsyncZeroconf

        everywhere = self._host in EVERYWHERE
        self._zeroconf = AsyncZeroconf(interfaces=InterfaceChoice.All if everywhere else addresses)
        await self._zeroconf.zeroconf.async_wait_for_start()
        return self._zeroconf

    def _info(self, service: str, port: int, addresses: list[str]) -> AsyncServiceInfo:
        from zeroconf.asyncio import AsyncServiceInfo

        machine = socket.gethostname().partition(".")[0] or "starbridge"
        return AsyncServiceInfo(
            service,
            f"{self._name}.{service}",
            port=port,
            parsed_addresses=addresses,
            server=f"{machine}.local.",
            properties={"txtvers": "1"},
        )

    async def _addresses(self) -> list[str]:
        """Where this server is reached from the local network; raises OSError where nowhere."""
        if self._host not in EVERYWHERE:
            found = await asyncio.get_running_loop().getaddrinfo(self._host, None, type=socket.SOCK_DGRAM)
            for family, kind, _, _, address in found:
                with socket.socket(family, kind) as probe:
                    probe.bind(address)  # zeroconf leaves sockets open where it finds this out itself
            return list(dict.fromkeys(str(entry[4][0]) for entry in found))
        usable = [ip for ip in addresses() if not _is_idle(ip)]
        if not usable:
            raise OSError("no interface has an address")
        return usable


def _is_idle(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_link_local
