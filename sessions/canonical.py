"""Canonical bytes: RFC 8785 out, strict JSON in, and the one way to write base64.

What is hashed or signed here is hashed or signed in this form, so it has to be the same on every machine and in every
language. The reader takes what RFC 8785 can write back and nothing else: no key twice, no NaN, no half of a surrogate
pair, bounded in size and depth. It raises `Refused` and nothing else; this module knows nothing of what the values
mean.

>>> canonical_bytes({"b": [1.0, 1e21, "€"], "a": None})
b'{"a":null,"b":[1,1e+21,"\\xe2\\x82\\xac"]}'
>>> parse_json('{"bars": 8, "bars": 9}')
Traceback (most recent call last):
    ...
sessions.errors.Refused: bad-value: the key 'bars' stands twice in one object; send it once
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring as _quoted
from math import isfinite
from typing import Any, NoReturn

from sessions.errors import Code, Refused

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "canonical_bytes",
    "from_base64",
    "parse_json",
    "parse_object",
    "read_back",
    "read_known",
    "to_base64",
]

MAX_BYTES = 1 << 20
"""Bytes of one JSON text, where the caller names no other limit."""
MAX_DEPTH = 32
"""Objects and lists inside each other."""
MAX_INT = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


# -- out -------------------------------------------------------------------------------------------------------------


def canonical_bytes(value: Any) -> bytes:
    """The RFC 8785 form. Raises `Refused` for a number, text or depth without one, `TypeError` for what is not JSON."""
    if _is_plain(value, 0) and (text := _ENCODER.encode(value)).isascii():
        return text.encode()
    pieces: list[str] = []
    _write(value, pieces, 0)
    try:
        return "".join(pieces).encode()
    except UnicodeEncodeError:
        raise Refused(Code.BAD_VALUE, "a text holds half of a surrogate pair; send whole characters") from None


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"), sort_keys=True
)
"""Writes a line of the log six times as fast as `_write` does, and the same, of what is plain and in ASCII."""
_SCALARS, _LISTS = frozenset((str, bool, type(None))), frozenset((list, tuple))
_KINDS = _SCALARS | _LISTS | {int, dict}


def _is_plain(value: Any, depth: int) -> bool:
    """Whether there is nothing in it that the interpreter's own encoder would write otherwise: no fraction, no number out of
    range, no key but text, nothing too deep. A bar has hundreds of numbers, so all of a list are asked at once."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is int:
        return bool(-MAX_INT <= value <= MAX_INT)
    if depth == MAX_DEPTH:
        return False
    items = value
    if kind is dict:
        if not _TEXT.issuperset(map(type, value)):
            return False
        items = value.values()
    elif kind not in _LISTS:
        return False
    kinds = set(map(type, items))
    if not kinds <= _KINDS:
        return False
    if kinds == _WHOLE:
        return bool(min(items) >= -MAX_INT and max(items) <= MAX_INT)
    return kinds <= _SCALARS or all(type(item) in _SCALARS or _is_plain(item, depth + 1) for item in items)


_TEXT, _WHOLE = frozenset((str,)), frozenset((int,))


def _write(value: Any, pieces: list[str], depth: int) -> None:
    kind = type(value)
    if kind is str:
        pieces.append(_quoted(value))
    elif kind is int:
        pieces.append(_whole(value))
    elif value is None or value is True or value is False:
        pieces.append("null" if value is None else "true" if value else "false")
    elif kind is float:
        pieces.append(_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, pieces, depth + 1)
    elif isinstance(value, list | tuple):
        _write_list(value, pieces, depth + 1)
    elif isinstance(value, str):  # a str or int enum is written as the value that it is
        pieces.append(_quoted(str.__str__(value)))
    elif isinstance(value, int):
        pieces.append(_whole(int(value)))
    elif isinstance(value, float):
        pieces.append(_number(float(value)))
    else:
        raise TypeError(f"{kind.__name__} has no JSON form")


