"""What a record writes down beside its log: a snapshot of the state at one moment, and the checkpoint that covers it.

It is put together where the entries are staged, and written in a thread.

    memo = Memo(mark, tree.root(mark.size), leaves, ends, lambda: encode(state), onto=True, seal=record.seal())
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.ports.disk.view import Seal
from sessions.log import Mark

__all__ = ["Encode", "Memo"]

Encode = Callable[[Any], bytes]
"""Makes lines of a state, or of what has changed in it."""


@dataclass(frozen=True, slots=True)
class Memo:
    """What the record's thread writes down: a snapshot at `mark`, and a checkpoint over all that is durable."""

    mark: Mark
    root: bytes
    leaves: bytes
    nodes: bytes
    ends: array[int]
    state: Callable[[], bytes] | None
    onto: bool
    seal: Seal
