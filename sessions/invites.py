"""Invites: signed, expiring tokens that name a session, a role and, where given, a name.

A token is checked with nothing but the session's log key and the time. Whether its invite was revoked, and what its
role may do, is for the session's state. Only the id of an invite ever enters the log.

>>> from sessions.keys import log_key
>>> key = log_key("jam", seed=bytes(32))
>>> token = make_invite(key, "jam", "rhythm", "ana", expires_s=2_000_000_000, id="00112233445566aa")
>>> peek(token).session
'jam'
>>> read_token(token, key.verifier, now_us=1_900_000_000_000_000)
Invite(session='jam', role='rhythm', name='ana', expires_s=2000000000, id='00112233445566aa')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sessions.canonical import canonical_bytes, from_base64, parse_object, to_base64
from sessions.errors import Code, Refused
from sessions.keys import SIGNATURE_BYTES, SigningKey, VerifierKey

__all__ = ["INVITE_ID", "Invite", "Peek", "check_name", "check_time", "make_invite", "peek", "read_span", "read_token"]

MAX_TOKEN = 1024
"""Characters in a token."""
MAX_EXPIRY_S = 253_402_300_799
"""The last second of the year 9999."""
LONGEST_S = 366 * 86_400
"""The longest span that is asked for in words, a year: an invite that nobody remembers is nobody's."""
INVITE_CONTEXT = b"starbridge-invite-v1\n"
VERSION = 1

NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
INVITE_ID = re.compile(r"[0-9a-f]{16}")
_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdw])")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Invite:
    """What a session's key said yes to. `name` is empty where the invite names nobody."""

    session: str
    role: str
    name: str
    expires_s: int
    id: str


@dataclass(frozen=True, slots=True)
class Peek:
    """What a token says of itself before anyone has checked it: enough to find the session whose key can."""

    session: str
    role: str


def check_name(name: str, what: str = "name") -> str:
    """A session's, member's or role's name, given back; raises `Refused`."""
    if not NAME.fullmatch(name) or name.startswith("."):
        raise Refused(
            Code.BAD_VALUE,
            f"{what}: {name[:40]!r} can't be one; use 1 to 32 of letters, digits, _ . -, no dot in front",
        )
    return name


def read_span(text: str, what: str = "expires") -> int:
    """Seconds of a span such as `90m`, `12h` or `7d`; raises `Refused`.

    >>> read_span("12h")
    43200
    """
    found = _SPAN.fullmatch(text.strip().lower())
    span_s = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not 0 < span_s <= LONGEST_S:
        raise Refused(Code.BAD_VALUE, f"{what}: {text[:40]!r} is no span up to a year; write 90m, 12h or 7d")
    return span_s


def make_invite(key: SigningKey, session: str, role: str, name: str, expires_s: int, id: str) -> str:
    """A token; `expires_s` in Unix seconds, `id` 16 hex digits never used before. Raises `Refused`."""
    fields: dict[str, Any] = {
        "v": VERSION,
        "session": check_name(session, "session"),
        "role": check_name(role, "role"),
        "expires": expires_s,
        "id": id,
    }
    if name:
        fields["name"] = check_name(name)
    if not 0 < expires_s <= MAX_EXPIRY_S:
        raise Refused(Code.BAD_VALUE, "expires: give a time between 1970 and 9999")
    if not INVITE_ID.fullmatch(id):
        raise ValueError("an invite's id has 16 hex digits")
    payload = canonical_bytes(fields)
    return to_base64(payload, url=True) + "." + to_base64(key.sign(INVITE_CONTEXT + payload), url=True)


def peek(token: str) -> Peek:
    """The session and role that a token says it is for; raises `Refused`. Nothing is checked yet."""
    invite = _read(token)[0]
    return Peek(invite.session, invite.role)


def read_token(token: str, key: VerifierKey, now_us: int) -> Invite:
    """The invite, where the session's key signed it and it has not run out; raises `Refused` (bad-token, expired)."""
    invite, payload, signature = _read(token)
    if not key.verify(INVITE_CONTEXT + payload, signature):
        raise _bad()
    check_time(invite, now_us)
    return invite


def check_time(invite: Invite, now_us: int) -> None:
    """Whether an invite that was read before holds still; raises `Refused` (expired)."""
    if now_us >= invite.expires_s * 1_000_000:
        raise Refused(Code.EXPIRED, "token: this invite has run out; ask the leader for a new one")


def _read(token: str) -> tuple[Invite, bytes, bytes]:
    if len(token) > MAX_TOKEN or token.count(".") != 1:
        raise _bad()
    payload_text, signature_text = token.split(".")
    try:
        payload, signature = from_base64(payload_text, url=True), from_base64(signature_text, url=True)
        fields = parse_object(payload, MAX_TOKEN)
        if len(signature) != SIGNATURE_BYTES or canonical_bytes(fields) != payload:
            raise _bad()
        return _invite(fields), payload, signature
    except Refused:
        raise _bad() from None


def _invite(fields: dict[str, Any]) -> Invite:
    match fields:
        case {"v": int(version), "session": str(session), "role": str(role), "expires": int(expires_s), "id": str(id_)}:
            name = fields.get("name")
            known = 5 if name is None else 6
            if version != VERSION or version is True or expires_s is True or len(fields) != known:
                raise _bad()
            if not INVITE_ID.fullmatch(id_) or not 0 < expires_s <= MAX_EXPIRY_S or not isinstance(name, str | None):
                raise _bad()
            check_name(session)
            check_name(role)
            return Invite(session, role, "" if name is None else check_name(name), expires_s, id_)
    raise _bad()


def _bad() -> Refused:
    """One answer for whatever is wrong with a token: a stranger learns nothing from it."""
    return Refused(Code.BAD_TOKEN, "token: this is no invite to this session; ask a leader for one and paste all of it")
