"""The lines of a session's log: entries, their canonical bytes, and the chain that makes the next one.

A line is the RFC 8785 form of an entry; `previous` is the RFC 6962 leaf hash of the line before it, and all lines are
the leaves of one Merkle tree. This module neither writes a file nor knows what an event means, but for one thing: a
fact that a signed command states is not stated a second time beside it (`pack_event`).

>>> chain = Chain()
>>> entry, line = chain.append("", {"type": "session.created"}, now_us=0)
>>> line
b'{"event":{"type":"session.created"},"index":0,"member":"","previous":"","signature":"","time":"1970-01-01T00:00:00.000Z"}'
>>> read_line(line) == entry
True
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sessions.canonical import canonical_bytes, from_base64, read_back, read_known
from sessions.errors import Code, Refused
from sessions.keys import SIGNATURE_BYTES
from sessions.merkle import Tree, leaf_hash

__all__ = [
    "MAX_LINE",
    "Chain",
    "Entry",
    "Mark",
    "line_of",
    "pack_event",
    "read_line",
    "time_text",
    "time_us",
    "unpack_event",
]

MAX_LINE = 1 << 20
"""Bytes of one line, the line feed not counted."""
MAX_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""

_FIELDS = ("event", "index", "member", "previous", "signature", "time")
_TYPES = (Mapping, int, str, str, str, str)
_values = itemgetter(*_FIELDS)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_ENVELOPE = frozenset({"type", "nonce", "signature", "command"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


# -- time ------------------------------------------------------------------------------------------------------------


def time_text(now_us: int) -> str:
    """Microseconds of Unix time as the log writes them (`2026-01-31T12:00:00.000Z`), rounded down to milliseconds."""
    second, ms = divmod(min(max(now_us // 1000, 0), MAX_TIME_MS), 1000)
    return f"{_text_of(second)}.{ms:03d}Z"


@lru_cache(maxsize=64)  # neighbours share it
def _text_of(second: int) -> str:
    return (_EPOCH + second * _SECOND).isoformat(timespec="seconds").removesuffix("+00:00")


def time_us(text: str) -> int:
    """The same backwards; raises `Refused` for a time that the log would write otherwise."""
    second = _second_of(text[:19]) if _TIME.fullmatch(text) else -1
    if second < 0:
        raise _broken(f"time {text[:40]!r} is not written as 2026-01-31T12:00:00.000Z")
    return (second * 1000 + int(text[20:23])) * 1000


@lru_cache(maxsize=64)
def _second_of(text: str) -> int:
    """What `_text_of` wrote; -1 for what it would write otherwise."""
    try:
        second = (datetime.fromisoformat(text + "+00:00") - _EPOCH) // _SECOND
    except ValueError:
        return -1
    return second if second >= 0 and _text_of(second) == text else -1


# -- entries ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `member` is empty where the server itself speaks, `signature` where no key was held."""

    index: int
    time: str
    member: str
    event: Mapping[str, Any]
    previous: str
    signature: str = ""

    @property
    def time_us(self) -> int:
        return time_us(self.time)

    def to_object(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_object(cls, fields: Mapping[str, Any]) -> Entry:
        """Strictly back; raises `Refused`."""
        try:
            event, index, member, previous, signature, time = values = _values(fields)
        except KeyError:
            raise _other_fields() from None
        if len(fields) != len(_FIELDS) or not all(map(isinstance, values, _TYPES)):
            raise _other_fields()
        kind = event.get("type")
        if not isinstance(kind, str):
            raise _other_fields()
        if isinstance(index, bool) or index < 0 or not kind:
            raise _broken("its index or its event's type is not one")
        if previous and not _HASH.fullmatch(previous):
            raise _broken("previous is no hash in hex")
        if signature and len(from_base64(signature)) != SIGNATURE_BYTES:
            raise _broken("its signature is not 64 bytes in base64")
        time_us(time)
        return cls(index, time, member, event, previous, signature)

    @classmethod
    def known(cls, line: bytes) -> Entry:
        """The entry of a line that `read_line` has taken before, and that is the same since: nothing of it is checked again."""
        return cls(**read_known(line))


def line_of(entry: Entry) -> bytes:
    """The entry's bytes without the line feed; raises `Refused` where it has none or more than `MAX_LINE`."""
    line = canonical_bytes(entry.to_object())
    if len(line) > MAX_LINE:
        raise Refused(
            Code.TOO_LARGE, f"{len(line)} bytes are too many for one entry of the log; send {MAX_LINE} at most"
        )
    return line


def read_line(line: bytes) -> Entry:
    """The entry of exactly these bytes; raises `Refused` where an entry would be written otherwise."""
    fields, canonical = read_back(line, MAX_LINE)
    entry = Entry.from_object(fields)
    if not canonical:
        raise _broken("it is not in canonical form")
    return entry


def _broken(why: str) -> Refused:
    return Refused(Code.BAD_VALUE, f"that is no line of a log: {why}")


def _other_fields() -> Refused:
    return _broken("its fields are not event, index, member, previous, signature and time")


# -- facts stated once -----------------------------------------------------------------------------------------------


def pack_event(event: Mapping[str, Any], command: Mapping[str, Any] | None) -> dict[str, Any]:
    """The event as the log holds it: beside a signed command only the facts which that does not state itself."""
    if "command" in event:
        raise ValueError("an event's facts can't be named 'command'")
    if command is None:
        return dict(event)
    unsigned = {name: value for name, value in command.items() if name != "signature"}
    facts = {name: value for name, value in event.items() if name in _ENVELOPE or not _states(unsigned, name, value)}
    return {**facts, "command": unsigned}


def unpack_event(event: Mapping[str, Any], names: Collection[str] | None = None) -> dict[str, Any]:
    """The event with its facts filled back, without its command.

    A command also states what is no fact of the event: `names` are the event's own; without them all are taken.
    """
    command = event.get("command")
    facts = {name: value for name, value in event.items() if name != "command"}
    if isinstance(command, Mapping):
        for name, value in command.items():
            if name not in _ENVELOPE and (names is None or name in names):
                facts.setdefault(name, value)
    return facts


def _states(command: Mapping[str, Any], name: str, value: Any) -> bool:
    """Does the command state this fact with the same value, as JSON sees it (1 is 1.0, but not true)?"""
    stated = command.get(name, _NOTHING)
    if stated is _NOTHING or stated != value:
        return False
    return type(stated) is type(value) in _ALIKE or canonical_bytes(stated) == canonical_bytes(value)


_NOTHING = object()
_ALIKE = (str, int, bool)
"""Of these, equal values of one type are written alike."""


# -- the chain -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a chain went: where it can be cut back to."""

    size: int = 0
    time_ms: int = 0


class Chain:
    """Makes the next line, and the tree over all of them. Times never run backwards in it, whatever the clock does."""

    def __init__(self, tree: Tree | None = None, time_ms: int = 0) -> None:
        self.tree = Tree() if tree is None else tree
        self._time_ms = time_ms

    @property
    def size(self) -> int:
        return self.tree.size

    @property
    def previous(self) -> str:
        """What the next line's `previous` is."""
        return self.tree.leaf(self.size - 1).hex() if self.size else ""

    @property
    def mark(self) -> Mark:
        return Mark(self.size, self._time_ms)

    def time_for(self, now_us: int) -> str:
        """The time that an entry made now would carry."""
        return time_text(max(now_us // 1000, self._time_ms) * 1000)

    def append(
        self,
        member: str,
        event: Mapping[str, Any],
        command: Mapping[str, Any] | None = None,
        signature: str = "",
        *,
        now_us: int,
    ) -> tuple[Entry, bytes]:
        """The next entry and its line; raises `Refused` and changes nothing where it can't be written."""
        time_ms = max(now_us // 1000, self._time_ms)
        entry = Entry(
            self.size, time_text(time_ms * 1000), member, pack_event(event, command), self.previous, signature
        )
        line = line_of(entry)
        self._time_ms = time_ms
        self.tree.append(leaf_hash(line))
        return entry, line

    def extend(self, line: bytes) -> Entry:
        """Take over a line that was written before; raises `Refused` where it is not the next one."""
        entry = read_line(line)
        if entry.index != self.size:
            raise _broken(f"it says it is entry {entry.index}, and stands where {self.size} belongs")
        if entry.previous != self.previous:
            raise _broken("it does not follow the line before it")
        time_ms = entry.time_us // 1000
        if time_ms < self._time_ms:
            raise _broken("its time lies before the line before it")
        self._time_ms = time_ms
        self.tree.append(leaf_hash(line))
        return entry

    def cut(self, mark: Mark) -> None:
        """Back to where a mark was taken."""
        self.tree.cut(mark.size)
        self._time_ms = mark.time_ms
