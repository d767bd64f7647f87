"""The announcement is found by a browser on the network, with the right ports, and is taken back."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from bridge.ports.announce import SERVICES, Announcement
from tests.support.virtual_time import run_real

pytest.importorskip("zeroconf", reason="zeroconf is not installed here")

NAME = f"StarBridge test of the announcement {os.getpid()}"  # who tests beside us is heard as well


class Browser:
    """Somebody who looks around on this machine."""

    def __init__(self) -> None:
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        self.zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
        self.names: set[str] = set()
        self._changed = asyncio.Event()
        self._browser = AsyncServiceBrowser(self.zeroconf.zeroconf, list(SERVICES), handlers=[self._hear])

    def _hear(self, zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if name.startswith(NAME):
            (self.names.add if state_change.name != "Removed" else self.names.discard)(name)
            self._changed.set()

    async def sees(self, *names: str) -> None:
        async with asyncio.timeout(45):
            while self.names != set(names):
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        await self._browser.async_cancel()
        await self.zeroconf.async_close()
        await asyncio.sleep(0)


def test_both_services_are_found_and_go_with_the_server() -> None:
    async def scene() -> None:
        browser = Browser()
        announcement = Announcement(NAME, "127.0.0.1", osc_port=9720, oscquery_port=9800)
        await announcement.start()
        names = [f"{NAME}.{service}" for service in SERVICES]
        await browser.sees(*names)
        for service, name, port in zip(SERVICES, names, (9800, 9720), strict=True):
            info = await browser.zeroconf.async_get_service_info(service, name, timeout=10_000)
            assert info is not None
            assert info.port == port
            assert "127.0.0.1" in info.parsed_addresses()  # among those that others on this machine announce
        await announcement.close()
        await browser.sees()
        await browser.close()

    run_real(scene())


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_who_closes_at_once_waits_for_nothing(host: str) -> None:
    async def scene() -> None:
        announcement = Announcement("x" * 200 + " ä.b", host, osc_port=1, oscquery_port=2)
        await announcement.start()
        await asyncio.sleep(0)
        async with asyncio.timeout(45):
            await announcement.close()

    run_real(scene())


def test_a_network_without_multicast_is_said_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        announcement = Announcement(NAME, "203.0.113.1", osc_port=1, oscquery_port=2)
        await announcement.start()
        assert announcement._task is not None
        await announcement._task
        await announcement.close()

    run_real(scene())
    assert "not announced" in caplog.text
