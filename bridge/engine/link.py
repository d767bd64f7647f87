"""Link: one joined WebSocket, on which everything said is signed. The one file that knows the `websockets` library.

link = await Link.open(door, "jam", origin, key, name="engine")
await link.send({"type": "engine.progress", "section": "ana/1", "stage": "composing", "done": 0.5})
message = await link.receive()
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from bridge.engine.blobs import Door
from bridge.engine.trouble import LinkLost, refusal
from sessions.errors import Code, Refused
from sessions.keys import MemberKey

__all__ = ["Link", "read_message"]

MAX_FRAME = 32 * 1024 * 1024  # a context of 64 full bars in four parts needs about 8 MB
OPEN_S = 10.0
ANSWER_S = 10.0  # until the server has said who we are
PING_S = 20.0
CLOSE_S = 1.0
HOPELESS = frozenset({Code.BAD_TOKEN, Code.EXPIRED, Code.NOT_ALLOWED, Code.CONFLICT, Code.BAD_VALUE})

Message = dict[str, Any]


def read_message(text: str | bytes) -> Message | None:
    """What a frame says; None where it is no message."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


class Link:
    """A connection that has joined."""

    def __init__(self, socket: ClientConnection, origin: str, key: MemberKey) -> None:
        self._socket = socket
        self._origin = origin
        self._key = key
        self._series, self._said = secrets.token_hex(8), 0
        self.member = ""

    @classmethod
    async def open(cls, door: Door, session: str, origin: str, key: MemberKey, *, name: str) -> Link:
        """Connect and join. Raises LinkLost, or Refused where trying again can't help."""
        try:
            socket = await connect(
                f"{door.live_url}?{urlencode({'session': session})}",
                additional_headers={"Authorization": f"Bearer {door.token}"},
                ssl=door.tls,
                proxy=None,  # as for the blobs
                open_timeout=OPEN_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                close_timeout=CLOSE_S,
                max_size=MAX_FRAME,
            )
        except InvalidStatus as error:
            raise refusal(error.response.status_code, bytes(error.response.body or b""), door.where) from None
        except (OSError, WebSocketException) as error:
            raise door.trouble(error) from None
        link = cls(socket, origin, key)
        try:
            await link.send({"type": "session.join", "key": key.public, "name": name})
            await link._welcome()
        except BaseException:
            await link.close()
            raise
        return link

    async def _welcome(self) -> None:
        while True:
            message = await self.receive(ANSWER_S)
            if message["type"] == "session.joined":
                self.member = str(message.get("member", ""))
                return
            if message["type"] == "refused":
                raise _refusal(message)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Sign and send. Raises LinkLost."""
        self._said += 1
        signed = self._key.signed(self._origin, {**message, "nonce": f"{self._series}#{self._said}"})
        try:
            await self._socket.send(json.dumps(signed, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
        except WebSocketException as error:
            raise _lost(error) from None

    async def receive(self, timeout_s: float | None = None) -> Message:
        """The next message; frames that are none are passed over. Raises LinkLost."""
        while True:
            try:
                async with asyncio.timeout(timeout_s):
                    text = await self._socket.recv()
            except WebSocketException as error:
                raise _lost(error) from None
            except TimeoutError:
                raise LinkLost("the server keeps silent") from None
            if (message := read_message(text)) is not None:
                return message

    async def close(self) -> None:
        await self._socket.close()


def _lost(error: WebSocketException) -> LinkLost:
    """The connection has ended: by the server's own word where it said one."""
    closed = error.rcvd if isinstance(error, ConnectionClosed) else None
    if closed is None:
        return LinkLost("the connection to the server broke off")
    return LinkLost(f"the server hung up ({closed.reason or closed.code})")


def _refusal(message: Message) -> Exception:
    try:
        refused = Refused(Code(message["code"]), str(message["advice"]))
    except (KeyError, ValueError):
        refused = Refused(Code.FAILED, "the server refused without a reason; look at its messages")
    return refused if refused.code in HOPELESS else LinkLost(refused.advice)
