"""The lobby: every connection of the HTTP door from its first byte on, so that none holds a place that somebody else needs.

Whoever has asked nothing yet, or opened a WebSocket and not joined, is a stranger; whoever was answered and asks nothing more
is idle. Where all places are taken the longest of the strangers goes for who comes, then the longest of the idle, then the
longest of those whose request or answer takes its time, if it had some; where none of these is, who comes is told so. Members
on a WebSocket stay. Over TLS a connection counts before its handshake, which may take only so long.

    lobby = Lobby(crowd)
    lobby.enter(connection)         # False: there is no place
    lobby.answers(connection)       # it has asked something
    lobby.knows(connection)         # it has joined
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from bridge.buckets import Bucket, Buckets
from bridge.crowd import Crowd
from bridge.lane import Lane

__all__ = ["FIRST_REQUEST_S", "HANDSHAKES_PER_S", "HANDSHAKE_S", "MAX_CONNECTIONS", "Gate", "Lobby"]

MAX_CONNECTIONS: Final = 512
"""Open at a time, WebSockets included; most systems give a process 1024 files."""
FIRST_REQUEST_S: Final = 20.0
"""From the connection to its first whole request."""
HANDSHAKE_S: Final = 10.0
"""For a TLS handshake."""
PIECES_PER_S: Final = 200
"""Pieces of requests that are parsed as they come, from one address on however many connections; a third of a millisecond each."""
PIECES_BURST: Final = 16
"""And as many at once: one of each file that a page asks for together."""
REQUESTS_PER_S: Final = 50
"""Requests of one address; others wait in the crowd."""
REQUESTS_BURST: Final = 100
"""And as many at once: the studio is sixty files."""
REQUEST_COST_S: Final = 0.002
"""What one counts there."""
ANSWERS_PER_S: Final = 25
"""Pieces of long answers to one address, of 64 to 256 KiB; others wait in the crowd."""
ANSWERS_BURST: Final = 100
"""And as many at once: a mix of half a minute."""
ANSWER_COST_S: Final = 0.002
"""What one counts there: a millisecond to write it, and the thread that reads the next one from the disk."""
ASKING_S: Final = 5.0
"""What a request has from its headers to the end of its answer before it may have to go for somebody else: a body that drips, an
answer that is not read. While there are places it has all the time it wants."""
HANDSHAKES_PER_S: Final = 50
"""TLS handshakes that begin at once; each takes a millisecond of the loop's. Others wait in the crowd."""
HANDSHAKE_COST_S: Final = 0.001
"""What one counts there."""


class Guest(Protocol):
    """A connection, as the lobby sees it."""

    def leave(self) -> None:
        """Hang up now."""


