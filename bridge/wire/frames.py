"""JSON text to messages and back: what a WebSocket frame or the body of an HTTP request may say.

Pure: text in, a dict out, or the other way; no socket, no session. Stricter than `json`: one object, no name twice, no
NaN or infinity, no whole number that a browser would round, no half surrogate, nothing deep, nothing long. Foreign text
raises exactly `Refused`.

>>> parse_frame('{"type": "take.rate", "take": "take-1", "stars": 4}')
{'type': 'take.rate', 'take': 'take-1', 'stars': 4}
>>> frame_text({"type": "session.pong", "time": 0.5})
'{"type":"session.pong","time":0.5}'
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, Never

from sessions.errors import Code, Refused

__all__ = ["MAX_DEPTH", "MAX_NAMES", "MAX_SIZE", "frame_text", "parse_frame", "parse_object"]

MAX_SIZE: Final = 128 * 1024
"""Bytes of one frame or body (characters, where they are decoded): a bar of 4096 notes needs 98 KB at most."""
MAX_DEPTH: Final = 6
"""Objects and lists in one another; a bar's notes are three deep."""
MAX_NAMES: Final = 256
"""Names in one object; the largest command, a section request with every control, has about 40."""
MAX_DIGITS: Final = 40
"""Characters of one number; a double needs 24 at most."""
MAX_WHOLE: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8785, I-JSON)."""

_TYPE = re.compile(r"[a-z]{1,32}(\.[a-z]{1,32})?")
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    text = _decoded(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_float=_number, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise Refused(Code.BAD_VALUE, f"this is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(value, dict):
        raise Refused(Code.BAD_VALUE, "this is not a JSON object; send one object, in curly brackets")
    _check_depth(value)
    return value


def frame_text(message: Mapping[str, Any]) -> str:
    """The text of a message; raises ValueError where it holds what JSON cannot say (a bug of ours)."""
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_SIZE:
        raise Refused(Code.TOO_LARGE, f"this is {len(text)} long; send {MAX_SIZE} at most")
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise Refused(Code.BAD_VALUE, f"this is not UTF-8: a wrong byte at position {error.start}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES:
        raise Refused(Code.TOO_LARGE, f"{len(pairs)} names in one object are too many; send {MAX_NAMES} at most")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(Code.BAD_VALUE, f"{_shown(name)}: is there twice; send it once")
        if _SURROGATE.search(name):
            raise _half_character(_shown(name))
        found[name] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS or abs(value := int(digits)) > MAX_WHOLE:
        raise Refused(Code.BAD_VALUE, f"{_shown(digits)}: is too large a number; send {MAX_WHOLE} at most")
    return value


def _number(digits: str) -> float:
    if len(digits) > MAX_DIGITS:
        raise Refused(Code.BAD_VALUE, f"{_shown(digits)}: has too many digits; send {MAX_DIGITS} characters at most")
    if not math.isfinite(value := float(digits)):
        raise Refused(Code.BAD_VALUE, f"{digits}: is too large a number")
    return value


def _constant(name: str) -> Never:
    raise Refused(Code.BAD_VALUE, f"{name}: is not JSON; send a finite number")


def _check_depth(value: Any) -> None:
    """Whether lists and objects stay flat and texts whole; level by level, so that nothing recurses."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        below: list[Any] = []
        for item in level:
            for inner in item.values() if isinstance(item, dict) else item:
                if isinstance(inner, dict | list):
                    below.append(inner)
                elif isinstance(inner, str) and _SURROGATE.search(inner):
                    raise _half_character(_shown(inner))
        level = below
    raise _too_deep()


def _too_deep() -> Refused:
    return Refused(Code.TOO_LARGE, f"this is nested too deeply; send {MAX_DEPTH} levels at most")


def _half_character(shown: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"{shown}: holds half a character (a lone surrogate); send whole ones")


def _shown(text: str) -> str:
    text = text if len(text) <= 40 else text[:37] + "..."
    return text.encode("ascii", "backslashreplace").decode() if _SURROGATE.search(text) else text