def _write_list(values: list[Any] | tuple[Any, ...], pieces: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    mark = "["
    for value in values:
        pieces.append(mark)
        _write(value, pieces, depth)
        mark = ","
    pieces.append("]" if values else "[]")


def _write_object(values: Mapping[str, Any], pieces: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_deep()
    for key in values:
        if not isinstance(key, str):
            raise TypeError(f"{key!r} is no key of a JSON object")
    mark = "{"
    for key in sorted(values, key=None if all(map(str.isascii, values)) else _utf16):
        pieces.append(mark)
        pieces.append(_quoted(key))
        pieces.append(":")
        _write(values[key], pieces, depth)
        mark = ","
    pieces.append("}" if values else "{}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _whole(value: int) -> str:
    if not -MAX_INT <= value <= MAX_INT:
        raise Refused(Code.BAD_VALUE, "a whole number is beyond 2^53-1 and would not be read exactly; send it as text")
    return str(value)


def _number(value: float) -> str:
    """As ECMAScript writes it: the shortest digits that read back as the same double, laid out by its own rules."""
    if not isfinite(value):
        raise Refused(Code.BAD_VALUE, "a number is not finite; send an ordinary one")
    text = repr(value)
    if "e" not in text:  # 1e-4 to 1e16: Python and ECMAScript agree, but for a trailing .0 and for -0
        return "0" if value == 0 else text.removesuffix(".0")
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    digits = mantissa.replace(".", "")
    point = 1 + int(exponent)  # the value is 0.DIGITS times ten to this
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = "." + digits[1:] if digits[1:] else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


# -- in --------------------------------------------------------------------------------------------------------------


def parse_json(text: bytes | str, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text of `limit` bytes at most, with objects and lists `depth` deep at most; raises `Refused`."""
    if len(text) > limit:
        raise Refused(Code.TOO_LARGE, f"{len(text)} bytes of JSON are too many; send {limit} at most")
    try:
        if isinstance(text, str):
            size = len(text.encode())  # also finds half pairs that came in as such
            if size > limit:
                raise Refused(Code.TOO_LARGE, f"{size} bytes of JSON are too many; send {limit} at most")
        else:
            text = text.decode()
        value = _DECODER.decode(text)
    except UnicodeError:
        raise Refused(Code.BAD_VALUE, "that is not UTF-8; send JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Refused(Code.BAD_VALUE, f"that is not JSON ({error.msg} at character {error.pos}); mend it") from None
    except RecursionError:
        raise _too_deep(depth) from None
    half_pairs = _HALF_PAIR.search(text) is not None
    if half_pairs or text.count("[") + text.count("{") > depth:
        _check(value, depth, half_pairs=half_pairs)
    return value


def parse_object(text: bytes | str, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """The same where only an object makes sense."""
    value = parse_json(text, limit, depth)
    if not isinstance(value, dict):
        raise Refused(Code.BAD_VALUE, "that is JSON, but not an object; send {...}")
    return value


def read_back(text: bytes, limit: int = MAX_BYTES) -> tuple[dict[str, Any], bool]:
    """The object of a text, and whether the text is its RFC 8785 form; raises `Refused` as `parse_object` does.

    Of nearly all that was written in this form the interpreter's own reader says the same, several times as fast: what is
    plain, and is written back to the very same bytes, holds no key twice and no half of a pair.
    """
    if len(text) <= limit and text.isascii() and _LONG_NUMBER.search(text) is None and _is_flat(text):
        try:
            value = _QUICK.decode(text.decode())
        except (ValueError, RecursionError):
            value = None
        if type(value) is dict and _ENCODER.encode(value).encode("utf-8", "replace") == text:
            return value, True
    value = parse_object(text, limit)
    return value, canonical_bytes(value) == text


def read_known(text: bytes) -> dict[str, Any]:
    """The object of a text that `read_back` once found in its RFC 8785 form, and that is the same since: in a third of the time."""
    found: dict[str, Any] = parse_object(text, len(text)) if _LONG_NUMBER.search(text) else json.loads(text.decode())
    return found


def _is_flat(text: bytes) -> bool:
    """Whether brackets close each other within the depth that is allowed; those in texts may make it a no."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _no_fraction(digits: str) -> NoReturn:
    raise ValueError(digits)


_LONG_NUMBER = re.compile(rb"[:,\[-][0-9]{16}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_QUICK = json.JSONDecoder(parse_float=_no_fraction, parse_constant=_no_fraction)
"""Takes more than it should, but in C; what it would not write back alike is refused."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Refused(Code.BAD_VALUE, f"the key {twice[:64]!r} stands twice in one object; send it once")
    return values


def _read_whole(digits: str) -> int | float:
    if len(digits) < 16:
        return int(digits)
    if len(digits) > 22:  # longer than any whole number that RFC 8785 writes without an exponent
        raise _not_exact(digits)
    value = int(digits)
    if -MAX_INT <= value <= MAX_INT:
        return value
    if _number(float(value)) != digits:  # exactly this double, or not at all
        raise _not_exact(digits)
    return float(value)


def _read_number(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise Refused(Code.BAD_VALUE, f"the number {digits[:32]} is too large; send one that a double can hold")
    return value


def _no_constant(name: str) -> NoReturn:
    raise Refused(Code.BAD_VALUE, f"{name} is not JSON; send a number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_read_whole, parse_float=_read_number, parse_constant=_no_constant
)


def _check(value: Any, depth: int, *, half_pairs: bool) -> None:
    """Depth, and half pairs that came in as escapes; walked only where the text could hold either, level by level."""
    level: list[Any] = [[value]]
    for _ in range(depth + 2):
        if not level:
            return
        below: list[Any] = []
        for container in level:
            items = container
            if isinstance(container, dict):
                items = container.values()
                if half_pairs:
                    _check_whole(container)
            if half_pairs:
                _check_whole(item for item in items if isinstance(item, str))
            below += [item for item in items if isinstance(item, list | dict)]
        level = below
    raise _too_deep(depth)


def _check_whole(texts: Iterable[str]) -> None:
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        raise Refused(Code.BAD_VALUE, "a text holds half of a surrogate pair; send whole characters")


def _too_deep(depth: int = MAX_DEPTH) -> Refused:
    return Refused(Code.TOO_LARGE, f"lists and objects lie deeper than {depth} in each other; send a flatter value")


def _not_exact(digits: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"the whole number {digits[:32]} can't be kept exactly; send it as text")


# -- base64 ----------------------------------------------------------------------------------------------------------


def to_base64(data: bytes, *, url: bool = False) -> str:
    """Standard base64 with padding; `url` gives the URL alphabet without padding."""
    if url:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    return base64.b64encode(data).decode()


def from_base64(text: str, *, url: bool = False) -> bytes:
    """The bytes, only where `to_base64` writes exactly this text of them; raises `Refused`."""
    try:
        padded, others = (text + "=" * (-len(text) % 4), b"-_") if url else (text, None)
        data = base64.b64decode(padded, altchars=others, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if to_base64(data, url=url) != text:
        raise Refused(Code.BAD_VALUE, "that is not base64 in its one canonical form; send it as it was made")
    return data
