"""Blobs: what an engine says over plain HTTP, beside its WebSocket: the audio it hands in, and one question before it joins.

Blocking calls of the standard library; `client` makes them in threads.

    door = Door.parse("https://jam.example:8443", token, ca="ca.pem")
    door.origin("jam")                       # what signatures of this session name
    door.put("jam", sha256, wav)
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from bridge.engine.trouble import LinkLost, NoHttp, refusal, trouble
from bridge.engine.where import Where, read_url, trust
from models.work import StemPreview
from sessions.checkpoint import read_note
from sessions.errors import Refused

__all__ = ["Door"]

TIMEOUT_S = 30.0  # without a byte from the other side
MAX_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """A server's HTTP door and the token that opens it."""

    where: Where
    token: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    ca: bool = False
    """Its certificate was given along."""

    @classmethod
    def parse(cls, url: str, token: str, *, ca: Path | None = None) -> Door:
        """The door at a URL, trusting the certificates of a file or those that the system does. Raises Refused."""
        where = read_url(url, ca=ca is not None)
        return cls(where, token, trust(where.host, ca) if where.secure else None, ca is not None)

    @property
    def live_url(self) -> str:
        """Where the WebSocket is, without session and token."""
        return f"{'wss' if self.tls else 'ws'}://{self.where.authority}/ws"

    def trouble(self, error: Exception) -> LinkLost | Refused:
        """What an error on the way there means."""
        return trouble(error, self.where, ca=self.ca)

    def origin(self, session: str) -> str:
        """The origin of a session's log, as its checkpoint has it. Raises Refused, or LinkLost."""
        body = self._ask("GET", f"/api/sessions/{quote(session, safe='')}/log/checkpoint")
        try:
            return read_note(body.decode(errors="replace")).origin
        except Refused:
            raise refusal(200, b"", self.where) from None

    def put(self, session: str, sha256: str, data: bytes) -> None:
        """Hand in a blob; one that is there already is no error. Raises Refused, or LinkLost."""
        self._ask("PUT", f"/api/sessions/{quote(session, safe='')}/blobs/{sha256}", data)

    def put_preview(self, session: str, section: str, piece: StemPreview) -> None:
        """Let a piece of a part be heard. Raises Refused, or LinkLost."""
        facts = {name: getattr(piece, name) for name in ("by", "version", "start", "frames", "rate", "channels")}
        where = f"/api/sessions/{quote(session, safe='')}/sections/{quote(section)}/preview/{quote(piece.part)}.wav"
        self._ask("PUT", f"{where}?{urlencode(facts)}", piece.pcm, "application/octet-stream")

    def _ask(self, method: str, path: str, data: bytes | None = None, kind: str = "audio/wav") -> bytes:
        connection: http.client.HTTPConnection
        host, port = self.where.host, self.where.port
        if self.tls is None:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self.tls)
        headers = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            headers["Content-Type"] = kind
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who refuses a long body says so early
                connection.request(method, path, data, headers)
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER)
        except http.client.HTTPException as error:
            raise self.trouble(NoHttp(f"no HTTP answer: {type(error).__name__}")) from error
        except OSError as error:
            raise self.trouble(error) from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise refusal(answer.status, body, self.where, answer.headers.get("Location", ""))
        return body
