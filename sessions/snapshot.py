"""The state as lines of JSON: what a restart reads instead of the log, and a running server adds to, a little at a time.

A line is `[table, key, record]`. Of the large tables only what has changed is written again, and the last line of a key counts; all
else of the state stands in one small record. A snapshot is only ever a shortcut: the log says the same.

>>> state = State(name="jam")
>>> from_lines(lines_of(everything(state))) == state
True
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sessions.errors import Code, Refused
from sessions.plain import from_plain, to_plain
from sessions.state import State

__all__ = ["Excerpt", "changes", "everything", "from_lines", "lines_of"]

VERSION = 6
"""Raised whenever a snapshot of before can't be read; the log is then folded anew."""

NONCES = "nonces"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Something of a state as it was at one moment, whatever becomes of the state meanwhile."""

    records: tuple[tuple[str, str, Any], ...]
    rest: dict[str, Any]


def everything(state: State) -> Excerpt:
    """All of it; what changes from now on is what `changes` tells next."""
    keys = [(table, key) for table in _COPIES for key in getattr(state, table)]
    nonces = [(NONCES, member, dict(used)) for member, used in state.nonces.items()]
    state.changed.clear()
    return Excerpt((*_copied(state, keys), *nonces), _rest(state))


def changes(state: State) -> Excerpt:
    """What has changed since this, or `everything`, was asked last: 5 us for each record, so it may be asked in the loop."""
    nonces: dict[str, dict[str, int]] = {}
    keys: list[tuple[str, str]] = []
    for table, key, *series in state.changed:
        if table == NONCES:
            nonces.setdefault(key, {})[series[0]] = state.nonces[key][series[0]]
        elif key in getattr(state, table):
            keys.append((table, key))
    state.changed.clear()
    used = [(NONCES, member, added) for member, added in nonces.items()]
    return Excerpt((*_copied(state, keys), *used), _rest(state))


_COPIES: dict[str, Callable[[Any], Any]] = {
    "members": replace,
    "sections": lambda section: replace(section, bars=dict(section.bars), stems=dict(section.stems)),
    "takes": lambda take: replace(take, ratings=dict(take.ratings), votes=dict(take.votes)),
}
"""How a record of each large table is copied: what events change anew, the rest is shared."""
_SMALL = tuple(
    field.name for field in dataclasses.fields(State) if field.init and field.name not in {*_COPIES, NONCES, "changed"}
)


def _copied(state: State, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str, Any]]:
    return [(table, key, _COPIES[table](getattr(state, table)[key])) for table, key in keys]


def _rest(state: State) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in _SMALL}
    return {name: dict(value) if isinstance(value, dict) else value for name, value in values.items()}


def lines_of(excerpt: Excerpt) -> bytes:
    """Its lines, with their line feeds. It may be made in a thread."""
    rest = {"version": VERSION, **to_plain(excerpt.rest)}
    lines = [_line(table, key, to_plain(record)) for table, key, record in excerpt.records]
    return "".join([*lines, _line("", "", rest)]).encode()


def _line(*values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def from_lines(data: bytes) -> State | None:
    """The state that lines add up to; None for those of a version that is not ours; raises `Refused` where they are broken."""
    tables: dict[str, dict[str, Any]] = {table: {} for table in (*_COPIES, NONCES)}
    rest: dict[str, Any] = {}
    try:
        for line in data.decode().split("\n")[:-1]:
            table, key, record = json.loads(line)
            if not table:
                rest = record
            elif table == NONCES:
                tables[table].setdefault(key, {}).update(record)
            else:
                tables[table][key] = record
        if rest.pop("version", None) != VERSION:
            return None
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Refused(Code.FAILED, f"the snapshot is broken ({error})") from None
    state: State = from_plain(State, {**rest, **tables}, "state")
    return state
