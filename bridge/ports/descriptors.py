"""Files and connections that the system lets this process have open at once: as many as it may, and few words where none is left.

asyncio says so by thirty lines for each connection that it can't take, many times a second, and a disk is full in a week.

    raise_limit()
    loop.set_exception_handler(Exhausted(SystemClock()))
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import sys
from typing import Any, Final

from bridge.ports.clock import Clock

__all__ = ["Exhausted", "raise_limit"]

WANTED: Final = 8192
"""Enough for 256 sessions and all doors at their limits; more than that is nobody's."""
SAY_EVERY_US: Final = 60_000_000
"""How long nothing more is said of it."""
FULL: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = logging.getLogger(__name__)


def raise_limit() -> None:
    """To what this process may have anyway; most systems begin with 1024 or 256."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(ValueError, OSError):  # then it stays as it is
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Exhausted:
    """A loop's exception handler, which says the one thing once in a while and leaves the rest to the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_us: int | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in FULL and "socket" in context):
            loop.default_exception_handler(context)
            return
        now_us = self._clock.now_us()
        if self._said_us is None or now_us - self._said_us >= SAY_EVERY_US:
            self._said_us = now_us
            _log.error(
                "no more connections can be taken (%s); they wait. Allow this process more files: ulimit -n",
                error.strerror,
            )
