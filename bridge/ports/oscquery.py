"""The door for OSCQuery: what can be said over OSC, as JSON over HTTP, on a port of its own.

Made from the schemas alone, read-only; it knows no session, member or token. `GET /section/request` describes an address,
`?TYPE` one attribute of it, `?HOST_INFO` where OSC is spoken. After the OSCQuery proposal: 404 for what is not there, 204
for what has no value, 400 for what is no attribute. One request a connection; anything but a GET is turned away.

    door = OscQuery("127.0.0.1", 0, osc_port=9720)
    host, port = await door.start()
"""

from __future__ import annotations

import asyncio
import functools
import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from bridge.buckets import Bucket, Buckets
from bridge.crowd import Crowd
from bridge.ports.listening import listen
from osc_schemas import Answer, Argument, Book, Receiver, Type, book

__all__ = ["OscQuery", "namespace"]

MAX_REQUEST = 8 * 1024
"""Bytes of a request's head."""
MAX_CONNECTIONS = 64
"""At a time; the oldest is hung up on for one more."""
REQUESTS_PER_S = 50
"""Answers to one address; others wait in the crowd."""
REQUESTS_BURST = 200
"""And as many at once: a program that asks for each address by itself."""
REQUEST_COST_S = 0.001
"""What one counts there: the connection, and all that is written."""
PATIENCE_S = 10.0
"""How long a client may take, to send its request and to read what it asked for."""

READ, WRITE = 1, 2
"""ACCESS of what comes from here and of what is sent here; 0 only holds others."""

ATTRIBUTES: Final = {"ACCESS": True, "DESCRIPTION": True, "RANGE": True, "EXTENDED_TYPE": True, "OVERLOADS": True}
"""The optional ones that are given."""
OTHERS: Final = frozenset(("VALUE", "TAGS", "UNIT", "CRITICAL", "CLIPMODE", "HTML"))
"""The proposal's other ones: known, but there is nothing to say."""
ALWAYS: Final = frozenset(("FULL_PATH", "CONTENTS", "TYPE"))
EXTENSIONS: Final = ATTRIBUTES | dict.fromkeys((*sorted(OTHERS), "LISTEN", "PATH_CHANGED"), False)

Node = dict[str, Any]


@functools.cache
def namespace() -> Node:
    """The whole tree of addresses."""
    root: Node = {"FULL_PATH": "/", "ACCESS": 0, "DESCRIPTION": "StarBridge", "CONTENTS": {}}
    titles = {chapter.asks[0].address.split("/")[1]: chapter.title for chapter in book().chapters}
    for address in sorted({*book().asks, *(answer.address for answer in book().answers.values())}):
        node, path = root, ""
        for name in address[1:].split("/"):
            path += f"/{name}"
            fresh = {"FULL_PATH": path, "ACCESS": 0, "DESCRIPTION": titles.get(name, name)}
            node = node.setdefault("CONTENTS", {}).setdefault(name, fresh)
        node |= _describe(address, book())
    return root


def _describe(address: str, said: Book) -> Node:
    ask = said.asks.get(address)
    answers = [answer for answer in said.answers.values() if answer.address == address]
    if ask is None:
        (answer,) = answers
        return {**_form(answer.args), "ACCESS": READ, "DESCRIPTION": _heard(answer)}
    optional = [_form(ask.args[:count]) for count in range(ask.required, len(ask.args))]
    pairs = [_form((*ask.args, _name_of(key), key)) for key in said.keys.values()] if ask.pairs else []
    replies = [
        {**_form(answer.args), "ACCESS": READ, "DESCRIPTION": _heard(answer)}
        for answer in answers
        if answer.tags != ask.tags
    ]
    overloads = optional + pairs + replies
    return {
        **_form(ask.args),
        "ACCESS": WRITE,
        "DESCRIPTION": f"{ask.doc} Answered by {', '.join(ask.answers)}.",
        **({"OVERLOADS": overloads} if overloads else {}),
    }


def _heard(answer: Answer) -> str:
    return f"{answer.doc} Sent to {'everyone' if answer.to is Receiver.EVERYONE else 'the one who asked'}."


def _name_of(key: Argument) -> Argument:
    """The text in front of a key's value: its name."""
    return Argument("key", Type.TEXT, f"{key.name}: {key.doc}", choices=(key.name,))


def _form(args: tuple[Argument, ...]) -> Node:
    """TYPE, RANGE and EXTENDED_TYPE of one form of a message."""
    form: Node = {"TYPE": "".join(arg.type for arg in args)}
    if args:
        form["RANGE"] = [_range(arg) for arg in args]
        form["EXTENDED_TYPE"] = [arg.name for arg in args]
    return form


