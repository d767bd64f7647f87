"""The base of all commands, and the table that finds one by the type of its message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["COMMANDS", "Command"]

COMMANDS: dict[str, type[Command]] = {}
"""Every command by the type of its message."""


@dataclass(frozen=True, slots=True)
class Command:
    """Anything a member can ask. `QUERY` commands change nothing and are answered to the asker alone."""

    TYPE: ClassVar[str] = ""
    QUERY: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super(Command, cls).__init_subclass__(**options)
        COMMANDS[cls.TYPE] = cls
