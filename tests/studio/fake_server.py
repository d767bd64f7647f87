"""A puppet for a server: serves the real page with the real headers, and says over the WebSocket exactly what a test tells it.

Lives here: what the page needs to come alive (a session that everybody can join, a few files), so that a test can stage what the
real server does only rarely: a message at a wrong time, a break, a stem that can't be read. The whole flow is tested with the
real one.

    with puppet() as server:
        page = browser.open(server.link("leader"))
        server.say({"type": "chat.said", "member": "ana", "text": "hello"})
        assert server.heard("take.rate")["stars"] == 4
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import time
import wave
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge.ports.http.guard import Guard, Hosts
from bridge.ports.http.studio import Studio
from bridge.wire.smf import to_smf
from sessions.capabilities import capabilities
from sessions.music import Note, Part, parse_request
from sessions.roles import ROLES, WITH_PARTS, Permit

__all__ = ["Message", "Puppet", "puppet"]

Message = dict[str, Any]
Result = TypeVar("Result")

PAGE = Path(__file__).parents[2] / "bridge" / "studio"
WAIT_S = 45.0
RATE = 44_100
SESSION = "jam"
ORIGIN = "starbridge.local/jam/0badcafe"


@dataclass
class Puppet:
    """The server as the test sees it."""

    port: int = 0
    deaf: bool = False
    """Turns every socket away before it opens."""
    turned_away: Message | None = None
    """Refuses every join with this, and closes."""
    commands: list[Message] = field(default_factory=list)
    renderers: list[Message] = field(default_factory=list)
    """What the engines offer."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Answers of HTTP by path, with its query or without; what is not here is 404."""
    sockets: list[WebSocket] = field(default_factory=list)
    joins: int = 0
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, role: str, name: str = "", session: str = SESSION) -> str:
        """An invite link; signed by nobody, as nobody checks it here."""
        said = {"v": 1, "session": session, "role": role, "expires": 4_000_000_000, "id": "00" * 8}
        payload = json.dumps(said | ({"name": name} if name else {})).encode()
        return f"{self.url}/#token={_b64(payload)}.{_b64(bytes(64))}"

    def say(self, *messages: Message) -> None:
        """Say something to every page that is connected."""

        async def send() -> None:
            for socket in list(self.sockets):
                for message in messages:
                    await socket.send_json(message)

        self._run(send())

    def hang_up(self, code: int = 1012) -> None:
        """Close every connection."""

        async def close() -> None:
            for socket in list(self.sockets):
                await socket.close(code)

        self._run(close())

    def heard(self, kind: str, count: int = 1) -> Message:
        """The n-th command of a type that pages sent; waits for it."""
        deadline = time.monotonic() + WAIT_S
        while True:
            found = [command for command in self.commands if command["type"] == kind]
            if len(found) >= count:
                return found[count - 1]
            if time.monotonic() > deadline:
                raise AssertionError(f"no {kind} came, but {[command['type'] for command in self.commands]}")
            time.sleep(0.01)

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    # -- the server's side -----------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        if path.endswith("/log/checkpoint"):
            return PlainTextResponse(f"{ORIGIN}\n1\nAAAA\n")
        if request.method == "POST" and path.endswith("/invites"):
            self.commands.append({"type": "POST invites", **await request.json()})
            return JSONResponse({"token": self.link("guest").split("=")[1]}, 201)
        if (asked := f"{path}?{request.url.query}") in self.files:
            return Response(self.files[asked])
        if path in self.files:
            return Response(self.files[path])
        return JSONResponse({"code": "bad-value", "advice": f"there is nothing at {path}"}, 404)

    async def socket(self, socket: WebSocket) -> None:
        if self.deaf:
            await socket.close(1013)
            return
        await socket.accept()
        role = json.loads(_unb64(socket.query_params["token"].split(".")[0]))["role"]
        try:
            while True:
                await self._hear(socket, json.loads(await socket.receive_text()), role)
        except WebSocketDisconnect:
            pass
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)

    async def _hear(self, socket: WebSocket, message: Message, role: str) -> None:
        self.commands.append(message)
        match message["type"]:
            case "session.join" if self.turned_away is not None:
                await socket.send_json({"type": "refused", "what": "session.join", **self.turned_away})
                await socket.close(4401)
            case "session.join":
                self.joins += 1
                member = message.get("name") or role
                joined = {
                    "type": "session.joined",
                    "session": SESSION,
                    "member": member,
                    "role": role,
                    "resumed": self.joins > 1,
                }
                await socket.send_json(joined | {"origin": ORIGIN, "log_key": f"{ORIGIN}+0badcafe+AQID"})
                members = [{"member": member, "role": role, "status": "present", "keyed": "key" in message}]
                await socket.send_json({"type": "session.members", "members": members})
                transport = {"type": "transport.state", "playing": 0, "bpm": 120.0, "beat": 0.0, "n": 4, "d": 4}
                await socket.send_json(transport)
                self.sockets.append(socket)
            case "session.ping":
                await socket.send_json({"type": "session.pong", "time_us": self.now_us(), "time": message["time"]})
            case "capabilities":
                found = capabilities() | {"may": grants(role), "renderers": self.renderers}
                await socket.send_json({"type": "capabilities", "capabilities": found})


def grants(role: str) -> Message:
    """What a role may, in the form of the capabilities."""
    found: Message = {}
    for name, grant in ROLES[role].grants.items():
        found[name] = [str(part) for part in Part if part in grant.parts] if name in WITH_PARTS else True
    if ROLES[role].permits("section.request") is Permit.ASK:
        found["waits"] = ["section.request"]
    return found


def request_fields(**fields: Any) -> Message:
    """A request in full, as the server shows it."""
    found: Message = parse_request(fields, seed=1).to_fields()
    return found


def sine(seconds: float, frequency: float = 220.0) -> bytes:
    """A WAV of a tone at a fifth of full scale."""
    frames = round(seconds * RATE)
    tone = 0.2 * np.sin(2 * np.pi * frequency * np.arange(frames) / RATE)
    stereo = np.repeat((tone * 32767).astype("<i2")[:, None], 2, axis=1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(stereo.tobytes())
    return out.getvalue()


def midi(notes: list[Note], part: Part, **fields: Any) -> bytes:
    """A MIDI file of one part, as the server writes it."""
    request = parse_request({"parts": str(part), **fields})
    per_bar = request.ticks_per_bar
    bars = {
        (part, bar): tuple(note for note in notes if note.start // per_bar == bar - 1)
        for bar in range(1, request.bars + 1)
    }
    written: bytes = to_smf(request, bars, "take-1")
    return written


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def puppet(configure: Callable[[Puppet], None] = lambda _: None) -> Iterator[Puppet]:
    """A puppet on a free port, for the time of a block."""
    server = Puppet()
    configure(server)
    api = Route("/api/{rest:path}", server.answer, methods=["GET", "POST"])
    app = Starlette(routes=[WebSocketRoute("/ws", server.socket), api])
    app.router.default = Studio(PAGE)
    guarded = Guard(app, Hosts.bound_to("127.0.0.1"))
    config = uvicorn.Config(
        guarded, port=0, ws="websockets-sansio", lifespan="off", log_level="error", timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)

    async def serve() -> None:
        server._loop = asyncio.get_running_loop()
        await running.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="puppet server")
    thread.start()
    try:
        while not running.started:
            time.sleep(0.005)
        server.port = running.servers[0].sockets[0].getsockname()[1]
        yield server
    finally:
        running.should_exit = True
        thread.join(WAIT_S)
