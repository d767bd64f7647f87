"""A scripted server and a scripted engine: what a test says goes over a real socket, and what came is kept.

async with open_stage() as stage:
    call = await stage.next_call()              # somebody connected and asked to join
    await call.let_in()
    await call.say({"type": "engine.work", ...})
    message = await call.hear("engine.bar")
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge.ports.http.server import HttpServer
from models.compose.writer.ahead import RulesAhead
from models.compose.writer.live import Accompanist
from models.work import BarWritten, Finished, Output, Progress, Provenance, StemRendered, Work
from sessions.checkpoint import make_checkpoint
from sessions.errors import Refused
from sessions.invites import make_invite
from sessions.keys import log_key, verify_command
from sessions.music import Note, Part, parse_request
from sessions.music import Request as SectionRequest

Message = dict[str, Any]
KEY = log_key("jam", seed=bytes(32))
TOKEN = make_invite(KEY, "jam", "engine", "", expires_s=4_000_000_000, id="00112233445566aa")
WAIT_S = 45.0


class Call:
    """One connection, seen from the server."""

    def __init__(self, socket: WebSocket, join: Message) -> None:
        self.socket = socket
        self.join = join
        self.heard: list[Message] = []
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self.over = asyncio.Event()

    async def let_in(self, member: str = "engine") -> None:
        await self.say({"type": "session.joined", "session": "jam", "member": member, "role": "engine"})

    async def say(self, message: Message) -> None:
        await self.socket.send_text(json.dumps(message))

    async def hear(self, kind: str = "") -> Message:
        """The next message, of a kind; others before it stay in `heard`."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message = await self._inbox.get()
                assert message is not None, f"the connection ended before a {kind}; came: {self.heard}"
                self.heard.append(message)
                if kind in ("", message["type"]):
                    return message

    async def hang_up(self) -> None:
        await self.socket.close()

    async def pump(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                message = json.loads(await self.socket.receive_text())
                verify_command(self.join["key"], KEY.name, message)
                self._inbox.put_nowait(message)
        self._inbox.put_nowait(None)
        self.over.set()


class Stage:
    """What a test can set and see of the server."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.blobs: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.put_answers: list[Response] = []
        self.origin_answers: list[Response] = []
        self.app = Starlette(
            routes=[
                WebSocketRoute("/ws", self._ws),
                Route("/api/sessions/jam/log/checkpoint", self._checkpoint),
                Route("/api/sessions/jam/blobs/{sha256}", self._put, methods=["PUT"]),
            ]
        )

    async def next_call(self) -> Call:
        async with asyncio.timeout(WAIT_S):
            return await self.calls.get()

    async def _ws(self, socket: WebSocket) -> None:
        self.tokens.add(socket.headers.get("authorization", ""))
        assert socket.query_params["session"] == "jam"
        await socket.accept()
        join = json.loads(await socket.receive_text())
        verify_command(join["key"], KEY.name, join)
        call = Call(socket, join)
        self.calls.put_nowait(call)
        await call.pump()

    async def _checkpoint(self, request: Request) -> Response:
        self.tokens.add(request.headers.get("authorization", ""))
        if self.origin_answers:
            return self.origin_answers.pop(0)
        return PlainTextResponse(make_checkpoint(KEY, 1, bytes(32)))

    async def _put(self, request: Request) -> Response:
        self.tokens.add(request.headers.get("authorization", ""))
        data = await request.body()
        if self.put_answers:
            return self.put_answers.pop(0)
        assert hashlib.sha256(data).hexdigest() == request.path_params["sha256"]
        self.blobs[request.path_params["sha256"]] = data
        return JSONResponse({}, 201)


@contextlib.asynccontextmanager
async def open_stage(tls_cert: Path | None = None, tls_key: Path | None = None) -> AsyncIterator[Stage]:
    stage = Stage()
    server = HttpServer(stage.app, "127.0.0.1", 0, tls_cert=tls_cert, tls_key=tls_key)
    host, port = await server.start()
    stage.url = f"{server.scheme}://{host}:{port}"
    try:
        yield stage
    finally:
        await server.close()


BARS = ((Note(0, 480, 36, 100), Note(960, 480, 43, 90)), (), (Note(7680, 3840, 36, 1),))
MADE_BY = Provenance("tune", "1", "ab" * 32, "Apache-2.0", "always the same")


class Tune:
    """An engine that plays three bars of bass and two blobs; each step first passes `gate`."""

    def __init__(self, gate: Callable[[str, int], None] = lambda section, step: None) -> None:
        self.gate = gate
        self.begun: list[str] = []
        self.works: list[Work] = []
        self.saw_cancel = threading.Event()
        self.cancelled: Callable[[], bool] = lambda: False

    async def until_cancelled(self) -> None:
        """Until the client has heard that the section in hand is off."""
        async with asyncio.timeout(WAIT_S):
            while not self.cancelled():
                await asyncio.sleep(0.005)

    def offers(self) -> list[Message]:
        return [{"name": "sampler", "licence": "GPL-2.0", "note": "", "commercial": True}]

    def accompanist(self, request: SectionRequest, tick: int) -> Accompanist:
        return Accompanist(RulesAhead(), request, start=tick)

    def work(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[Output]:
        self.begun.append(work.section)
        self.works.append(work)
        self.cancelled = cancelled
        steps: list[Output] = [BarWritten(Part.BASS, bar, notes) for bar, notes in enumerate(BARS, 1)]
        steps += [Progress("rendering", 0.5), StemRendered("bass", b"RIFF bass", 3, 44_100)]
        steps += [StemRendered("mix", b"RIFF mix", 3, 44_100), Finished(MADE_BY, MADE_BY, "Am F")]
        for number, step in enumerate(steps):
            self.gate(work.section, number)
            if cancelled():
                self.saw_cancel.set()
                return
            yield step


class Broken(Tune):
    """One that refuses."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused

    def work(self, work: Work, cancelled: Callable[[], bool]) -> Iterator[Output]:
        raise self.refused


def order(section: str, **fields: object) -> Message:
    """An `engine.work` for three bars of bass."""
    request = parse_request({"bars": 3, "parts": "bass"} | fields)
    return {"type": "engine.work", "section": section, "request": request.to_fields(), "context": None, "attempt": 1}
