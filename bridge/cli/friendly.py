"""How the command line says no: one line with the advice in it, and an exit code, never a traceback for bad input.

starbridge ask --bars 65 --out x   ->   bars: 65 is out of range ...   (exit 1)
"""

from __future__ import annotations

import errno
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from sessions.errors import Refused

__all__ = ["INTERRUPTED", "Friendly", "say"]

INTERRUPTED = 130  # as shells name an end by Ctrl-C


def say(text: str = "", *, style: str | None = None) -> None:
    """A line for a person, on stderr; rich's markup in it is not read."""
    Console(stderr=True, emoji=False, highlight=False, soft_wrap=True).print(escape(text), style=style)


class Friendly(TyperGroup):
    """The command group that turns refusals and the system's errors into one line each."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as no:
            say(no.advice, style="red")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has seen enough: typer ends quietly
                raise
            what = error.strerror or str(error)
            say(f"{error.filename}: {what}" if error.filename else what, style="red")
            raise typer.Exit(1) from None
