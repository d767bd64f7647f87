"""Records to plain JSON values and back, by their annotations.

Commands, events and snapshots cross rooms as frozen records and cross the disk and the wire as JSON. This is the one place
that translates: exact about types, with one mercy (a whole float where an int is asked, because Pd, Max and TouchOSC send
floats for everything). It knows nothing of what the records mean. Whatever does not fit raises `Refused` with the field's name.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Rating:
...     take: str
...     stars: int = 3
>>> to_plain(Rating("take-1"))
{'take': 'take-1', 'stars': 3}
>>> from_plain(Rating, {"take": "take-2", "stars": 4.0})
Rating(take='take-2', stars=4)
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from sessions.errors import Code, Refused
from sessions.music import Note, Request, parse_request
from sessions.packed import Packed

__all__ = ["fields_of", "from_plain", "record_from", "to_plain", "unknown_field"]

MAX_TEXT = 4096
"""Characters in one text value of a command."""


_PLAIN = frozenset((str, int, float, bool, type(None)))


def to_plain(value: Any) -> Any:
    """The JSON value of a record, an enum, a text-like value or a container of them."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Note):
        return [value.start, value.length, value.pitch, value.velocity]
    if isinstance(value, Request):
        return value.to_fields()
    if hasattr(value, "parse"):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {name: to_plain(getattr(value, name)) for name in fields_of(type(value))}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, Iterable):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def fields_of(record: Any) -> dict[str, Any]:
    """The field names of a record and their resolved annotations."""
    return _fields_of(record)


@functools.cache
def _fields_of(record: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    return {field.name: hints[field.name] for field in dataclasses.fields(record)}


@functools.cache
def _required(record: Any) -> tuple[str, ...]:
    missing = dataclasses.MISSING
    return tuple(
        field.name
        for field in dataclasses.fields(record)
        if field.default is missing and field.default_factory is missing
    )


def unknown_field(name: str, known: Iterable[str]) -> Refused:
    """The refusal for a name that nobody knows, with the nearest one that is known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}" if names else "none is taken here"
    return Refused(Code.UNKNOWN_FIELD, f"{name[:64]}: there is no such field; {hint}")


def record_from(record: Any, values: Mapping[str, Any]) -> Any:
    """One record from its fields; raises `Refused` for an unknown, missing or impossible one."""
    known = fields_of(record)
    for name in values:
        if name not in known:
            raise unknown_field(name, known)
    for name in _required(record):
        if name not in values:
            raise Refused(Code.BAD_VALUE, f"{name}: is missing; send it along")
    return record(**{name: from_plain(known[name], value, name) for name, value in values.items()})


def from_plain(kind: Any, value: Any, name: str = "value") -> Any:
    """The value of an annotated kind from plain JSON; raises `Refused` with `name`."""
    if kind is Any or kind is type(value) is bool:
        return value
    if kind is Packed and type(value) is str:
        return Packed(value)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _from_union(typing.get_args(kind), value, name)
    if origin is tuple:
        return _from_tuple(typing.get_args(kind), value, name)
    if origin is frozenset:
        return frozenset(_from_tuple((typing.get_args(kind)[0], ...), value, name))
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise _wrong(name, "an object", value)
        inner = typing.get_args(kind)[1]
        if inner is Any:
            return {str(key): item for key, item in value.items()}
        return {str(key): from_plain(inner, item, f"{name}.{key}") for key, item in value.items()}
    if kind in (bool, int, float, str):
        return _scalar(kind, value, name)
    return _from_class(kind, value, name)


def _from_class(kind: Any, value: Any, name: str) -> Any:
    if issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            raise _wrong(name, "one of " + ", ".join(str(member.value) for member in kind), value) from None
    if kind is Note:
        plain = type(value) is list and len(value) == 4 and all(type(number) is int for number in value)
        start, length, pitch, velocity = value if plain else _from_tuple((int, int, int, int), value, name)
        try:
            return Note(start, length, pitch, velocity)
        except ValueError:
            raise _wrong(name, "notes as [start, length, pitch, velocity]", value) from None
    if kind is Request:
        return parse_request(_object(value, name))
    if hasattr(kind, "parse"):
        return kind.parse(_scalar(str, value, name))
    return record_from(kind, _object(value, name))


def _from_union(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    for kind in kinds[:-1]:
        try:
            return from_plain(kind, value, name)
        except Refused:
            continue
    return from_plain(kinds[-1], value, name)


def _from_tuple(kinds: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(name, "a list", value)
    if len(kinds) == 2 and kinds[1] is ...:
        return tuple(from_plain(kinds[0], item, name) for item in value)
    if len(value) != len(kinds):
        raise _wrong(name, f"a list of {len(kinds)}", value)
    return tuple(from_plain(kind, item, name) for kind, item in zip(kinds, value, strict=True))


def _scalar(kind: Any, value: Any, name: str) -> Any:
    if kind is int and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind is bool and value in (0, 1):
        return bool(value)
    if kind is str and isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise Refused(Code.TOO_LARGE, f"{name}: {len(value)} characters are too many; send {MAX_TEXT} at most")
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
        return value
    words = {int: "a whole number", float: "a number", bool: "1 or 0", str: "text"}
    raise _wrong(name, words[kind], value)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value)
    return value


def _wrong(name: str, wanted: str, value: Any) -> Refused:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return Refused(Code.BAD_VALUE, f"{name}: {shown} can't be used; send {wanted}")
