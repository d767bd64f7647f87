"""Who may talk to this door at all: names in `Host`, pages in `Origin`, and the headers that every answer carries.

A page somewhere in the web can make a browser connect to a server on the user's own machine, by a DNS name that turns
into 127.0.0.1 (rebinding) or simply across sites, as WebSockets know no same-origin rule. So a request must name this
server by one of its own names, and what comes from a page must come from a page of ours. Programs send no `Origin` and
pass.

>>> Hosts.bound_to("127.0.0.1").refusal("localhost:8080", None) is None
True
>>> Hosts.bound_to("127.0.0.1").refusal("evil.example", None).code
<Code.NOT_ALLOWED: 'not-allowed'>
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.loopback import is_loopback
from bridge.ports.http.errors import answer_to
from sessions.errors import Code, Refused

__all__ = ["SECURITY_HEADERS", "Guard", "Hosts"]

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""What a server on one's own machine is called."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
CLEAR: Final = frozenset({"http", "ws"})

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an invite link has its token in the address
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
"""On every answer: the page runs its own files only, and nobody frames it, guesses types or learns its address."""


STRICT_TRANSPORT: Final = "max-age=31536000"
"""Over TLS: no more in the clear, for a year. Not for names of this machine, where it would hold for every other server too."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names that a server answers to, and the foreign pages that may use it."""

    names: frozenset[str]
    any_address: bool = False
    origins: frozenset[str] = frozenset()

    @classmethod
    def bound_to(cls, host: str, names: Iterable[str] = (), origins: Iterable[str] = ()) -> Hosts:
        """The names that fit an address to bind to, and more by hand.

        Bound beyond loopback, any plain IP address passes as well: rebinding needs a name.
        """
        own = LOOPBACK | {name.lower() for name in names} | {host.lower().strip("[]")}
        beyond = not is_loopback(host)
        if beyond:
            machine = socket.gethostname().lower()
            own |= {machine, f"{machine}.local"}
        return cls(own, any_address=beyond, origins=frozenset(origin.lower().rstrip("/") for origin in origins))

    def refusal(self, host: str | None, origin: str | None, *, secure: bool = False) -> Refused | None:
        """Why a request with these headers is not answered; None where it is. `secure`: it came over TLS, so its page must have."""
        asked = _authority(host or "", 0)
        if asked is None or not self._knows(asked[0]):
            shown = (host or "")[:80]
            return Refused(
                Code.NOT_ALLOWED,
                f"Host: {shown!r} is not a name of this server; use the address that it printed at its start",
            )
        if origin is None or origin.lower().rstrip("/") in self.origins:
            return None
        scheme, _, rest = origin.lower().partition("://")
        port = DEFAULT_PORTS.get(scheme)
        clear = secure and scheme in CLEAR  # the other way round there may be a proxy between
        if port is not None and not clear and _authority(rest, port) == _authority(host or "", port):
            return None
        return Refused(
            Code.NOT_ALLOWED,
            f"Origin: pages of {origin[:80]!r} may not use this server; open the studio on the server itself",
        )

    def _knows(self, name: str) -> bool:
        return name in self.names or (self.any_address and _address(name) is not None)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _authority(text: str, default_port: int) -> tuple[str, int] | None:
    """Name and port of `name:port`; None where it is anything else."""
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None or parts.netloc != text or "\\" in text:
        return None
    return parts.hostname.removesuffix("."), default_port if port is None else port


class Guard:
    """Outermost of the app: checks names and origins, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        headers = Headers(scope=scope)
        asked = _authority(headers.get("host") or "", 0)
        secure = scope.get("scheme") in ("https", "wss")
        strict = secure and asked is not None and asked[0] not in LOOPBACK

        async def secured(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                answered = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answered[name] = value
                if strict:
                    answered["Strict-Transport-Security"] = STRICT_TRANSPORT
            await send(message)

        refused = self._hosts.refusal(headers.get("host"), headers.get("origin"), secure=secure)
        if "content-length" in headers and "transfer-encoding" in headers:
            await _two_lengths()(scope, receive, secured)
        elif refused is None:
            await self._app(scope, receive, secured)
        else:
            await answer_to(refused)(scope, receive, secured)


def _two_lengths() -> Response:
    """The answer to a body that ends in two ways: a proxy in between may have read the other (RFC 9112, 6.3), so all ends here."""
    advice = "body: it can't have both a Content-Length and a Transfer-Encoding; send one of them"
    answer = answer_to(Refused(Code.BAD_VALUE, advice), HTTPStatus.BAD_REQUEST)
    answer.headers["Connection"] = "close"
    return answer
