"""What the API gives and takes, as models and schemas: the source of `/openapi.json`.

Bodies are read strictly by `bridge.wire.frames` and judged by `sessions`, as at every other door. The schema of a section
request is made from the very table that judges it, so the description can't promise what would be refused.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from sessions.commands import MAX_ID
from sessions.music import CONTROLS, FIELDS

__all__ = [
    "REFUSALS",
    "SOCKET",
    "Capabilities",
    "Consistency",
    "Done",
    "Health",
    "InviteAnswer",
    "InviteAsk",
    "Made",
    "Proof",
    "Refusal",
    "SectionAnswer",
    "Stored",
    "TakeAnswer",
    "body",
    "section_schema",
]


class Refusal(BaseModel):
    """Why something was refused, for programs, and what to do about it, for people."""

    code: str
    advice: str


class Health(BaseModel, extra="allow"):
    """The server is up; it fails while a disk takes nothing, and then `failing` says why, by session."""

    status: str = Field(examples=["ok", "failing"])


class Capabilities(BaseModel, extra="allow"):
    """What can be asked for."""

    parts: list[str]
    kinds: list[str]
    styles: list[str]
    limits: dict[str, int]


class SectionAnswer(BaseModel):
    """Where a request for a section stands."""

    id: str
    section: str = Field(description="The section's own name in the session: MEMBER/ID.")
    status: str = Field(description="waiting, queued, working, done, failed, denied or cancelled.")
    position: int = Field(default=0, description="Place in the queue, from 1; 0 where it does not wait there.")
    eta_s: float | None = Field(
        default=None, description="Seconds until it is done, as far as was measured here before."
    )
    take: str = Field(default="", description="The take, once it is done.")
    code: str = Field(default="", description="Why it failed, where it did.")
    advice: str = ""


class TakeAnswer(BaseModel, extra="allow"):
    """A finished section: what was asked, by whom, what made it, what the band thinks of it, and where its files are."""

    take: str
    id: str
    member: str
    role: str
    time: str
    index: int = Field(description="Of its entry in the log.")
    request: dict[str, Any]
    parts: list[str]
    stems: dict[str, str] = Field(description="SHA-256 of each stem's file, and of the mix.")
    unheard: str = Field("", description="Why sound is missing that was asked for; empty where none is.")
    chords: str
    composer: dict[str, Any]
    renderer: dict[str, Any]
    commercial: bool = Field(description="False where a model's licence keeps the take from commercial use.")
    restrictions: list[dict[str, str]] = Field(description="What keeps it: of (notes or sound), by, licence.")
    statement: str = Field(description="SHA-256 of its certificate's statement, as the log has it.")
    verdict: str = Field(description="accepted, rejected or empty.")
    ratings: dict[str, int]
    votes: dict[str, int]
    files: dict[str, str] = Field(description="Paths on this server: midi, mix, stems by part, certificate.")


class Done(BaseModel):
    """The log holds it, at this index."""

    index: int | None


class Proof(BaseModel):
    """That an entry is in the log: an inclusion proof (RFC 6962) to the checkpoint's tree."""

    index: int
    size: int
    leaf: str = Field(description="Leaf hash of the entry, base64.")
    hashes: list[str] = Field(description="The audit path, base64.")
    root: str = Field(description="Root of the tree of `size` entries, base64.")
    checkpoint: str = Field(description="A signed note over that tree.")


class Consistency(BaseModel):
    """That nothing was rewritten between two sizes of the log (RFC 6962)."""

    first: int
    second: int
    hashes: list[str] = Field(description="Base64.")
    root: str = Field(description="Root of the tree of `second` entries, base64.")


class Stored(BaseModel):
    """Audio that the server has."""

    sha256: str
    size: int


class Heard(BaseModel):
    """How much of a preview is here."""

    frames: int


class InviteAsk(BaseModel, extra="forbid"):
    """An invite to be made."""

    role: str
    name: str = Field(default="", description="The name that whoever comes in by it will have.")
    expires: str | int = Field(default="12h", description="How long it holds: seconds, or a span such as 30m, 12h, 7d.")


class Made(BaseModel):
    """A new invite."""

    token: str
    role: str
    name: str
    expires_s: int = Field(description="Seconds from now.")


class InviteAnswer(BaseModel):
    """An invite, without its token."""

    invite: str = Field(description="Its id, by which it is revoked.")
    role: str
    name: str = Field(description="Whom it names; empty where it names nobody.")
    expires_s: int = Field(description="Unix time; 0 where it was not shown since the server's start.")
    members: list[str] = Field(description="Who came by it and was not removed.")
    revoked: bool


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": Refusal, "description": "Refused, with a code and advice."},
    "5XX": {"model": Refusal, "description": "The server can't, with a code and advice."},
}
"""What every route may answer beside what it promises."""

SOCKET: Final = {
    "get": {
        "tags": ["server"],
        "summary": "Ws",
        "description": "A WebSocket: every command and every event as a JSON object, both ways; the type is the OSC "
        "address with dots. The token may also come with `session.join`, first of all.",
        "operationId": "ws_get",
        "parameters": [
            {"name": name, "in": "query", "required": name == "session", "schema": {"type": "string"}}
            for name in ("session", "token")
        ],
        "responses": {
            "101": {"description": "A WebSocket from here on."},
            "403": {"description": "A name or a page that is not this server's."},
        },
    }
}
"""The live door, which the framework leaves out of its description."""

_TYPES: Final = {"s": "string", "i": "integer", "f": "number"}


def body(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """The part of a route's description that says what its body is."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def section_schema() -> dict[str, Any]:
    """What may be asked of a section: the table of fields and the controls of single parts, as a JSON schema."""
    own_id = {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ID,
        "description": "Your own name for the request; the same id and fields again is the same request. "
        "Left out, the server makes one up.",
    }
    properties = {"id": own_id} | {field.name: _schema(field.describe()) for field in FIELDS}
    properties |= {control.field.name: _schema(control.field.describe()) for control in CONTROLS}
    return {"type": "object", "title": "SectionRequest", "properties": properties, "additionalProperties": False}


def _schema(described: dict[str, Any]) -> dict[str, Any]:
    names = {"doc": "description", "low": "minimum", "high": "maximum", "choices": "enum", "longest": "maxLength"}
    known = {names[name]: value for name, value in described.items() if name in names}
    if "default" in described:
        known["default"] = described["default"]
    return {"type": _TYPES[described.get("type", "f")], **known}
