"""Blobs: what an engine says over plain HTTP, beside its WebSocket: the audio it hands in, and one question before it joins.

Blocking calls of the standard library; `client` makes them in threads.

    door = Door.parse("https://jam.example:8443", token, ca="ca.pem")
    door.origin("jam")                       # what signatures of this session name
    door.put("jam", sha256, wav)
"""

from __future__ import annotations

import contextlib
import http
import http.client
import json
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlsplit

from sessions.errors import Code, Refused

__all__ = ["Door"]

TIMEOUT_S = 30.0  # without a byte from the other side
MAX_ANSWER = 64 * 1024
SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}


@dataclass(frozen=True, slots=True)
class Door:
    """A server's HTTP door and the token that opens it."""

    host: str
    port: int
    token: str = field(repr=False)
    tls: ssl.SSLContext | None = None

    @classmethod
    def parse(cls, url: str, token: str, *, ca: Path | None = None) -> Door:
        """The door at a URL (http, https, ws or wss; its path does not matter). Raises Refused."""
        parts = urlsplit(url if "//" in url else f"http://{url}")
        try:
            secure, port = SCHEMES[parts.scheme], parts.port
        except (KeyError, ValueError):
            raise Refused(
                Code.BAD_VALUE, f"url: {url[:80]!r} is none; give one such as http://127.0.0.1:8080"
            ) from None
        if not parts.hostname:
            raise Refused(Code.BAD_VALUE, f"url: {url[:80]!r} names no host; give one such as http://127.0.0.1:8080")
        tls = _context(parts.hostname, ca) if secure else None
        return cls(parts.hostname, port or (443 if secure else 80), token, tls)

    @property
    def authority(self) -> str:
        """Host and port, as a URL and a Host header write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def live_url(self) -> str:
        """Where the WebSocket is, without session and token."""
        return f"{'wss' if self.tls else 'ws'}://{self.authority}/ws"

    def origin(self, session: str) -> str:
        """The origin of a session's log: the first line of its checkpoint. Raises Refused, or OSError where nobody answers."""
        body = self._ask("GET", f"/api/sessions/{quote(session, safe='')}/log/checkpoint")
        origin = body.decode(errors="replace").split("\n", 1)[0].strip()
        if not origin:
            raise Refused(Code.FAILED, "url: the server there gave no checkpoint; is it a StarBridge server?")
        return origin

    def put(self, session: str, sha256: str, data: bytes) -> None:
        """Hand in a blob; one that is there already is no error. Raises Refused, or OSError."""
        self._ask("PUT", f"/api/sessions/{quote(session, safe='')}/blobs/{sha256}", data)

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        connection: http.client.HTTPConnection
        if self.tls is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        else:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_S, context=self.tls)
        headers = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            headers["Content-Type"] = "audio/wav"
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who refuses a long body says so early
                connection.request(method, path, data, headers)
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER)
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer from {self.authority}: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status >= 500 or answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise OSError(f"{self.authority} answered {answer.status}")
        if answer.status >= 300:
            raise _refusal(answer.status, body)
        return body


def _context(host: str, ca: Path | None) -> ssl.SSLContext:
    """Whom to believe: those that the system does, or the certificates of `ca`, a server's own among them."""
    if ca is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate without those above it is trusted as well
    # On this machine the server is known by its certificate; what names are in it is for others.
    context.check_hostname = not _is_loopback(host)
    try:
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        raise Refused(Code.BAD_VALUE, f"ca: {ca} can't be read as certificates ({error}); give a PEM file") from None
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(status: int, body: bytes) -> Refused:
    try:
        said = json.loads(body)
        return Refused(Code(said["code"]), str(said["advice"]))
    except (ValueError, KeyError, TypeError):
        return Refused(Code.FAILED, f"the server answered {status}; is it a StarBridge server?")