def _range(arg: Argument) -> Node | None:
    if arg.choices:
        return {"VALS": list(arg.choices)}
    limits = {"MIN": arg.low, "MAX": arg.high}
    return {name: limit for name, limit in limits.items() if limit is not None} or None


class _Connection(asyncio.Protocol):
    """One request, one answer."""

    def __init__(self, door: OscQuery) -> None:
        self._door = door
        self._head = bytearray()
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._turn: asyncio.Future[None] | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._address = transport.get_extra_info("peername")[0]
        self._patience = asyncio.get_running_loop().call_later(PATIENCE_S, transport.abort)
        self._door.enter(self)

    def data_received(self, data: bytes) -> None:
        if self._answered or self._turn is not None:
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._ask()
        elif len(self._head) > MAX_REQUEST:
            self._answer(_response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def _ask(self) -> None:
        """Now where its address keeps to a share, else in a turn of the crowd's."""
        if self._door.share_of(self._address).take(1, asyncio.get_running_loop().time()):
            self._look_up()
        else:
            self._turn = self._door.crowd.call(self._look_up, REQUEST_COST_S)

    def _look_up(self) -> None:
        self._answer(self._door.answer(self._head.split(b"\r\n", 1)[0].decode("latin-1")))

    def _answer(self, response: bytes) -> None:
        """The only answer; the client hangs up, for if we did while it sends it might never read it."""
        self._answered = True
        self._head.clear()
        if self._transport is not None:
            self._transport.write(response)
            self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._door.connections.pop(self, None)
        if self._turn is not None:
            self._turn.cancel()
        if self._patience is not None:
            self._patience.cancel()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class OscQuery:
    """OSCQuery at one port. `start` and `close` once each. `osc_port` is where OSC over UDP is spoken, on the same host."""

    def __init__(
        self, host: str, port: int, *, osc_port: int, name: str = "StarBridge", crowd: Crowd | None = None
    ) -> None:
        self.crowd = crowd or Crowd()
        self.connections: dict[_Connection, None] = {}
        self._shares = Buckets(REQUESTS_PER_S, REQUESTS_BURST)
        self._let_go = 0
        self._bind = (host, port)
        self._host_info = {"NAME": name, "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP", "EXTENSIONS": EXTENSIONS}
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> tuple[str, int]:
        """Open the door; where it is now. Raises OSError."""
        host, port = self._bind
        self._server = server = await listen(lambda: _Connection(self), host, port)
        bound, port, *_ = server.sockets[0].getsockname()
        return bound, port

    async def close(self) -> None:
        """Close the door and hang up."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)  # so that they hear of it

    def enter(self, connection: _Connection) -> None:
        """A place for a new connection, the oldest one's if need be."""
        self.connections[connection] = None
        if len(self.connections) > MAX_CONNECTIONS:
            oldest = next(iter(self.connections))
            del self.connections[oldest]
            self._let_go += 1
            oldest.abort()

    def share_of(self, address: str) -> Bucket:
        """What one address is answered at once, on however many connections."""
        return self._shares[address]

    def statistics(self) -> dict[str, int]:
        """Connections now, and those that had to make room."""
        return {"connections": len(self.connections), "let_go": self._let_go}

    def answer(self, request_line: str) -> bytes:
        """The whole response to a request's first line."""
        words = request_line.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST)
        if words[0] != "GET":
            return _response(HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            target = urlsplit(words[1])
            path = unquote(target.path, errors="strict")
        except ValueError:  # no URL, or no UTF-8 in it
            return _response(HTTPStatus.BAD_REQUEST)
        attribute = target.query.partition("&")[0].partition("=")[0]
        if path in ("", "/") and not attribute:
            return _everything()
        return _response(*self.look_up(path, attribute))

    def look_up(self, path: str, attribute: str = "") -> tuple[HTTPStatus, Node | None]:
        """An address, or one attribute of it."""
        if attribute == "HOST_INFO":
            return HTTPStatus.OK, self._host_info
        node = namespace()
        for name in filter(None, path.split("/")):
            if name not in node.get("CONTENTS", {}):
                return HTTPStatus.NOT_FOUND, None
            node = node["CONTENTS"][name]
        if not attribute:
            return HTTPStatus.OK, node
        if attribute in OTHERS:
            return HTTPStatus.NO_CONTENT, None
        if attribute not in ATTRIBUTES and attribute not in ALWAYS:
            return HTTPStatus.BAD_REQUEST, None
        return HTTPStatus.OK, {attribute: node[attribute]} if attribute in node else {}


@functools.cache
def _everything() -> bytes:
    """The whole tree, made once: that takes milliseconds."""
    return _response(HTTPStatus.OK, namespace())


def _response(status: HTTPStatus, body: Node | None = None) -> bytes:
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close", "X-Content-Type-Options: nosniff"]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET")
    if body is not None:
        lines.append("Content-Type: application/json")
    if status is not HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content
