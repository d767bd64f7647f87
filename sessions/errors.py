"""Refusals: the one way this house says no.

Whatever a member, a file or a datagram gets wrong is answered with one of twelve codes and a sentence that says what to do
next. Rooms raise `Refused`; doors turn it into the reply of their protocol. A bug of ours is never a `Refused`.

    raise Refused(Code.BAD_VALUE, "bars: 65 is out of range, ask for 1 to 64")
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Code", "Refused"]


class Code(StrEnum):
    """Why something is refused, as programs read it."""

    NOT_ALLOWED = "not-allowed"
    NOT_JOINED = "not-joined"
    BAD_TOKEN = "bad-token"
    EXPIRED = "expired"
    UNKNOWN_FIELD = "unknown-field"
    BAD_VALUE = "bad-value"
    CONFLICT = "conflict"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    NO_ENGINE = "no-engine"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Refused(Exception):
    """Something that can't be done as asked: a code for programs, advice for people."""

    def __init__(self, code: Code, advice: str) -> None:
        super().__init__(f"{code}: {advice}")
        self.code = code
        self.advice = advice
