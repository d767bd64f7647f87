"""The live door: a WebSocket on which everything is said as JSON objects, both ways.

    GET /ws?session=jam&token=...        or the token as `Authorization: Bearer`, or in the first `session.join`
    > {"type": "section.request", "id": "a", "bars": 8}
    < {"type": "section.accepted", "id": "a", "member": "ana", "position": 1}

A client that wants a name or signs with a key says `session.join` first; any other first message, or a short silence, joins as
the invite says. A `session.join` that is the first word all the same, however late on a busy machine, joins anew. A message
is handed on before the next one is read, and answered when the disk has it. Whoever doesn't read what he is sent is closed
when his outbox is full, and told so behind what he still gets, which is whole and in order; nobody else notices.

Close codes: 1000 after `session.leave`, 1012 the server stops, 1013 too slow a reader or no room for a join just now, 4401 not
let in, 4409 removed or come in elsewhere too often.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, WebSocket

from bridge.crowd import Crowd, share_of_one
from bridge.door import Bundle, Message, Seat, refusal
from bridge.house import House
from bridge.loopback import is_loopback
from bridge.outbox import Outbox
from bridge.ports.http.auth import open_door
from bridge.ports.http.connections import JOINED
from bridge.ports.http.line import line_of
from bridge.wire.frames import frame_text, framed, parse_frame
from sessions.errors import Code, Refused
from sessions.state import Presence

__all__ = ["Connection", "router"]

JOIN_S: Final = 2.0
"""How long a silent client may think before it is joined as its invite says; a slow network's two ways fit in."""
STRANGER_S: Final = 20.0
"""And one that has shown no token yet: its join brings one, and may come late from a busy machine."""
REFUSE_S: Final = 1.0
"""And one whose token is none: a person with a bad link waits for this. A first message before that is refused by its name."""
TURN: Final = 16
"""Messages of one client before everybody else has a turn,"""
TURN_S: Final = 0.001
"""and for so long."""
SIGNED: Final = '"signature"'
"""What a signed message holds, whatever else may hold it."""
MAX_UNANSWERED: Final = 1024
"""Messages of one client that wait for the disk; after that its socket is not read until some are through."""

LEFT, LATER, REFUSED, DISMISSED = 1000, 1013, 4401, 4409
SLOW = "you read too slowly, and the rest was dropped; connect again, and ask again by the same ids"
PASSING: Final = frozenset({Code.FAILED, Code.TOO_MANY})
"""Why a join is refused that may well be taken later: a full disk, too many at once."""

log = logging.getLogger(__name__)
router = APIRouter()


@router.websocket("/ws")
async def ws(socket: WebSocket) -> None:
    """Everything live, as JSON objects both ways."""
    house: House = socket.app.state.house
    await socket.accept()
    await Connection(house, socket, socket.app.state.crowd).serve()


