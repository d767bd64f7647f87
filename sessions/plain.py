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
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from typing import Any

from sessions.errors import Code, Refused
from sessions.music import Note, Request, parse_request
from sessions.packed import Packed

__all__ = ["fields_of", "from_plain", "record_from", "to_plain", "unknown_field"]

MAX_TEXT = 4096
"""Characters in one text value of a command."""
MAX_INT = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

Writer = Callable[[Any], Any]
"""The JSON value of values of one type."""
Reader = Callable[[Any, str], Any]
"""A value of one kind from plain JSON, and the name to refuse it by."""


# -- to JSON ---------------------------------------------------------------------------------------------------------


def to_plain(value: Any) -> Any:
    """The JSON value of a record, an enum, a text-like value or a container of them."""
    return _writer(value.__class__)(value)


@functools.cache
def _writer(kind: type) -> Writer:
    """How values of a type are written; looked up once, for a note goes by a thousand times a second."""
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, bool | int | float | str | types.NoneType):
        return lambda value: value
    if kind is Note:
        return lambda value: [value.start, value.length, value.pitch, value.velocity]
    if issubclass(kind, Request):
        return lambda value: value.to_fields()
    if hasattr(kind, "parse"):
        return str
    if dataclasses.is_dataclass(kind):
        names = tuple(fields_of(kind))
        return lambda value: {name: to_plain(getattr(value, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda value: {str(key): to_plain(item) for key, item in value.items()}
    if issubclass(kind, frozenset | set):
        return lambda value: sorted(to_plain(item) for item in value)
    if issubclass(kind, Iterable):
        return lambda value: [to_plain(item) for item in value]
    raise TypeError(f"{kind.__name__} has no plain form")


# -- records ---------------------------------------------------------------------------------------------------------


def fields_of(record: Any) -> dict[str, Any]:
    """The field names of a record and their resolved annotations."""
    return _fields_of(record)


@functools.cache
def _fields_of(record: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    return {field.name: hints[field.name] for field in dataclasses.fields(record) if field.init}


@functools.cache
def _required(record: Any) -> tuple[str, ...]:
    missing = dataclasses.MISSING
    return tuple(
        field.name
        for field in dataclasses.fields(record)
        if field.init and field.default is missing and field.default_factory is missing
    )


@functools.cache
def _readers(record: Any) -> dict[str, Reader]:
    return {name: _reader(kind) for name, kind in fields_of(record).items()}


def unknown_field(name: str, known: Iterable[str]) -> Refused:
    """The refusal for a name that nobody knows, with the nearest one that is known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}" if names else "none is taken here"
    return Refused(Code.UNKNOWN_FIELD, f"{name[:64]}: there is no such field; {hint}")


def record_from(record: Any, values: Mapping[str, Any]) -> Any:
    """One record from its fields; raises `Refused` for an unknown, missing or impossible one."""
    readers = _readers(record)
    for name in values:
        if name not in readers:
            raise unknown_field(name, readers)
    for name in _required(record):
        if name not in values:
            raise Refused(Code.BAD_VALUE, f"{name}: is missing; send it along")
    return record(**{name: readers[name](value, name) for name, value in values.items()})


# -- from JSON -------------------------------------------------------------------------------------------------------


def from_plain(kind: Any, value: Any, name: str = "value") -> Any:
    """The value of an annotated kind from plain JSON; raises `Refused` with `name`."""
    return _reader(kind)(value, name)


def _reader(kind: Any) -> Reader:
    """How a kind is read; found out once for each field, since annotations are slow to ask."""
    if kind is Any:
        return lambda value, name: value
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _union(inner)
    if origin is tuple:
        return _tuple(inner)
    if origin is frozenset:
        several = _tuple((inner[0], ...))
        return lambda value, name: frozenset(several(value, name))
    if origin in (dict, Mapping):
        return _mapping(inner[1])
    if kind in _SCALARS:
        return _SCALARS[kind]
    return _class(kind) if isinstance(kind, type) else _nobody_reads


def _nobody_reads(value: Any, name: str) -> Any:
    raise TypeError(f"{name} has no plain form")


def _class(kind: Any) -> Reader:
    if kind is Packed:
        return _packed
    if issubclass(kind, Enum):
        return _enum(kind)
    if kind is Note:
        return _note
    if kind is Request:
        return lambda value, name: parse_request(_object(value, name))
    if hasattr(kind, "parse"):
        return lambda value, name: kind.parse(_text(value, name))
    return lambda value, name: record_from(kind, _object(value, name))


def _enum(kind: type[Enum]) -> Reader:
    by_value = {member.value: member for member in kind}

    def read(value: Any, name: str) -> Any:
        found = by_value.get(value) if type(value) is str else None
        if found is not None:
            return found
        try:
            return kind(value)
        except ValueError:
            raise _wrong(name, "one of " + ", ".join(str(member.value) for member in kind), value) from None

    return read


def _packed(value: Any, name: str) -> Packed:
    if not isinstance(value, str):
        raise _wrong(name, "text", value)
    return Packed(value)


def _note(value: Any, name: str) -> Note:
    plain = type(value) is list and len(value) == 4 and all(type(number) is int for number in value)
    start, length, pitch, velocity = value if plain else _FOUR_NUMBERS(value, name)
    try:
        return Note(start, length, pitch, velocity)
    except ValueError:
        raise _wrong(name, "notes as [start, length, pitch, velocity]", value) from None


def _union(kinds: tuple[Any, ...]) -> Reader:
    optional = types.NoneType in kinds
    *first, last = (_reader(kind) for kind in kinds if kind is not types.NoneType)

    def read(value: Any, name: str) -> Any:
        if value is None and optional:
            return None
        for reader in first:
            try:
                return reader(value, name)
            except Refused:
                continue
        return last(value, name)

    return read


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    many = len(kinds) == 2 and kinds[1] is ...
    readers = [_reader(kind) for kind in kinds if kind is not ...]

    def read(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(name, "a list", value)
        if many:
            return tuple([readers[0](item, name) for item in value])
        if len(value) != len(readers):
            raise _wrong(name, f"a list of {len(readers)}", value)
        return tuple([reader(item, name) for reader, item in zip(readers, value, strict=True)])

    return read


def _mapping(inner: Any) -> Reader:
    item_from = _reader(inner)

    def read(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(name, "an object", value)
        if inner is Any or (inner is int and _are_whole(value.values())):
            return {str(key): item for key, item in value.items()}
        return {str(key): item_from(item, f"{name}.{key}") for key, item in value.items()}

    return read


def _are_whole(values: Collection[Any]) -> bool:
    """All at once: a long session has tens of thousands of nonces."""
    return set(map(type, values)) == {int} and min(values) >= -MAX_INT and max(values) <= MAX_INT


def _whole(value: Any, name: str) -> int:
    if type(value) is int and -MAX_INT <= value <= MAX_INT:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INT:
        return value
    raise _wrong(name, "a whole number", value)


def _number(value: Any, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise _wrong(name, "a number", value)


def _truth(value: Any, name: str) -> bool:
    if value in (0, 1):
        return bool(value)
    raise _wrong(name, "1 or 0", value)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "text", value)
    if len(value) > MAX_TEXT:
        raise Refused(Code.TOO_LARGE, f"{name}: {len(value)} characters are too many; send {MAX_TEXT} at most")
    return value


_SCALARS: dict[Any, Reader] = {bool: _truth, int: _whole, float: _number, str: _text}
_FOUR_NUMBERS = _tuple((int, int, int, int))


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value)
    return value


def _wrong(name: str, wanted: str, value: Any) -> Refused:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return Refused(Code.BAD_VALUE, f"{name}: {shown} can't be used; send {wanted}")
