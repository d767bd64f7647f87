"""Peers: relays that do nothing but hand notes on, for the floor below ours, in processes of their own.

`osc` is python-osc's own asyncio server with its dispatcher, `ws` the `websockets` library with its broadcast. Neither asks
who may play, logs, signs or keeps a state; so ours can only be slower, and the ratio says what all that costs.

    with relay("osc") as (pid, port): ...
    python -m bridge.bench.peers osc
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bridge.bench.players import Silent

__all__ = ["relay"]

HERE = "127.0.0.1"


@contextmanager
def relay(kind: str) -> Iterator[tuple[int, int]]:
    """Process and port of a relay, for the time of a block."""
    command = [sys.executable, "-m", "bridge.bench.peers", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            port = child.stdout.readline()
            if not port:
                raise Silent(f"the relay over {kind} did not start")
            yield child.pid, int(port)
        finally:
            child.kill()


def _is_open(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


async def osc() -> None:
    """What comes is decoded, dispatched, made anew with its sender's name, and sent to everybody."""
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_message_builder import build_msg
    from pythonosc.osc_server import AsyncIOOSCUDPServer

    members: dict[Any, str] = {}
    transport: Any = None

    def join(client: Any, address: str, *values: Any) -> None:
        members[client] = f"member-{len(members)}"
        transport.sendto(build_msg("/session/joined", ["jam", members[client], "leader"]).dgram, client)

    def note(client: Any, address: str, *values: Any) -> None:
        data = build_msg(address, [*values, members[client]]).dgram
        for member in members:
            transport.sendto(data, member)

    dispatcher = Dispatcher()
    dispatcher.map("/session/join", join, needs_reply_address=True)
    dispatcher.map("/live/note", note, needs_reply_address=True)
    server = AsyncIOOSCUDPServer((HERE, 0), dispatcher, asyncio.get_running_loop())  # type: ignore[arg-type]
    transport, _ = await server.create_serve_endpoint()
    _is_open(transport.get_extra_info("sockname")[1])
    await asyncio.Event().wait()


async def ws() -> None:
    """What comes is parsed, made anew with its sender's name, and broadcast."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    members: dict[ServerConnection, str] = {}

    async def member(connection: ServerConnection) -> None:
        members[connection] = f"member-{len(members)}"
        async for text in connection:
            message = json.loads(text)
            if message["type"] == "session.join":
                await connection.send(json.dumps({"type": "session.joined"}, separators=(",", ":")))
            else:
                broadcast(members, json.dumps(message | {"member": members[connection]}, separators=(",", ":")))

    async with serve(member, HERE, 0, compression=None) as server:
        _is_open(next(iter(server.sockets)).getsockname()[1])
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"osc": osc, "ws": ws}[sys.argv[1]]())
