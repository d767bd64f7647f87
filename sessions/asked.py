"""What was asked for, found without looking through all of it: a session of a week holds thousands of sections, and each request
wants to know who else asked under its id, and what is still open.

It follows a table of sections, to which they are only ever added, and in which one that is over stays so. It is no part of the
state: all that it says the table says too, more slowly.

>>> from sessions.state import State
>>> list(State().asked_for.open())
[]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Generic, Protocol, TypeVar

__all__ = ["AskedFor"]


class _Status(Protocol):
    @property
    def over(self) -> bool: ...


class _Asked(Protocol):
    """As much of a section as is looked at."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def status(self) -> _Status: ...


S = TypeVar("S", bound=_Asked)


class AskedFor(Generic[S]):
    """The sections of one table, which may grow behind its back."""

    __slots__ = ("_by_id", "_count", "_open", "_sections")

    def __init__(self, sections: dict[str, S]) -> None:
        self._sections = sections
        self._count = 0
        self._by_id: dict[str, list[S]] = {}
        self._open: dict[str, S] = {}

    def under(self, id_: str) -> Iterator[S]:
        """All that was asked for under an id, the oldest first."""
        self._catch_up()
        return iter(self._by_id.get(id_, ()))

    def open(self) -> list[S]:
        """All that is not over, the oldest first."""
        self._catch_up()
        for name in [name for name, section in self._open.items() if section.status.over]:
            del self._open[name]
        return list(self._open.values())

    def _catch_up(self) -> None:
        new = list(islice(reversed(self._sections.values()), len(self._sections) - self._count))
        for section in reversed(new):
            self._by_id.setdefault(section.id, []).append(section)
            self._open[section.name] = section
        self._count = len(self._sections)
