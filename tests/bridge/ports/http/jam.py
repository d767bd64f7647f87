"""A jam to test the door with: a real house on a real port, clients, and an engine that follows a script."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bridge.host import Host
from bridge.house import House
from bridge.ports.clock import SystemClock
from bridge.ports.http.app import create_app
from bridge.ports.http.guard import Hosts
from bridge.ports.http.server import HttpServer
from sessions.music import parse_request
from tests.support.virtual_time import run_real
from tests.support.wav import wav

__all__ = ["Client", "Engine", "Jam", "Message", "open_jam", "play"]

Message = dict[str, Any]


class Client:
    """A WebSocket that speaks messages, and keeps all it heard."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def hear(self) -> Message:
        message: Message = json.loads(await self.socket.recv())
        self.heard.append(message)
        return message

    async def until(self, kind: str, **fields: Any) -> Message:
        """The next message of this type with these values; raises ConnectionClosed if none comes."""
        wanted = {"type": kind, **fields}
        while True:
            message = await self.hear()
            if wanted.items() <= message.items():
                return message

    async def ask(self, kind: str, **fields: Any) -> Message:
        """Say something and hear the refusal or the pong after it: whatever was to be said is heard by then."""
        await self.say(kind, **fields)
        if kind != "session.ping":
            await self.say("session.ping")
        while True:
            message = await self.hear()
            if message["type"] in ("session.pong", "refused"):
                return message


class Engine:
    """An engine by script: a note a bar in every part, and a short sound for each stem."""

    def __init__(self, jam: Jam) -> None:
        self._jam = jam
        self.worked: list[str] = []

    async def run(self) -> None:
        async with self._jam.client("engine", name="engine-1") as client, self._jam.http("engine") as http:
            await client.say("engine.ready", name="script", software="test", renderers=[])
            while True:
                work = await client.until("engine.work")
                self.worked.append(work["section"])
                await self._write(client, http, work["section"], work["request"])

    async def _write(self, client: Client, http: httpx.AsyncClient, section: str, request: Message) -> None:
        parts = request["parts"].split(",")
        n, d = map(int, request["meter"].split("/"))
        ticks = 3840 * n // d
        for bar in range(1, request["bars"] + 1):
            for pitch, part in enumerate(parts, start=36):
                notes = [[(bar - 1) * ticks, 480, pitch, 100]]
                await client.say("engine.bar", section=section, part=part, bar=bar, notes=notes)
        if request["stems"]:
            for level, part in enumerate([*parts, "mix"], start=1):
                frames = parse_request(request).frames(44_100)
                data = wav(frames, level)
                sha256 = hashlib.sha256(data).hexdigest()
                answer = await http.put(f"/api/sessions/jam/blobs/{sha256}", content=data)
                assert answer.status_code in (200, 201), answer.text
                await client.say("engine.stem", section=section, part=part, sha256=sha256, frames=frames, rate=44_100)
        made = {"name": "script", "version": "1", "sha256": "", "licence": "Apache-2.0"}
        await client.say("engine.done", section=section, composer=made, renderer=made, chords="Am F C G")


@dataclass
class Jam:
    """One session behind one door."""

    house: House
    host: Host
    server: HttpServer
    address: tuple[str, int]

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    def invite(self, role: str, name: str = "", **options: Any) -> str:
        return self.host.make_invite(role, name, **options)

    def id_of(self, token: str) -> str:
        return self.house.open(token)[1].id

    def http(self, role: str | None = None, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        token = self.invite(role) if role is not None else token
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", **headers}
        # `verify` would load the world's authorities, for 50 ms and for nothing: this is plain HTTP
        return httpx.AsyncClient(base_url=self.url, headers=headers, verify=False)

    def ws_url(self, token: str = "", session: str = "jam") -> str:
        return "ws://{}:{}/ws?session={}&token={}".format(*self.address, session, token)

    @contextlib.asynccontextmanager
    async def socket(self, url: str, **options: Any) -> AsyncIterator[Client]:
        # A client that has not read all of what it was sent does not come to the server's goodbye: it waits for nothing.
        async with connect(url, **{"close_timeout": 0.5, **options}) as socket:
            yield Client(socket)

    @contextlib.asynccontextmanager
    async def client(self, role: str, name: str = "", **options: Any) -> AsyncIterator[Client]:
        """A member who has joined."""
        async with self.socket(self.ws_url(self.invite(role)), **options) as client:
            await client.say("session.join", **({"name": name} if name else {}))
            await client.until("session.joined")
            yield client

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        engine = Engine(self)
        task = asyncio.create_task(engine.run())
        while not any(self.host.state.engines()):
            await asyncio.sleep(0.005)
            if task.done():
                task.result()
        try:
            yield engine
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextlib.asynccontextmanager
async def open_jam(folder: Path, *, engine_expected: bool = True) -> AsyncIterator[Jam]:
    house = House(folder, SystemClock(), engine_expected=lambda: engine_expected)
    host = await house.start("jam")
    server = HttpServer(create_app(house, hosts=Hosts.bound_to("127.0.0.1")), "127.0.0.1", 0)
    try:
        yield Jam(house, host, server, await server.start())
    finally:
        await server.close()
        await house.close()


def play(folder: Path, scene: Callable[[Jam], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run a scene with a jam of its own."""

    async def run() -> None:
        async with open_jam(folder, **options) as jam:
            await scene(jam)

    run_real(run())