class Lobby:
    """Who is here: strangers, idle and busy ones."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.handshakes = Bucket(HANDSHAKES_PER_S, HANDSHAKES_PER_S)
        self._shares = Buckets(PIECES_PER_S, PIECES_BURST)
        self._requests = Buckets(REQUESTS_PER_S, REQUESTS_BURST)
        self._answers = Buckets(ANSWERS_PER_S, ANSWERS_BURST)
        self.lane = Lane()
        """Requests within their share, and pieces of long answers, pass one at a time."""
        self._strangers: OrderedDict[Guest, None] = OrderedDict()
        self._idle: OrderedDict[Guest, None] = OrderedDict()
        self._asking: OrderedDict[Guest, float] = OrderedDict()
        """Since when."""
        self._members: set[Guest] = set()
        self._let_go = 0
        self._turned_away = 0

    def share_of(self, address: str) -> Bucket:
        """What comes from one address before it is in the crowd, on however many connections."""
        return self._shares[address]

    async def piece(self, address: str) -> None:
        """Until another piece of a long answer may go there."""
        if self._answers[address].take(1, asyncio.get_running_loop().time()):
            await self.lane.turn()
        else:
            async with self.crowd.turn(ANSWER_COST_S):
                pass

    async def request(self, address: str) -> None:
        """Until a request from there may be answered: one at a time, with everybody else's between."""
        if self._requests[address].take(1, asyncio.get_running_loop().time()):
            await self.lane.turn()
        else:
            async with self.crowd.turn(REQUEST_COST_S):
                pass

    def __len__(self) -> int:
        return len(self._strangers) + len(self._idle) + len(self._asking) + len(self._members)

    def enter(self, guest: Guest) -> bool:
        """A place for a stranger; False where nobody who is here can go for it."""
        if len(self) >= MAX_CONNECTIONS:
            oldest = self._who_goes()
            if oldest is None:
                self._turned_away += 1
                return False
            self.leaves(oldest)
            self._let_go += 1
            oldest.leave()
        self._strangers[guest] = None
        return True

    def _who_goes(self) -> Guest | None:
        for waiting in (self._strangers, self._idle):
            if waiting:
                return next(iter(waiting))
        guest, since_s = next(iter(self._asking.items()), (None, 0.0))
        return guest if asyncio.get_running_loop().time() - since_s >= ASKING_S else None

    def answers(self, guest: Guest) -> None:
        """It has asked something, and is to be answered."""
        if self._strangers.pop(guest, guest) is None or self._idle.pop(guest, guest) is None:
            self._asking[guest] = asyncio.get_running_loop().time()

    def knows(self, guest: Guest) -> None:
        """It has joined: its place is its own."""
        if self._strangers.pop(guest, guest) is None:
            self._members.add(guest)

    def rests(self, guest: Guest) -> None:
        """It was answered, and may ask again or not."""
        if self._asking.pop(guest, None) is not None:
            self._idle[guest] = None

    def turns_into(self, guest: Guest, other: Guest) -> None:
        """A connection goes on as another protocol's, as a stranger again."""
        self.leaves(guest)
        self._strangers[other] = None

    def leaves(self, guest: Guest) -> None:
        """It is gone."""
        self._strangers.pop(guest, None)
        self._idle.pop(guest, None)
        self._asking.pop(guest, None)
        self._members.discard(guest)

    def close(self) -> None:
        """Everybody goes."""
        for guest in [*self._strangers, *self._idle, *self._asking, *self._members]:
            guest.leave()

    def statistics(self) -> dict[str, int]:
        """Who is here, and how many had to go or were not let in."""
        return {
            "connections": len(self),
            "strangers": len(self._strangers),
            "idle": len(self._idle),
            "asking": len(self._asking),
            "lane": len(self.lane),
            "let_go": self._let_go,
            "turned_away": self._turned_away,
        }


class Gate(asyncio.Protocol):
    """A connection before its TLS handshake; `make` is what it speaks behind that."""

    def __init__(self, lobby: Lobby, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        self._lobby = lobby
        self._context = context
        self._make = make
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()
        self._shaking: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()
        if self._lobby.enter(self):
            self._shaking = asyncio.create_task(self._shake_hands(transport))
        else:
            transport.abort()

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        if not self._lobby.handshakes.take(1, loop.time()):
            async with self._lobby.crowd.turn(HANDSHAKE_COST_S):
                pass
        try:
            secured = await loop.start_tls(
                transport, self, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError:  # it did not want to after all, or took too long; ssl.SSLError is one too
            secured = None
        self._lobby.leaves(self)
        if secured is None or secured.is_closing() or self._transport is None:
            transport.abort()
            return
        protocol = self._make()
        protocol.connection_made(secured)
        secured.set_protocol(protocol)
        if self._early:
            protocol.data_received(bytes(self._early))

    def data_received(self, data: bytes) -> None:
        """What came with the handshake's last word, a moment before it is known to be over."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lobby.leaves(self)

    def leave(self) -> None:
        """Hang up in the middle of the handshake."""
        if self._shaking is not None:
            self._shaking.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def over(self) -> None:
        """Until nothing of it runs any more."""
        if self._shaking is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._shaking
