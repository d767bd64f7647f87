"""What every answer is made of: messages, whom they are for, and when what they say sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sessions.errors import Refused
from sessions.state import State

__all__ = ["Message", "Tell", "Teller", "To", "refusal"]

Message = dict[str, Any]


class To(Enum):
    """Who is meant."""

    ALL = "everybody"
    ONE = "one member"
    SECTION = "who asked for it, and whoever watches"
    WATCHERS = "whoever watches"
    ROSTER = "whoever watches, of all who are here, as soon as that may be said again"


@dataclass(frozen=True, slots=True)
class Tell:
    """Messages that belong together, whom they are for, and when what they say sounds."""

    messages: tuple[Message, ...]
    to: To = To.ALL
    member: str = ""
    at_us: int | None = None
    also: tuple[str, ...] = ()
    """Of a section: who asked for it again."""


Teller = Callable[[State, str, Any], Iterator[Tell]]


def refusal(message: Message, error: Refused) -> Message:
    """The answer to a message that was refused."""
    what = message.get("id") or message.get("type") or "message"
    answer = {"type": "refused", "what": str(what)[:128], "code": str(error.code), "advice": error.advice}
    return answer | {name: str(message[name])[:128] for name in ("id", "section") if message.get(name)}
