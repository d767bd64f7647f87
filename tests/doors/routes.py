"""Every route of a session over HTTP, as requests, and what the table makes of each.

Routes(http, server, token).mistakes(props, "rhythm")       # [] where the door keeps to the table
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from sessions.music import Part
from sessions.roles import Permit
from tests.doors.lines import SCOPES, Props, says_what_to_do
from tests.support.server import Server
from tests.support.table import may
from tests.support.wav import wav

__all__ = ["Routes"]

READ, PROVE, RULE, HAND_IN = "section.resend", "log.head", "session.revoke", "engine.stem"
"""The rows of the table that stand for reading what was made, for the log's proofs, for a leader's own business, and for
handing in audio."""
SOUND = wav(80, 1, rate=8_000, channels=1)
PIECE = "by=hand&version=1&start=0&frames=4&rate=8000&channels=1"


@dataclass(frozen=True)
class Request:
    """One request: its route in the description, what stands in the path, and the row of the table."""

    method: str
    route: str
    command: str
    names: Mapping[str, str | int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    query: str = ""
    json: Any = None
    content: bytes | None = None
    fine: tuple[int, ...] = (200,)
    """What it is answered with where the table allows it."""

    def __str__(self) -> str:
        return f"{self.method} {self.route} {dict(self.names)} {self.json or ''}"


class Routes:
    """What a token opens."""

    def __init__(self, http: httpx.Client, server: Server, token: str) -> None:
        self._http, self._session = http, server.session
        self._headers = {"Authorization": f"Bearer {token}"}

    def send(self, request: Request) -> httpx.Response:
        path = "/api/sessions/{session}" + request.route
        names = {name: quote(str(value)) for name, value in request.names.items()}
        url = path.format(session=self._session, **names) + (f"?{request.query}" if request.query else "")
        return self._http.request(
            request.method, url, headers=self._headers, json=request.json, content=request.content
        )

    def described(self) -> set[tuple[str, str]]:
        """Every route of a session that the server describes."""
        paths = self._http.get("/openapi.json").json()["paths"]
        own = {path: of for path, of in paths.items() if path.startswith("/api/sessions/{session}")}
        return {(how.upper(), path.removeprefix("/api/sessions/{session}")) for path, of in own.items() for how in of}

    @staticmethod
    def requests(props: Props) -> list[Request]:
        """One of each kind at least, but for those that cancel."""
        return [*_reads(props), *_judgements(props), *_handed_in(props), *_asked(props)]

    def mistakes(self, props: Props, role: str) -> list[str]:
        """Send them all; what is not as the table has it for this role."""
        found: list[str] = []
        asked: list[str] = []
        requests = self.requests(props)
        for request in requests:
            answer = self.send(request)
            found += _wrong(request, answer, may(role, request.command, request.parts))
            if request.route == "/sections" and answer.status_code == 202:
                asked.append(answer.json()["section"])
        for name in asked or [props.written]:
            request = Request("DELETE", "/sections/{section}", "section.cancel", {"section": name})
            found += _wrong(request, self.send(request), may(role, request.command))
        used = {(request.method, request.route) for request in (*requests, request)}
        return found + [f"nobody tried {route}" for route in self.described() - used]


def _wrong(request: Request, answer: httpx.Response, permit: Permit) -> Iterator[str]:
    """What is wrong with an answer, if anything is."""
    if permit is not Permit.NO and answer.status_code not in request.fine:
        yield f"{request} is allowed, and was answered with {answer.status_code} {answer.text[:200]}"
    elif permit is Permit.ASK and answer.json()["status"] != "waiting":
        yield f"{request} was done without the leader's yes"
    elif permit is Permit.NO:
        refusal = answer.json() if answer.status_code == 403 else {}
        if refusal.get("code") != "not-allowed":
            yield f"{request} is not allowed, and was answered with {answer.status_code} {answer.text[:200]}"
        elif not says_what_to_do(refusal):
            yield f"no word of what to do: {refusal}"


def _reads(props: Props) -> Iterator[Request]:
    """What changes nothing."""
    take = {"take": props.takes["all"]}
    yield Request("GET", "/takes", READ)
    for end in ("", "/midi", "/mix.wav", "/certificate"):
        yield Request("GET", "/takes/{take}" + end, READ, take)
    yield Request("GET", "/takes/{take}/stems/{part}.wav", READ, {**take, "part": "drums"})
    yield Request("GET", "/sections/{section}", READ, {"section": props.written})
    of_part = {"section": props.sounding, "part": "drums"}
    yield Request("GET", "/sections/{section}/preview/{part}.wav", READ, of_part)
    yield Request("GET", "/log", READ, query="from=0&to=2")
    yield Request("GET", "/log/checkpoint", PROVE)
    yield Request("GET", "/log/proof/{index}", PROVE, {"index": 0})
    yield Request("GET", "/log/consistency", PROVE, query="from=1&to=2")
    yield Request("GET", "/export", RULE)
    yield Request("GET", "/invites", RULE)


def _judgements(props: Props) -> Iterator[Request]:
    for scope, take in props.takes.items():
        for command in ("accept", "reject"):
            yield Request("POST", "/takes/{take}/" + command, f"take.{command}", {"take": take}, SCOPES[scope])
        stars = {"stars": 3}
        yield Request("POST", "/takes/{take}/rate", "take.rate", {"take": take}, SCOPES[scope], json=stars)


def _handed_in(props: Props) -> Iterator[Request]:
    sha256 = {"sha256": hashlib.sha256(SOUND).hexdigest()}
    yield Request("PUT", "/blobs/{sha256}", HAND_IN, sha256, content=SOUND, fine=(200, 201))
    yield Request("GET", "/blobs/{sha256}", READ, {"sha256": props.sound})
    of_part = {"section": props.written, "part": "drums"}
    piece = bytes(8)
    yield Request(  # it is not in this engine's hand
        "PUT", "/sections/{section}/preview/{part}.wav", HAND_IN, of_part, query=PIECE, content=piece, fine=(409,)
    )
    yield Request("POST", "/invites", RULE, json={"role": "listener"}, fine=(201,))
    yield Request("DELETE", "/invites/{invite}", RULE, {"invite": f"{props.number:016x}"})  # nobody's


def _asked(props: Props) -> Iterator[Request]:
    for scope, parts in SCOPES.items():
        fields = {"id": f"post-{scope}-{props.number}", "bars": 1, "parts": ",".join(parts)}
        yield Request("POST", "/sections", "section.request", parts=parts, json=fields, fine=(202,))
