"""Where answers over UDP go: one caller's outlet at the receiver's pace, and the outlet of all who act without joining.

outlet = UdpOutlet(door, ("127.0.0.1", 57120), on_full=...)
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from bridge.door import Bundle
from bridge.loopback import is_loopback
from bridge.ports.osc_caller import refused
from bridge.ports.osc_pace import Pacer
from bridge.wire.osc_messages import datagrams
from sessions.errors import Code, Refused

__all__ = ["GUEST_S", "MAX_GUESTS", "Address", "Guests", "UdpOutlet"]

MAX_GUESTS = 8
"""Senders that hear the answers of `--osc-as`: the last ones."""
GUEST_S = 60.0
"""And for so long: oscsend and its like are gone at once."""
URGENT = frozenset(("live.note", "transport.state", "session.pong"))
"""What is worthless when late, and so never waits behind a section's bars."""
OF_WORK = frozenset(("section.note", "section.bar", "section.progress", "section.position", "section.stem"))
"""What must not follow any more once its section is cancelled."""

Address = tuple[Any, ...]
"""A host and a port; over IPv6 two numbers more."""


class Door(Protocol):
    """What sends for it."""

    def encoded(self, bundle: Bundle) -> list[bytes]:
        """The datagrams of a bundle."""

    def transmit(self, data: bytes, addr: Address) -> None:
        """Send one, or lose it."""


class UdpOutlet:
    """Where one caller's answers go, at the receiver's pace."""

    kind = "osc"
    watches = False

    def __init__(self, door: Door, address: Address, on_full: Callable[[], None]) -> None:
        self.local = is_loopback(address[0])
        self.address = address
        self._door = door
        self._pacer = Pacer(lambda data: door.transmit(data, address))
        self._on_full = on_full

    @property
    def waiting_bytes(self) -> int:
        return self._pacer.waiting_bytes

    def send(self, bundle: Bundle) -> None:
        if not bundle.messages:
            return
        first = bundle.messages[0]
        if first["type"] in URGENT:
            for data in self._door.encoded(bundle):
                self._door.transmit(data, self.address)
            return
        tag = f"{first.get('member', '')}/{first.get('id', '')}"
        if first["type"] == "section.cancelled":
            self._pacer.drop(tag)
        for data in self._door.encoded(bundle):
            if not self._pacer.put(data, tag=tag * (first["type"] in OF_WORK), urgent=False):
                self._overflow()
                return

    def _overflow(self) -> None:
        self._pacer.close()
        error = Refused(Code.TOO_MANY, "answers: more pile up than can be sent; ask for less at a time, and join again")
        for data in datagrams((refused("/session/join", error),)):
            self._door.transmit(data, self.address)
        self._on_full()


class Guests:
    """The outlet of `--osc-as`: what is said there goes to the senders heard last."""

    kind = "osc"
    local = True
    watches = False

    def __init__(self) -> None:
        self._heard: OrderedDict[Address, tuple[UdpOutlet, float]] = OrderedDict()

    @property
    def waiting_bytes(self) -> int:
        return sum(outlet.waiting_bytes for outlet, _ in self._heard.values())

    def heard(self, outlet: UdpOutlet) -> None:
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
