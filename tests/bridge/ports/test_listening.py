"""Listening: a crowd of connections is taken a few in each turn of the loop, and all of them in the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter

from bridge.ports.listening import ACCEPTS_A_TURN, listen
from tests.support.virtual_time import run_real


def test_a_few_are_taken_in_each_turn() -> None:
    async def scene() -> None:
        turns, taken = 0, Counter[int]()

        class Connection(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                taken[turns] += 1
                assert isinstance(transport, asyncio.Transport)
                transport.abort()

        server = await listen(Connection, "127.0.0.1", 0)
        with contextlib.ExitStack() as lines:
            for _ in range(10 * ACCEPTS_A_TURN):  # nobody is taken meanwhile
                line = lines.enter_context(socket.socket())
                line.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    line.connect(server.sockets[0].getsockname())
            while taken.total() < 10 * ACCEPTS_A_TURN:
                await asyncio.sleep(0)
                turns += 1
        assert max(taken.values()) <= ACCEPTS_A_TURN
        server.close()
        await server.wait_closed()

    run_real(scene())
