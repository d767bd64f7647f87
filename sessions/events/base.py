"""The base of all events, what each owes to those who hear of it, and the table that finds one by its type in the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

__all__ = ["EVENTS", "Event", "Owes"]

EVENTS: dict[str, type[Event]] = {}
"""Every event by its type in the log."""


class Owes(Enum):
    """What an event owes to those who hear of it."""

    DURABLE = "on disk first"
    LIVE = "at once"


@dataclass(frozen=True, slots=True)
class Event:
    TYPE: ClassVar[str] = ""
    OWES: ClassVar[Owes] = Owes.DURABLE

    def __init_subclass__(cls, **options: Any) -> None:
        super(Event, cls).__init_subclass__(**options)
        EVENTS[cls.TYPE] = cls
