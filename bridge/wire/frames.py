"""JSON text to messages and back: what a WebSocket frame or the body of an HTTP request may say.

Pure: text in, a dict out, or the other way; no socket, no session. The log's own strict reader (`sessions.canonical`), with
tighter limits: one object, nothing deep, nothing long. Foreign text raises exactly `Refused`.

>>> parse_frame('{"type": "take.rate", "take": "take-1", "stars": 4}')
{'type': 'take.rate', 'take': 'take-1', 'stars': 4}
>>> frame_text({"type": "session.pong", "time": 0.5})
'{"type":"session.pong","time":0.5}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from sessions import canonical
from sessions.errors import Code, Refused

__all__ = ["MAX_DEPTH", "MAX_NAMES", "MAX_SIZE", "frame_text", "framed", "parse_frame", "parse_object"]

MAX_SIZE: Final = 128 * 1024
"""Bytes of one frame or body: a bar of 4096 notes needs 98 KB at most."""
MAX_DEPTH: Final = 6
"""Objects and lists in one another; a bar's notes are three deep."""
MAX_NAMES: Final = 256
"""Names in a message; the largest command, a section request with every control, has about 40."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
"""Made once: `json.dumps` makes another one for each message."""
_TYPE = re.compile(r"[a-z]{1,32}(\.[a-z]{1,32})?")


def parse_frame(text: str | bytes) -> dict[str, Any]:
    """The message that a frame holds: an object with a `type`; raises `Refused`."""
    message = parse_object(text)
    kind = message.get("type")
    if kind is None:
        raise Refused(Code.BAD_VALUE, 'type: is missing; say what is asked, as in {"type": "section.request", ...}')
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise Refused(Code.BAD_VALUE, "type: write the OSC address with dots, as in section.request")
    return message


def parse_object(text: str | bytes) -> dict[str, Any]:
    """The one object that a text holds; raises `Refused`."""
    value = canonical.parse_object(text, MAX_SIZE, MAX_DEPTH)
    if len(value) > MAX_NAMES:
        raise Refused(Code.TOO_LARGE, f"{len(value)} names in one object are too many; send {MAX_NAMES} at most")
    return value


def frame_text(message: Mapping[str, Any]) -> str:
    """The text of a message; raises ValueError where it holds what JSON cannot say (a bug of ours)."""
    return _ENCODER.encode(message)


def framed(text: str) -> bytes:
    """A text as one frame from a server (RFC 6455, 5.2): whole, not masked.

    >>> framed("{}").hex()
    '81027b7d'
    """
    data = text.encode()
    size = len(data)
    if size < 126:
        return bytes((_TEXT, size)) + data
    if size < 1 << 16:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + data


_TEXT = 0x81
"""The last piece, and the first, of a text."""
