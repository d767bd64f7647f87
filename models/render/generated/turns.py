"""Turns: makings of several things that go on side by side, a step of each after another.

>>> def count(to):
...     for number in range(to):
...         yield number
...     return "done"
>>> list(in_turns([("a", count(2)), ("b", count(1)), ("c", count(1))], at_once=2))
[0, 0, 1, Ended(of='b', value='done'), Ended(of='a', value='done'), 0, Ended(of='c', value='done')]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

__all__ = ["Ended", "in_turns"]

Of = TypeVar("Of")
Step = TypeVar("Step")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ended(Generic[Of, Value]):
    """What came of one of them."""

    of: Of
    value: Value


def in_turns(
    makings: Iterable[tuple[Of, Generator[Step, None, Value]]], *, at_once: int
) -> Iterator[Step | Ended[Of, Value]]:
    """The steps of all makings, and the end of each; at most so many are taken and not ended, in their order."""
    waiting = iter(makings)
    going: deque[tuple[Of, Generator[Step, None, Value]]] = deque()
    try:
        while True:
            going.extend(islice(waiting, at_once - len(going)))
            if not going:
                return
            of, making = going[0]
            try:
                step = next(making)
            except StopIteration as end:
                going.popleft()
                yield Ended(of, end.value)
            else:
                going.rotate(-1)
                yield step
    finally:
        for _, making in going:
            making.close()
