"""Haste: what a server makes while it starts stays, so nothing looks for garbage in it until all is there.

Modules, routes and the state of a long log are some hundred thousand objects. Python's collector walked through them again and
again, which took a fifteenth of a start. Knows nothing of what is started.

    @in_haste()
    def serve() -> None:
        ...                 # `gc.enable()` once all is there; at its end it is on again whatever happened
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["in_haste"]


@contextmanager
def in_haste() -> Iterator[None]:
    """For the time of a function or a block the collector is off, unless it is switched on in there."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