class Connection:
    """One client from its first frame to its last; the outlet that the host is given for it."""

    kind = "ws"
    watches = True

    def __init__(self, house: House, socket: WebSocket, crowd: Crowd) -> None:
        self._house = house
        self._crowd = crowd
        self._share = share_of_one()
        self._socket = socket
        self._session = socket.query_params.get("session", "")
        self._token = _token(socket)
        self._seat: Seat | None = None
        self._spoken = False
        self._line = line_of(socket.scope)
        self._outbox = Outbox()
        self._unanswered: set[asyncio.Future[Any]] = set()
        self._over: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._goodbye = 0
        self.local = socket.client is not None and is_loopback(socket.client.host)

    @property
    def waiting_bytes(self) -> int:
        return self._outbox.waiting_bytes

    def send(self, bundle: Bundle) -> None:
        frames = _frames(bundle)
        if self._line.is_free and not self._outbox and not self._outbox.closed:
            self._line.write(frames)
        elif not self._outbox.put(frames) and self._outbox.overflowed:
            self._end(LATER, SLOW)

    async def serve(self) -> None:
        """Read and write until one side has had enough."""
        tasks = [asyncio.create_task(work()) for work in (self._read, self._write)]
        patience = asyncio.get_running_loop().call_later(self._patience_s(), self._join_silent)
        ends: list[asyncio.Future[Any]] = [self._over, *tasks]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._outbox.close()
            if self._seat is not None:
                self._seat.host.close(self._seat)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        code, why = self._over.result() if self._over.done() else (self._goodbye, _REASONS.get(self._goodbye, ""))
        if code:
            self._line.end(code, why)

    # -- in --------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        turn, end_s = 0, loop.time() + TURN_S
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                return
            if self._share.take(1, loop.time()):
                if SIGNED in (frame.get("text") or ""):
                    await self._crowd.lane.turn()
                self._take(frame)
            else:
                async with self._crowd.turn():
                    self._take(frame)
            turn += 1
            if turn == TURN or loop.time() > end_s:
                await asyncio.sleep(0)
                turn, end_s = 0, loop.time() + TURN_S
            while len(self._unanswered) >= MAX_UNANSWERED:
                await asyncio.wait(self._unanswered, return_when=asyncio.FIRST_COMPLETED)

    def _take(self, frame: Mapping[str, Any]) -> None:
        """One frame: understood and handed on, or refused."""
        if self._outbox.closed:
            return
        message: Message = {}
        try:
            text = frame.get("text")
            if text is None:
                raise Refused(Code.BAD_VALUE, "this is a binary frame; send JSON as text")
            message = parse_frame(text)
            first, self._spoken = not self._spoken, True
            if message["type"] == "session.join":
                if not first:
                    advice = "session: you have joined already; open another connection to join again"
                    raise Refused(Code.CONFLICT, advice)
                self._join(message)
                return
            if self._seat is None:
                self._join(None)
            self._submit(message)
        except Refused as refused:
            self._refuse(message, refused)
            if self._seat is None and message:
                self._leave_after_this(_goodbye(refused))
        except Exception:
            log.exception("a message of type %s failed", message.get("type"))
            self._refuse(message, _OUR_FAULT)

    def _join(self, message: Message | None) -> None:
        """Take a seat, as the client says or as the invite says."""
        said = dict(message or {"type": "session.join"})
        token = said.pop("token", None) or self._token
        if not isinstance(token, str):
            raise Refused(Code.BAD_TOKEN, "token: send it as ?token=, or as the token of a session.join first of all")
        host, invite = open_door(self._house, self._session, token)
        if self._seat is not None:  # joined while it kept silent
            self._seat.host.close(self._seat)
            self._seat = None
        self._seat, joined = host.join(invite, said, self)
        self._seat.dismissed = self._dismissed
        self._socket.scope["extensions"].get(JOINED, lambda: None)()
        self._wait_for(said, joined)
        joined.add_done_callback(self._came_in)

    def _came_in(self, joined: asyncio.Future[Any]) -> None:
        """Whose joining the disk did not take may come again."""
        if not joined.cancelled() and isinstance(refused := joined.exception(), Refused):
            self._leave_after_this(_goodbye(refused))

    def _submit(self, message: Message) -> None:
        assert self._seat is not None
        self._wait_for(message, self._seat.host.submit(self._seat, message))

    def _wait_for(self, message: Message, answered: asyncio.Future[Any]) -> None:
        def done(future: asyncio.Future[Any]) -> None:
            self._unanswered.discard(future)
            if future.cancelled():
                return
            error = future.exception()
            if isinstance(error, Refused):
                self._refuse(message, error)
            elif error is not None:
                log.error("a message of type %s failed", message.get("type"), exc_info=error)
                self._refuse(message, _OUR_FAULT)

        if answered.done():
            done(answered)
        else:
            self._unanswered.add(answered)
            answered.add_done_callback(done)

    def _patience_s(self) -> float:
        """How long it may keep silent: who can't be let in is told soon."""
        if not self._token:
            return STRANGER_S
        try:
            open_door(self._house, self._session, self._token)
        except Refused:
            return REFUSE_S
        return JOIN_S

    def _join_silent(self) -> None:
        """Join whoever keeps silent."""
        if self._seat is None and not self._outbox.closed:
            try:
                self._join(None)
            except Refused as refused:
                self._refuse({"type": "session.join"}, refused)
                self._leave_after_this(_goodbye(refused))

    # -- out -------------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """What could not be written at once."""
        while batch := await self._outbox.get():
            self._line.write(b"".join(batch))
            await self._line.drained()

    def _refuse(self, message: Message, refused: Refused) -> None:
        self.send(Bundle((refusal(message, refused),)))

    def _dismissed(self) -> None:
        """The host has given the seat away: say what is left, then go."""
        assert self._seat is not None
        member = self._seat.host.state.members.get(self._seat.member)
        self._leave_after_this(LEFT if member is not None and member.presence is Presence.LEFT else DISMISSED)

    def _leave_after_this(self, code: int) -> None:
        self._goodbye = self._goodbye or code
        self._outbox.close()

    def _end(self, code: int, why: str) -> None:
        if not self._over.done():
            self._over.set_result((code, why))


_REASONS: Final = {
    LEFT: "you have left",
    LATER: "not let in just now; the message before says why, try again later",
    REFUSED: "not let in; the message before says why",
    DISMISSED: "removed, or come in elsewhere too often",
}
_OUR_FAULT: Final = Refused(Code.FAILED, "the server made a mistake; its own log says more, and trying again may help")


def _goodbye(refused: Refused) -> int:
    return LATER if refused.code in PASSING else REFUSED


def _token(socket: WebSocket) -> str | None:
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else socket.query_params.get("token")


class _Framer:
    """The frames of a bundle, made once for all who are sent the same one, one after the other.

    What sounds at a time says so in each of its frames, as an OSC bundle says it by its time tag.
    """

    def __init__(self) -> None:
        self._bundle = Bundle(())
        self._frames = b""

    def __call__(self, bundle: Bundle) -> bytes:
        if bundle is not self._bundle:
            messages: Iterable[Message] = bundle.messages
            if bundle.at_us is not None:
                messages = [{**message, "time_us": bundle.at_us} for message in messages]
            texts = [frame_text(message) for message in messages]
            self._bundle, self._frames = bundle, b"".join(map(framed, texts))
        return self._frames


_frames = _Framer()
